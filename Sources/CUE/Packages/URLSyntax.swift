// SPDX-License-Identifier: Apache-2.0

/// URLs as Go's `net/url` reads them, as far as to tell whether they are any and whether they are absolute.
struct URLSyntax: Hashable, Sendable {
    /// Small letters; empty for a relative reference.
    let scheme: String

    enum Malformed: Error, Hashable, Sendable {
        /// In Go's words.
        case reason(String)
        /// Versions of Go differ.
        case unsupported(String)
    }

    init(parsing text: String) throws(Malformed) {
        var rest = Array(text.utf8)[...]
        if let mark = rest.firstIndex(of: UInt8(ascii: "#")) {
            try Self.checkEscapes(rest[(mark + 1)...])
            rest = rest[..<mark]
        }
        guard !rest.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .reason("net/url: invalid control character in URL")
        }
        if rest.elementsEqual("*".utf8) {
            scheme = ""
            return
        }
        let (scheme, afterScheme) = try Self.scheme(of: rest)
        self.scheme = scheme
        rest = afterScheme.prefix { $0 != UInt8(ascii: "?") }
        if rest.first != UInt8(ascii: "/") {
            // Opaque, whatever it is.
            if !scheme.isEmpty { return }
            guard !rest.prefix(while: { $0 != UInt8(ascii: "/") }).contains(UInt8(ascii: ":")) else {
                throw .reason("first path segment in URL cannot contain colon")
            }
        }
        if rest.starts(with: "//".utf8), !scheme.isEmpty || !rest.starts(with: "///".utf8) {
            let authority = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "/") }
            try Self.checkAuthority(authority)
            rest = rest.dropFirst(2 + authority.count)
        }
        try Self.checkEscapes(rest)
    }

    private static func scheme(
        of text: ArraySlice<UInt8>
    ) throws(Malformed) -> (String, ArraySlice<UInt8>) {
        for (offset, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                if offset == 0 { return ("", text) }
            case UInt8(ascii: ":"):
                guard offset > 0 else { throw .reason("missing protocol scheme") }
                return (
                    String(decoding: text.prefix(offset), as: UTF8.self).lowercased(), text.dropFirst(offset + 1)
                )
            default: return ("", text)
            }
        }
        return ("", text)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func checkEscapes(_ text: ArraySlice<UInt8>) throws(Malformed) {
        _ = try unescaped(text, plusIsSpace: false)
    }

    /// Percent escapes to the bytes that they stand for.
    static func unescaped(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) throws(Malformed) -> [UInt8] {
        var result: [UInt8] = []
        var at = text.startIndex
        while at < text.endIndex {
            guard text[at] == UInt8(ascii: "%") else {
                result.append(plusIsSpace && text[at] == UInt8(ascii: "+") ? UInt8(ascii: " ") : text[at])
                at += 1
                continue
            }
            guard at + 2 < text.endIndex, let high = hexadecimal(text[at + 1]), let low = hexadecimal(text[at + 2])
            else {
                let escape = String(decoding: text[at...].prefix(3), as: UTF8.self)
                throw .reason("invalid URL escape \(GoQuoting.quoted(escape))")
            }
            result.append(high << 4 | low)
            at += 3
        }
        return result
    }

    /// Bytes other than letters, digits and `-_.~` as percent escapes; those of `kept` as they are.
    static func escaped(_ text: [UInt8], keeping kept: String, spaceIsPlus: Bool) -> [UInt8] {
        text.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                return [byte]
            case UInt8(ascii: " ") where spaceIsPlus: return [UInt8(ascii: "+")]
            default:
                if "-_.~".utf8.contains(byte) || kept.utf8.contains(byte) { return [byte] }
                let digits = Array("0123456789ABCDEF".utf8)
                return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func checkAuthority(_ authority: ArraySlice<UInt8>) throws(Malformed) {
        var host = authority
        if let mark = authority.lastIndex(of: UInt8(ascii: "@")) {
            let user = authority[..<mark]
            guard user.allSatisfy({ isAlphanumeric($0) || "-._:~!$&'()*+,;=%@".utf8.contains($0) }) else {
                throw .reason("net/url: invalid userinfo")
            }
            try checkEscapes(user)
            host = authority[(mark + 1)...]
        }
        try checkHost(host)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func checkHost(_ host: ArraySlice<UInt8>) throws(Malformed) {
        if host.contains(UInt8(ascii: "[")) || host.contains(UInt8(ascii: "]")) {
            guard host.first == UInt8(ascii: "["), let end = host.lastIndex(of: UInt8(ascii: "]")) else {
                throw host.first == UInt8(ascii: "[")
                    ? .reason("missing ']' in host") : .unsupported("brackets within a host")
            }
            try checkPort(host[(end + 1)...])
            let inner = String(decoding: host[(host.startIndex + 1)..<end], as: UTF8.self)
            guard !inner.utf8.contains(UInt8(ascii: "%")), let address = try? NetworkAddress(parsing: inner),
                address.is6
            else { throw .unsupported("a host in brackets that is no plain IPv6 address") }
            return
        }
        let colons = host.filter { $0 == UInt8(ascii: ":") }.count
        guard colons < 2 else { throw .unsupported("a host with several colons") }
        let name = host.prefix { $0 != UInt8(ascii: ":") }
        try checkPort(host.dropFirst(name.count))
        let decoded = try unescaped(name, plusIsSpace: false)
        // Only bytes beyond ASCII are escaped in a host.
        guard name.contains(UInt8(ascii: "%")) == false || decoded.contains(where: { $0 >= 0x80 }) else {
            throw .reason("invalid URL escape")
        }
        guard !name.contains(UInt8(ascii: "%")) else { throw .unsupported("a host with escapes") }
        if let bad = name.first(where: { !isHostByte($0) }) {
            throw .reason("invalid character \(GoQuoting.quoted(String(Unicode.Scalar(bad)))) in host name")
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || isAlphanumeric(byte) || "-_.~!$&'()*+,;=:[]<>\"".utf8.contains(byte)
    }

    /// Nothing, or a colon and digits.
    private static func checkPort(_ text: ArraySlice<UInt8>) throws(Malformed) {
        guard !text.isEmpty else { return }
        guard text.first == UInt8(ascii: ":"),
            text.dropFirst().allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else {
            throw .reason(
                "invalid port \(GoQuoting.quoted(String(decoding: text, as: UTF8.self))) after host")
        }
    }
}
