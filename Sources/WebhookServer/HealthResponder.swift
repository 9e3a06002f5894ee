// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The plain port for the kubelet and for Prometheus: alive, ready, metrics.
struct HealthResponder: Sendable {
    let metrics: MetricsRegistry
    /// Why reviews cannot be judged at this moment; empty where they can.
    let readiness: @Sendable () -> [String]

    @concurrent func respond(
        to request: Request, _ writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        let isRead = request.method == .get || request.method == .head
        try await answer(request, isRead: isRead).send(writer, closing: !isRead, withBody: request.method != .head)
        var body = request.body.makeAsyncIterator()
        let hasEnded = await ReviewBody.discardRest(&body)
        if !isRead || !hasEnded { channel.close(promise: nil) }
    }

    private func answer(_ request: Request, isRead: Bool) -> HTTPAnswer {
        // The second names are those that existing probes hold.
        switch request.uri.path {
        case "/livez" where isRead, "/healthz" where isRead, "/health" where isRead: HTTPAnswer(200, "ok")
        case "/readyz" where isRead, "/readiness" where isRead: ready()
        case "/metrics" where isRead:
            HTTPAnswer(status: 200, contentType: ExpositionText.contentType, body: metrics.exposition())
        case "/livez", "/healthz", "/health", "/readyz", "/readiness", "/metrics":
            HTTPAnswer(405, "only GET and HEAD", allow: "GET, HEAD")
        default: HTTPAnswer(404, "no such path; there are /livez, /readyz and /metrics")
        }
    }

    private func ready() -> HTTPAnswer {
        let reasons = readiness()
        return reasons.isEmpty ? HTTPAnswer(200, "ok") : HTTPAnswer(503, reasons.joined(separator: "\n"))
    }
}
