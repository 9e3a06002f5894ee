// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import HTTPTransport

/// Which hosts are connected to at all, judged on sockets. CVE-2026-50151's class: where a client may be sent.
@Suite struct AddressRulesTests {
    private static let loopback: HostLookup.Resolver = { _ in [try #require(IPAddress(literal: "127.0.0.1"))] }
    private static let elsewhere: HostLookup.Resolver = { _ in [try #require(IPAddress(literal: "203.0.113.7"))] }

    @Test("Plain HTTP goes to loopback where the caller asks for it, and not otherwise")
    func loopbackByRequest() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            try await withTransport { http in
                let found = try await http.get("http://\(server.host)/").status
                #expect(found == 200)
                await #expect(throws: TransportError.forbiddenAddress(host: "127.0.0.1", .loopback)) {
                    try await http.get("http://\(server.host)/", loopback: false)
                }
            }
            #expect(server.seen.count == 1)
        }
    }

    @Test("A name that resolves to loopback is reached only where a flag names it, with its port")
    func insecureHost() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            let names = ["registry.example": "127.0.0.1"]
            let url = "http://registry.example:\(server.port)/"
            var configuration = TransportConfiguration()
            for (host, error) in [
                ("Registry.example:\(server.port)", nil),
                ("registry.example", TransportError.plainHTTP(host: "registry.example")),
                ("registry.example:1", .plainHTTP(host: "registry.example")),
                ("example:\(server.port)", .plainHTTP(host: "registry.example")),
            ] {
                configuration.insecureHosts = [host]
                try await withTransport(configuration, resolver: Self.loopback, connectTo: names) { http in
                    if let error {
                        await #expect(throws: error) { try await http.get(url, loopback: false) }
                    } else {
                        let found = try await http.get(url, loopback: false).status
                        #expect(found == 200)
                    }
                }
            }
            #expect(server.seen.count == 1)
        }
    }

    @Test("A name of which one address of several is forbidden is refused")
    func oneOfSeveral() async throws {
        let resolver: HostLookup.Resolver = { _ in
            [try #require(IPAddress(literal: "203.0.113.7")), try #require(IPAddress(literal: "169.254.169.254"))]
        }
        try await withTransport(resolver: resolver) { http in
            await #expect(throws: TransportError.forbiddenAddress(host: "registry.example", .metadata)) {
                try await http.get("https://registry.example/")
            }
        }
    }

    @Test("A flag does not open the way to a metadata service")
    func flagAndMetadata() async throws {
        var configuration = TransportConfiguration()
        configuration.insecureHosts = ["registry.example", "169.254.169.254"]
        let resolver: HostLookup.Resolver = { _ in [try #require(IPAddress(literal: "169.254.169.254"))] }
        try await withTransport(configuration, resolver: resolver) { http in
            for host in ["registry.example", "169.254.169.254"] {
                await #expect(throws: TransportError.forbiddenAddress(host: host, .metadata)) {
                    try await http.get("http://\(host)/")
                }
            }
        }
    }

    @Test(
        "A name that resolves elsewhere when it is asked a second time is met by a closed door: no request is written")
    func rebinding() async throws {
        let certificate = try TestCertificate(names: ["registry.example"])
        try await ScriptedServer.running(tls: certificate) { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            var configuration = TransportConfiguration()
            configuration.additionalRoots = certificate.pem
            try await withTransport(
                configuration, resolver: Self.elsewhere, connectTo: ["registry.example": "127.0.0.1"]
            ) { http in
                for _ in 0..<3 {
                    await #expect(throws: TransportError.forbiddenAddress(host: "registry.example", .loopback)) {
                        try await http.get("https://registry.example:\(server.port)/")
                    }
                }
            }
            #expect(server.seen.isEmpty)
        }
    }

    @Test("Of names that mean this machine by themselves no name server is asked")
    func localhost() async throws {
        let asked = Mutex(0)
        let resolver: HostLookup.Resolver = { _ in
            asked.withLock { $0 += 1 }
            return []
        }
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            try await withTransport(resolver: resolver, connectTo: ["localhost": "127.0.0.1"]) { http in
                let found = try await http.get("http://localhost:\(server.port)/").status
                #expect(found == 200)
                await #expect(throws: TransportError.forbiddenAddress(host: "a.localhost", .loopback)) {
                    try await http.get("https://a.localhost/")
                }
                #expect(asked.withLock { $0 } == 0)
                await #expect(throws: TransportError.unresolvable(host: "alocalhost")) {
                    try await http.get("https://alocalhost/")
                }
                #expect(asked.withLock { $0 } == 1)
            }
        }
    }

    @Test(
        "A name that fails, or is met with silence, is not asked for again at once; the address of one that is known is judged again"
    )
    func rememberedAnswers() async throws {
        let asked = Mutex<[String]>([])
        let lookup = HostLookup(
            resolver: { name in
                asked.withLock { $0.append(name) }
                if name == "silent.example" { try await Task.sleep(for: .seconds(600)) }
                if name == "broken.example" { throw CancellationError() }
                return [try #require(IPAddress(literal: "127.0.0.1"))]
            }, patience: .milliseconds(5))
        for name in ["silent.example", "broken.example"] {
            for _ in 0..<3 {
                await #expect(throws: TransportError.unresolvable(host: name)) {
                    try await lookup.check(try Host(parsing: name), .refused)
                }
            }
        }
        let known = HostLookup { name in
            asked.withLock { $0.append(name) }
            return [try #require(IPAddress(literal: "127.0.0.1"))]
        }
        let host = try Host(parsing: "here.example")
        try await known.check(host, .allowed)
        await #expect(throws: TransportError.forbiddenAddress(host: "here.example", .loopback)) {
            try await known.check(host, .refused)
        }
        #expect(asked.withLock { $0 } == ["silent.example", "broken.example", "here.example"])
    }

    @Test("Many who ask the system for one name are all answered")
    func sharedLookup() async throws {
        let found = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { (try? await SystemResolver.addresses(of: "localhost"))?.isEmpty == false }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(found == 100)
    }

    @Test("A name without addresses is told as such")
    func unresolvable() async throws {
        try await withTransport(resolver: { _ in [] }) { http in
            await #expect(throws: TransportError.unresolvable(host: "registry.example")) {
                try await http.get("https://registry.example/")
            }
        }
    }

    // MARK: TLS

    @Test("A certificate is accepted from an authority that was added, for all hosts or for its own")
    func trust() async throws {
        let certificate = try TestCertificate()
        try await ScriptedServer.running(tls: certificate) { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            let url = "https://\(server.host)/"
            var trusting = TransportConfiguration()
            trusting.additionalRoots = certificate.pem
            var trustingHere = TransportConfiguration()
            trustingHere.rootsByHost = [server.host: certificate.pem]
            for configuration in [trusting, trustingHere] {
                try await withTransport(configuration) { http in
                    let found = try await http.get(url).status
                    #expect(found == 200)
                }
            }
            var trustingElsewhere = TransportConfiguration()
            trustingElsewhere.rootsByHost = ["127.0.0.1:1": certificate.pem]
            for configuration in [TransportConfiguration(), trustingElsewhere] {
                try await withTransport(configuration) { http in
                    await #expect(throws: TransportError.tls(host: "127.0.0.1", certificateRejected: true)) {
                        try await http.get(url)
                    }
                }
            }
        }
    }

    @Test("A certificate for another name is rejected")
    func wrongName() async throws {
        let certificate = try TestCertificate(names: ["other.example"])
        try await ScriptedServer.running(tls: certificate) { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            var configuration = TransportConfiguration()
            configuration.additionalRoots = certificate.pem
            configuration.insecureHosts = ["other.example:\(server.port)", "registry.example:\(server.port)"]
            let names = ["registry.example": "127.0.0.1", "other.example": "127.0.0.1"]
            try await withTransport(configuration, resolver: Self.loopback, connectTo: names) { http in
                let found = try await http.get("https://other.example:\(server.port)/").status
                #expect(found == 200)
                await #expect(throws: TransportError.tls(host: "registry.example", certificateRejected: true)) {
                    try await http.get("https://registry.example:\(server.port)/")
                }
            }
        }
    }

    @Test("TLS to a server that speaks none is an error of TLS or a broken connection, not a hang")
    func noTLS() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, "x")
        } _: { server in
            try await withTransport { http in
                await #expect(throws: TransportError.self) { try await http.get("https://\(server.host)/") }
            }
        }
    }

    @Test(
        "Authorities that are no certificates stop the start",
        arguments: ["", "nonsense", "-----BEGIN CERTIFICATE-----"])
    func badRoots(pem: String) {
        var configuration = TransportConfiguration()
        configuration.rootsByHost = ["registry.example": Array(pem.utf8)]
        #expect(throws: TrustRootsError(host: "registry.example")) { try OutboundHTTP(configuration) }
    }

    @Test(
        "Hosts are spoken to over TLS, but for loopback and those that a flag names",
        arguments: [
            ("ghcr.io", "https"), ("registry-1.docker.io", "https"), ("10.0.0.1:5000", "https"),
            ("localhost:5000", "http"), ("127.0.0.1", "http"), ("[::1]:5000", "http"), ("flagged.example:80", "http"),
            ("flagged.example", "https"), ("127.0.0.1:6000", "https"),
        ])
    func scheme(authority: String, scheme: String) async throws {
        var configuration = TransportConfiguration()
        configuration.insecureHosts = ["flagged.example:80"]
        configuration.rootsByHost = ["127.0.0.1:6000": try TestCertificate().pem]
        try await withTransport(configuration) { http in
            #expect(http.scheme(forAuthority: authority).rawValue == scheme)
        }
    }
}
