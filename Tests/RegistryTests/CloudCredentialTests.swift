// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import OCI
import Policy
import TestSupport
import Testing

@testable import Registry

/// Token services that answer as the clouds document; no real one was there to be asked.
@Suite struct CloudCredentialTests {
    private let deadline = ContinuousClock.now.advanced(by: .seconds(60))

    private func repository(_ name: String) throws -> Repository { try ImageReference(parsing: name).repository }

    private func form(_ request: ScriptedRequest) -> Set<String> {
        Set(String(decoding: request.body, as: UTF8.self).split(separator: "&").map(String.init))
    }

    // MARK: Amazon

    private static let now: Int64 = 1_700_000_000
    private static let keys = """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <Credentials>
              <SessionToken>session/+=</SessionToken>
              <SecretAccessKey>secret</SecretAccessKey>
              <Expiration>2023-11-14T23:13:20Z</Expiration>
              <AccessKeyId>ASIAEXAMPLE</AccessKeyId>
            </Credentials>
          </AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>
        """

    private static func password(expiresIn seconds: Int64 = 43_200) -> String {
        let token = Data("AWS:pw".utf8).base64EncodedString()
        return """
            {"authorizationData":[{"authorizationToken":"\(token)","expiresAt":\(now + seconds).5,\
            "proxyEndpoint":"https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"}]}
            """
    }

    private func amazon(
        _ http: OutboundHTTP, _ server: ScriptedServer, _ token: String, region: String? = nil
    ) -> AmazonCredentials {
        let host = server.host
        return AmazonCredentials(
            http: http, role: "arn:aws:iam::1:role/r", tokenFile: token, region: region,
            base: { service, registry in "http://\(host)/\(service)/\(registry.region)/\(registry.domain)" },
            now: { Self.now })
    }

    @Test("A role's keys sign the question for a region's password, which is asked for once for that region")
    func amazonPassword() async throws {
        let directory = try TemporaryDirectory()
        let token = try directory.write("web.identity.token\n", to: "token")
        try await ScriptedServer.running { request in
            request.target.hasPrefix("/sts/") ? ScriptedAnswer(200, Self.keys) : ScriptedAnswer(200, Self.password())
        } _: { server in
            try await withTransport { http in
                let source = amazon(http, server, token, region: "us-east-1")
                for account in ["123456789012", "210987654321"] {
                    let repository = try repository("\(account).dkr.ecr.eu-west-1.amazonaws.com/team/app")
                    let found = try await source.credential(for: repository, deadline: deadline)
                    #expect(found == .basic(username: "AWS", password: "pw"))
                }
                #expect(
                    server.seen.map(\.target) == [
                        "/sts/us-east-1/amazonaws.com/", "/api.ecr/eu-west-1/amazonaws.com/",
                    ])
                let asked = try #require(server.seen.first)
                #expect(
                    form(asked) == [
                        "Action=AssumeRoleWithWebIdentity", "Version=2011-06-15",
                        "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr",
                        "RoleSessionName=countersign", "WebIdentityToken=web.identity.token",
                    ])
                let signed = try #require(server.seen.last)
                #expect(signed["x-amz-security-token"] == "session/+=")
                #expect(signed["x-amz-date"] == "20231114T221320Z")
                #expect(signed["x-amz-target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
                #expect(signed["content-type"] == "application/x-amz-json-1.1")
                #expect(
                    signed.authorization?.hasPrefix(
                        "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20231114/eu-west-1/ecr/aws4_request, SignedHeaders="
                            + "content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=") == true)
                _ = try await source.credential(
                    for: repository("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app"), deadline: deadline)
                #expect(server.seen.last?.target == "/api.ecr/cn-north-1/amazonaws.com.cn/")
            }
        }
    }

    @Test("The signature is that of Amazon's own example")
    func signature() {
        let keys = AmazonSignature.Keys(
            identifier: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "")
        let signature = AmazonSignature(
            keys: keys, region: "us-east-1", service: "service", time: AmazonSignature.Time(seconds: 1_440_938_160))
        #expect(signature.time.text == "20150830T123600Z")
        let headers = [("Host", "example.amazonaws.com"), ("X-Amz-Date", signature.time.text)]
        func signed(_ method: String) -> String {
            signature.authorization(method: method, path: "/", headers: headers, body: [])
        }
        #expect(
            signed("GET").hasSuffix(
                "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            ))
        #expect(
            signed("POST").hasSuffix(
                "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
            ))
    }

    @Test(
        "Days are counted by the Gregorian calendar",
        arguments: [
            (0, "19700101T000000Z"), (951_782_400, "20000229T000000Z"), (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"), (-5, "19700101T000000Z"), (Int64.max, "99991231T235959Z"),
        ] as [(Int64, String)])
    func times(seconds: Int64, text: String) { #expect(AmazonSignature.Time(seconds: seconds).text == text) }

    @Test(
        "Only a region's registry is shown a password",
        arguments: [
            "12345678901.dkr.ecr.eu-west-1.amazonaws.com", "1234567890123.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.test",
            "evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443", "123456789012.dkr.ecr.eu-west-1.amazonaws.org",
            "123456789012.dkr.ecr.eu-west-1.xamazonaws.com", "123456789012.dkr.ecr.amazonaws.com",
            "12345678901x.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.s3.eu-west-1.amazonaws.com",
            "public.ecr.aws", "123456789012.dkr.ecr.eu_west.amazonaws.com", "amazonaws.com",
        ])
    func otherHosts(host: String) {
        #expect(AmazonCredentials.Registry(host) == nil)
        #expect(AmazonCredentials.Registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com") != nil)
        #expect(!GoogleCredentials.isRegistry(host))
        #expect(!AzureCredentials.isRegistry(host))
    }

    static let badAnswers: [(sts: ScriptedAnswer, ecr: ScriptedAnswer, kind: Outage.Kind)] = [
        (ScriptedAnswer(403, keys), ScriptedAnswer(200, password()), .unauthorized),
        (ScriptedAnswer(200, "<Credentials></Credentials>"), ScriptedAnswer(200, password()), .malfunction),
        (ScriptedAnswer(200, keys + keys), ScriptedAnswer(200, password()), .malfunction),
        (ScriptedAnswer(200, ""), ScriptedAnswer(200, password()), .malfunction),
        (ScriptedAnswer(200, keys), ScriptedAnswer(400, password()), .malfunction),
        (ScriptedAnswer(200, keys), ScriptedAnswer(200, "{}"), .malfunction),
        (ScriptedAnswer(200, keys), ScriptedAnswer(200, #"{"authorizationData":[]}"#), .malfunction),
        (ScriptedAnswer(200, keys), ScriptedAnswer(200, "[]"), .malfunction),
        (ScriptedAnswer(200, keys), ScriptedAnswer(429, ""), .rateLimited),
        (ScriptedAnswer(302, headers: [("Location", "https://evil.test/")], ""), ScriptedAnswer(200, ""), .malfunction),
    ]

    @Test(
        "A token service that does not answer as it should is an outage, and is asked again",
        arguments: badAnswers.indices)
    func badAnswer(index: Int) async throws {
        let bad = Self.badAnswers[index]
        let directory = try TemporaryDirectory()
        let token = try directory.write("t", to: "token")
        try await ScriptedServer.running { request in
            request.target.hasPrefix("/sts/") ? bad.sts : bad.ecr
        } _: { server in
            try await withTransport { http in
                let source = amazon(http, server, token)
                let repository = try repository("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app")
                for _ in 0..<2 {
                    let before = server.seen.count
                    do throws(Outage) {
                        _ = try await source.credential(for: repository, deadline: deadline)
                        Issue.record("no outage")
                    } catch {
                        #expect(error.kind == bad.kind)
                    }
                    #expect(server.seen.count > before)
                }
            }
        }
    }

    @Test("A token file that is not there, or holds no token, is an outage", arguments: ["", " \n", "a b", "gone"])
    func tokenFiles(text: String) async throws {
        let directory = try TemporaryDirectory()
        let path = text == "gone" ? directory.path("gone") : try directory.write(text, to: "token")
        #expect(throws: Outage.self) { try CloudQuestion.identityToken(path) }
        let good = try directory.write("a.b-c_d\n", to: "good")
        #expect(try CloudQuestion.identityToken(good) == "a.b-c_d")
    }

    // MARK: Google

    @Test(
        "The metadata server's token is shown to Google's registries, and asked for with the header that proves no redirect"
    )
    func google() async throws {
        try await ScriptedServer.running { _ in
            ScriptedAnswer(200, #"{"access_token":"ya29","expires_in":3599,"token_type":"Bearer"}"#)
        } _: { server in
            try await withTransport { http in
                let source = GoogleCredentials(http: http, metadataServer: "http://\(server.host)")
                for name in ["gcr.io/p/a", "eu.gcr.io/p/a", "europe-docker.pkg.dev/p/r/a"] {
                    let found = try await source.credential(for: repository(name), deadline: deadline)
                    #expect(found == .basic(username: "oauth2accesstoken", password: "ya29"))
                }
                #expect(
                    server.seen.map(\.target) == [
                        "/computeMetadata/v1/instance/service-accounts/default/email",
                        "/computeMetadata/v1/instance/service-accounts/default/token",
                    ])
                #expect(server.seen.allSatisfy { $0["metadata-flavor"] == "Google" })
                for name in [
                    "gcr.io.evil.test/a", "xgcr.io/a", "pkg.dev/a", "xpkg.dev/a", "gcr.io:5000/a", "a.io/gcr.io",
                ] {
                    let found = try await source.credential(for: repository(name), deadline: deadline)
                    #expect(found == nil, "\(name)")
                }
                #expect(server.seen.count == 2)
            }
        }
    }

    @Test("A token that ends within five minutes is asked for again, and stands in while nobody answers")
    func renewal() async throws {
        let tokens = CloudTokens()
        func credential(_ name: String?, _ seconds: Int64) async throws -> RegistryCredential {
            try await tokens.credential("k", service: "s") { () async throws(Outage) -> CloudTokens.Token in
                guard let name else { throw Outage(.unreachable, service: "s", detail: "gone") }
                return CloudTokens.Token(credential: .registryToken(name), lifetime: .seconds(seconds))
            }
        }
        await #expect(throws: Outage.self) { try await credential(nil, 0) }
        #expect(try await credential("a", 299) == .registryToken("a"))
        #expect(try await credential(nil, 0) == .registryToken("a"))
        #expect(try await credential("b", 0) == .registryToken("b"))
        await #expect(throws: Outage.self) { try await credential(nil, 0) }
        #expect(try await credential("c", 3600) == .registryToken("c"))
        #expect(try await credential("d", 3600) == .registryToken("c"))
    }

    @Test("Only a request that says so reaches the metadata server, and only there")
    func metadataServer() async throws {
        try await withTransport { http in
            var request = OutboundRequest(
                .get, try RequestURL(parsing: "http://169.254.169.253/"), maximumBodyBytes: 1,
                deadline: deadline)
            request.mayReachMetadataServer = true
            await #expect(throws: TransportError.plainHTTP(host: "169.254.169.253")) { try await http.send(request) }
            request.url = try RequestURL(parsing: "https://169.254.169.254/")
            await #expect(throws: TransportError.forbiddenAddress(host: "169.254.169.254", .metadata)) {
                try await http.send(request)
            }
        }
    }

    // MARK: Azure

    @Test("The service account's token becomes Microsoft's, and that one registry's refresh token")
    func azure() async throws {
        let directory = try TemporaryDirectory()
        let token = try directory.write("federated", to: "token")
        try await ScriptedServer.running { request in
            request.path.hasSuffix("/oauth2/v2.0/token")
                ? ScriptedAnswer(200, #"{"token_type":"Bearer","expires_in":3599,"access_token":"entra"}"#)
                : ScriptedAnswer(200, #"{"refresh_token":"refresh"}"#)
        } _: { server in
            try await withTransport { http in
                let host = server.host
                let source = try AzureCredentials(
                    http: http, tenant: "0000-1111", client: "client", tokenFile: token, authority: "http://\(host)/",
                    base: { "http://\(host)/\($0)" })
                for _ in 0..<2 {
                    let found = try await source.credential(for: repository("acme.azurecr.io/a"), deadline: deadline)
                    #expect(found == .identityToken("refresh"))
                }
                #expect(
                    server.seen.map(\.target) == ["/0000-1111/oauth2/v2.0/token", "/acme.azurecr.io/oauth2/exchange"])
                #expect(
                    form(try #require(server.seen.first)) == [
                        "grant_type=client_credentials", "client_id=client", "client_assertion=federated",
                        "scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default",
                        "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
                    ])
                #expect(
                    form(try #require(server.seen.last)) == [
                        "grant_type=access_token", "service=acme.azurecr.io", "tenant=0000-1111", "access_token=entra",
                    ])
                // A refresh token is one registry's.
                _ = try await source.credential(for: repository("other.azurecr.io/a"), deadline: deadline)
                #expect(server.seen.last?.target == "/other.azurecr.io/oauth2/exchange")
                let count = server.seen.count
                for name in [
                    "azurecr.io/a", "acme.azurecr.io.evil.test/a", "acme.azurecr.io:5000/a", "a.b.azurecr.io/a",
                    "xazurecr.io/a",
                ] {
                    let found = try await source.credential(for: repository(name), deadline: deadline)
                    #expect(found == nil, "\(name)")
                }
                #expect(server.seen.count == count)
            }
        }
    }

    @Test("A refresh token says itself how long it lasts")
    func lifetimes() {
        func token(_ claims: String) -> String {
            "e30." + Data(claims.utf8).base64EncodedString().filter { $0 != "=" } + ".sig"
        }
        #expect(AzureCredentials.lifetime(of: token(#"{"exp":1000}"#), now: 400) == .seconds(600))
        #expect(AzureCredentials.lifetime(of: token(#"{"exp":1000}"#), now: 4000) == .zero)
        #expect(AzureCredentials.lifetime(of: token(#"{"exp":-9223372036854775808}"#), now: 4000) == .zero)
        #expect(AzureCredentials.lifetime(of: token("{}"), now: 400) == nil)
        #expect(AzureCredentials.lifetime(of: "opaque", now: 400) == nil)
    }

    @Test("A cloud is used only where its identity is there", arguments: CloudProvider.allCases)
    func environment(provider: CloudProvider) async throws {
        let variables = [
            "AWS_ROLE_ARN": "r", "AWS_WEB_IDENTITY_TOKEN_FILE": "f", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c",
            "AZURE_FEDERATED_TOKEN_FILE": "f",
        ]
        try await withTransport { http in
            _ = try provider.credentials(http: http) { variables[$0] }
            for name in variables.keys where name.hasPrefix(provider.rawValue.uppercased()) {
                #expect(throws: CloudFault(provider, missing: name)) {
                    try provider.credentials(http: http) { $0 == name ? "" : variables[$0] }
                }
            }
            guard provider == .azure else { return }
            for (name, text) in [("AZURE_TENANT_ID", "a/b"), ("AZURE_AUTHORITY_HOST", "http://login.evil.test/")] {
                #expect(throws: CloudFault(.azure, unusable: name)) {
                    try provider.credentials(http: http) { $0 == name ? text : variables[$0] }
                }
            }
        }
    }
}
