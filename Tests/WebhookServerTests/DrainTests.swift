// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
import TestSupport
import Testing

@testable import WebhookServer

@Suite("Leaving")
struct DrainTests {
    static let versions: [CurlClient.Version] = [.http1, .http2]

    @Test("A review in flight is answered after the listener has gone", arguments: versions)
    func inFlight(version: CurlClient.Version) async throws {
        let gate = Gate()
        let reviewer = FakeReviewer { await gate.wait() }
        let log = try await RunningServer.run(reviewer) { server in
            try await withThrowingTaskGroup(of: CurlClient.Response.self) { group in
                group.addTask {
                    try await server.client(version).post(server.url("/validate"), body: reviewBody(uid: "last"))
                }
                #expect(await eventually { gate.arrivals == 1 })
                await server.group.triggerGracefulShutdown()
                #expect(
                    await eventually {
                        (try? await server.client(version).get(server.url("/"))) == nil
                    })
                // The health port stays until the webhook is done, and says why it is not ready.
                let ready = try await CurlClient().get(server.health("/readyz"))
                #expect(ready.status == 503 && ready.text == "draining\n")
                #expect(try await CurlClient().get(server.health("/livez")).status == 200)
                gate.open()
                let answer = try #require(try await group.next())
                #expect(answer.text == #"{"response":{"uid":"last","allowed":true,"code":200}}"#)
                if version == .http1 { #expect(answer["connection"] == "close") }
            }
            #expect(server.log.all.count { $0.contains("leaving: callers are asked to go") } == 1)
            return server.log
        }
        #expect(log.all.count { $0.contains("left: every review was answered") } == 1, "\(log.all)")
    }

    @Test("In the quiet time reviews are still taken, and answers ask callers to leave")
    func quietTime() async throws {
        let drain = DrainTimes(quiet: .seconds(4), total: .seconds(20))
        try await RunningServer.run(drain: drain) { server in
            let before = try await server.client().post(server.url("/validate"), body: reviewBody())
            #expect(before["connection"] == nil)
            await server.group.triggerGracefulShutdown()
            #expect(await eventually { try await CurlClient().get(server.health("/readyz")).status == 503 })
            let during = try await server.client().post(server.url("/validate"), body: reviewBody())
            #expect(during.status == 200 && during["connection"] == "close")
            let overHTTP2 = try await server.client(.http2).post(server.url("/validate"), body: reviewBody())
            #expect(overHTTP2.status == 200 && overHTTP2["connection"] == nil)
            let probe = try await server.client().get(server.url("/"), headers: [("User-Agent", "kube-probe/1.34")])
            #expect(probe.status == 503)
        }
    }

    @Test("What does not end in the total time is cut off")
    func cutOff() async throws {
        let wasCancelled = Flag()
        let reviewer = FakeReviewer {
            try? await Task.sleep(for: .seconds(60))
            if Task.isCancelled { wasCancelled.raise() }
        }
        let start = ContinuousClock.now
        let drain = DrainTimes(quiet: .zero, total: .milliseconds(500))
        let log = try await RunningServer.run(reviewer, drain: drain) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await server.client().post(server.url("/validate?timeout=30s"), body: reviewBody())
                }
                #expect(await eventually { reviewer.seen.bodies.count == 1 })
                await server.group.triggerGracefulShutdown()
                try await group.waitForAll()
            }
            return server.log
        }
        #expect(log.all.contains { $0.contains("left: reviews that had not ended in time were cut off") }, "\(log.all)")
        #expect(wasCancelled.isRaised)
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    @Test("A port that is taken is an error at start")
    func portTaken() async throws {
        try await RunningServer.run { server in
            let metrics = ServerMetrics()
            let logger = server.certificateLogger
            var configuration = WebhookService.Configuration()
            configuration.listen = try #require(ListenAddress("127.0.0.1:\(server.ports.webhook)"))
            configuration.healthListen = ListenAddress(host: "127.0.0.1", port: 0)
            let second = try WebhookService(
                configuration, certificate: .selfSigned(metrics: metrics, logger: logger), reviewing: FakeReviewer(),
                metrics: metrics, logger: logger)
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}
