// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport

/// A cloud whose registries are shown the identity that the cloud gives to this very workload.
public enum CloudProvider: String, Hashable, Sendable, CaseIterable {
    /// Elastic Container Registry, by a role for this service account's token.
    case aws
    /// Artifact Registry and Container Registry, by the metadata server.
    case google
    /// Azure Container Registry, by workload identity.
    case azure

    /// The source of its credentials; throws where the environment lacks what the cloud's webhook would have put there.
    public func credentials(
        http: OutboundHTTP, environment: (String) -> String?
    ) throws(CloudFault) -> any CredentialSource {
        func variable(_ name: String) throws(CloudFault) -> String {
            guard let text = environment(name), !text.isEmpty else { throw CloudFault(self, missing: name) }
            return text
        }
        switch self {
        case .aws:
            return AmazonCredentials(
                http: http, role: try variable("AWS_ROLE_ARN"),
                tokenFile: try variable("AWS_WEB_IDENTITY_TOKEN_FILE"), region: environment("AWS_REGION"))
        case .google:
            return GoogleCredentials(http: http)
        case .azure:
            return try AzureCredentials(
                http: http, tenant: try variable("AZURE_TENANT_ID"), client: try variable("AZURE_CLIENT_ID"),
                tokenFile: try variable("AZURE_FEDERATED_TOKEN_FILE"),
                authority: environment("AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com/")
        }
    }
}

/// Why a cloud's credentials cannot be used.
public struct CloudFault: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ provider: CloudProvider, missing variable: String) {
        description =
            "\(provider.rawValue) needs the variable \(variable); workload identity sets it for the service account"
    }

    init(_ provider: CloudProvider, unusable variable: String) {
        description = "\(provider.rawValue) cannot use the variable \(variable)"
    }
}
