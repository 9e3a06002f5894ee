// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Demo
import FoundationEssentials
import HTTPTransport
import JSON
import OCI
import WebhookServer

/// `countersign demo`: the whole path on this machine, with a registry and keys made for the occasion.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a signed image admitted and an unsigned one refused, on this machine alone",
        discussion: """
            Starts a registry and the webhook on loopback, signs a few images, and POSTs AdmissionReviews over TLS; nothing \
            leaves the machine, and nothing is left behind

            Exit status: 0 everything was decided as it should be, 1 something was not, 2 it could not be shown, 64 wrong \
            usage

            Example: countersign demo
            """)

    func run() async throws {
        try await concluding {
            try await LoopbackRegistry.running { registry in
                let content = try await DemoContent(filling: registry)
                let policies = FileManager.default.temporaryDirectory
                    .appending(path: "countersign-demo-\(UUID().uuidString).yaml")
                try Data(content.policies.utf8).write(to: policies)
                defer { try? FileManager.default.removeItem(at: policies) }
                Words.answer(
                    """
                    A registry at \(content.host) holds images of demo/app and demo/tools; two policies:
                      demo/app    must be signed by the demo's key    (enforce)
                      demo/tools  should be signed by the demo's key  (warn)


                    """)
                let answers = try await Self.serving(policies.path(), content)
                Words.answer(DemoTable(rows: answers.map(\.row)).text)
                let wrong = answers.filter { !$0.isAsExpected }
                for answer in wrong {
                    Words.say("countersign: '\(answer.row.request)' was not decided as it should be")
                }
                return wrong.isEmpty && !answers.isEmpty ? .admitted : .denied
            }
        }
    }

    /// The answers of a webhook that runs for as long as they are asked for.
    private static func serving(_ policies: String, _ content: DemoContent) async throws -> [DemoRequest.Answered] {
        let (listening, announce) = AsyncStream<(Int, String)>.makeStream()
        let (running, stop) = AsyncStream<Never>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { announce.finish() }
                try await WebhookComposition(ServeSettings(demonstrating: policies)).run(while: running) {
                    announce.yield(($0.webhook, $1 ?? ""))
                }
            }
            var answers: Result<[DemoRequest.Answered], any Error> = .success([])
            for await (port, authority) in listening {
                do { answers = .success(try await asked(content, port, authority)) } catch { answers = .failure(error) }
                stop.finish()
            }
            // What ended the webhook before its time explains more than a request that it left unanswered.
            try await group.waitForAll()
            return try answers.get()
        }
    }

    private static func asked(
        _ content: DemoContent, _ port: Int, _ authority: String
    ) async throws -> [DemoRequest.Answered] {
        let client = try DemoClient(port: port, authority: authority)
        let answers: Result<[DemoRequest.Answered], any Error>
        do {
            try await client.connect()
            answers = .success(try await DemoRequest.all(content, client))
        } catch {
            answers = .failure(error)
        }
        await client.close()
        return try answers.get()
    }
}

/// The API server's part: a POST over TLS, trusting the webhook's authority.
private struct DemoClient {
    private let http: OutboundHTTP
    private let origin: String

    init(port: Int, authority: String) throws {
        var configuration = TransportConfiguration()
        configuration.additionalRoots = Array(authority.utf8)
        http = try OutboundHTTP(configuration)
        origin = "https://127.0.0.1:\(port)"
    }

    func close() async { await http.shutDown() }

    /// Opens the connection that all requests then share, as an API server keeps its own, so that what is measured is the
    /// webhook and no handshake.
    func connect() async throws {
        _ = try await send([], to: "/validate")
    }

    func post(_ review: DemoReview, to path: String) async throws -> (response: JSONDocument, took: Duration) {
        let start = ContinuousClock.now
        let response = try await send(review.body, to: path)
        let took = start.duration(to: .now)
        return (try JSONDocument(parsing: response.body), took)
    }

    private func send(_ body: [UInt8], to path: String) async throws -> OutboundResponse {
        var request = OutboundRequest(
            .post, try RequestURL(parsing: "\(origin)\(path)?timeout=10s"), maximumBodyBytes: 1 << 20,
            deadline: .now.advanced(by: .seconds(20)), mayReachLoopback: true)
        request.headers = [("Content-Type", "application/json")]
        request.body = body
        return try await http.send(request)
    }
}

/// One row of the demo: what is asked, and what must come of it.
private struct DemoRequest {
    let webhook: String
    let image: String
    let shown: String
    let expected: String
    /// Part of the reasons that are given, so that a denial for another reason is not taken for the right one.
    let because: String

    struct Answered {
        let row: DemoTable.Row
        let isAsExpected: Bool
    }

    static func all(_ content: DemoContent, _ client: DemoClient) async throws -> [Answered] {
        func mutated(_ entry: DemoContent.Entry, _ expected: String) -> DemoRequest {
            DemoRequest(
                webhook: "mutate", image: entry.reference, shown: name(entry, content), expected: expected, because: "")
        }
        func validated(
            _ entry: DemoContent.Entry, byTag: Bool = false, _ expected: String, because: String = ""
        ) -> DemoRequest {
            DemoRequest(
                webhook: "validate", image: byTag ? entry.reference : entry.pinned,
                shown: name(entry, content) + (byTag ? "" : "@sha256:…"), expected: expected, because: because)
        }
        let requests = [
            mutated(content.signed, "pinned"),
            validated(content.signed, "admitted"),
            validated(content.signedByTag, "admitted"),
            validated(content.unsigned, "denied", because: "no signatures found"),
            validated(content.otherKey, "denied", because: "no matching signatures"),
            validated(content.moved, "denied", because: "no signatures found"),
            validated(content.signed, byTag: true, "denied", because: "must be an image digest"),
            validated(content.tool, "warned", because: "no signatures found"),
        ]
        var answers: [Answered] = []
        for request in requests { answers.append(try await request.answered(by: client, number: answers.count)) }
        return answers
    }

    /// The reference without the registry's host.
    private static func name(_ entry: DemoContent.Entry, _ content: DemoContent) -> String {
        String(entry.reference.dropFirst(content.host.count + 1))
    }

    private func answered(by client: DemoClient, number: Int) async throws -> Answered {
        let review = DemoReview.creation(of: image, uid: "demo-\(number)")
        let first = try await client.post(review, to: "/\(webhook)")
        let second = try await client.post(review, to: "/\(webhook)")
        let response = first.response.root["response"]
        let warnings = response?["warnings"]?.elements.compactMap(\.string) ?? []
        let verdict: String
        if response?["allowed"]?.bool != true {
            verdict = "denied"
        } else if response?["patch"] != nil {
            verdict = "pinned"
        } else {
            verdict = warnings.isEmpty ? "admitted" : "warned"
        }
        let message = response?["status"]?["message"]?.string
        let reasons =
            (response?["allowed"]?.bool == true ? nil : message).map { $0.split(separator: "\n").map(String.init) }
            ?? warnings
        return Answered(
            row: DemoTable.Row(
                request: webhook + String(repeating: " ", count: max(2, 10 - webhook.count)) + shown, verdict: verdict,
                reasons: reasons, cold: first.took,
                cached: second.took),
            isAsExpected: verdict == expected && response?["uid"]?.string == review.uid
                && (because.isEmpty || reasons.joined(separator: " ").firstRange(of: because) != nil))
    }
}
