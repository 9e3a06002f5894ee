// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// What was learned with a token of a cloud holds for the next token of the same identity, and for nobody else's.
@Suite("Whom a cloud's token stands for") struct CloudIdentityTests {
    private let deadline = ContinuousClock.now.advanced(by: .seconds(60))

    private func repository(_ name: String) throws -> Repository { try ImageReference(parsing: name).repository }

    /// The fingerprint with which a source's credential is used.
    private func fingerprint(_ source: any CredentialSource, _ name: String) async throws -> CredentialFingerprint {
        let repository = try repository(name)
        let credential = try await source.credential(for: repository, deadline: deadline)
        let rules = CredentialRules(own: CredentialSources([DockerConfig.empty, source]))
        #expect(credential != nil && rules.own.known(for: repository) == .known(credential))
        return rules.fingerprint(credential)
    }

    /// A number for every answer, so that no two tokens are equal.
    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    // MARK: Amazon

    private static let keys = """
        <Credentials><SessionToken>s</SessionToken><SecretAccessKey>s</SecretAccessKey><AccessKeyId>A</AccessKeyId>\
        </Credentials>
        """

    @Test("Amazon's passwords stand for the role in a region")
    func amazon() async throws {
        let directory = try TemporaryDirectory()
        let token = try directory.write("t", to: "token")
        let counter = Counter()
        try await ScriptedServer.running { request in
            guard !request.target.hasPrefix("/sts") else { return ScriptedAnswer(200, Self.keys) }
            let password = Data("AWS:\(counter.next())".utf8).base64EncodedString()
            let end = Int64(Date().timeIntervalSince1970) + 43_200
            return ScriptedAnswer(
                200, #"{"authorizationData":[{"authorizationToken":"\#(password)","expiresAt":\#(end)}]}"#)
        } _: { server in
            try await withTransport { http in
                let host = server.host
                func source(_ role: String) -> AmazonCredentials {
                    AmazonCredentials(
                        http: http, role: role, tokenFile: token, region: nil,
                        base: { service, registry in "http://\(host)/\(service)/\(registry.region)" })
                }
                let name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"
                let one = try await fingerprint(source("arn:aws:iam::1:role/r"), name)
                #expect(try await fingerprint(source("arn:aws:iam::1:role/r"), name) == one)
                #expect(try await fingerprint(source("arn:aws:iam::1:role/s"), name) != one)
                let elsewhere = "123456789012.dkr.ecr.eu-west-2.amazonaws.com/app"
                #expect(try await fingerprint(source("arn:aws:iam::1:role/r"), elsewhere) != one)
                #expect(counter.next() == 5)
            }
        }
    }

    // MARK: Azure

    @Test("Azure's refresh tokens stand for the client of a tenant at a registry")
    func azure() async throws {
        let directory = try TemporaryDirectory()
        let token = try directory.write("federated", to: "token")
        let counter = Counter()
        try await ScriptedServer.running { request in
            request.path.hasSuffix("/oauth2/v2.0/token")
                ? ScriptedAnswer(200, #"{"access_token":"entra"}"#)
                : ScriptedAnswer(200, #"{"refresh_token":"refresh \#(counter.next())"}"#)
        } _: { server in
            try await withTransport { http in
                let host = server.host
                func source(_ tenant: String, _ client: String, _ path: String = "") throws -> AzureCredentials {
                    try AzureCredentials(
                        http: http, tenant: tenant, client: client, tokenFile: token,
                        authority: "http://\(host)/\(path)", base: { "http://\(host)/\($0)" })
                }
                let name = "acme.azurecr.io/app"
                let one = try await fingerprint(source("tenant", "client"), name)
                #expect(try await fingerprint(source("tenant", "client"), name) == one)
                let others = [
                    try await fingerprint(source("tenant", "other"), name),
                    try await fingerprint(source("other", "client"), name),
                    try await fingerprint(source("tenant", "client", "sovereign"), name),
                    try await fingerprint(source("tenant", "client"), "other.azurecr.io/app"),
                    // Parts that are the same text when they are joined.
                    try await fingerprint(source("tenan", "tclient"), name),
                ]
                #expect(Set(others + [one]).count == others.count + 1)
            }
        }
    }

    // MARK: Google

    private enum Account: CaseIterable {
        case same, changes, none, silent, notMail, tooLong
    }

    @Test("Google's tokens stand for the account where that is the same before and after, and else for themselves")
    func google() async throws {
        for account in Account.allCases {
            let (emails, tokens) = (Counter(), Counter())
            try await ScriptedServer.running { request in
                if request.target.hasSuffix("/token") {
                    return ScriptedAnswer(
                        200, #"{"access_token":"t\#(tokens.next())","expires_in":3599,"token_type":"Bearer"}"#)
                }
                let number = emails.next()
                return switch account {
                case .same: ScriptedAnswer(200, "sa@project.iam.gserviceaccount.com")
                case .changes: ScriptedAnswer(200, "sa\(number)@project.iam.gserviceaccount.com")
                case .none: ScriptedAnswer(404, "")
                case .silent: ScriptedAnswer(200, "")
                case .notMail: ScriptedAnswer(200, "project.svc.id.goog")
                case .tooLong: ScriptedAnswer(200, "sa@" + String(repeating: "a", count: 252))
                }
            } _: { server in
                try await withTransport { http in
                    func print() async throws -> CredentialFingerprint {
                        try await fingerprint(
                            GoogleCredentials(http: http, metadataServer: "http://\(server.host)"), "gcr.io/p/a")
                    }
                    let one = try await print()
                    #expect((try await print() == one) == (account == .same), "\(account)")
                }
            }
        }
    }

    // MARK: Others

    @Test("A credential that did not come from the cloud, has ended, or stands for nobody stands for itself")
    func others() async throws {
        let tokens = CloudTokens()
        func take(_ name: String, _ key: String, _ seconds: Int64, _ identity: [String]?) async throws {
            _ = try await tokens.credential(key, service: "s") { () async throws(Outage) -> CloudTokens.Token in
                CloudTokens.Token(
                    credential: .registryToken(name), lifetime: .seconds(seconds), identity: identity)
            }
        }
        try await take("a", "1", 3600, ["one"])
        try await take("b", "2", 3600, nil)
        try await take("c", "3", 0, ["three"])
        #expect(tokens.identity(of: .registryToken("a")) == ["one"])
        for name in ["b", "c", "d"] { #expect(tokens.identity(of: .registryToken(name)) == nil, "\(name)") }
        let credential = RegistryCredential.registryToken("a")
        #expect(CredentialFingerprint(credential) != CredentialFingerprint(credential, identity: ["one"]))
        #expect(
            CredentialFingerprint(credential, identity: ["one", "two"])
                != CredentialFingerprint(credential, identity: ["onetwo"]))
        #expect(
            CredentialFingerprint(.registryToken("a"), identity: ["one"])
                == CredentialFingerprint(.basic(username: "u", password: "p"), identity: ["one"]))
        // Nobody's is nobody's, whatever is said of it.
        #expect(CredentialFingerprint(nil, identity: ["one"]) == CredentialFingerprint(nil))
        // A credential that reads like an identity is none.
        #expect(
            CredentialFingerprint(.basic(username: "one", password: "two"))
                != CredentialFingerprint(credential, identity: ["one", "two"]))
    }
}
