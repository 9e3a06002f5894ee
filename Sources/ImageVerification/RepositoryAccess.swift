// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy

/// A repository that is to be read, on whose behalf, and what a policy says about its credentials.
public struct RepositoryAccess: Hashable, Sendable {
    public let repository: Repository
    /// The workload whose image is asked about; `nil` where there is none (the command line).
    public let puller: Puller?
    /// Secrets that the policy names for this place, which go before the workload's own.
    public let pullSecrets: [String]
    /// What Secrets of the policy hold that are in hand; they go before those that must be asked for.
    public let credentials: [DockerConfig]
    /// Whether a policy names the repository, and not the workload: then it is shown our own credentials where nothing else
    /// has any.
    public let isNamedByPolicy: Bool

    /// An image's own repository.
    public init(_ repository: Repository, for puller: Puller?) {
        self.repository = repository
        self.puller = puller
        pullSecrets = []
        credentials = []
        isNamedByPolicy = false
    }

    /// A place where proofs are looked for.
    public init(_ place: ProofPlace, for puller: Puller?) {
        repository = place.repository
        self.puller = puller
        pullSecrets = place.pullSecrets
        credentials = place.credentials
        isNamedByPolicy = place.isNamedByPolicy
    }
}

/// What is shown to a registry for one question, and what stands for it in the keys of caches. Chosen once for each
/// question, so that nothing is kept under another credential than the one by which it was learned.
public struct ShownCredential: Hashable, Sendable {
    /// `nil`: the registry is asked without a name.
    public let credential: RegistryCredential?
    public let fingerprint: CredentialFingerprint

    public init(_ credential: RegistryCredential?, fingerprint: CredentialFingerprint) {
        self.credential = credential
        self.fingerprint = fingerprint
    }

    /// For a source that shows nothing to anybody.
    public static let none = ShownCredential(nil, fingerprint: .none)
}
