// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1
import NIOSSL

/// Speaks to webhooks as an API server does: HTTP/1.1 over TLS on kept connections.
struct WebhookClient: Sendable {
    private let client: HTTPClient

    /// Calls `body` with a client, and closes its connections.
    static func with<R>(_ body: (WebhookClient) async throws -> R) async throws -> R {
        var tls = TLSConfiguration.makeClientConfiguration()
        // The certificate is one that the webhook has made for itself.
        tls.certificateVerification = .none
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 512
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(WebhookClient(client: client))
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    func post(
        _ review: [UInt8], to url: String, timeout: Duration = .seconds(10)
    ) async throws -> WebhookAnswer {
        var request = HTTPClientRequest(url: "\(url)?timeout=\(timeout.components.seconds)s")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(review)
        let start = ContinuousClock.now
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return try WebhookAnswer(
            status: Int(response.status.code), body: Array(buffer: body), took: .now - start)
    }

    /// How long a request to the registry takes that asks for nothing.
    func roundTrip(_ url: String) async throws -> Duration {
        let start = ContinuousClock.now
        let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(60))
        _ = try await response.body.collect(upTo: 1 << 20)
        return .now - start
    }

    /// Opens connections, so that no handshake is measured: so many requests at once for a path that is no review.
    func connect(_ count: Int, to server: ServerProcess) async throws {
        try await concurrently(Array(0..<count), width: count) { _ in _ = try await roundTrip(server.webhook + "/") }
    }
}

/// An answer of a webhook, read.
struct WebhookAnswer: Sendable {
    let isAllowed: Bool
    /// Of a denial.
    let message: String
    /// Whether it is no word on the image: a registry did not answer, or there was no time or no room to look.
    let isUndecided: Bool
    /// Base64 of a JSON patch.
    let patch: String?
    let took: Duration

    init(status: Int, body: [UInt8], took: Duration) throws {
        guard status == 200, let answer = (try? JSONDocument(parsing: body))?.root["response"],
            let isAllowed = answer["allowed"]?.bool
        else { throw Failure("HTTP \(status): \(String(decoding: body.prefix(500), as: UTF8.self))") }
        self.isAllowed = isAllowed
        message = answer["status"]?["message"]?.string ?? ""
        patch = answer["patch"]?.string
        let reasons = answer["auditAnnotations"]?["reasons"]?.string?.split(separator: ",").map(String.init) ?? []
        let code = answer["status"]?["code"]?.integer
        isUndecided =
            !isAllowed && (code == 429 || code == 504 || reasons.contains { Self.outages.contains($0) })
        self.took = took
    }

    /// Reason codes of outages, as the webhook annotates them for the audit log.
    private static let outages: Set<String> = [
        "unreachable", "unauthorized", "rate-limited", "malfunction", "deadline",
    ]

    /// Throws where it is no admission: a benchmark of denials would measure something else.
    @discardableResult
    func admitted() throws -> WebhookAnswer {
        guard isAllowed else { throw Failure("denied: \(message.prefix(500))") }
        return self
    }
}

/// Calls `body` for every item, so many of them at once; answers in the order of the ends.
@discardableResult
func concurrently<Item: Sendable, Result: Sendable>(
    _ items: [Item], width: Int, _ body: @escaping @Sendable (Item) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
        var rest = items[...]
        for _ in 0..<width {
            if let item = rest.popFirst() { group.addTask { try await body(item) } }
        }
        var results: [Result] = []
        for try await result in group {
            results.append(result)
            if let item = rest.popFirst() { group.addTask { try await body(item) } }
        }
        return results
    }
}
