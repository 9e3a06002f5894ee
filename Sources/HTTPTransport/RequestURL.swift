// SPDX-License-Identifier: Apache-2.0

/// An `http` or `https` URL, read strictly (RFC 3986): no user information, no characters that need escaping, and a host
/// that means one thing only.
public struct RequestURL: Hashable, Sendable {
    public enum Scheme: String, Hashable, Sendable {
        case http, https

        public var defaultPort: Int { self == .https ? 443 : 80 }
    }

    public let scheme: Scheme
    public let host: Host
    /// 1 to 65535.
    public let port: Int
    /// Path and query as they are sent; begins with a slash.
    public let target: String

    /// What servers commonly accept as a request line; presigned URLs of object stores stay well below.
    public static let maximumBytes = 8192

    /// Reads an absolute URL. A fragment is dropped, as it is never sent.
    public init(parsing text: String) throws(RequestURLFault) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .unsupportedScheme }
        // Schemes are case-insensitive (RFC 3986 §3.1): `HTTP://` is as plain as `http://`.
        guard let scheme = Scheme(rawValue: text[..<colon].lowercased()) else { throw .unsupportedScheme }
        var rest = text[text.utf8.index(after: colon)...]
        guard rest.utf8.starts(with: "//".utf8) else { throw .noHost }
        rest = rest.dropFirst(2)
        let end = rest.utf8.firstIndex { [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
        let authority = rest[..<(end ?? rest.endIndex)]
        var target = String(rest[(end ?? rest.endIndex)...].prefix { $0 != "#" })
        if target.utf8.first != UInt8(ascii: "/") { target = "/" + target }
        let (host, port) = try Self.readAuthority(authority, scheme: scheme)
        try self.init(scheme: scheme, host: host, port: port, target: target)
    }

    public init(scheme: Scheme, host: Host, port: Int, target: String) throws(RequestURLFault) {
        guard (1...65535).contains(port) else { throw .invalidPort }
        guard target.utf8.first == UInt8(ascii: "/") else { throw .invalidTarget }
        guard target.utf8.count <= Self.maximumBytes else { throw .tooLong }
        guard Self.isWellFormed(target) else { throw .invalidTarget }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// Host and port of `host[:port]`; the scheme's port where none is given.
    public static func readAuthority(
        _ text: Substring, scheme: Scheme
    ) throws(RequestURLFault) -> (host: Host, port: Int) {
        guard !text.isEmpty else { throw .noHost }
        guard !text.utf8.contains(UInt8(ascii: "@")) else { throw .userInformation }
        // A colon inside brackets belongs to the address.
        let bracket = text.utf8.lastIndex(of: UInt8(ascii: "]"))
        let search = text[(bracket ?? text.startIndex)...]
        guard let colon = search.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            return (try Host(parsing: String(text)), scheme.defaultPort)
        }
        let digits = text[text.utf8.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let port = Int(digits), (1...65535).contains(port)
        else { throw .invalidPort }
        return (try Host(parsing: String(text[..<colon])), port)
    }

    /// RFC 3986's path and query characters, percent signs only before two hexadecimal digits.
    private static func isWellFormed(_ target: String) -> Bool {
        var pendingHex = 0
        for byte in target.utf8 {
            let isHex: Bool
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                isHex = true
            default:
                isHex = false
            }
            if pendingHex > 0 {
                guard isHex else { return false }
                pendingHex -= 1
                continue
            }
            switch byte {
            case UInt8(ascii: "%"): pendingHex = 2
            case UInt8(ascii: "g")...UInt8(ascii: "z"), UInt8(ascii: "G")...UInt8(ascii: "Z"): break
            case _ where isHex: break
            case _ where "-._~!$&'()*+,;=:@/?".utf8.contains(byte): break
            default: return false
            }
        }
        return pendingHex == 0
    }
}

extension RequestURL {
    /// Scheme, host and port: what credentials are bound to (RFC 6454 §4).
    public struct Origin: Hashable, Sendable {
        public let scheme: Scheme
        public let host: Host
        public let port: Int
    }

    public var origin: Origin { Origin(scheme: scheme, host: host, port: port) }

    /// `host[:port]`, the port only where it is not the scheme's own.
    public var authority: String { port == scheme.defaultPort ? "\(host)" : "\(host):\(port)" }

    public var path: Substring { target.prefix { $0 != "?" } }

    /// The URL that a `Location` or `Link` header names, relative to this one. RFC 3986 §5.2.
    public func resolving(_ reference: String) throws(RequestURLFault) -> RequestURL {
        guard reference.utf8.count <= Self.maximumBytes else { throw .tooLong }
        let text = String(reference.prefix { $0 != "#" })
        if text.utf8.starts(with: "//".utf8) { return try RequestURL(parsing: "\(scheme.rawValue):\(text)") }
        if Self.hasScheme(text) { return try RequestURL(parsing: text) }
        let target: String
        if text.isEmpty {
            target = self.target
        } else if text.utf8.first == UInt8(ascii: "?") {
            target = path + text
        } else {
            let query = text.drop { $0 != "?" }
            let relative = text.prefix { $0 != "?" }
            let base = relative.utf8.first == UInt8(ascii: "/") ? "" : directory
            target = Self.removingDotSegments("\(base)\(relative)") + query
        }
        return try RequestURL(scheme: scheme, host: host, port: port, target: target)
    }

    private var directory: Substring {
        let path = path
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "/" }
        return path[...slash]
    }

    private static func hasScheme(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return !text.utf8[..<colon].contains { [UInt8(ascii: "/"), UInt8(ascii: "?")].contains($0) }
    }

    private static func removingDotSegments(_ path: String) -> String {
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".":
                if isLast { kept.append("") }
            case "..":
                kept = kept.dropLast()
                if isLast { kept.append("") }
            default:
                kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}

extension RequestURL: CustomStringConvertible {
    public var description: String { "\(scheme.rawValue)://\(authority)\(target)" }
}

/// Which rule a URL breaks. None of them quotes the URL, which may hold a secret.
public enum RequestURLFault: Error, Hashable, Sendable, CaseIterable {
    case unsupportedScheme, noHost, userInformation, invalidHost, invalidPort, invalidTarget, tooLong
}

extension RequestURLFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unsupportedScheme: "the URL's scheme is neither https nor http"
        case .noHost: "the URL has no host"
        case .userInformation: "the URL holds a user name"
        case .invalidHost: "the URL's host is neither a name nor an address"
        case .invalidPort: "the URL's port is not a number from 1 to 65535"
        case .invalidTarget: "the URL holds characters that must be escaped"
        case .tooLong: "the URL is longer than \(RequestURL.maximumBytes) bytes"
        }
    }
}
