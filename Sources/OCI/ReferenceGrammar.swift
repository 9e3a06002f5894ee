// SPDX-License-Identifier: Apache-2.0

/// The grammar of image names as distribution's reference library reads them for containerd and Docker:
///
///     ghcr.io:443 / org/app : v1 @ sha256:…
///     domain        path     tag    digest
///
/// What stands before the first slash is a domain when it is `localhost` or has a `.`, a `:` or an upper-case letter;
/// else the domain is `docker.io`, where a path without slash is below `library/`. Refused beyond that grammar, since no
/// runtime can pull from them: ports outside 1–65535, hosts longer than DNS allows, brackets around no IPv6 address,
/// and names whose first component looks like a host but is none.
enum ReferenceGrammar {
    struct Parts {
        var domain: String
        var path: String
        var tag: String?
        var digest: Digest?
    }

    /// RFC 1035 §2.3.4: 255 octets on the wire, which leaves 253 characters in text.
    static let maximumHostLength = 253
    /// The limit of distribution's reference library.
    static let maximumRepositoryLength = 255
    /// OCI distribution-spec "Pulling manifests": `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    static let maximumTagLength = 128

    /// What a byte may be in a name.
    private enum Character: Sendable {
        /// `0`–`9` and `a`–`f`, of which identifiers consist.
        case hexDigit
        /// `g`–`z`
        case lowerCase
        case upperCase
        case dot, underscore, hyphen, slash, colon, at
        /// `[`, `]` and `+`, each in one place only.
        case other
        case forbidden
    }

    private static let alphabet: [Character] = (0...255).map { (byte: UInt8) in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): .hexDigit
        case UInt8(ascii: "g")...UInt8(ascii: "z"): .lowerCase
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): .upperCase
        case UInt8(ascii: "."): .dot
        case UInt8(ascii: "_"): .underscore
        case UInt8(ascii: "-"): .hyphen
        case UInt8(ascii: "/"): .slash
        case UInt8(ascii: ":"): .colon
        case UInt8(ascii: "@"): .at
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "+"): .other
        default: .forbidden
        }
    }

    static func read(_ text: [UInt8]) throws(ReferenceError) -> Parts {
        guard !text.isEmpty else { throw .empty }
        // One pass finds every mark that the rest needs.
        let alphabet = Self.alphabet
        var slash: Int?
        var nameEnd: Int?
        var at: Int?
        var isHex = true
        var index = 0
        while index < text.count {
            switch alphabet[Int(text[index])] {
            case .hexDigit:
                index += 1
                continue
            case .slash:
                if slash == nil {
                    slash = index
                    // Whatever stands before the first slash has no tag: a colon there begins a port.
                    nameEnd = nil
                    at = nil
                }
            case .colon:
                if nameEnd == nil { nameEnd = index }
            case .at:
                if nameEnd == nil { nameEnd = index }
                if at == nil { at = index }
            case .lowerCase, .upperCase, .dot, .underscore, .hyphen, .other:
                break
            case .forbidden:
                let rest = String(decoding: text[index...].prefix(4), as: UTF8.self)
                throw .forbiddenCharacter(String(rest.unicodeScalars.prefix(1)), offset: index)
            }
            isHex = false
            index += 1
        }
        guard !isHex || text.count != Digest.Algorithm.sha256.hexLength else { throw .identifier }
        return try read(text, slash: slash, nameEnd: nameEnd ?? text.count, at: at)
    }

    /// `nameEnd` and `at` are those after the first slash.
    private static func read(
        _ text: [UInt8], slash: Int?, nameEnd: Int, at: Int?
    ) throws(ReferenceError) -> Parts {
        var pathStart = 0
        var domain = "docker.io"
        if let slash, isDomain(text, upTo: slash) {
            try checkScheme(text, slash: slash)
            try checkDomain(text, upTo: slash)
            pathStart = slash + 1
            domain = string(text, 0, slash)
            guard pathStart < nameEnd else { throw .missingRepository(host: domain) }
            if domain == "index.docker.io" { domain = "docker.io" }
        }
        let hasSlash = try checkPath(text, pathStart, nameEnd)
        var path = string(text, pathStart, nameEnd)
        if !hasSlash, domain == "docker.io" { path = "library/" + path }
        guard path.utf8.count <= maximumRepositoryLength else {
            throw .repositoryTooLong(length: path.utf8.count)
        }
        var parts = Parts(domain: domain, path: path)
        let tagEnd = at ?? text.count
        if nameEnd < tagEnd {
            try checkTag(text, nameEnd + 1, tagEnd)
            parts.tag = string(text, nameEnd + 1, tagEnd)
        }
        if let at {
            do {
                parts.digest = try Digest(string(text, at + 1, text.count))
            } catch {
                throw .digest(error)
            }
        }
        return parts
    }

    // MARK: Domain

    private static func isDomain(_ text: [UInt8], upTo end: Int) -> Bool {
        let alphabet = Self.alphabet
        var index = 0
        while index < end {
            switch alphabet[Int(text[index])] {
            case .dot, .colon, .upperCase: return true
            default: index += 1
            }
        }
        return end == 9 && string(text, 0, end) == "localhost"
    }

    /// `https://…` is common enough to be told apart from a host without port.
    private static func checkScheme(_ text: [UInt8], slash: Int) throws(ReferenceError) {
        guard slash > 1, slash + 1 < text.count, text[slash - 1] == UInt8(ascii: ":"),
            text[slash + 1] == UInt8(ascii: "/")
        else { return }
        throw .scheme(string(text, 0, slash - 1))
    }

    private static func checkDomain(_ text: [UInt8], upTo end: Int) throws(ReferenceError) {
        var hostEnd = 0
        if text[0] == UInt8(ascii: "[") {
            while hostEnd < end, text[hostEnd] != UInt8(ascii: "]") { hostEnd += 1 }
            guard hostEnd < end, IPv6Grammar.matches(text[1..<hostEnd]) else {
                throw .invalidHost(string(text, 0, end))
            }
            hostEnd += 1
            guard hostEnd == end || text[hostEnd] == UInt8(ascii: ":") else {
                throw .invalidHost(string(text, 0, end))
            }
        } else {
            while hostEnd < end, text[hostEnd] != UInt8(ascii: ":") { hostEnd += 1 }
            guard isName(text, upTo: hostEnd) else { throw .invalidHost(string(text, 0, end)) }
        }
        guard hostEnd <= maximumHostLength else { throw .hostTooLong(length: hostEnd) }
        if hostEnd < end { try checkPort(text, hostEnd + 1, end) }
    }

    /// Labels of letters, digits and inner hyphens, separated by single dots.
    private static func isName(_ text: [UInt8], upTo end: Int) -> Bool {
        let alphabet = Self.alphabet
        var mayEnd = false
        var isStart = true
        var index = 0
        while index < end {
            switch alphabet[Int(text[index])] {
            case .hexDigit, .lowerCase, .upperCase:
                mayEnd = true
                isStart = false
            case .hyphen:
                guard !isStart else { return false }
                mayEnd = false
            case .dot:
                guard mayEnd else { return false }
                mayEnd = false
                isStart = true
            default: return false
            }
            index += 1
        }
        return mayEnd
    }

    private static func checkPort(_ text: [UInt8], _ start: Int, _ end: Int) throws(ReferenceError) {
        guard start < end else { throw .invalidPort("") }
        var value = 0
        for byte in text[start..<end] {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { throw .invalidPort(string(text, start, end)) }
            // Stays beyond the limit once it is, without overflow.
            value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1 << 20)
        }
        guard 1...65535 ~= value else { throw .portOutOfRange(string(text, start, end)) }
    }

    // MARK: Path and tag

    /// Checks the components between `start` and `end`; returns whether there is more than one.
    private static func checkPath(_ text: [UInt8], _ start: Int, _ end: Int) throws(ReferenceError) -> Bool {
        let alphabet = Self.alphabet
        var hasSlash = false
        var componentStart = start
        var separators = 0
        var index = start
        while true {
            let character = index < end ? alphabet[Int(text[index])] : .slash
            switch character {
            case .hexDigit, .lowerCase:
                separators = 0
            case .slash:
                guard index > componentStart else { throw .emptyComponent }
                guard separators == 0 else { throw invalidComponent(text, componentStart, end) }
                if index == end { return hasSlash }
                hasSlash = true
                componentStart = index + 1
            case .dot, .underscore, .hyphen:
                separators += 1
                guard index > componentStart,
                    isSeparator(character, after: alphabet[Int(text[index - 1])], count: separators)
                else { throw invalidComponent(text, componentStart, end) }
            case .upperCase:
                throw .upperCaseRepository(string(text, start, end))
            default:
                throw invalidComponent(text, componentStart, end)
            }
            index += 1
        }
    }

    /// `.`, `_`, `__` or any number of `-`: nothing else may follow a separator.
    private static func isSeparator(_ character: Character, after previous: Character, count: Int) -> Bool {
        if count == 1 { return true }
        guard character == previous else { return false }
        return character == .hyphen || (character == .underscore && count == 2)
    }

    private static func invalidComponent(_ text: [UInt8], _ start: Int, _ end: Int) -> ReferenceError {
        let component = text[start..<end].prefix { $0 != UInt8(ascii: "/") }
        return .invalidComponent(String(decoding: component, as: UTF8.self))
    }

    private static func checkTag(_ text: [UInt8], _ start: Int, _ end: Int) throws(ReferenceError) {
        guard start < end else { throw .emptyTag }
        let alphabet = Self.alphabet
        var index = start
        while index < end {
            switch alphabet[Int(text[index])] {
            case .hexDigit, .lowerCase, .upperCase, .underscore: break
            case .dot, .hyphen:
                guard index > start else { throw .invalidTag(string(text, start, end)) }
            default: throw .invalidTag(string(text, start, end))
            }
            index += 1
        }
        guard end - start <= maximumTagLength else { throw .tagTooLong(length: end - start) }
    }

    /// `start <= end <= text.count` holds at every call.
    private static func string(_ text: [UInt8], _ start: Int, _ end: Int) -> String {
        String(decoding: text[start..<end], as: UTF8.self)
    }
}

/// IPv6 addresses as RFC 4291 §2.2 writes them, forms 1 and 2; no zone and no embedded IPv4, which runtimes refuse.
enum IPv6Grammar {
    static func matches(_ text: ArraySlice<UInt8>) -> Bool {
        var groups = 0
        var digits = 0
        var colons = 0
        var isCompressed = false
        var isFirst = true
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                // A single colon may not come first.
                guard !(colons == 1 && groups == 0 && !isCompressed) else { return false }
                if digits == 0 { groups += 1 }
                digits += 1
                guard digits <= 4 else { return false }
                colons = 0
            case UInt8(ascii: ":"):
                colons += 1
                digits = 0
                if colons == 2 {
                    guard !isCompressed else { return false }
                    isCompressed = true
                }
                guard colons <= 2 else { return false }
            default: return false
            }
            isFirst = false
        }
        guard !isFirst, colons != 1 else { return false }
        return isCompressed ? groups <= 7 : groups == 8
    }
}
