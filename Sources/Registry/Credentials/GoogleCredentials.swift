// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import JSON
import OCI
import Policy

/// Artifact Registry and Container Registry: the access token of this workload's Google service account, from the
/// metadata server.
struct GoogleCredentials: CredentialSource {
    private let http: OutboundHTTP
    private let metadataServer: String
    private let tokens = CloudTokens()

    init(http: OutboundHTTP, metadataServer: String = "http://169.254.169.254") {
        self.http = http
        self.metadataServer = metadataServer
    }

    /// `gcr.io`, `eu.gcr.io`, `europe-docker.pkg.dev`; no port, since Google has none other.
    static func isRegistry(_ host: String) -> Bool {
        host == "gcr.io" || host.hasSuffix(".gcr.io") || host.hasSuffix(".pkg.dev")
    }

    func identity(of credential: RegistryCredential) -> [String]? { tokens.identity(of: credential) }

    func known(for repository: Repository) -> KnownCredential {
        Self.isRegistry(repository.host) ? tokens.known(Self.tokenKey) : .known(nil)
    }

    /// Of the one account that a node has.
    private static let tokenKey = "default"

    func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        guard Self.isRegistry(repository.host) else { return nil }
        return try await tokens.credential(Self.tokenKey, service: repository.host) {
            () async throws(Outage) -> CloudTokens.Token in
            let question = CloudQuestion(http: http, deadline: deadline)
            // An account can be changed under a workload: the token is surely that of who it was before and after.
            let before = await account(deadline)
            let request = try request("token", question)
            let answer = try await question.object(request)
            let after = before == nil ? nil : await account(deadline)
            guard let token = answer["access_token"]?.string, !token.isEmpty,
                answer["token_type"]?.string == "Bearer", let seconds = answer["expires_in"]?.integer
            else { throw CloudQuestion.unreadable(request) }
            return CloudTokens.Token(
                credential: .basic(username: "oauth2accesstoken", password: token), lifetime: .seconds(seconds),
                identity: before.flatMap { $0 == after ? [CloudProvider.google.rawValue, metadataServer, $0] : nil })
        }
    }

    private func request(_ name: String, _ question: CloudQuestion) throws(Outage) -> OutboundRequest {
        var request = try question.request(
            .get, "\(metadataServer)/computeMetadata/v1/instance/service-accounts/default/\(name)")
        request.headers = [("Metadata-Flavor", "Google")]
        request.mayReachMetadataServer = true
        return request
    }

    /// How long the server is asked who we are: it answers in a millisecond, and we can do without.
    private static let patience = Duration.seconds(1)
    /// An address of mail has 254 characters at most. RFC 5321 §4.5.3.1.3.
    private static let maximumAddressBytes = 254

    /// The account that the metadata server speaks for at this moment, by its address of mail; `nil` where it has none, as
    /// an identity of a workload alone, or does not say.
    private func account(_ deadline: ContinuousClock.Instant) async -> String? {
        let question = CloudQuestion(http: http, deadline: min(deadline, .now.advanced(by: Self.patience)))
        guard let request = try? request("email", question), let answer = try? await question.answer(request),
            (3...Self.maximumAddressBytes).contains(answer.body.count),
            answer.body.allSatisfy({ 0x21...0x7E ~= $0 }), answer.body.count(where: { $0 == UInt8(ascii: "@") }) == 1
        else { return nil }
        return String(decoding: answer.body, as: UTF8.self)
    }
}
