// SPDX-License-Identifier: Apache-2.0
import Admission
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The webhook's port: which requests are reviews, and what becomes of them.
struct WebhookResponder: Sendable {
    let reviewing: any Reviewing
    let limits: ServerLimits
    let occupancy: Occupancy
    let metrics: ServerMetrics
    let log: ReviewLog
    let drain: Drain

    @concurrent func respond(
        to request: Request, _ writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        let isHTTP1 = HTTPVersion(of: channel) == .http1
        if let answer = notAReview(request) {
            // Whatever body came along is not worth reading.
            let hasBody = request.method != .get && request.method != .head
            let closing = isHTTP1 && (hasBody || drain.isDraining)
            try await answer.send(writer, closing: closing, withBody: request.method != .head)
            var body = request.body.makeAsyncIterator()
            _ = await ReviewBody.discardRest(&body)
            if closing { channel.close(mode: .output, promise: nil) }
            return
        }
        guard let endpoint = Self.endpoint(request.uri.path) else { return }
        if isHTTP1, request.headers[.expect]?.lowercased() == "100-continue" {
            // Even where the declared length is too large: an answer without a uid may be taken for none.
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        let exchange = ReviewExchange(
            server: self, endpoint: endpoint, timeout: ReviewTimeout(query: request.uri.query), isHTTP1: isHTTP1)
        try await exchange.run(request, writer, on: channel)
    }
}

extension WebhookResponder {
    /// All names of each path: the first ones are ours, the others those that existing configurations hold, the last for
    /// policy documents. What is reviewed is told by the review, whichever path it came by.
    static func endpoint(_ path: String) -> ReviewEndpoint? {
        switch path {
        case "/validate", "/validations", "/validating": .validate
        case "/mutate", "/mutations", "/defaulting": .mutate
        case "/shadow/validations": .shadow
        default: nil
        }
    }

    /// `application/json` with or without parameters. RFC 9110 §8.3.1.
    static func isJSON(_ contentType: String?) -> Bool {
        // As API servers write it.
        if contentType == "application/json" { return true }
        guard let type = contentType?.split(separator: ";", maxSplits: 1).first else { return false }
        let essence = type.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        return String(essence).lowercased() == "application/json"
    }

    private func notAReview(_ request: Request) -> HTTPAnswer? {
        if isProbe(request) {
            return drain.isDraining ? HTTPAnswer(503, "draining") : HTTPAnswer(200, "ok")
        }
        guard Self.endpoint(request.uri.path) != nil else {
            return HTTPAnswer(404, "no such path; reviews go to /validate or /mutate")
        }
        guard request.method == .post else {
            return HTTPAnswer(405, "reviews are sent by POST", allow: "POST")
        }
        return nil
    }

    /// Existing deployments let the kubelet probe the webhook's own port, at any path.
    private func isProbe(_ request: Request) -> Bool {
        (request.method == .get || request.method == .head)
            && (request.headers[.userAgent]?.hasPrefix("kube-probe/") ?? false)
    }
}
