// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import HTTPTransport
import JSON
import OCI
import Policy
import Synchronization

/// Credentials that a cloud hands out for a time, by what they are for.
///
/// A new one is asked for five minutes before the old one ends, once by however many need it. Where the cloud does not
/// answer then, the old one is used as long as it lasts.
struct CloudTokens: Sendable {
    struct Token: Sendable {
        let credential: RegistryCredential
        let lifetime: Duration
    }

    private struct Kept: Sendable {
        let credential: RegistryCredential
        let renewal: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    private final class Shelf: Sendable {
        let kept = Mutex<[String: Kept]>([:])
    }

    private static let reserve: Duration = .seconds(300)
    /// Regions, or registries, of one cloud; beyond it the soonest to end go.
    private static let maximumCount = 256
    /// The longest that a cloud promises; longer ones are asked for again anyway.
    static let maximumLifetime: Duration = .seconds(12 * 3600)

    private let shelf = Shelf()
    private let relay = Relay<String, RegistryCredential>()

    func credential(
        _ key: String, service: String, fetch: () async throws(Outage) -> Token
    ) async throws(Outage) -> RegistryCredential {
        let known = shelf.kept.withLock { $0[key] }
        if let known, known.renewal > .now { return known.credential }
        do throws(Outage) {
            return try await relay.value(for: key, service: service) { () async throws(Outage) -> RegistryCredential in
                if let other = shelf.kept.withLock({ $0[key] }), other.renewal > .now { return other.credential }
                let token = try await fetch()
                keep(token, for: key)
                return token.credential
            }
        } catch {
            if let known, known.end > .now { return known.credential }
            throw error
        }
    }

    private func keep(_ token: Token, for key: String) {
        let now = ContinuousClock.now
        let lifetime = min(max(token.lifetime, .zero), Self.maximumLifetime)
        let kept = Kept(
            credential: token.credential, renewal: now.advanced(by: lifetime - Self.reserve),
            end: now.advanced(by: lifetime))
        shelf.kept.withLock { shelf in
            if shelf.count >= Self.maximumCount, shelf[key] == nil {
                for old in shelf.sorted(by: { $0.value.end < $1.value.end }).prefix(Self.maximumCount / 4) {
                    shelf[old.key] = nil
                }
            }
            shelf[key] = kept
        }
    }
}

/// One question to a cloud's token service, and its answer.
struct CloudQuestion: Sendable {
    /// Answers of token services have a few KiB.
    static let maximumAnswerBytes = 256 << 10

    let http: OutboundHTTP
    let deadline: ContinuousClock.Instant

    /// - Parameter url: made of our own words and of names that have been checked.
    func request(_ method: OutboundRequest.Method, _ url: String) throws(Outage) -> OutboundRequest {
        do throws(RequestURLFault) {
            let url = try RequestURL(parsing: url)
            // Only tests have a token service on loopback; nothing here is made of what a stranger says.
            return OutboundRequest(
                method, url, maximumBodyBytes: Self.maximumAnswerBytes, deadline: deadline,
                mayReachLoopback: url.host.isLoopback)
        } catch {
            throw Outage(.forbidden, service: "token service", detail: "it has no usable address: \(error)")
        }
    }

    func form(_ url: String, _ parameters: [(String, String)]) throws(Outage) -> OutboundRequest {
        var request = try request(.post, url)
        request.headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        request.body = Array(TokenExchange.form(parameters).utf8)
        return request
    }

    /// The body of a 200.
    func answer(_ request: OutboundRequest) async throws(Outage) -> OutboundResponse {
        let service = request.url.authority
        let response: OutboundResponse
        do throws(TransportError) {
            response = try await http.send(request)
        } catch {
            throw Outage(error.outageKind, service: service, detail: "\(error)")
        }
        guard response.status == 200 else { throw .status(response.status, service: service, asking: "a token") }
        return response
    }

    func object(_ request: OutboundRequest) async throws(Outage) -> JSONValue {
        let response = try await answer(request)
        let limits = JSONLimits(maximumBytes: Self.maximumAnswerBytes, maximumDepth: 16, maximumValues: 4096)
        guard let root = try? JSONDocument(parsing: response.body, limits: limits).root, root.kind == .object else {
            throw Self.unreadable(request)
        }
        return root
    }

    static func unreadable(_ request: OutboundRequest) -> Outage {
        Outage(.malfunction, service: request.url.authority, detail: "it sent no token that can be read")
    }

    /// What a token service is shown to prove who we are; read anew each time, since the kubelet replaces it.
    static func identityToken(_ path: String) throws(Outage) -> String {
        let failure = Outage(
            .malfunction, service: "service account token", detail: "\(path) cannot be read, or holds no token")
        // Tokens of service accounts have one to two KiB.
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0, count < buffer.count else { throw failure }
        var token = String(decoding: buffer.prefix(count), as: UTF8.self)[...]
        while token.last?.isWhitespace == true { token.removeLast() }
        guard !token.isEmpty, token.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { throw failure }
        return String(token)
    }
}
