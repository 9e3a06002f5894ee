// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Synchronization
import Testing

@testable import HTTPTransport
@testable import Registry

/// A registry that wants a bearer token, and its token service on the same host.
private final class TokenService: Sendable {
    struct State {
        var issued = 0
        /// Tokens below are no longer accepted.
        var oldest = 1
    }

    let state = Mutex(State())
    let script: RegistryScript
    let answer: @Sendable (Int) -> String

    init(
        _ script: RegistryScript = .withTag(),
        answer: @escaping @Sendable (Int) -> String = { "{\"token\":\"t\($0)\",\"expires_in\":300}" }
    ) {
        self.script = script
        self.answer = answer
    }

    func respond(_ request: ScriptedRequest) -> ScriptedAnswer {
        if request.path == "/token" {
            let number = state.withLock { state in
                state.issued += 1
                return state.issued
            }
            return ScriptedAnswer(200, headers: [("Content-Type", "application/json")], answer(number))
        }
        let number = request.authorization.flatMap { Int($0.dropFirst("Bearer t".count)) } ?? 0
        guard number >= state.withLock({ $0.oldest }) else {
            let realm = "http://\(request["host"] ?? "")/token"
            return ScriptedAnswer(
                401,
                headers: [("WWW-Authenticate", "Bearer realm=\"\(realm)\",service=\"a service\",scope=\"evil:*:*\"")],
                "{}")
        }
        return script.answer(request)
    }
}

extension RegistryScript {
    static func withTag() -> RegistryScript {
        var script = RegistryScript()
        script.manifest(TestManifest.image(layers: []), tags: "v1")
        return script
    }
}

@Suite struct AccessTests {
    // MARK: Bearer

    @Test("Fifty lookups at once ask for one token, for pulling from this repository alone")
    func oneToken() async throws {
        let service = TokenService()
        try await withRegistry {
            service.respond($0)
        } _: { lookup, server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try await lookup.resolve() } }
                try await group.waitForAll()
            }
            _ = try await lookup.resolve()
            #expect(
                server.seen.filter { $0.path == "/token" }.map(\.query) == [
                    "service=a%20service&scope=repository%3Ateam%2Fapp%3Apull"
                ])
            #expect(lookup.client.counters.total(.token) == 1)
        }
    }

    @Test("Another repository and another credential get tokens of their own")
    func tokensAreNotShared() async throws {
        let service = TokenService()
        try await withRegistry {
            service.respond($0)
        } _: { lookup, server in
            _ = try await lookup.resolve()
            var other = lookup
            other.path = "team/other"
            let found = try await other.resolve()
            #expect(found == .notFound)
            #expect(server.count("/token") == 2)
        }
        let plain = CredentialFingerprint(nil)
        let basic = CredentialFingerprint(.basic(username: "a", password: "bc"))
        #expect(basic == CredentialFingerprint(.basic(username: "a", password: "bc")))
        #expect(Set([plain, basic, CredentialFingerprint(.basic(username: "ab", password: "c"))]).count == 3)
        #expect(CredentialFingerprint(.identityToken("x")) != CredentialFingerprint(.registryToken("x")))
    }

    @Test("A remembered token that is refused is replaced once")
    func refresh() async throws {
        let service = TokenService()
        try await withRegistry {
            service.respond($0)
        } _: { lookup, server in
            _ = try await lookup.resolve()
            service.state.withLock { $0.oldest = 2 }
            _ = try await lookup.resolve()
            #expect(server.count("/token") == 2)
            service.state.withLock { $0.oldest = 1000 }
            try await lookup.expect(.unauthorized) { _ = try await lookup.resolve() }
            #expect(server.count("/token") == 3)
        }
    }

    @Test(
        "A token service's answer is taken, or refused as a malfunction",
        arguments: [
            ("{\"token\":\"t1\"}", true), ("{\"access_token\":\"t1\"}", true),
            ("{\"token\":\"t1\",\"expires_in\":0,\"issued_at\":\"x\"}", true), ("{}", false), ("[]", false),
            ("", false),
            ("{\"token\":\"\"}", false), ("{\"token\":7}", false), ("{\"token\":\"t1\\r\\nX: y\"}", false),
            ("{\"token\":\"t1\",\"token\":\"t2\"}", false),
        ])
    func tokenAnswers(text: String, isTaken: Bool) async throws {
        let service = TokenService(answer: { _ in text })
        try await withRegistry {
            service.respond($0)
        } _: { lookup, _ in
            let outage = try await lookup.outage { _ = try await lookup.resolve() }
            #expect(outage?.kind == (isTaken ? nil : .malfunction))
        }
    }

    @Test("A token that no header should hold is refused")
    func hugeToken() async throws {
        let service = TokenService(answer: { _ in "{\"token\":\"\(String(repeating: "t", count: 33 << 10))\"}" })
        try await withRegistry({ service.respond($0) }) { lookup, _ in
            try await lookup.expect(.malfunction) { _ = try await lookup.resolve() }
        }
    }

    @Test(
        "A refusal by the token service is told by its kind",
        arguments: [
            (401, Outage.Kind.unauthorized), (403, .unauthorized), (404, .malfunction), (429, .rateLimited),
            (500, .malfunction),
        ])
    func tokenRefused(status: Int, kind: Outage.Kind) async throws {
        let service = TokenService()
        try await withRegistry(retries: 0) { request in
            request.path == "/token" ? ScriptedAnswer(status, "{}") : service.respond(request)
        } _: { lookup, _ in
            try await lookup.expect(kind) { _ = try await lookup.resolve() }
        }
    }

    // MARK: Credentials

    @Test("Name and password go to the token service, and the token to the registry")
    func basicForToken() async throws {
        let service = TokenService()
        try await withRegistry(credential: .basic(username: "u", password: "p")) {
            service.respond($0)
        } _: {
            lookup, server in
            _ = try await lookup.resolve()
            #expect(server.seen.map(\.authorization) == [nil, "Basic dTpw", "Bearer t1"])
        }
    }

    @Test("An identity token is exchanged by POST, and appears in no URL")
    func identityToken() async throws {
        let service = TokenService(answer: { "{\"access_token\":\"t\($0)\"}" })
        try await withRegistry(credential: .identityToken("se/cret+")) {
            service.respond($0)
        } _: { lookup, server in
            _ = try await lookup.resolve()
            let exchange = try #require(server.seen.first { $0.path == "/token" })
            #expect(exchange.method == "POST")
            #expect(exchange.query.isEmpty && exchange.authorization == nil)
            #expect(
                String(decoding: exchange.body, as: UTF8.self)
                    == "service=a%20service&scope=repository%3Ateam%2Fapp%3Apull&grant_type=refresh_token"
                    + "&client_id=countersign&refresh_token=se%2Fcret%2B")
        }
    }

    @Test("A registry token is shown as it is, and not replaced")
    func registryToken() async throws {
        let service = TokenService()
        try await withRegistry(credential: .registryToken("t9")) {
            service.respond($0)
        } _: { lookup, server in
            _ = try await lookup.resolve()
            service.state.withLock { $0.oldest = 1000 }
            try await lookup.expect(.unauthorized) { _ = try await lookup.resolve() }
            #expect(server.seen.map(\.authorization) == ["Bearer t9", "Bearer t9"])
        }
    }

    @Test("Basic access is given where it is asked for, and asked for once")
    func basic() async throws {
        let script = RegistryScript.withTag()
        let guarded: ScriptedServer.Script = { request in
            request.authorization == "Basic dTpw"
                ? script.answer(request) : ScriptedAnswer(401, headers: [("WWW-Authenticate", "Basic realm=\"r\"")], "")
        }
        try await withRegistry(credential: .basic(username: "u", password: "p"), guarded) { lookup, server in
            _ = try await lookup.resolve()
            _ = try await lookup.resolve()
            #expect(server.seen.map(\.authorization) == [nil, "Basic dTpw", "Basic dTpw"])
        }
        for credential in [nil, RegistryCredential.basic(username: "u", password: "q"), .identityToken("x")] {
            try await withRegistry(credential: credential, guarded) { lookup, _ in
                try await lookup.expect(.unauthorized) { _ = try await lookup.resolve() }
            }
        }
    }

    @Test("A 401 without a challenge that can be met is an outage", arguments: ["", "Negotiate", "Bearer service=x"])
    func noChallenge(challenge: String) async throws {
        try await withRegistry { _ in
            ScriptedAnswer(401, headers: [("WWW-Authenticate", challenge)], "")
        } _: {
            lookup, server in
            try await lookup.expect(.unauthorized) { _ = try await lookup.resolve() }
            #expect(server.seen.count == 1)
        }
    }

    // MARK: Realms

    @Test(
        "A realm is https or the registry's own loopback host",
        arguments: [
            ("http://auth.example/token", Outage.Kind.forbidden), ("HTTP://auth.example/token", .forbidden),
            ("http://localhost:1/token", .forbidden), ("http://[::1]:1/token", .forbidden),
            ("/token", .malfunction), ("ftp://127.0.0.1/token", .malfunction),
            ("https://user:pass@auth.example/token", .malfunction), ("", .malfunction),
            ("https://169.254.169.254/token", .forbidden),
        ])
    func realm(text: String, kind: Outage.Kind) async throws {
        try await withRegistry(credential: .basic(username: "u", password: "p")) { _ in
            ScriptedAnswer(401, headers: [("WWW-Authenticate", "Bearer realm=\"\(text)\"")], "")
        } _: { lookup, server in
            try await lookup.expect(kind) { _ = try await lookup.resolve() }
            #expect(server.seen.count == 1)
        }
    }

    @Test("A registry in public cannot name this machine as its realm")
    func loopbackRealm() throws {
        let challenge = [Challenge(scheme: "bearer", parameters: ["realm": "http://127.0.0.1/token"])]
        let registry = Repository(host: "registry.example", path: "a")
        let exchange = TokenExchange(endpoint: try RegistryEndpoint(registry, scheme: .https), credential: nil)
        #expect(throws: Outage.self) { try exchange.step(challenge, deadline: .now) }
        let secure = [Challenge(scheme: "bearer", parameters: ["realm": "https://127.0.0.1/token"])]
        guard case .ask(let request, _) = try exchange.step(secure, deadline: .now) else {
            Issue.record("no token is asked for")
            return
        }
        // The transport refuses loopback then.
        #expect(!request.mayReachLoopback)
    }

    @Test("Credentials are not shown over plain HTTP that is not loopback, in no form")
    func plainHTTP() async throws {
        let script = RegistryScript.withTag()
        for challenge in ["Basic realm=x", "Bearer realm=\"https://auth.example/token\""] {
            try await ScriptedServer.running { request in
                request.path.hasSuffix("/open")
                    ? script.answer(request)
                    : ScriptedAnswer(401, headers: [("WWW-Authenticate", challenge)], "")
            } _: { server in
                let host = "registry.example:\(server.port)"
                var configuration = TransportConfiguration()
                configuration.insecureHosts = [host]
                for credential in [
                    RegistryCredential.basic(username: "u", password: "p"), .identityToken("x"), .registryToken("y"),
                ] {
                    try await withTransport(
                        configuration, resolver: { _ in [try #require(IPAddress(literal: "127.0.0.1"))] },
                        connectTo: ["registry.example": "127.0.0.1"]
                    ) { http in
                        let client = RegistryClient(http: http, credentials: TestCredentials(credential: credential))
                        let lookup = TestLookup(client: client, host: host)
                        let outage = try await lookup.outage { _ = try await lookup.resolve() }
                        #expect([.forbidden, .unauthorized].contains(outage?.kind))
                    }
                }
                #expect(server.seen.allSatisfy { $0.authorization == nil })
            }
        }
    }

    @Test("A challenge by the place that a redirect leads to is not answered")
    func challengeElsewhere() async throws {
        try await ScriptedServer.running({ _ in
            ScriptedAnswer(401, headers: [("WWW-Authenticate", "Basic realm=x")], "")
        }) { other in
            try await withRegistry(credential: .basic(username: "u", password: "p")) { _ in
                ScriptedAnswer(307, headers: [("Location", "http://\(other.host)/")], "")
            } _: { lookup, _ in
                try await lookup.expect(.unauthorized) { _ = try await lookup.resolve() }
                #expect(other.seen.map(\.authorization) == [nil])
            }
        }
    }

    @Test("No outage tells a secret or quotes an answer")
    func silence() async throws {
        let service = TokenService(answer: { _ in "{\"error\":\"remote words\"}" })
        try await withRegistry(credential: .basic(username: "user-name", password: "pass-word")) {
            service.respond($0)
        } _: { lookup, _ in
            let outage = try #require(try await lookup.outage { _ = try await lookup.resolve() })
            let text = "\(outage)\(outage.detail)\(outage.service)"
            for word in ["user-name", "pass-word", "remote words", "evil", "dXNlci1uYW1l"] {
                #expect(!text.contains(word))
            }
        }
    }
}
