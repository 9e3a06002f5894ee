// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Sigstore

/// One of the ways in which an image may satisfy its policy.
public struct Authority: Sendable {
    public enum Check: Sendable {
        case staticPass
        case staticFail(message: String)
        /// A signer, and what has to support a signature: logs, timestamps.
        case signer(VerificationOptions)
        /// A key that lies in a Secret; `resolved(with:)` reads it. Until then it never passes.
        case keyInSecret(SecretKey)
        /// What cannot be checked, and why; it never passes.
        case unavailable(String)
    }

    /// As the document names it, or `authority-` and its position from 0.
    public let name: String
    public var check: Check
    /// Whose certificates, logs and timestamps count.
    public var trust: AuthorityTrust
    /// Where proofs are looked for; empty means beside the image.
    public var sources: [ProofSource]
    /// `nil` looks at proofs of any form.
    public let format: SignatureFormat?
    /// All of them are needed; empty means that a signature is.
    public var attestations: [AttestationRequirement]
    /// Whether a signature is needed besides the attestations.
    public let requiresSignature: Bool
    /// A Rekor v1 log that is asked for the entry of a proof that brings none; `nil` asks nobody.
    public var logSearch: LogAddress?

    public init(
        name: String, check: Check, trust: AuthorityTrust = .inForce, sources: [ProofSource] = [],
        format: SignatureFormat? = nil, attestations: [AttestationRequirement] = [], requiresSignature: Bool = false,
        logSearch: LogAddress? = nil
    ) {
        self.name = name
        self.check = check
        self.trust = trust
        self.sources = sources
        self.format = format
        self.attestations = attestations
        self.requiresSignature = requiresSignature
        self.logSearch = logSearch
    }
}

/// `key.secretRef`: a Secret's only entry, a public key in PEM.
public struct SecretKey: Hashable, Sendable {
    public let secret: String
    /// `nil`: by the key's kind.
    public let hash: HashAlgorithm?
    public let requiresLogEntry: Bool
    public let requiresTimestamp: Bool
}

/// `signatureFormat`: which proofs are looked at.
public enum SignatureFormat: String, Hashable, Sendable, CaseIterable {
    /// Layers of cosign's tags with annotations beside them.
    case legacy
    /// Sigstore bundles.
    case bundle
}

/// Whose certificates, logs and timestamps count for an authority.
public enum AuthorityTrust: Sendable {
    /// The trust material in force.
    case inForce
    /// The trust roots that the document names; `resolved(with:)` looks them up. Until then nothing passes.
    case named(TrustRootNames)
    /// Looked up; `nil` leaves a part to the trust material in force.
    case material(certificates: TrustMaterial?, logs: TrustMaterial?, timestamps: TrustMaterial?)
}

/// `trustRootRef` of `keyless`, `ctlog` and `rfc3161timestamp`; `nil` where none is named.
public struct TrustRootNames: Hashable, Sendable {
    public var certificates: String?
    public var logs: String?
    public var timestamps: String?
    /// Whether the document names `ctlog`.
    public var asksForLog = false

    public var isEmpty: Bool { certificates == nil && logs == nil && timestamps == nil }

    public init(certificates: String? = nil, logs: String? = nil, timestamps: String? = nil) {
        self.certificates = certificates
        self.logs = logs
        self.timestamps = timestamps
    }
}

/// `source[]`: another repository that holds the proofs.
public struct ProofSource: Hashable, Sendable {
    /// `nil`: the image's own repository.
    public let repository: Repository?
    /// Prepended to cosign's tags, verbatim.
    public let tagPrefix: String
    /// `signaturePullSecrets`: Secrets with the repository's credentials, by name, that are not in hand: in the namespace
    /// of the policies' resources, or else in the workload's.
    public var pullSecrets: [String]
    /// What such Secrets hold that are in hand; `resolved(with:)` puts it there.
    public var credentials: [DockerConfig] = []

    public init(repository: Repository?, tagPrefix: String, pullSecrets: [String] = []) {
        self.repository = repository
        self.tagPrefix = tagPrefix
        self.pullSecrets = pullSecrets
    }
}
