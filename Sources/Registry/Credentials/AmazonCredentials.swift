// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import JSON
import OCI
import Policy

/// Elastic Container Registry: the service account's token is exchanged for the keys of a role, and those for a password
/// of the region's registries.
struct AmazonCredentials: CredentialSource {
    /// Where a service of a region is; tests have theirs on loopback.
    typealias Base = @Sendable (_ service: String, Registry) -> String

    /// A region's registries, as a host names them.
    struct Registry: Hashable, Sendable {
        let region: String
        /// `amazonaws.com`, or `amazonaws.com.cn`.
        let domain: String

        /// One token serves all registries of a region.
        var tokenKey: String { "\(region).\(domain)" }

        /// Reads `123456789012.dkr.ecr.eu-west-1.amazonaws.com`, and nothing longer or shorter.
        init?(_ host: String) {
            let labels = host.split(separator: ".", omittingEmptySubsequences: false)
            guard labels.count == 6 || labels.count == 7, labels[1] == "dkr", labels[2] == "ecr",
                labels[0].utf8.count == 12,
                labels[0].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
            else { return nil }
            self.init(region: String(labels[3]), domain: labels[4...].joined(separator: "."))
        }

        /// Region names have some fifteen characters: `eu-west-1`, `us-gov-east-1`. What has another shape may be the name
        /// of another service, and its host somebody's.
        init?(region: String, domain: String) {
            guard ["amazonaws.com", "amazonaws.com.cn"].contains(domain), (1...32).contains(region.utf8.count)
            else { return nil }
            let words = region.split(separator: "-", omittingEmptySubsequences: false)
            guard words.count >= 3, let number = words.last, (1...2).contains(number.utf8.count),
                number.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
                words.dropLast().allSatisfy({ word in
                    !word.isEmpty && word.utf8.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
                })
            else { return nil }
            self.region = region
            self.domain = domain
        }
    }

    private let http: OutboundHTTP
    private let role: String
    private let tokenFile: String
    /// Where we are ourselves: whose token service is asked, wherever the registry is.
    private let region: String?
    private let base: Base
    private let now: @Sendable () -> Int64
    private let tokens = CloudTokens()

    init(
        http: OutboundHTTP, role: String, tokenFile: String, region: String?,
        base: @escaping Base = { "https://\($0).\($1.region).\($1.domain)" },
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.http = http
        self.role = role
        self.tokenFile = tokenFile
        self.region = region
        self.base = base
        self.now = now
    }

    func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        guard let registry = Registry(repository.host) else { return nil }
        return try await tokens.credential(registry.tokenKey, service: repository.host) {
            () async throws(Outage) -> CloudTokens.Token in
            let question = CloudQuestion(http: http, deadline: deadline)
            return try await password(of: registry, by: try await keys(for: registry, question), question)
        }
    }

    func identity(of credential: RegistryCredential) -> [String]? { tokens.identity(of: credential) }

    func known(for repository: Repository) -> KnownCredential {
        Registry(repository.host).map { tokens.known($0.tokenKey) } ?? .known(nil)
    }

    /// `AssumeRoleWithWebIdentity` of the Security Token Service, version 2011-06-15, which answers in XML.
    private func keys(
        for registry: Registry, _ question: CloudQuestion
    ) async throws(Outage) -> AmazonSignature.Keys {
        let home = region.flatMap { Registry(region: $0, domain: registry.domain) } ?? registry
        let request = try question.form(
            "\(base("sts", home))/",
            [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
                ("RoleSessionName", "countersign"),
                ("WebIdentityToken", try CloudQuestion.identityToken(tokenFile)),
            ])
        let text = String(decoding: try await question.answer(request).body, as: UTF8.self)
        guard let credentials = Self.element("Credentials", in: text[...]),
            let identifier = Self.element("AccessKeyId", in: credentials),
            let secret = Self.element("SecretAccessKey", in: credentials),
            let session = Self.element("SessionToken", in: credentials)
        else { throw CloudQuestion.unreadable(request) }
        return AmazonSignature.Keys(
            identifier: String(identifier), secret: String(secret), sessionToken: String(session))
    }

    /// What stands between the only opening and the only closing tag of that name; `nil` for nothing, and for text that
    /// would have to be unescaped, which keys never have to be.
    static func element(_ name: String, in text: Substring) -> Substring? {
        let parts = text.split(separator: "<\(name)>", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let inside = parts[1].split(separator: "</\(name)>", omittingEmptySubsequences: false)
        guard inside.count == 2, !inside[0].isEmpty, !inside[0].utf8.contains(UInt8(ascii: "&")) else { return nil }
        return inside[0]
    }

    /// `GetAuthorizationToken` of the registry's API.
    private func password(
        of registry: Registry, by keys: AmazonSignature.Keys, _ question: CloudQuestion
    ) async throws(Outage) -> CloudTokens.Token {
        var request = try question.request(.post, "\(base("api.ecr", registry))/")
        request.body = Array("{}".utf8)
        let instant = now()
        let signature = AmazonSignature(
            keys: keys, region: registry.region, service: "ecr", time: AmazonSignature.Time(seconds: instant))
        let headers = [
            ("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Date", signature.time.text),
            ("X-Amz-Security-Token", keys.sessionToken),
            ("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
        ]
        request.headers = headers.map { (name: $0.0, value: $0.1) }
        request.authorization = Authorization(
            signature.authorization(
                method: "POST", path: "/", headers: [("Host", request.url.authority)] + headers, body: request.body))
        let answer = try await question.object(request)["authorizationData"]?.elements.first { _ in true }
        guard let answer, let encoded = answer["authorizationToken"]?.string,
            let data = Data(base64Encoded: encoded), let text = String(validating: data, as: UTF8.self),
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex,
            // Seconds since 1970, with or without a fraction.
            let end = answer["expiresAt"]?.numberText.flatMap({ Double($0) }), end > 0, end < 1e12
        else { throw CloudQuestion.unreadable(request) }
        return CloudTokens.Token(
            credential: .basic(
                username: String(text[..<colon]), password: String(text[text.utf8.index(after: colon)...])),
            lifetime: .seconds(max(0, Int64(end) - instant)),
            identity: [CloudProvider.aws.rawValue, role, registry.tokenKey])
    }
}
