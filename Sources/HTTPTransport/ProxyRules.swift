// SPDX-License-Identifier: Apache-2.0

/// Which requests go through a proxy: the variables that most programs read, by the rules of Go's
/// `golang.org/x/net/http/httpproxy`, since manifests and charts are written for programs in Go.
public struct ProxyRules: Hashable, Sendable {
    private let https: ProxyServer?
    private let http: ProxyServer?
    private let exceptions: [ProxyException]
    /// Whether the process serves CGI, where whoever sends a request chooses `HTTP_PROXY`.
    private let isCGI: Bool

    /// No proxy for anything.
    public static let none = ProxyRules(https: nil, http: nil, exceptions: [], isCGI: false)

    private init(https: ProxyServer?, http: ProxyServer?, exceptions: [ProxyException], isCGI: Bool) {
        self.https = https
        self.http = http
        self.exceptions = exceptions
        self.isCGI = isCGI
    }

    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, or where those are empty their twins in lower case, and
    /// `REQUEST_METHOD`. What is no proxy's address is an error, where Go would go without.
    public init(environment: (String) -> String?) throws(ProxyFault) {
        func variable(_ name: String) -> (name: String, text: String)? {
            for name in [name, name.lowercased()] {
                if let text = environment(name), !text.isEmpty { return (name, text) }
            }
            return nil
        }
        func server(_ name: String) throws(ProxyFault) -> ProxyServer? {
            guard let (name, text) = variable(name) else { return nil }
            return try ProxyServer(text, variable: name)
        }
        self.init(
            https: try server("HTTPS_PROXY"), http: try server("HTTP_PROXY"),
            exceptions: ProxyException.list(variable("NO_PROXY")?.text ?? ""),
            isCGI: environment("REQUEST_METHOD").map { !$0.isEmpty } ?? false)
    }

    /// Every proxy that may be used.
    var servers: Set<ProxyServer> { Set([https, http].compactMap { $0 }) }

    /// The way that a request takes.
    enum Route: Hashable, Sendable {
        case direct
        case proxy(ProxyServer)
        /// `HTTP_PROXY` is set and must not be believed.
        case refused
    }

    func route(to url: RequestURL) -> Route {
        guard let proxy = url.scheme == .https ? https : http else { return .direct }
        if url.scheme == .http, isCGI { return .refused }
        if url.host.isLoopback { return .direct }
        let port = String(url.port)
        return exceptions.contains { $0.matches(url.host, port: port) } ? .direct : .proxy(proxy)
    }
}

/// A server that passes connections on, asked by CONNECT.
struct ProxyServer: Hashable, Sendable {
    let host: Host
    let port: Int
    /// User and password, as the variable has them; shown to the proxy and to nobody else.
    let credentials: Credentials?

    struct Credentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
        let username: String
        let password: String

        var description: String { "(credentials)" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// `http://[user[:password]@]host[:port]`, or without the scheme.
    init(_ text: String, variable: String) throws(ProxyFault) {
        var rest = text[...]
        if let range = rest.range(ofFirst: "://") {
            guard rest[..<range.lowerBound].lowercased() == "http" else { throw ProxyFault(variable, .scheme) }
            rest = rest[range.upperBound...]
        }
        rest = rest.prefix { !["/", "?", "#"].contains($0) }
        if let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")) {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { Self.withoutPercents($0) }
            guard let username = decoded.first ?? nil, decoded.allSatisfy({ $0 != nil }) else {
                throw ProxyFault(variable, .address)
            }
            credentials = Credentials(username: username, password: (decoded.dropFirst().first ?? nil) ?? "")
            rest = rest[rest.utf8.index(after: at)...]
        } else {
            credentials = nil
        }
        do throws(RequestURLFault) {
            (host, port) = try RequestURL.readAuthority(rest, scheme: .http)
        } catch {
            throw ProxyFault(variable, .address)
        }
    }

    private static func withoutPercents(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension Substring {
    /// `Foundation` has it; this needs none.
    fileprivate func range(ofFirst text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// A variable that names no proxy that could be used; never quotes it, since it may hold a password.
public struct ProxyFault: Error, Hashable, Sendable, CustomStringConvertible {
    enum Reason: Hashable, Sendable {
        case address, scheme
    }

    let variable: String
    let reason: Reason

    init(_ variable: String, _ reason: Reason) {
        self.variable = variable
        self.reason = reason
    }

    public var description: String {
        switch reason {
        case .address: "\(variable) is no address of a proxy; write http://HOST:PORT"
        case .scheme: "\(variable) names a proxy of another kind than http://, which alone is spoken to"
        }
    }
}
