// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport
public import ImageVerification
import JSON
public import OCI
public import Policy
public import Sigstore

/// Asks a Rekor v1 log for what it has under a hash. sigstore/rekor, openapi.yaml: `searchIndex` and `searchLogQuery`.
///
/// What comes back is no evidence: the core binds every entry to the very signature, signer and content, and checks the
/// log's signature over it.
public struct RekorSearch: LogSearch {
    private let http: OutboundHTTP

    /// Identifiers of one hash that are looked at. Anyone may log an entry about a content, so that there can be more than
    /// the signer's own; without a bound they would be ours to fetch.
    static let maximumIdentifiers = 50
    /// Bytes of a list of identifiers: a million would be 80 MB, which nobody needs.
    static let maximumIndexBytes = 1 << 20

    public init(http: OutboundHTTP) { self.http = http }

    public func entries(
        of content: Digest, in log: LogAddress, deadline: Deadline
    ) async throws(Outage) -> [LogSearchResult] {
        let question = Question(log: log, http: http, deadline: deadline)
        let index = try await question.ask(
            "api/v1/index/retrieve", limit: Self.maximumIndexBytes
        ) { $0.member("hash", content.description) }
        var left = try question.read(index) { answer throws(VerificationError) in
            try LogSearchResult.identifiers(answer, atMost: Self.maximumIdentifiers)
        }[...]
        var entries: [LogSearchResult] = []
        while !left.isEmpty {
            let some = Array(left.prefix(LogSearchResult.maximumEntries))
            left = left.dropFirst(some.count)
            let answer = try await question.ask(
                "api/v1/log/entries/retrieve", limit: LogSearchResult.maximumBytes
            ) { $0.member("entryUUIDs", some) }
            entries += try question.read(answer) { answer throws(VerificationError) in
                try LogSearchResult.read(answer)
            }
        }
        return entries
    }
}

/// One log, asked until a deadline.
private struct Question {
    let log: LogAddress
    let http: OutboundHTTP
    let deadline: Deadline

    func ask(
        _ path: String, limit: Int, body: (inout JSONWriter) -> Void
    ) async throws(Outage) -> [UInt8] {
        let url: RequestURL
        let base = log.description
        do throws(RequestURLFault) {
            url = try RequestURL(parsing: base + (base.hasSuffix("/") ? "" : "/") + path)
        } catch { throw Outage(.forbidden, service: base, detail: "it has no usable address: \(error)") }
        // The operator named the log, loopback or not.
        var request = OutboundRequest(
            .post, url, maximumBodyBytes: limit, deadline: deadline.instant, mayReachLoopback: true)
        request.headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        var writer = JSONWriter()
        writer.object(body)
        request.body = writer.bytes
        let response: OutboundResponse
        do throws(TransportError) { response = try await http.send(request) } catch { throw outage(error) }
        switch response.status {
        case 200: return response.body
        case 401, 403: throw Outage(.unauthorized, service: name, detail: "the transparency log wants credentials")
        case 429: throw Outage(.rateLimited, service: name, detail: "the transparency log is asked too often")
        default:
            throw Outage(
                .malfunction, service: name, detail: "the transparency log answered with status \(response.status)")
        }
    }

    func read<Value>(
        _ answer: [UInt8], _ reading: ([UInt8]) throws(VerificationError) -> Value
    ) throws(Outage) -> Value {
        do throws(VerificationError) { return try reading(answer) } catch {
            throw Outage(.malfunction, service: name, detail: "\(error)")
        }
    }

    private var name: String { (try? RequestURL(parsing: log.description))?.authority ?? "the transparency log" }

    private func outage(_ error: TransportError) -> Outage {
        let kind: Outage.Kind =
            switch error {
            case .deadline, .cancelled: .deadline
            case .plainHTTP, .forbiddenAddress: .forbidden
            case .malformed, .tooLarge, .redirect: .malfunction
            default: .unreachable
            }
        return Outage(kind, service: name, detail: "\(error)")
    }
}
