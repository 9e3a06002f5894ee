// SPDX-License-Identifier: Apache-2.0
public import JSON
public import OCI
public import Policy
public import Sigstore

/// The port through which the verification of an image reaches the world. Absence is an answer; an outage is thrown;
/// never a mix.
public protocol EvidenceSource: Sendable {
    /// As `credential(for:deadline:)`, where that is known without asking anybody; `nil` where somebody has to be asked.
    func knownCredential(for access: RepositoryAccess) -> ShownCredential?

    /// With which credential a repository is to be read: what is learned with one answers for no other, and anonymous
    /// access is one of them. A place where credentials are kept that does not answer is an outage.
    func credential(for access: RepositoryAccess, deadline: Deadline) async throws(Outage) -> ShownCredential

    /// The digest that the reference names now. Manifest bytes are hashed by us; a registry's header is not believed.
    func resolve(
        _ reference: ImageReference, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup

    /// Every candidate proof that lies at `place` for the image's digest, of all carriers: cosign's tags, the referrers
    /// API, and the fallback tag where the API is not offered. One part that could not be asked makes it an outage.
    ///
    /// - Parameter scope: what may be left unread; a source is free to read all.
    func proofs(
        of image: ResolvedImage, kind: ProofKind, scope: ProofScope, at place: ProofPlace,
        showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ProofLookup

    /// Reads a proof that `proofs` found at `place` and left there, since it is too large to be held: those parts of its
    /// statement, and no more. Its size is one that whoever asks has accepted. Bytes with another digest are an outage.
    func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, at place: ProofPlace, showing shown: ShownCredential,
        deadline: Deadline
    ) async throws(Outage) -> LargeReading

    /// The configuration of an image: of each of its platforms, where the digest is an index's. For policies that read
    /// it; what is no image has none. A digest that the registry does not have, or whose bytes are no configuration, is
    /// an answer that says so.
    func configurations(
        of image: ResolvedImage, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ConfigurationLookup
}

extension EvidenceSource {
    /// For a source that has to ask for everything.
    public func knownCredential(for access: RepositoryAccess) -> ShownCredential? { nil }

    /// For a source that holds whatever it finds.
    public func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, at place: ProofPlace, showing shown: ShownCredential,
        deadline: Deadline
    ) async throws(Outage) -> LargeReading { .unreadable("the proof is larger than the proofs that are read here") }

    /// All candidate proofs.
    public func proofs(
        of image: ResolvedImage, kind: ProofKind, at place: ProofPlace, showing shown: ShownCredential,
        deadline: Deadline
    ) async throws(Outage) -> ProofLookup {
        try await proofs(of: image, kind: kind, scope: .all, at: place, showing: shown, deadline: deadline)
    }
}

public enum ResolutionLookup: Hashable, Sendable {
    case resolved(ResolvedImage)
    /// The registry says that there is no such tag or manifest.
    case notFound
}

public enum ConfigurationLookup: Sendable {
    /// At least one.
    case found(AtLeastOne<ImageConfiguration>)
    /// Why there is none, in a sentence.
    case none(String)
}

public enum ProofLookup: Sendable {
    case found(AtLeastOne<UnverifiedBundle>)
    /// Every place answered, and none holds anything.
    case nonePublished
    /// What was read, possibly nothing; more is there that the scope lets be left out. It may satisfy, and never refuses:
    /// for that all has to be looked at.
    case partly([UnverifiedBundle])
}

/// Which of cosign's tags is read. Referrers are read for signatures and attestations alike, since one carrier serves
/// both.
public enum ProofKind: String, Hashable, Sendable {
    case signature, attestation
    /// What lies under the `.sbom` tag, which nobody has signed there: at most one candidate, which says
    /// `UnverifiedBundle.unsignedBillOfMaterials`. It is asked for to put a denial into words, and never is a proof.
    case billOfMaterials = "bill-of-materials"
}

/// Where proofs of an image are looked for.
public struct ProofPlace: Hashable, Sendable {
    public let repository: Repository
    /// Prepended to cosign's tags, verbatim.
    public let tagPrefix: String
    /// See `RepositoryAccess`.
    public let pullSecrets: [String]
    public let credentials: [DockerConfig]
    public let isNamedByPolicy: Bool

    public init(
        repository: Repository, tagPrefix: String = "", pullSecrets: [String] = [], credentials: [DockerConfig] = [],
        isNamedByPolicy: Bool = false
    ) {
        self.repository = repository
        self.tagPrefix = tagPrefix
        self.pullSecrets = pullSecrets
        self.credentials = credentials
        self.isNamedByPolicy = isNamedByPolicy
    }
}

/// Stands for a credential in the keys of caches: equal for equal credentials, and tells nothing about them.
public struct CredentialFingerprint: Hashable, Sendable {
    let code: [UInt8]

    /// - Parameter code: a keyed hash of the credential, never the credential itself.
    public init(code: [UInt8]) { self.code = code }

    /// For a source that shows no credential to anybody.
    public static let none = CredentialFingerprint(code: [])
}
