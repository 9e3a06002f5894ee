// SPDX-License-Identifier: Apache-2.0
import RE2

/// `regexp`, but for what a group has matched.
enum RegexpPackage {
    static let path = "regexp"
    static let package = Package(
        path, functions: [match, valid, quoteMeta, find, findAll, replaceAll, replaceAllLiteral],
        unsupported: ["FindAllNamedSubmatch", "FindAllSubmatch", "FindNamedSubmatch", "FindSubmatch"])

    private static func expression(_ call: BuiltinCall) throws(BuiltinError) -> RegularExpression {
        let pattern = try call.string(0)
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            switch error.reason {
            // Limits of ours, which Go's may lie above.
            case .patternTooLong, .programTooLarge, .classesTooLarge, .nestedTooDeeply:
                throw call.unsupported("\(error)")
            default: throw call.failure("error parsing regexp: \(explanation(error, pattern))")
            }
        }
    }

    /// In Go's words, as far as they say the same.
    private static func explanation(_ error: RegularExpressionError, _ pattern: String) -> String {
        let text: String? =
            switch error.reason {
            case .missingClosingParenthesis: "missing closing )"
            case .unexpectedClosingParenthesis: "unexpected )"
            case .missingClosingBracket: "missing closing ]"
            case .trailingBackslash: "trailing backslash at end of expression"
            case .nothingToRepeat: "missing argument to repetition operator"
            case .repeatedRepetition: "invalid nested repetition operator"
            case .invalidRepeatCount: "invalid repeat count"
            case .invalidGroupName: "invalid named capture"
            case .unknownEscape, .backreference, .anyByte: "invalid escape sequence"
            case .reversedRange, .unknownNamedClass, .unknownUnicodeClass: "invalid character class range"
            case .lookahead, .lookbehind, .atomicGroup, .comment, .unknownGroup: "invalid or unsupported Perl syntax"
            default: nil
            }
        guard let text else { return "\(error)" }
        let shown =
            switch error.reason {
            case .missingClosingParenthesis, .unexpectedClosingParenthesis: pattern
            case .trailingBackslash: ""
            default: error.fragment
            }
        return "\(text): `\(shown)`"
    }

    private static let match = Builtin(path, "Match", [.string, .string], .bool) { (call) throws(BuiltinError) in
        .bool(try expression(call).matches(try call.string(1)))
    }

    private static let valid = Builtin(path, "Valid", [.string], .bool) { (call) throws(BuiltinError) in
        _ = try expression(call)
        return .bool(true)
    }

    private static let quoteMeta = Builtin(path, "QuoteMeta", [.string], .string) { (call) throws(BuiltinError) in
        let special = Set("\\.+*?()|[]{}^$".utf8)
        return .string(
            utf8: try call.utf8(0).flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] })
    }

    private static let find = Builtin(path, "Find", [.string, .string], .string) { (call) throws(BuiltinError) in
        let text = try call.utf8(1)
        guard let found = try expression(call).firstMatch(in: text) else { throw call.failure("no match") }
        return .string(utf8: text[found])
    }

    private static let findAll = Builtin(path, "FindAll", [.string, .string, .int], .list) {
        (call) throws(BuiltinError) in
        let (text, limit) = (try call.utf8(1), try call.int(2))
        let matches = try matches(of: expression(call), in: text, limit: limit, call)
        guard !matches.isEmpty else { throw call.failure("no match") }
        return .list(matches.map { .string(utf8: text[$0]) })
    }

    private static let replaceAllLiteral = Builtin(
        path, "ReplaceAllLiteral", [.string, .string, .string], .string
    ) { (call) throws(BuiltinError) in try replaced(call) }

    /// `$` names a group.
    private static let replaceAll = Builtin(
        path, "ReplaceAll", [.string, .string, .string], .string
    ) { (call) throws(BuiltinError) in
        guard !(try call.utf8(2).contains(UInt8(ascii: "$"))) else {
            throw call.unsupported("a replacement with '$'")
        }
        return try replaced(call)
    }

    private static func replaced(_ call: BuiltinCall) throws(BuiltinError) -> BuiltinValue {
        let (text, replacement) = (try call.utf8(1), try call.utf8(2))
        var result: [UInt8] = []
        var at = 0
        for found in try matches(of: expression(call), in: text, limit: -1, call) {
            result += text[at..<found.lowerBound]
            result += replacement
            at = found.upperBound
            try call.admit(bytes: result.count)
        }
        return .string(utf8: result + text[at...])
    }

    /// Matches that do not overlap; an empty one does not stand next to the one before it.
    ///
    /// What comes after a match is searched as a text of its own, which is the same only where the pattern does not look
    /// back at what stands before.
    private static func matches(
        of expression: RegularExpression, in text: [UInt8], limit: Int, _ call: BuiltinCall
    ) throws(BuiltinError) -> [Range<Int>] {
        var matches: [Range<Int>] = []
        var at = 0
        var previousEnd = -1
        /// Bytes that searches have seen together.
        var searched = 0
        while at <= text.count, limit < 0 || matches.count < limit {
            if at > 0 {
                if expression.hasFixedBeginning { break }
                guard !looksBack(expression.pattern) else {
                    throw call.unsupported("all matches of a pattern with ^, \\A, \\b or \\B")
                }
            }
            guard let part = expression.firstMatch(in: Array(text[at...])) else { break }
            searched += text.count - at
            let found = (part.lowerBound + at)..<(part.upperBound + at)
            if !found.isEmpty || found.lowerBound != previousEnd { matches.append(found) }
            previousEnd = found.upperBound
            at = found.isEmpty ? text.endOfCharacter(at: found.upperBound) : found.upperBound
            try call.admit(elements: matches.count)
            guard searched <= BuiltinLimits.searched else {
                throw call.unsupported("so many matches in so long a text")
            }
        }
        return matches
    }

    /// Errs on the side of looking back; `[^` negates a class.
    private static func looksBack(_ pattern: String) -> Bool {
        let bytes = Array(pattern.utf8)
        return bytes.indices.contains { at in
            let before = at > 0 ? bytes[at - 1] : 0
            switch bytes[at] {
            case UInt8(ascii: "^"):
                return before != UInt8(ascii: "[") || at > 1 && bytes[at - 2] == UInt8(ascii: "\\")
            case UInt8(ascii: "A"), UInt8(ascii: "b"), UInt8(ascii: "B"): return before == UInt8(ascii: "\\")
            default: return false
            }
        }
    }
}
