// SPDX-License-Identifier: Apache-2.0

/// As much of RFC 3986 as tells a URL from what could not be one; policies' URLs are read by the same rules upstream.
enum URLSyntax {
    private struct Parts {
        var scheme = ""
        /// `nil` where no `//` introduces one.
        var authority: Substring?
        var rest: Substring
    }

    /// Why the text is no URL; `nil` where it is one, relative ones among them.
    static func problem(with text: String) -> String? {
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "it has control characters" }
        guard let parts = split(text) else { return "its scheme is missing or malformed" }
        if let authority = parts.authority {
            if let reason = problem(withAuthority: authority) { return reason }
        } else if parts.scheme.isEmpty, !parts.rest.hasPrefix("/"),
            parts.rest.prefix(while: { $0 != "/" }).contains(":")
        {
            return "its first part has a colon"
        }
        return hasValidEscapes(parts.rest.prefix { $0 != "?" }) ? nil : "it has an invalid % escape"
    }

    /// Whether it stands for something by itself: an absolute URI, an absolute path, or `*`.
    static func isRequestTarget(_ text: String) -> Bool {
        guard problem(with: text) == nil, let parts = split(text), !text.isEmpty else { return false }
        return text == "*" || !parts.scheme.isEmpty || text.hasPrefix("/")
    }

    static func isHTTPSWithHost(_ text: String) -> Bool {
        guard let parts = split(text) else { return false }
        let host = parts.authority.map { $0.split(separator: "@", omittingEmptySubsequences: false).last ?? "" } ?? ""
        return parts.scheme.lowercased() == "https" && !host.isEmpty
    }

    /// `nil` where a colon stands before any scheme.
    private static func split(_ text: String) -> Parts? {
        let withoutFragment = text.prefix { $0 != "#" }
        var parts = Parts(rest: withoutFragment)
        scheme: for (index, byte) in zip(withoutFragment.utf8.indices, withoutFragment.utf8) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                if index == withoutFragment.utf8.startIndex { break scheme }
            case UInt8(ascii: ":"):
                if index == withoutFragment.utf8.startIndex { return nil }
                parts.scheme = String(withoutFragment[..<index])
                parts.rest = withoutFragment[withoutFragment.utf8.index(after: index)...]
                break scheme
            default: break scheme
            }
        }
        if parts.rest.hasPrefix("//"), !parts.rest.hasPrefix("///") || !parts.scheme.isEmpty {
            let afterSlashes = parts.rest.dropFirst(2)
            let authority = afterSlashes.prefix { $0 != "/" && $0 != "?" }
            parts.authority = authority
            parts.rest = afterSlashes[authority.endIndex...]
        }
        return parts
    }

    private static func problem(withAuthority authority: Substring) -> String? {
        let host =
            authority.utf8.lastIndex(of: UInt8(ascii: "@")).map { authority[authority.utf8.index(after: $0)...] }
            ?? authority
        var name = host
        if host.hasPrefix("[") {
            guard let close = host.utf8.lastIndex(of: UInt8(ascii: "]")) else { return "its host lacks ']'" }
            name = host[...close]
            if let reason = problem(withPort: host[host.utf8.index(after: close)...]) { return reason }
        } else if let colon = host.utf8.lastIndex(of: UInt8(ascii: ":")) {
            name = host[..<colon]
            if let reason = problem(withPort: host[colon...]) { return reason }
        }
        let forbidden = Set(" \"\\^`{|}".utf8)
        if name.utf8.contains(where: forbidden.contains) { return "its host has a character that no host has" }
        return hasValidEscapes(name) ? nil : "it has an invalid % escape"
    }

    private static func problem(withPort text: Substring) -> String? {
        guard !text.isEmpty else { return nil }
        let isPort =
            text.utf8.first == UInt8(ascii: ":")
            && text.utf8.dropFirst().allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return isPort ? nil : "its port is no number"
    }

    private static func hasValidEscapes(_ text: Substring) -> Bool {
        var pending = 0
        for byte in text.utf8 {
            if pending > 0 {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"):
                    pending -= 1
                default: return false
                }
            } else if byte == UInt8(ascii: "%") {
                pending = 2
            }
        }
        return pending == 0
    }
}
