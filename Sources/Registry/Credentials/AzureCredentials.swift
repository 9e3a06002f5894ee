// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import JSON
import OCI
import Policy

/// Azure Container Registry: the service account's token becomes one of Microsoft Entra, and that a refresh token of one
/// registry.
struct AzureCredentials: CredentialSource {
    /// Where the registry of a host is; tests have theirs on loopback.
    typealias Base = @Sendable (_ host: String) -> String

    private static let scope = "https://containerregistry.azure.net/.default"
    private static let suffix = ".azurecr.io"

    private let http: OutboundHTTP
    private let tenant: String
    private let client: String
    private let tokenFile: String
    private let authority: String
    private let base: Base
    private let tokens = CloudTokens()

    init(
        http: OutboundHTTP, tenant: String, client: String, tokenFile: String, authority: String,
        base: @escaping Base = { "https://\($0)" }
    ) throws(CloudFault) {
        // They become part of a URL and of a form; a tenant is a UUID or a domain.
        guard Self.isWord(tenant) else { throw CloudFault(.azure, unusable: "AZURE_TENANT_ID") }
        guard let url = try? RequestURL(parsing: authority), url.scheme == .https || url.host.isLoopback else {
            throw CloudFault(.azure, unusable: "AZURE_AUTHORITY_HOST")
        }
        self.http = http
        self.tenant = tenant
        self.client = client
        self.tokenFile = tokenFile
        self.authority = authority.hasSuffix("/") ? String(authority.dropLast()) : authority
        self.base = base
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default:
                    false
                }
            }
    }

    /// `acme.azurecr.io`; names are letters, digits and hyphens, and there is no port.
    static func isRegistry(_ host: String) -> Bool {
        guard host.hasSuffix(suffix) else { return false }
        let name = host.dropLast(suffix.count)
        return isWord(String(name)) && !name.utf8.contains(UInt8(ascii: "."))
    }

    func identity(of credential: RegistryCredential) -> [String]? { tokens.identity(of: credential) }

    func known(for repository: Repository) -> KnownCredential {
        Self.isRegistry(repository.host) ? tokens.known(repository.host) : .known(nil)
    }

    func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        let host = repository.host
        guard Self.isRegistry(host) else { return nil }
        return try await tokens.credential(host, service: host) { () async throws(Outage) -> CloudTokens.Token in
            let question = CloudQuestion(http: http, deadline: deadline)
            let signIn = try question.form(
                "\(authority)/\(tenant)/oauth2/v2.0/token",
                [
                    ("grant_type", "client_credentials"), ("client_id", client), ("scope", Self.scope),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    ("client_assertion", try CloudQuestion.identityToken(tokenFile)),
                ])
            guard let access = try await question.object(signIn)["access_token"]?.string, !access.isEmpty else {
                throw CloudQuestion.unreadable(signIn)
            }
            let exchange = try question.form(
                "\(base(host))/oauth2/exchange",
                [
                    ("grant_type", "access_token"), ("service", host), ("tenant", tenant), ("access_token", access),
                ])
            guard let refresh = try await question.object(exchange)["refresh_token"]?.string, !refresh.isEmpty else {
                throw CloudQuestion.unreadable(exchange)
            }
            return CloudTokens.Token(
                credential: .identityToken(refresh),
                lifetime: Self.lifetime(of: refresh, now: Date().timeIntervalSince1970) ?? Self.defaultLifetime,
                identity: [CloudProvider.azure.rawValue, authority, tenant, client, host])
        }
    }

    /// Refresh tokens of registries live for three hours; what does not say so is believed for less.
    private static let defaultLifetime: Duration = .seconds(3600)

    /// Until the `exp` of a JSON web token (RFC 7519 §4.1.4). It is the registry's to check; here it says when to ask anew.
    static func lifetime(of token: String, now: Double) -> Duration? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var text = String(
            parts[1].map { character -> Character in
                switch character {
                case "-": "+"
                case "_": "/"
                default: character
                }
            })
        while text.utf8.count % 4 != 0 { text += "=" }
        let limits = JSONLimits(maximumBytes: CloudQuestion.maximumAnswerBytes, maximumDepth: 16, maximumValues: 4096)
        guard let claims = Data(base64Encoded: text),
            let end = try? JSONDocument(parsing: Array(claims), limits: limits).root["exp"]?.integer,
            now >= 0, now < 1e12
        else { return nil }
        return .seconds(max(0, min(max(end, 0), 1 << 40) - Int64(now)))
    }
}
