// SPDX-License-Identifier: Apache-2.0
public import ImageVerification
import OCI
public import Policy

/// The port through which Secrets and ServiceAccounts are read; the API server stands behind it.
///
/// `nil` where there is none of that name, and where this process is not permitted to read it: both leave the registry
/// to be asked without. That nobody answers is an outage.
public protocol PullSecretReading: Sendable {
    /// The entries of a Secret, decoded.
    func secret(
        _ name: String, in namespace: String, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String: [UInt8]]?

    /// The names in `imagePullSecrets` of a ServiceAccount, in their order.
    func pullSecretNames(
        ofServiceAccount name: String, in namespace: String, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String]?
}

/// The registry credentials in Secrets of the cluster: read when they are asked for, remembered for a moment, by namespace
/// and name.
public struct PullSecrets: Sendable {
    private struct Key: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            case secret, serviceAccount
        }

        let kind: Kind
        let namespace: String
        let name: String
    }

    private enum Entry: Sendable {
        case absent
        case secret(DockerConfig)
        case serviceAccount([String])
    }

    /// How long what was read is used.
    struct Lives: Sendable {
        /// A Secret that was replaced is used so much longer.
        var present: Duration = .seconds(10)
        /// One that has just been made is found so much later.
        var absent: Duration = .seconds(5)
        /// How long what was read last stands in while the API server does not answer: an absence of it must not stop
        /// what has been running. The registry still says whether a credential is good.
        var stale: Duration = .seconds(600)
    }

    /// Secrets have a MiB at most, and with registry credentials a few hundred bytes.
    private static let cacheBytes = 16 << 20
    /// Of names in Kubernetes.
    private static let maximumNameBytes = 253

    private struct Held: Sendable {
        let entry: Entry
        let freshUntil: ContinuousClock.Instant
    }

    private let source: any PullSecretReading
    private let policyNamespace: String
    private let lives: Lives
    private let known = ByteBoundedCache<Key, Held>(name: "pull-secrets", limit: cacheBytes)
    private let relay = Relay<Key, Entry>()

    /// - Parameter policyNamespace: where the Secrets lie that policies name.
    public init(_ source: any PullSecretReading, policyNamespace: String) {
        self.init(source, policyNamespace: policyNamespace, lives: Lives())
    }

    init(_ source: any PullSecretReading, policyNamespace: String, lives: Lives) {
        self.source = source
        self.policyNamespace = policyNamespace
        self.lives = lives
    }

    /// What a workload's Pods would pull with: their `imagePullSecrets` in order, then those of their ServiceAccount.
    func credential(
        for repository: Repository, of puller: Puller, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        guard let namespace = puller.namespace else { return nil }
        for name in puller.pullSecrets {
            if let found = try await credential(for: repository, in: name, of: namespace, deadline) { return found }
        }
        guard let account = puller.serviceAccount else { return nil }
        for name in try await names(of: account, in: namespace, deadline) where !puller.pullSecrets.contains(name) {
            if let found = try await credential(for: repository, in: name, of: namespace, deadline) { return found }
        }
        return nil
    }

    /// What the Secrets hold that a policy names (`signaturePullSecrets`): in the policies' namespace, or else in the
    /// workload's.
    func credential(
        for repository: Repository, inSecretsOfPolicy names: [String], puller: Puller?,
        deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        for name in names.prefix(Puller.maximumPullSecrets) {
            if case .secret(let config) = try await secret(name, in: policyNamespace, deadline) {
                // One of that name is the one that is meant, whatever it holds.
                if let found = config.credential(for: repository) { return found }
            } else if let namespace = puller?.namespace, namespace != policyNamespace,
                let found = try await credential(for: repository, in: name, of: namespace, deadline)
            {
                return found
            }
        }
        return nil
    }

    /// What `credential(for:of:deadline:)` would answer, where every Secret that counts has just been read.
    func known(for repository: Repository, of puller: Puller) -> KnownCredential {
        guard let namespace = puller.namespace else { return .known(nil) }
        for name in puller.pullSecrets {
            let found = known(for: repository, in: name, of: namespace)
            if found != .known(nil) { return found }
        }
        guard let account = puller.serviceAccount else { return .known(nil) }
        guard let entry = fresh(Key(kind: .serviceAccount, namespace: namespace, name: account)) else {
            return .unknown
        }
        guard case .serviceAccount(let names) = entry else { return .known(nil) }
        for name in names where !puller.pullSecrets.contains(name) {
            let found = known(for: repository, in: name, of: namespace)
            if found != .known(nil) { return found }
        }
        return .known(nil)
    }

    /// What `credential(for:inSecretsOfPolicy:puller:deadline:)` would answer, likewise.
    func known(
        for repository: Repository, inSecretsOfPolicy names: [String], puller: Puller?
    ) -> KnownCredential {
        for name in names.prefix(Puller.maximumPullSecrets) {
            guard let entry = fresh(Key(kind: .secret, namespace: policyNamespace, name: name)) else { return .unknown }
            var found = KnownCredential.known(nil)
            if case .secret(let config) = entry {
                found = .known(config.credential(for: repository))
            } else if let namespace = puller?.namespace, namespace != policyNamespace {
                found = known(for: repository, in: name, of: namespace)
            }
            if found != .known(nil) { return found }
        }
        return .known(nil)
    }

    private func known(for repository: Repository, in name: String, of namespace: String) -> KnownCredential {
        guard let entry = fresh(Key(kind: .secret, namespace: namespace, name: name)) else { return .unknown }
        guard case .secret(let config) = entry else { return .known(nil) }
        return .known(config.credential(for: repository))
    }

    /// What was read a moment ago; `nil` where it has to be read again.
    private func fresh(_ key: Key) -> Entry? {
        guard Self.isName(key.name), Self.isName(key.namespace) else { return .absent }
        let now = ContinuousClock.now
        return known.value(for: key, now: now, countsMiss: false, where: { $0.freshUntil > now })?.entry
    }

    private func credential(
        for repository: Repository, in name: String, of namespace: String, _ deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        guard case .secret(let config) = try await secret(name, in: namespace, deadline) else { return nil }
        return config.credential(for: repository)
    }

    private func secret(
        _ name: String, in namespace: String, _ deadline: ContinuousClock.Instant
    ) async throws(Outage) -> Entry {
        try await entry(Key(kind: .secret, namespace: namespace, name: name)) {
            () async throws(Outage) -> (Entry, Int) in
            guard let entries = try await source.secret(name, in: namespace, deadline: deadline) else {
                return (.absent, 0)
            }
            do throws(DockerConfigError) {
                guard let secret = try PullSecret(entries: entries) else { return (.absent, 0) }
                return (.secret(secret.credentials), entries.reduce(0) { $0 + 4 * $1.value.count })
            } catch {
                throw Outage(.malfunction, service: "pull secret \(namespace)/\(name)", detail: "\(error)")
            }
        }
    }

    private func names(
        of account: String, in namespace: String, _ deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String] {
        let entry = try await entry(Key(kind: .serviceAccount, namespace: namespace, name: account)) {
            () async throws(Outage) -> (Entry, Int) in
            let names = try await source.pullSecretNames(ofServiceAccount: account, in: namespace, deadline: deadline)
            guard let names else { return (.absent, 0) }
            // The same bound and the same rules as for a Pod's.
            let read = Puller(namespace: namespace, pullSecrets: names).pullSecrets
            return (.serviceAccount(read), read.reduce(0) { $0 + $1.utf8.count })
        }
        guard case .serviceAccount(let names) = entry else { return [] }
        return names
    }

    private func entry(
        _ key: Key, read: () async throws(Outage) -> (Entry, bytes: Int)
    ) async throws(Outage) -> Entry {
        // What is no name is nobody's, and would be part of a URL.
        guard Self.isName(key.name), Self.isName(key.namespace) else { return .absent }
        let held = known.value(for: key)
        if let held, held.freshUntil > .now { return held.entry }
        do throws(Outage) {
            return try await relay.value(for: key, service: "the API server") { () async throws(Outage) -> Entry in
                if let held = known.value(for: key), held.freshUntil > .now { return held.entry }
                let (entry, bytes) = try await read()
                let life = if case .absent = entry { lives.absent } else { lives.present }
                let now = ContinuousClock.now
                known.insert(
                    Held(entry: entry, freshUntil: now.advanced(by: life)), for: key, bytes: 512 + bytes,
                    expires: now.advanced(by: lives.stale))
                return entry
            }
        } catch {
            if let held { return held.entry }
            throw error
        }
    }

    /// RFC 1123 subdomain, which names of Secrets, ServiceAccounts and namespaces are.
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= maximumNameBytes else {
            return false
        }
        func isWord(_ byte: UInt8) -> Bool {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        }
        return isWord(first) && isWord(last)
            && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    /// By name of the cache, for the metrics.
    public var counters: (name: String, counters: CacheCounters) { (known.name, known.counters) }
}
