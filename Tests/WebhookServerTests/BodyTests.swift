// SPDX-License-Identifier: Apache-2.0
import Admission
import TestSupport
import Testing

@testable import WebhookServer

@Suite("Bodies")
struct BodyTests {
    static let versions: [CurlClient.Version] = [.http1, .http2]

    @Test("A body of 3 MiB is judged whole", arguments: versions)
    func threeMebibytes(version: CurlClient.Version) async throws {
        let reviewer = FakeReviewer()
        try await RunningServer.run(reviewer) { server in
            let response = try await server.client(version).post(
                server.url("/validate"), body: reviewBody(size: 3 << 20))
            #expect(response.status == 200)
            #expect(reviewer.seen.bodies == [3 << 20])
        }
    }

    @Test("The limit itself is judged, one byte more is refused with the uid", arguments: versions)
    func limit(version: CurlClient.Version) async throws {
        let reviewer = FakeReviewer()
        var limits = ServerLimits()
        limits.bodyBytes = 100_000
        try await RunningServer.run(reviewer, limits: limits) { server in
            let client = server.client(version)
            let exact = try await client.post(server.url("/validate"), body: reviewBody(size: 100_000))
            #expect(exact.text.contains(#""allowed":true"#))
            let over = try await client.post(server.url("/validate"), body: reviewBody(uid: "u-2", size: 100_001))
            #expect(over.status == 200)
            #expect(over.text == #"{"response":{"uid":"u-2","allowed":false,"code":413}}"#)
            #expect(reviewer.seen.refusals == [.tooLarge(limit: 100_000)])
        }
    }

    @Test("A body of 9 MiB gets its answer, with and without Expect, by its length or in chunks", arguments: versions)
    func nineMebibytes(version: CurlClient.Version) async throws {
        let reviewer = FakeReviewer()
        try await RunningServer.run(reviewer) { server in
            let json = ("Content-Type", "application/json")
            for extra in [[], [("Expect", "100-continue")], [("Transfer-Encoding", "chunked")]] {
                if version == .http2, extra.contains(where: { $0.0 == "Transfer-Encoding" }) { continue }
                let response = try await server.client(version).post(
                    server.url("/validate"), body: reviewBody(uid: "u-4", size: 9 << 20), headers: [json] + extra)
                #expect(response.status == 200, "\(extra)")
                #expect(response.text == #"{"response":{"uid":"u-4","allowed":false,"code":413}}"#)
            }
            let noUID = try await server.client(version).post(
                server.url("/validate"), body: [UInt8](repeating: 0x20, count: 9 << 20))
            #expect(noUID.status == 413)
            #expect(reviewer.seen.bodies.isEmpty)
            #expect(reviewer.seen.refusedBytes.allSatisfy { $0 <= ServerLimits.refusalPrefix })
            #expect(try await server.client(version).post(server.url("/validate"), body: reviewBody()).status == 200)
        }
    }

    @Test("A body that ends before its declared length is never judged")
    func truncated() async throws {
        let reviewer = FakeReviewer()
        try await RunningServer.run(reviewer) { server in
            let request =
                "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
            // Ends its side of the connection as soon as all was sent.
            _ = try await Command(
                "/usr/bin/openssl", ["s_client", "-connect", "127.0.0.1:\(server.ports.webhook)", "-no_ign_eof"],
                input: Array(request.utf8) + reviewBody(size: 1000)
            ).run()
            #expect(await eventually { reviewer.seen.refusals == [.truncated] })
            #expect(reviewer.seen.bodies.isEmpty)
        }
    }

    @Test("A body that trickles, a head that trickles and a handshake that never comes end the connection")
    func slow() async throws {
        let reviewer = FakeReviewer()
        var limits = ServerLimits()
        limits.handshake = .milliseconds(300)
        limits.head = .milliseconds(300)
        limits.body = .milliseconds(300)
        try await RunningServer.run(reviewer, limits: limits) { server in
            let head = "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            for input in [head, head + "Content-Length: 100\r\n\r\n{"] {
                // With -quiet the client stays until the server closes.
                let result = try await Command(
                    "/usr/bin/openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(server.ports.webhook)"],
                    input: Array(input.utf8)
                ).run(timeout: .seconds(10))
                #expect(result.stdout.isEmpty)
            }
            let silent = try await Command(
                "/bin/bash",
                ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(server.ports.webhook); cat <&3"]
            ).run(timeout: .seconds(10))
            #expect(silent.stdout.isEmpty)
            #expect(reviewer.seen.bodies.isEmpty)
            #expect(try await server.client().post(server.url("/validate"), body: reviewBody()).status == 200)
        }
    }

    @Test("An idle connection is closed in its time, and not before")
    func idle() async throws {
        var limits = ServerLimits()
        limits.idle = .milliseconds(400)
        limits.head = .milliseconds(100)
        try await RunningServer.run(limits: limits) { server in
            let start = ContinuousClock.now
            _ = try await Command(
                "/usr/bin/openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(server.ports.webhook)"]
            ).run(timeout: .seconds(10))
            #expect(ContinuousClock.now - start > .milliseconds(300))
        }
    }

    @Test("A head that is too large, and one that is no HTTP, are turned away")
    func heads() async throws {
        try await RunningServer.run { server in
            let large = ("X-Large", String(repeating: "x", count: ServerLimits.headBytes))
            let response = try? await server.client().post(
                server.url("/validate"), body: reviewBody(), headers: [("Content-Type", "application/json"), large])
            #expect(response?.status ?? 400 == 400)
            let next = try await server.client().post(server.url("/validate"), body: reviewBody())
            #expect(next.status == 200)
        }
    }
}
