// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import Policy
import Sigstore
import Synchronization

@testable import ImageVerification

/// An evidence source that holds what the test put there, counts what it is asked, and fails on demand.
final class ScriptedSource: EvidenceSource {
    struct State {
        var tags: [String: Digest] = [:]
        var proofs: [Digest: [UnverifiedBundle]] = [:]
        /// Those that a list says to be something else, beside `proofs`.
        var unlikely: [Digest: [UnverifiedBundle]] = [:]
        /// By credential, before `proofs`; nobody else is shown any, where there are some.
        var proofsShownTo: [String: [Digest: [UnverifiedBundle]]] = [:]
        var outage: Outage?
        /// Where all is asked for.
        var outageOfAll: Outage?
        var scopes: [ProofScope] = []
        var configurations: Result<[Digest: ImageConfiguration], Outage> = .success([:])
        var configurationLookups = 0
        var credential = "anonymous"
        /// What the next looks find, one each; the last stays.
        var credentialsInTurn: [String] = []
        /// By the namespace of whoever asks, before `credential`.
        var credentials: [String: String] = [:]
        var credentialOutage: Outage?
        /// Whether credentials are known without being asked for.
        var knowsCredentials = false
        var accesses: [RepositoryAccess] = []
        var resolutions = 0
        var listings = 0
        /// What lies where large proofs were left, by digest.
        var blobs: [Digest: [UInt8]] = [:]
        var reads: [JSONParts] = []
        var outageOfReading: Outage?
        /// How many large proofs are read at this moment, and how many were at once at most.
        var (reading, readingAtMost) = (0, 0)
        /// How long a listing takes.
        var delay: Duration = .zero
    }

    let state = Mutex(State())

    func resolve(
        _ reference: ImageReference, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        let (digest, outage) = state.withLock { state in
            state.resolutions += 1
            return (state.tags[reference.tag ?? "latest"], state.outage)
        }
        if let outage { throw outage }
        let pinned = digest.flatMap { digest in
            ResolvedImage(
                pinned: ImageReference(
                    asWritten: reference.asWritten, repository: reference.repository, tag: reference.tag, digest: digest
                ))
        }
        return pinned.map { .resolved($0) } ?? .notFound
    }

    func proofs(
        of image: ResolvedImage, kind: ProofKind, scope: ProofScope, at place: ProofPlace,
        showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ProofLookup {
        let (bundles, outage, delay) = state.withLock { state in
            state.listings += 1
            state.scopes.append(scope)
            let shownTo = state.proofsShownTo[String(decoding: shown.fingerprint.code, as: UTF8.self)]
            let proofs = state.proofsShownTo.isEmpty ? state.proofs : shownTo ?? [:]
            return (
                proofs[image.digest] ?? [], scope == .all ? state.outageOfAll ?? state.outage : state.outage,
                state.delay
            )
        }
        let unlikely = state.withLock { $0.unlikely[image.digest] ?? [] }
        if delay > .zero { try? await Task.sleep(for: delay) }
        if let outage { throw outage }
        if scope != .all, !unlikely.isEmpty { return .partly(bundles) }
        return AtLeastOne(bundles + unlikely).map { .found($0) } ?? .nonePublished
    }

    func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, at place: ProofPlace, showing shown: ShownCredential,
        deadline: Deadline
    ) async throws(Outage) -> LargeReading {
        let (bytes, outage, delay) = state.withLock { state in
            state.reads.append(parts)
            state.reading += 1
            state.readingAtMost = max(state.readingAtMost, state.reading)
            return (state.blobs[blob.digest], state.outageOfReading, state.delay)
        }
        defer { state.withLock { $0.reading -= 1 } }
        if delay > .zero { try? await Task.sleep(for: delay) }
        if let outage { throw outage }
        guard let bytes else { return .unreadable("the proof is named and is not there") }
        return try await LargeProofPasses.read(blob, parts: parts, service: "script") { intake throws(Outage) in
            bytes.withUnsafeBytes { intake.take($0) }
            return .whole
        }
    }

    func configurations(
        of image: ResolvedImage, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ConfigurationLookup {
        let found = try state.withLock { state throws(Outage) in
            state.configurationLookups += 1
            return try state.configurations.get()[image.digest]
        }
        return found.map { .found(AtLeastOne($0)) } ?? .none("the script has no configuration")
    }

    func credential(
        for access: RepositoryAccess, deadline: Deadline
    ) async throws(Outage) -> ShownCredential {
        let (code, outage) = state.withLock { state in
            state.accesses.append(access)
            if !state.credentialsInTurn.isEmpty { state.credential = state.credentialsInTurn.removeFirst() }
            let own = access.puller?.namespace.flatMap { state.credentials[$0] }
            return (own ?? state.credential, state.credentialOutage)
        }
        if let outage { throw outage }
        return ShownCredential(nil, fingerprint: CredentialFingerprint(code: Array(code.utf8)))
    }

    func knownCredential(for access: RepositoryAccess) -> ShownCredential? {
        state.withLock { state in
            guard state.knowsCredentials else { return nil }
            let own = access.puller?.namespace.flatMap { state.credentials[$0] }
            let code = Array((own ?? state.credential).utf8)
            return ShownCredential(nil, fingerprint: CredentialFingerprint(code: code))
        }
    }

    var listings: Int { state.withLock { $0.listings } }
    var configurationLookups: Int { state.withLock { $0.configurationLookups } }
    var resolutions: Int { state.withLock { $0.resolutions } }
}

/// Keys and proofs made for one test, by really signing.
struct Notary {
    let signer = DemoSigner()

    func options(requiresLogEntry: Bool = false) throws -> VerificationOptions {
        VerificationOptions(
            key: try VerificationKey(pem: signer.publicKeyPEM), requiresLogEntry: requiresLogEntry)
    }

    func attestation(of digest: Digest, _ type: String) throws -> UnverifiedBundle {
        bundle(
            try signer.bundle(
                DemoStatement.attestation(
                    of: digest, repository: "registry.example.com/app", predicateType: type,
                    predicate: Array("{}".utf8))))
    }

    /// An attestation with a predicate, as it is held and as it is where it is too large for that.
    func attestations(
        of digest: Digest, _ type: String, predicate: String
    ) throws -> (small: UnverifiedBundle, large: UnverifiedBundle, bytes: [UInt8]) {
        let bytes = try signer.bundle(
            DemoStatement.attestation(
                of: digest, repository: "registry.example.com/app", predicateType: type,
                predicate: Array(predicate.utf8)))
        let small = bundle(bytes)
        let blob = UnreadProof.Blob(form: .bundle, digest: small.origin.blob, size: bytes.count)
        let large = UnverifiedBundle(
            .large(UnreadProof(blob, annotations: CosignAnnotations([:]))), origin: small.origin)
        return (small, large, bytes)
    }

    func signature(of digest: Digest) throws -> UnverifiedBundle {
        bundle(try signer.bundle(DemoStatement.signature(of: digest)))
    }

    func bundle(_ bytes: [UInt8]) -> UnverifiedBundle {
        UnverifiedBundle(
            .bundle(bytes),
            origin: ProofOrigin(
                carrier: .referrer, manifest: Digest(of: Array("manifest".utf8)), blob: Digest(of: bytes)))
    }
}

func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

func reference(_ name: String, tag: String? = nil, digest: Digest? = nil) -> ImageReference {
    ImageReference(
        asWritten: "registry.example.com/\(name)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? ""),
        repository: Repository(host: "registry.example.com", path: name), tag: tag, digest: digest)
}

/// A verifier over one policy, with its shared work running while `body` runs.
func verifying(
    _ source: ScriptedSource, _ policies: [ClusterImagePolicy], noMatch: NoMatchAction = .deny,
    limits: CacheLimits = .default, trust: TrustMaterial = .none, requiresSignature: Bool = false,
    looksAtAll: Bool = false,
    _ body: @Sendable (ImageVerifier) async throws -> Void
) async throws {
    let work = SharedWork()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await work.run() }
        let store = EvidenceStore(source: source, trust: TrustInForce(trust), limits: limits, work: work)
        try await body(
            ImageVerifier(
                policies: PoliciesInForce(PolicySet(policies: policies)), noMatch: noMatch, store: store,
                requiresSignature: requiresSignature, looksAtAll: looksAtAll))
        work.finish()
        group.cancelAll()
    }
}

func policy(
    _ authorities: [Authority], name: String = "signed", mode: EnforcementMode = .enforce,
    program: PolicyProgram? = nil, maximumProofBytes: Int = ProofExtent.defaultBytes
) throws -> ClusterImagePolicy {
    ClusterImagePolicy(
        name: name, mode: mode, images: [try Glob("registry.example.com/**")], match: [], authorities: authorities,
        program: program, maximumProofBytes: maximumProofBytes, documentHash: digest(name))
}
