// SPDX-License-Identifier: Apache-2.0
import ImageVerification
public import OCI
import Policy

/// Whose credentials are shown to which registry.
///
/// Whoever may create a workload may name any image. Shown our own credentials for it, a registry would tell us what it
/// tells nobody else in that namespace, and a verdict would tell it on. So an image of a workload is asked for with the
/// workload's own credentials, and with ours only at hosts that an operator lists. Places that a policy names are an
/// operator's word, and ours serve there.
public struct CredentialRules: Sendable {
    /// Docker's configuration, helpers, and clouds, in this order.
    public var own: any CredentialSource
    /// Whether workloads' images are asked for with workloads' credentials. `false` shows our own to every registry.
    public var separatesWorkloads: Bool
    /// `--own-credentials-for`: where our own are shown for workloads' images too.
    public var ownHosts: [RepositoryPattern]
    /// The Secrets of the cluster; `nil` where there is no cluster to read them from, and workloads have none.
    public var pullSecrets: PullSecrets?

    public init(
        own: any CredentialSource, separatesWorkloads: Bool = false, ownHosts: [RepositoryPattern] = [],
        pullSecrets: PullSecrets? = nil
    ) {
        self.own = own
        self.separatesWorkloads = separatesWorkloads
        self.ownHosts = ownHosts
        self.pullSecrets = pullSecrets
    }

    /// What `credential` would answer, where nobody has to be asked: the same rules in the same order.
    func known(for access: RepositoryAccess) -> KnownCredential {
        let repository = access.repository
        for config in access.credentials {
            if let credential = config.credential(for: repository) { return .known(credential) }
        }
        if let pullSecrets, !access.pullSecrets.isEmpty {
            let named = pullSecrets.known(
                for: repository, inSecretsOfPolicy: access.pullSecrets, puller: access.puller)
            if named != .known(nil) { return named }
        }
        guard separatesWorkloads, let puller = access.puller else { return own.known(for: repository) }
        if access.isNamedByPolicy {
            let ours = own.known(for: repository)
            if ours != .known(nil) { return ours }
        }
        if let pullSecrets {
            let found = pullSecrets.known(for: repository, of: puller)
            if found != .known(nil) { return found }
        }
        guard !access.isNamedByPolicy, ownHosts.contains(where: { $0.contains(repository) }) else { return .known(nil) }
        return own.known(for: repository)
    }

    /// Its fingerprint: of whom it stands for, where our own sources know that of the very credential.
    func fingerprint(_ credential: RegistryCredential?) -> CredentialFingerprint {
        CredentialFingerprint(credential, identity: credential.flatMap { own.identity(of: $0) })
    }

    /// The first that there is, and no other is tried: a second try would tell a registry more than it has to know.
    /// `nil` where there is none.
    func credential(
        for access: RepositoryAccess, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        let repository = access.repository
        for config in access.credentials {
            if let credential = config.credential(for: repository) { return credential }
        }
        if let found = try await pullSecrets?.credential(
            for: repository, inSecretsOfPolicy: access.pullSecrets, puller: access.puller, deadline: deadline)
        {
            return found
        }
        guard separatesWorkloads, let puller = access.puller else {
            return try await own.credential(for: repository, deadline: deadline)
        }
        // The policy's author knows which credential fits there; a workload's could only get in the way.
        if access.isNamedByPolicy,
            let credential = try await own.credential(for: repository, deadline: deadline)
        {
            return credential
        }
        if let found = try await pullSecrets?.credential(for: repository, of: puller, deadline: deadline) {
            return found
        }
        guard !access.isNamedByPolicy, ownHosts.contains(where: { $0.contains(repository) }) else { return nil }
        return try await own.credential(for: repository, deadline: deadline)
    }
}
