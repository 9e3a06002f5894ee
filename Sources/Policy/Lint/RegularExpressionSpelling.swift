// SPDX-License-Identifier: Apache-2.0
import RE2

/// A regular expression over issuers or subjects, and how to write it so that it says what it means.
struct RegularExpressionSpelling {
    /// With a backslash before each dot that stands for one character.
    let escaped: String
    /// Anything may come before what it names.
    let isOpenAtBeginning: Bool
    /// Anything may come after a name in it, without the expression saying so.
    let isOpenAtEnd: Bool
    /// The text that every match begins with, as far as it is plainly written; empty where nothing is fixed, and where
    /// there are alternatives.
    let literalStart: String
    /// Whether `better` leaves out what the expression says to be open.
    let isNarrower: Bool
    /// Anchored and escaped; `nil` where nobody could guess what it means.
    let better: String?

    init(_ expression: RegularExpression, of side: IdentitySide) {
        escaped = Self.escapingDots(of: expression)
        var core = Core(escaped)
        isOpenAtBeginning = !expression.hasFixedBeginning || core.beginsWithAnything
        // What ends with `.*` says that it is open, and what ends with a separator cuts no name in two.
        let isCut = core.text.hasSuffix("/") || core.text.hasSuffix("@") || core.text.hasSuffix(":")
        // But an issuer is a host, or a host and a path.
        let isOpenHost = side == .issuer && core.endsWithAnything && !core.hasPath
        isOpenAtEnd = isOpenHost || (!expression.hasFixedEnd && !core.endsWithAnything && !isCut)
        isNarrower = isOpenHost
        literalStart = core.hasAlternatives || core.beginsWithAnything ? "" : core.literalStart
        let candidate = core.anchored(side, hasFixedEnds: expression.hasFixedBeginning && expression.hasFixedEnd)
        better = candidate.flatMap { text in
            guard let tried = try? RegularExpression(text), tried.hasFixedBeginning, tried.hasFixedEnd else {
                return nil
            }
            return text
        }
    }

    /// What a text with `*` for a run of anything but `/` would be as a regular expression.
    static func ofGlob(_ text: String) -> String {
        var expression = "^"
        for character in text {
            switch character {
            case "*": expression += "[^/]*"
            case ".", "?", "{", "}": expression += "\\\(character)"
            default: expression.append(character)
            }
        }
        return expression + "$"
    }

    private static func escapingDots(of expression: RegularExpression) -> String {
        let dots = Set(expression.singleDots)
        var bytes: [UInt8] = []
        for (offset, byte) in expression.pattern.utf8.enumerated() {
            if dots.contains(offset) { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What stands between the anchors of an expression.
private struct Core {
    private let whole: String
    /// Without anchors, and without what stands for anything at either end.
    private(set) var text: String
    private(set) var beginsWithAnything = false
    private(set) var endsWithAnything = false
    let hasAlternatives: Bool

    init(_ pattern: String) {
        whole = pattern
        // A bar in a class counts too: then the text is only put between anchors.
        hasAlternatives = !Self.hasEveryBarInGroup(pattern)
        text = pattern
        if text.hasPrefix("^") { text.removeFirst() }
        if text.hasSuffix("$"), !Self.isEscaped(text.utf8.dropLast()) { text.removeLast() }
        guard !hasAlternatives else { return }
        for anything in [".*?", ".+?", ".*", ".+"] where text.hasPrefix(anything) {
            text.removeFirst(anything.count)
            beginsWithAnything = true
            break
        }
        for anything in [".*", ".+"] where text.hasSuffix(anything) && !Self.isEscaped(text.utf8.dropLast(2)) {
            text.removeLast(2)
            endsWithAnything = true
            break
        }
    }

    /// Whether there is no bar outside of parentheses.
    private static func hasEveryBarInGroup(_ pattern: String) -> Bool {
        var depth = 0
        var isAfterBackslash = false
        for byte in pattern.utf8 {
            defer { isAfterBackslash = byte == UInt8(ascii: "\\") && !isAfterBackslash }
            guard !isAfterBackslash else { continue }
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "|") where depth == 0: return false
            default: break
            }
        }
        return true
    }

    /// Whether an odd number of backslashes stands at the end.
    private static func isEscaped(_ before: some BidirectionalCollection<UInt8>) -> Bool {
        before.reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
    }

    /// The literal text at the beginning; escaped signs count as themselves.
    var literalStart: String {
        var start = ""
        var isAfterBackslash = false
        for character in text {
            if isAfterBackslash {
                guard !character.isLetter, !character.isNumber else { return start }
                start.append(character)
                isAfterBackslash = false
            } else if character == "\\" {
                isAfterBackslash = true
            } else if "?*{".contains(character) {
                return String(start.dropLast())
            } else if ".+()[]|^$".contains(character) {
                return start
            } else {
                start.append(character)
            }
        }
        return start
    }

    mutating func anchored(_ side: IdentitySide, hasFixedEnds: Bool) -> String? {
        // With alternatives, or where it is anchored already, nothing is moved.
        if hasFixedEnds, !beginsWithAnything { return whole }
        if hasAlternatives { return "^(?:\(whole))$" }
        guard let beginning = beginning(side) else { return nil }
        return "^\(beginning)\(text)\(end(side))$"
    }

    /// Whether a slash comes after the host.
    var hasPath: Bool { (text.split(separator: "://", maxSplits: 1).last ?? "").contains("/") }

    private var isAddress: Bool { text.contains("@") && !text.contains("/") }

    /// What has to stand before the text.
    private func beginning(_ side: IdentitySide) -> String? {
        guard !text.contains("://"), !text.hasPrefix("("), !text.hasPrefix("[") else { return "" }
        switch side {
        case .issuer: return text.first?.isLetter == true ? "https://" : nil
        case .subject:
            if isAddress { return beginsWithAnything || text.hasPrefix("@") ? "[^@]+" : "" }
            if text.hasPrefix("/") { return text.contains("\\.github/") ? "https://github\\.com" : nil }
            guard text.first?.isLetter == true, text.contains("\\.") else { return nil }
            return text.contains("/") ? "https://" : "[^@]+@"
        }
    }

    /// What has to stand after the text.
    private func end(_ side: IdentitySide) -> String {
        if side == .issuer { return endsWithAnything && hasPath ? ".*" : "" }
        if endsWithAnything || text.hasSuffix("/") || text.hasSuffix("@") { return ".*" }
        if text.hasSuffix("\\.yml") || text.hasSuffix("\\.yaml") { return "@refs/.*" }
        // An owner, or an owner and a repository.
        let parts = text.split(separator: "github\\.com/", maxSplits: 1)
        if parts.count == 2, parts[1].split(separator: "/").count <= 2 { return "/.*" }
        return ""
    }
}
