// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTPTransport
import JSON
import Policy

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
