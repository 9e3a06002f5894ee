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
            var request = try question.request(
                .get, "\(metadataServer)/computeMetadata/v1/instance/service-accounts/default/token")
            request.headers = [("Metadata-Flavor", "Google")]
            request.mayReachMetadataServer = true
            let answer = try await question.object(request)
            guard let token = answer["access_token"]?.string, !token.isEmpty,
                answer["token_type"]?.string == "Bearer", let seconds = answer["expires_in"]?.integer
            else { throw CloudQuestion.unreadable(request) }
            return CloudTokens.Token(
                credential: .basic(username: "oauth2accesstoken", password: token), lifetime: .seconds(seconds))
        }
    }
}
