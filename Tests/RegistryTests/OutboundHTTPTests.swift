// SPDX-License-Identifier: Apache-2.0
import Crypto
import Testing

@testable import HTTPTransport

/// Calls `body` with a transport and shuts it down afterwards.
@discardableResult
func withTransport<R>(
    _ configuration: TransportConfiguration = TransportConfiguration(), resolver: HostLookup.Resolver? = nil,
    connectTo: [String: String] = [:], _ body: (OutboundHTTP) async throws -> R
) async throws -> R {
    // Patient, as tests of other suites may keep every thread busy for a while.
    var configuration = configuration
    configuration.connectTimeout = .seconds(60)
    configuration.idleTimeout = .seconds(60)
    let transport = try OutboundHTTP(configuration, resolver: resolver, connectTo: connectTo)
    do {
        let result = try await body(transport)
        await transport.shutDown()
        return result
    } catch {
        await transport.shutDown()
        throw error
    }
}

extension OutboundRequest {
    static func get(
        _ url: String, limit: Int = 1 << 20, seconds: Int64 = 60, loopback: Bool = true
    ) throws -> OutboundRequest {
        OutboundRequest(
            .get, try RequestURL(parsing: url), maximumBodyBytes: limit,
            deadline: .now.advanced(by: .seconds(seconds)), mayReachLoopback: loopback)
    }
}

extension OutboundHTTP {
    func get(_ url: String, limit: Int = 1 << 20, loopback: Bool = true) async throws -> OutboundResponse {
        try await send(.get(url, limit: limit, loopback: loopback))
    }
}

@Suite struct OutboundHTTPTests {
    @Test("The target is sent byte for byte, and the answer comes with its headers")
    func roundTrip() async throws {
        let target = "/v2/a%2Fb/c%20d;e=1?n=%2B+&sig=a~b%3D%3D&x=:@!$'()*,"
        try await ScriptedServer.running { _ in
            ScriptedAnswer(203, headers: [("X-Two", "a"), ("x-two", "b")], "yes")
        } _: {
            server in
            let response = try await withTransport { try await $0.get("http://\(server.host)\(target)") }
            #expect(response.status == 203)
            #expect(response.body == Array("yes".utf8))
            #expect(response.headers.all("x-TWO") == ["a", "b"])
            #expect(server.seen.map(\.target) == [target])
            #expect(server.seen.first?["host"] == server.host)
            #expect(server.seen.first?["accept-encoding"] == "identity")
        }
    }

    @Test("The body of an answer that is no success is not kept", arguments: [404, 500])
    func errorBody(status: Int) async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(status, "secret words")
        } _: { server in
            let response = try await withTransport { try await $0.get("http://\(server.host)/") }
            #expect(response.status == status)
            #expect(response.body.isEmpty)
        }
    }

    // MARK: Limits

    @Test("A body of as many bytes as allowed is read, and one more is refused")
    func bodyLimit() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, "12345")
        } _: { server in
            try await withTransport { http in
                let response = try await http.get("http://\(server.host)/", limit: 5)
                #expect(response.body.count == 5)
                await #expect(throws: TransportError.tooLarge(host: "127.0.0.1", limit: 4)) {
                    try await http.get("http://\(server.host)/", limit: 4)
                }
            }
        }
    }

    @Test("An endless body is given up at the limit (CVE-2024-29902)")
    func endless() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, body: .endless)
        } _: { server in
            try await withTransport { http in
                await #expect(throws: TransportError.tooLarge(host: "127.0.0.1", limit: 1 << 20)) {
                    try await http.get("http://\(server.host)/")
                }
            }
        }
    }

    @Test("A Content-Length that promises more than comes is a broken connection, however large")
    func lyingLength() async throws {
        try await ScriptedServer.running { request in
            ScriptedAnswer(200, body: .lying(contentLength: request.path == "/huge" ? 10 << 30 : 100, [1, 2, 3]))
        } _: { server in
            try await withTransport { http in
                await #expect(throws: TransportError.unreachable(host: "127.0.0.1", .connectionLost)) {
                    try await http.get("http://\(server.host)/short")
                }
                await #expect(throws: TransportError.tooLarge(host: "127.0.0.1", limit: 1 << 20)) {
                    try await http.get("http://\(server.host)/huge")
                }
            }
        }
    }

    @Test("A compressed answer is refused, since nobody asked for one")
    func compressed() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, headers: [("Content-Encoding", "gzip")], "x")
        } _: {
            server in
            try await withTransport { http in
                await #expect(throws: TransportError.malformed(host: "127.0.0.1")) {
                    try await http.get("http://\(server.host)/")
                }
            }
        }
    }

    @Test("Headers without end are refused")
    func endlessHeaders() async throws {
        let field = ("X-Long", String(repeating: "x", count: 100 << 10))
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, headers: [field], "x")
        } _: { server in
            try await withTransport { http in
                await #expect(throws: TransportError.malformed(host: "127.0.0.1")) {
                    try await http.get("http://\(server.host)/")
                }
            }
        }
    }

    @Test("A body that has its digest is taken, and one that differs in a byte is not")
    func digest() async throws {
        let body = Array("content".utf8)
        let hex = SHA256.hash(data: body).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try await ScriptedServer.running { request in
            ScriptedAnswer(200, request.path == "/good" ? "content" : "Content")
        } _: { server in
            try await withTransport { http in
                var request = try OutboundRequest.get("http://\(server.host)/good")
                request.expectedDigest = ExpectedDigest(.sha256, hex: hex)
                let found = try await http.send(request).body
                #expect(found == body)
                var bad = try OutboundRequest.get("http://\(server.host)/bad")
                bad.expectedDigest = request.expectedDigest
                await #expect(throws: TransportError.wrongDigest(host: "127.0.0.1")) { try await http.send(bad) }
                request.expectedDigest = ExpectedDigest(.sha512, hex: hex)
                await #expect(throws: TransportError.wrongDigest(host: "127.0.0.1")) { try await http.send(request) }
            }
        }
    }

    @Test("Silence ends at the deadline, before the head and inside the body", arguments: ["/head", "/body"])
    func deadline(path: String) async throws {
        try await ScriptedServer.running { request in
            request.path == "/head" ? ScriptedAnswer(200, body: .silence) : ScriptedAnswer(200, body: .endless)
        } _: { server in
            try await withTransport { http in
                var request = try OutboundRequest.get("http://\(server.host)\(path)", limit: .max / 2)
                request.deadline = .now.advanced(by: .milliseconds(100))
                await #expect(throws: TransportError.deadline(host: "127.0.0.1")) { try await http.send(request) }
                await #expect(throws: TransportError.deadline(host: "127.0.0.1")) { try await http.send(request) }
            }
        }
    }

    @Test("A closed port is refused at once")
    func refused() async throws {
        // tcpmux, which nobody serves; a port that was just freed may be another test's.
        try await withTransport { http in
            await #expect(throws: TransportError.unreachable(host: "127.0.0.1", .refused)) {
                try await http.get("http://127.0.0.1:1/")
            }
        }
    }

    @Test("After shutting down nothing is sent")
    func shutDown() async throws {
        let http = try OutboundHTTP()
        await http.shutDown()
        await #expect(throws: TransportError.shutDown) { try await http.get("http://127.0.0.1:9/") }
    }

    // MARK: Redirects

    @Test("A redirect is followed with its credentials inside one origin", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        try await ScriptedServer.running { request in
            request.path == "/a"
                ? ScriptedAnswer(status, headers: [("Location", "/b?x=1")], "") : ScriptedAnswer(200, "there")
        } _: { server in
            var request = try OutboundRequest.get("http://\(server.host)/a")
            request.authorization = Authorization("Basic secret")
            let response = try await withTransport { try await $0.send(request) }
            #expect(response.body == Array("there".utf8))
            #expect(response.url.target == "/b?x=1")
            #expect(server.seen.map(\.authorization) == ["Basic secret", "Basic secret"])
        }
    }

    @Test("Credentials are lost at another port, and stay lost on the way back")
    func crossOrigin() async throws {
        try await ScriptedServer.running({ request in
            ScriptedAnswer(307, headers: [("Location", request.query)], "")
        }) { other in
            try await ScriptedServer.running { request in
                request.path == "/a"
                    ? ScriptedAnswer(
                        307, headers: [("Location", "http://\(other.host)/?http://\(request.query)/b")], "")
                    : ScriptedAnswer(200, "back")
            } _: { server in
                var request = try OutboundRequest.get("http://\(server.host)/a?\(server.host)")
                request.authorization = Authorization("Bearer secret")
                let response = try await withTransport { try await $0.send(request) }
                #expect(response.body == Array("back".utf8))
                #expect(other.seen.map(\.authorization) == [nil])
                #expect(server.seen.map(\.authorization) == ["Bearer secret", nil])
            }
        }
    }

    @Test("Five hops are followed, and a sixth is not")
    func hops() async throws {
        try await ScriptedServer.running { request in
            let left = Int(request.path.dropFirst()) ?? 0
            return left == 0
                ? ScriptedAnswer(200, "end") : ScriptedAnswer(302, headers: [("Location", "/\(left - 1)")], "")
        } _: { server in
            try await withTransport { http in
                let found = try await http.get("http://\(server.host)/5").status
                #expect(found == 200)
                await #expect(throws: TransportError.redirect(host: "127.0.0.1", .tooMany(limit: 5))) {
                    try await http.get("http://\(server.host)/6")
                }
            }
        }
    }

    @Test(
        "A redirect that leads nowhere good is refused, for the stated reason",
        arguments: [
            ("", TransportError.redirect(host: "127.0.0.1", .noLocation)),
            ("gopher://x/", .redirect(host: "127.0.0.1", .invalidLocation(.unsupportedScheme))),
            ("http://registry.example/", .plainHTTP(host: "registry.example")),
            ("http://169.254.169.254/latest/meta-data/", .plainHTTP(host: "169.254.169.254")),
            ("https://169.254.169.254/", .forbiddenAddress(host: "169.254.169.254", .metadata)),
            ("https://[::ffff:a9fe:a9fe]/", .forbiddenAddress(host: "[::ffff:a9fe:a9fe]", .metadata)),
            ("https://[fe80::1]/", .forbiddenAddress(host: "[fe80::1]", .linkLocal)),
            ("https://0.0.0.0/", .forbiddenAddress(host: "0.0.0.0", .unspecified)),
            ("https://inside.example/", .forbiddenAddress(host: "inside.example", .loopback)),
        ])
    func badRedirect(location: String, error: TransportError) async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(302, headers: location.isEmpty ? [] : [("Location", location)], "")
        } _: { server in
            try await withTransport(resolver: { _ in [try #require(IPAddress(literal: "127.0.0.1"))] }) { http in
                await #expect(throws: error) { try await http.get("http://\(server.host)/") }
            }
        }
    }

    @Test("From HTTPS to plain HTTP no redirect is followed, in whichever case it is written (70f42e7d of Conforma)")
    func downgrade() throws {
        for location in ["http://registry.example/x", "HTTP://registry.example/x", "hTTp://127.0.0.1/"] {
            #expect(throws: TransportError.redirect(host: "registry.example", .toPlainHTTP)) {
                try RedirectRules.next(
                    after: .get("https://registry.example/"), status: 302, location: location, hops: 0)
            }
        }
        let next = try RedirectRules.next(
            after: .get("https://registry.example/"), status: 302, location: "HTTPS://cdn.example/x", hops: 0)
        #expect(next?.url.host.description == "cdn.example")
    }

    @Test("A POST is not redirected, as its body holds a secret")
    func post() throws {
        var request = try OutboundRequest.get("https://registry.example/")
        request.method = .post
        #expect(throws: TransportError.redirect(host: "registry.example", .notOfGET)) {
            try RedirectRules.next(after: request, status: 307, location: "https://registry.example/x", hops: 0)
        }
    }

    @Test("An authorization does not show itself")
    func authorizationIsSilent() {
        let authorization = Authorization("Basic c2VjcmV0")
        var text = ""
        dump(authorization, to: &text)
        #expect(!("\(authorization)" + String(reflecting: authorization) + text).contains("c2VjcmV0"))
    }
}
