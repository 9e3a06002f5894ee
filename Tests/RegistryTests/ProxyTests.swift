// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import Testing

@testable import HTTPTransport

@Suite struct ProxyTests {
    /// Names do not resolve here: only the proxy knows the way.
    private static let noNames: HostLookup.Resolver = { _ in [] }

    private func configuration(_ variables: [String: String], _ certificate: TestCertificate) throws
        -> TransportConfiguration
    {
        var configuration = TransportConfiguration()
        configuration.additionalRoots = certificate.pem
        configuration.proxies = try ProxyRules { variables[$0] }
        return configuration
    }

    @Test("A registry is reached through the proxy by CONNECT, TLS with itself, and no name is asked for here")
    func connect() async throws {
        let certificate = try TestCertificate(names: ["registry.example"])
        try await ScriptedServer.running(tls: certificate) { _ in
            ScriptedAnswer(200, "through")
        } _: { server in
            try await TunnelProxy.running(to: server.port) { proxy in
                let variables = [
                    "HTTPS_PROXY": "http://me:p%40ss@127.0.0.1:\(proxy.port)", "NO_PROXY": "direct.example",
                ]
                try await withTransport(try configuration(variables, certificate), resolver: Self.noNames) { http in
                    let response = try await http.get("https://registry.example/v2/", loopback: false)
                    #expect(String(decoding: response.body, as: UTF8.self) == "through")
                    #expect(proxy.targets == ["registry.example:443"])
                    #expect(proxy.authorizations == ["Basic bWU6cEBzcw=="])
                    // The proxy's credentials are not for the registry.
                    #expect(server.seen.first?["proxy-authorization"] == nil)
                    await #expect(throws: TransportError.unresolvable(host: "direct.example")) {
                        try await http.get("https://direct.example/", loopback: false)
                    }
                    #expect(proxy.targets.count == 1)
                    // Another name than the certificate's: the proxy is believed in nothing.
                    await #expect(throws: TransportError.tls(host: "other.example", certificateRejected: true)) {
                        try await http.get("https://other.example/", loopback: false)
                    }
                }
            }
        }
    }

    @Test("Loopback is never asked for through a proxy, and forbidden addresses not at all")
    func addresses() async throws {
        let certificate = try TestCertificate()
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, "straight")
        } _: { server in
            try await TunnelProxy.running(to: server.port) { proxy in
                let address = "http://127.0.0.1:\(proxy.port)"
                let variables = ["HTTPS_PROXY": address, "HTTP_PROXY": address]
                try await withTransport(try configuration(variables, certificate)) { http in
                    let status1 = try await http.get("http://\(server.host)/").status
                    #expect(status1 == 200)
                    for (url, reason) in [
                        ("https://169.254.169.254/", ForbiddenAddress.metadata), ("https://[fe80::1]/", .linkLocal),
                        ("https://0.0.0.0/", .unspecified), ("https://x.localhost/", .loopback),
                    ] {
                        let host = try RequestURL(parsing: url).host
                        await #expect(throws: TransportError.forbiddenAddress(host: "\(host)", reason)) {
                            try await http.get(url, loopback: false)
                        }
                    }
                    await #expect(throws: TransportError.plainHTTP(host: "registry.example")) {
                        try await http.get("http://registry.example/", loopback: false)
                    }
                    #expect(proxy.targets.isEmpty)
                }
            }
        }
    }

    @Test("A redirect takes the way of where it leads")
    func redirects() async throws {
        let certificate = try TestCertificate(names: ["registry.example", "cdn.example"])
        try await ScriptedServer.running(tls: certificate) { request in
            request["host"] == "cdn.example"
                ? ScriptedAnswer(200, "blob")
                : ScriptedAnswer(307, headers: [("Location", "https://cdn.example/b")], "")
        } _: { server in
            try await TunnelProxy.running(to: server.port) { proxy in
                let variables = ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"]
                try await withTransport(try configuration(variables, certificate), resolver: Self.noNames) { http in
                    let status2 = try await http.get("https://registry.example/", loopback: false).status
                    #expect(status2 == 200)
                    #expect(proxy.targets == ["registry.example:443", "cdn.example:443"])
                }
            }
        }
    }

    @Test(
        "A proxy that does not pass a request on is told apart from a registry that does not answer",
        arguments: [(407, ProxyFailure.authentication), (403, .refusal), (502, .refusal)])
    func failures(status: Int, failure: ProxyFailure) async throws {
        let certificate = try TestCertificate()
        try await TunnelProxy.running(status: .init(statusCode: status), to: 1) { proxy in
            let variables = ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"]
            try await withTransport(try configuration(variables, certificate)) { http in
                await #expect(throws: TransportError.proxy(host: "registry.example", failure)) {
                    try await http.get("https://registry.example/", loopback: false)
                }
            }
        }
    }

    @Test("A proxy that is not there is an error that says so, and HTTP_PROXY beside REQUEST_METHOD is not used")
    func absent() async throws {
        let certificate = try TestCertificate()
        let port = try await TunnelProxy.running(to: 1) { $0.port }
        let address = "http://127.0.0.1:\(port)"
        let variables = ["HTTPS_PROXY": address, "HTTP_PROXY": address, "REQUEST_METHOD": "GET"]
        var configuration = try configuration(variables, certificate)
        configuration.insecureHosts = ["plain.example"]
        try await withTransport(configuration) { http in
            await #expect(throws: TransportError.proxy(host: "registry.example", .unreachable)) {
                try await http.get("https://registry.example/", loopback: false)
            }
            await #expect(throws: TransportError.proxy(host: "plain.example", .commonGatewayInterface)) {
                try await http.get("http://plain.example/", loopback: false)
            }
        }
    }

    @Test("Authorities that are replaced count from the next request on; what cannot be read changes nothing")
    func authorities() async throws {
        let certificate = try TestCertificate()
        try await ScriptedServer.running(tls: certificate) { _ in
            ScriptedAnswer(200, "")
        } _: { server in
            try await withTransport { http in
                let url = "https://\(server.host)/"
                let rejected = TransportError.tls(host: "127.0.0.1", certificateRejected: true)
                await #expect(throws: rejected) { try await http.get(url) }
                #expect(http.scheme(forAuthority: server.host) == .http)
                try http.replaceAuthorities(additionalRoots: [], rootsByHost: [server.host: certificate.pem])
                #expect(http.scheme(forAuthority: server.host) == .https)
                let status3 = try await http.get(url).status
                #expect(status3 == 200)
                #expect(throws: TrustRootsError.self) {
                    try http.replaceAuthorities(additionalRoots: Array("x".utf8), rootsByHost: [:])
                }
                let status4 = try await http.get(url).status
                #expect(status4 == 200)
                try http.replaceAuthorities(additionalRoots: certificate.pem, rootsByHost: [:])
                let status5 = try await http.get(url).status
                #expect(status5 == 200)
                try http.replaceAuthorities(additionalRoots: [], rootsByHost: ["other.example": certificate.pem])
                await #expect(throws: rejected) { try await http.get(url) }
            }
        }
    }
}
