// SPDX-License-Identifier: Apache-2.0
import Admission
import TestSupport
import Testing

@testable import WebhookServer

@Suite("Overload and deadlines")
struct OverloadTests {
    static let versions: [CurlClient.Version] = [.http1, .http2]

    @Test("A review beyond the limit is refused at once, and those before it are answered", arguments: versions)
    func tooManyReviews(version: CurlClient.Version) async throws {
        let gate = Gate()
        let reviewer = FakeReviewer { await gate.wait() }
        var limits = ServerLimits()
        limits.reviewsInFlight = 2
        limits.retryAfterSeconds = 3
        try await RunningServer.run(reviewer, limits: limits) { server in
            try await withThrowingTaskGroup(of: String.self) { group in
                for uid in ["a", "b"] {
                    group.addTask {
                        try await server.client(version).post(server.url("/validate"), body: reviewBody(uid: uid)).text
                    }
                }
                #expect(await eventually { gate.arrivals == 2 })
                let third = try await server.client(version).post(server.url("/validate"), body: reviewBody(uid: "c"))
                #expect(third.status == 200)
                #expect(third.text == #"{"response":{"uid":"c","allowed":false,"code":429}}"#)
                #expect(reviewer.seen.refusals == [.overloaded(retryAfterSeconds: 3)])
                gate.open()
                var answers: Set<String> = []
                for try await answer in group { answers.insert(answer) }
                #expect(answers.count == 2 && answers.allSatisfy { $0.contains(#""allowed":true"#) })
            }
            #expect(server.metrics.refusals.value("overloaded") == 1)
            let after = try await server.client(version).post(server.url("/validate"), body: reviewBody())
            #expect(after.text.contains(#""allowed":true"#))
        }
    }

    @Test("Bodies beyond what all together may hold are refused", arguments: versions)
    func tooManyBytes(version: CurlClient.Version) async throws {
        let gate = Gate()
        let reviewer = FakeReviewer { await gate.wait() }
        var limits = ServerLimits()
        limits.bodyBytesInFlight = 1 << 20
        try await RunningServer.run(reviewer, limits: limits) { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await server.client(version).post(server.url("/validate"), body: reviewBody(size: 700_000))
                        .status
                }
                #expect(await eventually { gate.arrivals == 1 })
                let second = try await server.client(version).post(
                    server.url("/validate"), body: reviewBody(uid: "z", size: 700_000))
                #expect(second.text == #"{"response":{"uid":"z","allowed":false,"code":429}}"#)
                gate.open()
                #expect(try await group.next() == 200)
            }
            let after = try await server.client(version).post(server.url("/validate"), body: reviewBody(size: 700_000))
            #expect(after.text.contains(#""allowed":true"#))
        }
    }

    @Test("A uid is read and answered even when the bodies of others leave no room at all", arguments: versions)
    func uidWithoutRoom(version: CurlClient.Version) async throws {
        let gate = Gate()
        let reviewer = FakeReviewer { await gate.wait() }
        var limits = ServerLimits()
        limits.bodyBytesInFlight = 700_000
        try await RunningServer.run(reviewer, limits: limits) { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await server.client(version).post(server.url("/validate"), body: reviewBody(size: 700_000))
                        .status
                }
                #expect(await eventually { gate.arrivals == 1 })
                let refused = try await server.client(version).post(
                    server.url("/validate"), body: reviewBody(uid: "no-room", size: 100_000))
                #expect(refused.status == 200, "any other status may admit")
                #expect(refused.text == #"{"response":{"uid":"no-room","allowed":false,"code":429}}"#)
                gate.open()
                #expect(try await group.next() == 200)
            }
        }
    }

    @Test("A reviewer that breaks its promise is answered for, before the caller gives up", arguments: versions)
    func stuckReviewer(version: CurlClient.Version) async throws {
        let gate = Gate()
        let reviewer = FakeReviewer { await gate.wait() }
        try await RunningServer.run(reviewer) { server in
            let client = server.client(version, timeout: .seconds(5))
            let start = ContinuousClock.now
            let response = try await client.post(server.url("/validate?timeout=1s"), body: reviewBody(uid: "late"))
            #expect(ContinuousClock.now - start >= .milliseconds(900))
            #expect(response.text == #"{"response":{"uid":"late","allowed":false,"code":504}}"#)
            #expect(reviewer.seen.refusals == [.deadline])
            let budget = try #require(reviewer.seen.budgets.first)
            #expect(budget <= .milliseconds(900))
            gate.open()
        }
    }
}
