// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import WebhookServer

@Suite("Clients that are refused")
struct RefusedClientTests {
    private static func reasons(_ log: LogLines) -> [String] {
        log.all.filter { $0.contains("a client was refused") }
    }

    @Test(
        "Who shows no certificate, a stranger's or none of the names leaves a line that says so, and who is let in none"
    )
    func certificates() async throws {
        try await APIServerDouble.withServer { double in
            let good = try double.clientCertificate(user: "kube-apiserver")
            let otherName = try double.clientCertificate(user: "somebody")
            let stranger = try await APIServerDouble.withServer { try $0.clientCertificate(user: "kube-apiserver") }
            let clients = try ClientVerification(
                authorities: Array(double.authorityPEM.utf8), names: ["kube-apiserver"])
            for (identity, reason) in [
                (good, nil), (nil, "it showed no client certificate"),
                (stranger, "its certificate is none that --client-ca lets in"),
                (otherName, "its certificate bears no name of --client-name"),
            ] as [((certificate: String, key: String)?, String?)] {
                try await RunningServer.run(clients: clients) { server async throws in
                    var client = server.client()
                    client.identity = identity
                    _ = try? await client.post(server.url("/validate"), body: reviewBody())
                    guard let reason else { return #expect(Self.reasons(server.log) == []) }
                    #expect(await eventually { Self.reasons(server.log).contains { $0.contains(reason) } })
                    #expect(Self.reasons(server.log).count == 1, "\(server.log.all)")
                    #expect(Self.reasons(server.log).allSatisfy { $0.contains(#""client":"127.0.0.1""#) })
                }
            }
        }
    }

    @Test("Who does not trust our certificate, or speaks no TLS, leaves a line; who only looks at the port does not")
    func handshakes() async throws {
        try await RunningServer.run { server in
            try Self.lookAtPort(server.ports.webhook)
            let other = CurlClient(caPEM: try APIServerDouble.strangeAuthorityPEM())
            _ = try? await other.post(server.url("/validate"), body: reviewBody())
            #expect(
                await eventually {
                    Self.reasons(server.log).contains { $0.contains("does not trust our certificate's authority") }
                }, "\(server.log.all)")
            #expect(
                Self.reasons(server.log).allSatisfy { !$0.contains("leftOut") } && Self.reasons(server.log).count == 1)
        }
        try await RunningServer.run { server in
            _ = try? await CurlClient().get("http://127.0.0.1:\(server.ports.webhook)/")
            #expect(
                await eventually { Self.reasons(server.log).contains { $0.contains("it speaks plain HTTP") } },
                "\(server.log.all)")
        }
    }

    /// Connects and goes away, as load balancers do.
    private static func lookAtPort(_ port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
    }

    @Test("There is one line a second at most, and the next counts those that were left out")
    func rate() {
        let lines = LogLines()
        let clock = Mutex(ContinuousClock.now)
        let refused = RefusedClients(logger: Logger(label: "test") { JSONLogHandler(label: $0, output: lines.output) })
        {
            clock.withLock { $0 }
        }
        for _ in 0..<100 { refused.note("reason", from: nil) }
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("leftOut") == false)
        clock.withLock { $0 += .milliseconds(999) }
        refused.note("reason", from: nil)
        #expect(lines.all.count == 1)
        clock.withLock { $0 += .milliseconds(1) }
        refused.note("reason", from: nil)
        #expect(lines.all.count == 2)
        #expect(lines.all.last?.contains(#""leftOut":100"#) == true, "\(lines.all)")
        clock.withLock { $0 += .seconds(1) }
        refused.note("reason", from: nil)
        #expect(lines.all.last?.contains("leftOut") == false, "\(lines.all)")
    }
}
