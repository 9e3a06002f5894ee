// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import WebhookServer

/// Each in a process of its own, since memory is a matter of the whole process.
@Suite("Soak", .serialized)
struct SoakTests {
    @Test("10,000 reviews over HTTP/1.1 with certificate changes: none fails", .enabled(if: Tool.haveAll("wrk")))
    func http1() async {
        await #expect(processExitsWith: .success) {
            try await Soak.run { server, folder in
                // A busy machine's handshakes are judged by libcurl elsewhere: wrk counts some of them as errors of its
                // own, which is the one word of it that is not asked here.
                let script = try folder.write(
                    """
                    wrk.method = "POST"
                    wrk.headers["Content-Type"] = "application/json"
                    local bodies = {}
                    for i, size in ipairs({200, 4000, 12000, 100000}) do
                        bodies[i] = '{"request":{"uid":"u","filler":"' .. string.rep("x", size) .. '"}}'
                    end
                    local n = 0
                    request = function()
                        n = n + 1
                        local path = n % 3 == 0 and "/mutate" or "/validate"
                        return wrk.format(nil, path .. "?timeout=10s", nil, bodies[n % 4 + 1])
                    end
                    done = function(summary)
                        local e = summary.errors
                        print("failed " .. (e.read + e.write + e.status + e.timeout))
                    end
                    """, to: "post.lua")
                let result = try await Command(
                    try #require(Tool.find("wrk")),
                    ["-t1", "-c16", "-d1s", "--timeout", "10s", "-s", script, server.url("/")]
                ).run()
                #expect(result.outputText.contains("failed 0"), "\(result.outputText)")
            }
        }
    }

    @Test("10,000 reviews over HTTP/2 with certificate changes: none fails", .enabled(if: Tool.haveAll("h2load")))
    func http2() async {
        await #expect(processExitsWith: .success) {
            try await Soak.run { server, folder in
                let body = try folder.write(reviewBody(size: 4000), to: "review.json")
                let result = try await Command(
                    try #require(Tool.find("h2load")),
                    [
                        "-n1000", "-c4", "-m8", "-d", body, "-H", "content-type: application/json",
                        server.url("/validate?timeout=10s"),
                    ]
                ).run()
                #expect(result.outputText.contains("1000 succeeded, 0 failed, 0 errored"), "\(result.outputText)")
            }
        }
    }
}

private enum Soak {
    /// Sends until 2,000 reviews were answered, then until 10,000 were, changing the certificate all the while; memory
    /// may grow by 8 MiB in between.
    static func run(_ send: @escaping @Sendable (RunningServer, TemporaryDirectory) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let one = try await TestCertificate.make("one", in: folder)
        let two = try await TestCertificate.make("two", in: folder)
        let served = try folder.serve(one)
        try await RunningServer.run(certificateFiles: served) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var isOne = true
                    while !Task.isCancelled {
                        isOne.toggle()
                        let next = isOne ? one : two
                        try folder.swap(certificate: next.certificatePath, key: next.keyPath)
                        try? await Task.sleep(for: .milliseconds(200))
                    }
                }
                while server.answered < 2000 { try await send(server, folder) }
                let early = try #require(ProcessMetrics.residentBytes)
                while server.answered < 10_000 { try await send(server, folder) }
                let late = try #require(ProcessMetrics.residentBytes)
                group.cancelAll()
                #expect(late - early < 8 << 20, "\(early >> 10) KiB, then \(late >> 10) KiB")
            }
            #expect(server.metrics.certificateReloads.value("loaded") > 0)
            #expect(server.metrics.certificateReloads.value("failed") == 0)
        }
    }
}

extension RunningServer {
    fileprivate var answered: UInt64 {
        ["validate", "mutate"].reduce(0) { $0 + metrics.reviews.value($1, "true", "200") }
    }
}
