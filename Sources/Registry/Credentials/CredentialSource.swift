// SPDX-License-Identifier: Apache-2.0
import Crypto
import ImageVerification
public import OCI
public import Policy

/// Where the credentials for a repository come from: a docker configuration, helpers, a cloud's token service.
public protocol CredentialSource: Sendable {
    /// `nil` where there is none, and the next source is asked, or the registry without a name. That nobody knows is an
    /// outage, which names the registry.
    func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential?

    /// What `credential` would answer, where it is known without asking anybody.
    func known(for repository: Repository) -> KnownCredential

    /// Whom a credential stands for that came from here and is renewed from time to time: the service that gave it, and
    /// all by which it was asked for. What was learned with it holds for the next one as well. `nil` for what is not
    /// renewed, did not come from here, or stands for somebody who is not known for sure.
    func identity(of credential: RegistryCredential) -> [String]?
}

/// A credential that is known now, or its absence; or that somebody has to be asked.
public enum KnownCredential: Hashable, Sendable {
    case known(RegistryCredential?)
    case unknown
}

extension CredentialSource {
    /// For a source that has to ask.
    public func known(for repository: Repository) -> KnownCredential { .unknown }

    public func identity(of credential: RegistryCredential) -> [String]? { nil }
}

extension DockerConfig: CredentialSource {
    public func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        credential(for: repository)
    }

    public func known(for repository: Repository) -> KnownCredential { .known(credential(for: repository)) }
}

/// Several sources, of which the first that has a credential counts.
public struct CredentialSources: CredentialSource {
    private let sources: [any CredentialSource]

    public init(_ sources: [any CredentialSource]) { self.sources = sources }

    public func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        for source in sources {
            if let credential = try await source.credential(for: repository, deadline: deadline) { return credential }
        }
        return nil
    }

    public func known(for repository: Repository) -> KnownCredential {
        for source in sources {
            switch source.known(for: repository) {
            case .known(nil): continue
            case let known: return known
            }
        }
        return .known(nil)
    }
}

extension CredentialSources {
    public func identity(of credential: RegistryCredential) -> [String]? {
        for source in sources {
            if let identity = source.identity(of: credential) { return identity }
        }
        return nil
    }
}

extension CredentialFingerprint {
    /// Made anew in every process, so that a fingerprint means nothing outside of it.
    private static let key = SymmetricKey(size: .bits256)

    /// Of access without a credential, which is the rule.
    private static let anonymous = CredentialFingerprint(hashing: nil)

    /// A keyed hash of a credential: equal for equal ones within this process, and telling nothing about them.
    ///
    /// - Parameter identity: whom it stands for, where it is renewed; then that is hashed.
    init(_ credential: RegistryCredential?, identity: [String]? = nil) {
        self = credential.map { CredentialFingerprint(hashing: $0, identity) } ?? Self.anonymous
    }

    private init(hashing credential: RegistryCredential?, _ identity: [String]? = nil) {
        let parts: [String] =
            switch credential {
            case .some where identity != nil: ["identity"] + (identity ?? [])
            case nil: ["anonymous"]
            case .basic(let username, let password): ["basic", username, password]
            case .identityToken(let token): ["identity-token", token]
            case .registryToken(let token): ["registry-token", token]
            }
        var hash = HMAC<SHA256>(key: Self.key)
        for part in parts {
            // Lengths keep ("a", "bc") apart from ("ab", "c").
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { hash.update(data: Array($0)) }
            hash.update(data: Array(part.utf8))
        }
        self.init(code: Array(hash.finalize()))
    }
}
