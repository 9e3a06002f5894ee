// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import Synchronization

/// Tokens that a loopback registry has given out, and whether a request brings a right one.
final class RegistryTokens: Sendable {
    private struct Token {
        let scopes: Set<String>
        let expiry: ContinuousClock.Instant
    }

    private let access: LoopbackAccess
    private let issued = Mutex<[String: Token]>([:])

    init(access: LoopbackAccess) { self.access = access }

    /// `nil` where the request may go on; else the 401 that says how to.
    func refusal(of request: RegistryRequest, repository: String?, host: String) -> RegistryAnswer? {
        switch access {
        case .open:
            return nil
        case .basic(let credentials):
            guard request.authorization != Self.header(for: credentials) else { return nil }
            return unauthorized(#"Basic realm="loopback""#)
        case .token:
            let action = request.method == "GET" || request.method == "HEAD" ? "pull" : "push"
            let needed = repository.map { "\($0):\(action)" }
            if let header = request.authorization, header.hasPrefix("Bearer "),
                isGood(String(header.dropFirst("Bearer ".count)), for: needed)
            {
                return nil
            }
            let actions = action == "pull" ? "pull" : "pull,push"
            let scope = repository.map { #",scope="repository:\#($0):\#(actions)""# } ?? ""
            return unauthorized(#"Bearer realm="http://\#(host)/token",service="loopback"\#(scope)"#)
        }
    }

    /// The answer of `/token`.
    func issue(_ request: RegistryRequest) -> RegistryAnswer {
        guard case .token(let credentials, let lifetime) = access else { return RegistryAnswer(404) }
        if let credentials, request.authorization != Self.header(for: credentials) {
            return unauthorized(#"Basic realm="loopback""#)
        }
        var scopes: Set<String> = []
        for scope in request.query["scope"]?.split(separator: " ") ?? [] {
            // repository:NAME:ACTION,ACTION
            let parts = scope.split(separator: ":")
            guard parts.count == 3, parts[0] == "repository" else { continue }
            for action in parts[2].split(separator: ",") { scopes.insert("\(parts[1]):\(action)") }
        }
        let text = randomHex(16)
        issued.withLock { $0[text] = Token(scopes: scopes, expiry: .now + lifetime) }
        var writer = JSONWriter()
        writer.object {
            $0.member("token", text)
            $0.member("expires_in", lifetime.components.seconds)
        }
        return RegistryAnswer(200, headers: [("Content-Type", "application/json")], body: writer.bytes)
    }

    private func isGood(_ text: String, for needed: String?) -> Bool {
        issued.withLock { issued in
            guard let token = issued[text], token.expiry > .now else { return false }
            return needed.map(token.scopes.contains) ?? true
        }
    }

    private static func header(for credentials: LoopbackCredentials) -> String {
        "Basic " + Data("\(credentials.user):\(credentials.password)".utf8).base64EncodedString()
    }

    private func unauthorized(_ challenge: String) -> RegistryAnswer {
        var answer = RegistryAnswer.error(401, "UNAUTHORIZED", "authentication required")
        answer.headers.append(("WWW-Authenticate", challenge))
        return answer
    }
}

extension RegistryAnswer {
    /// An error as the distribution specification words it.
    static func error(_ status: Int, _ code: String, _ message: String) -> RegistryAnswer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "errors",
                array: { writer in
                    writer.object {
                        $0.member("code", code)
                        $0.member("message", message)
                    }
                })
        }
        return RegistryAnswer(status, headers: [("Content-Type", "application/json")], body: writer.bytes)
    }
}

/// Hex of so many random bytes.
func randomHex(_ count: Int) -> String {
    (0..<count).map { _ in
        let text = String(UInt8.random(in: 0...255), radix: 16)
        return text.count == 1 ? "0" + text : text
    }.joined()
}
