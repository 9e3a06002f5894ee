// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport
public import ImageVerification
public import OCI
public import Policy
import Sigstore

/// A client of registries that speak OCI distribution, as the place where proofs are found.
///
/// 404 on a tag or a manifest is absence. 401, 403, 429, 5xx and every answer that the protocol does not foresee is an
/// outage. Nothing that a registry says about its content is believed: bytes are hashed here.
public struct RegistryClient: Sendable {
    public let http: OutboundHTTP
    let credentials: CredentialRules
    let blobs: any BlobStore
    let limits: RegistryLimits
    let conversation: RegistryConversation
    /// What the lookups of all copies hold.
    let held: HeldBytes
    let shared: SharedAnswers
    /// What has been asked of whom.
    public let counters: RegistryCounters

    /// Copies share connections, tokens and counters; `http` is shut down by whoever made it.
    public init(
        http: OutboundHTTP, credentials: any CredentialSource = DockerConfig.empty,
        blobs: any BlobStore = NoBlobStore(), limits: RegistryLimits = RegistryLimits(),
        retries: RetryPolicy = RetryPolicy(), counters: RegistryCounters = RegistryCounters()
    ) {
        self.init(
            http: http, rules: CredentialRules(own: credentials), blobs: blobs, limits: limits, retries: retries,
            counters: counters)
    }

    /// As above, with rules about whose credentials are shown where.
    public init(
        http: OutboundHTTP, rules: CredentialRules, blobs: any BlobStore = NoBlobStore(),
        limits: RegistryLimits = RegistryLimits(), retries: RetryPolicy = RetryPolicy(),
        counters: RegistryCounters = RegistryCounters()
    ) {
        self.init(
            http: http, rules: rules, blobs: blobs, limits: limits, retries: retries, counters: counters,
            governor: RegistryGovernor())
    }

    /// For tests: without a governor every request goes at once, and answers are believed as long as they say.
    init(
        http: OutboundHTTP, rules: CredentialRules, blobs: any BlobStore = NoBlobStore(),
        limits: RegistryLimits = RegistryLimits(), retries: RetryPolicy = RetryPolicy(),
        counters: RegistryCounters = RegistryCounters(), governor: RegistryGovernor?,
        lives: SharedAnswers.Lives = SharedAnswers.Lives()
    ) {
        shared = SharedAnswers(lives: lives)
        self.http = http
        credentials = rules
        self.blobs = blobs
        self.limits = limits
        self.counters = counters
        held = HeldBytes(limit: limits.heldBytes)
        conversation = RegistryConversation(
            http: http, tokens: TokenStore(), retries: retries, counters: counters, governor: governor)
    }

    func session(
        _ repository: Repository, _ shown: ShownCredential, _ deadline: Deadline
    ) throws(Outage) -> RegistrySession {
        RegistrySession(
            client: self,
            endpoint: try RegistryEndpoint(repository, scheme: http.scheme(forAuthority: repository.endpoint)),
            shown: shown, deadline: deadline)
    }
}

extension RegistryClient: EvidenceSource {
    public func knownCredential(for access: RepositoryAccess) -> ShownCredential? {
        guard case .known(let credential) = credentials.known(for: access) else { return nil }
        return ShownCredential(credential, fingerprint: credentials.fingerprint(credential))
    }

    public func credential(
        for access: RepositoryAccess, deadline: Deadline
    ) async throws(Outage) -> ShownCredential {
        let credential = try await credentials.credential(for: access, deadline: deadline.instant)
        return ShownCredential(credential, fingerprint: credentials.fingerprint(credential))
    }

    public func resolve(
        _ reference: ImageReference, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        // A digest in the reference is the answer; asking could only contradict it.
        if let pinned = ResolvedImage(pinned: reference) { return .resolved(pinned) }
        let service = reference.repository.host
        return try await within(deadline, service: service) { () async throws(Outage) -> ResolutionLookup in
            let session = try session(reference.repository, shown, deadline)
            guard let bytes = try await session.manifest(tag: reference.tag ?? "latest") else { return .notFound }
            do throws(ManifestFault) {
                _ = try ManifestReading(bytes, maximumBytes: limits.manifestBytes)
            } catch {
                throw Outage(.malfunction, service: service, detail: "the tag's manifest cannot be read: \(error)")
            }
            guard let image = ResolvedImage(reference: reference, manifest: bytes) else {
                throw Outage(.corrupt, service: service, detail: "the manifest does not have the reference's digest")
            }
            return .resolved(image)
        }
    }

    public func proofs(
        of image: ResolvedImage, kind: ProofKind, scope: ProofScope, at place: ProofPlace,
        showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ProofLookup {
        let service = place.repository.host
        let lookup = LookupBytes(held)
        defer { lookup.release() }
        let found = try await within(deadline, service: service) { () async throws(Outage) -> [ProofsRead] in
            let session = try session(place.repository, shown, deadline)
            let collection = ProofCollection(session, limits: limits, lookup)
            let tag = "\(place.tagPrefix)\(image.digest.tagStem).\(kind.tagSuffix)"
            // What takes one request more is asked first; the tag's come first in what is told, as in a layout.
            let parts: [Part] = kind == .billOfMaterials ? [.tag] : [.referrers, .tag]
            return try await concurrently(parts, width: 2) {
                (part) async throws(Outage) -> ProofsRead in
                switch part {
                case .tag:
                    switch try await session.proofTag(tag, budget: collection.tagBudget) {
                    case .missing: return ProofsRead([])
                    // Whatever is there has no signature of its own, and nothing of it is read.
                    case _ where kind == .billOfMaterials:
                        let origin = ProofOrigin(carrier: .attestationTag, manifest: image.digest, blob: image.digest)
                        return ProofsRead([
                            UnverifiedBundle(.unreadable(UnverifiedBundle.unsignedBillOfMaterials), origin: origin)
                        ])
                    case .bytes(let manifest): return ProofsRead(try await collection.tagged(manifest, kind))
                    case .tooLarge, .overBudget:
                        let reason =
                            "what lies under the tag has more than the \(limits.manifestBytes) bytes that are read"
                        let carrier: ProofOrigin.Carrier = kind == .signature ? .signatureTag : .attestationTag
                        let origin = ProofOrigin(carrier: carrier, manifest: image.digest, blob: image.digest)
                        return ProofsRead([UnverifiedBundle(.unreadable(reason), origin: origin)])
                    }
                case .referrers:
                    switch try await session.referrers(of: image.digest, budget: collection.referrersBudget) {
                    case .none: return ProofsRead([])
                    case .junk(let bundle): return ProofsRead([bundle])
                    case .listed(let list):
                        return try await collection.referrers(list, of: image.digest, for: kind, scope)
                    }
                }
            }
        }
        let bundles = found.reversed().flatMap(\.bundles)
        if found.contains(where: \.leavesOut) { return .partly(bundles) }
        return AtLeastOne(bundles).map { .found($0) } ?? .nonePublished
    }

    public func configurations(
        of image: ResolvedImage, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ConfigurationLookup {
        let service = image.repository.host
        let lookup = LookupBytes(held)
        defer { lookup.release() }
        return try await within(deadline, service: service) { () async throws(Outage) -> ConfigurationLookup in
            var session = try session(image.repository, shown, deadline)
            session.takesStoredBlobs = false
            return try await ConfigurationReading(session, of: image, limits: limits, lookup).configurations()
        }
    }

    private enum Part {
        case tag, referrers
    }
}

extension ProofKind {
    /// The end of cosign's tag for what is attached to an image.
    var tagSuffix: String {
        switch self {
        case .signature: "sig"
        case .attestation: "att"
        case .billOfMaterials: "sbom"
        }
    }
}
