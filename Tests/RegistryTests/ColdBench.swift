// SPDX-License-Identifier: Apache-2.0
import Demo
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

/// A loopback registry with real sockets, and images judged from it by a client that remembers nothing yet.
struct ColdBench: Sendable {
    static let repository = "team/app"
    static let materials = "https://cyclonedx.org/bom"
    static let provenance = "https://slsa.dev/provenance/v1"

    let registry: LoopbackRegistry
    let client: RegistryClient
    let store: EvidenceStore
    let signer: DemoSigner
    let host: String

    /// Calls `body` with a registry, and a client that shows one credential to it.
    static func running(
        _ options: LoopbackOptions = LoopbackOptions(), credential: RegistryCredential? = nil,
        patience: Duration = .seconds(60), isGoverned: Bool = true, contents: RegistryContents = RegistryContents(),
        limits: RegistryLimits = RegistryLimits(), _ body: @escaping @Sendable (ColdBench) async throws -> Void
    ) async throws {
        try await LoopbackRegistry.running(options, contents: contents) { registry in
            try await withTransport { http in
                let client = RegistryClient(
                    http: http, rules: CredentialRules(own: TestCredentials(credential: credential)),
                    blobs: ByteBoundedCache<Digest, [UInt8]>(name: "blobs", limit: 64 << 20), limits: limits,
                    governor: isGoverned ? RegistryGovernor() : nil)
                try await running(registry, client, patience: patience, body)
            }
        }
    }

    /// As above, with caches of its own before a registry that runs.
    static func running(
        _ registry: LoopbackRegistry, _ client: RegistryClient, patience: Duration = .seconds(60),
        signer: DemoSigner = DemoSigner(), _ body: @escaping @Sendable (ColdBench) async throws -> Void
    ) async throws {
        let work = SharedWork()
        let host = try await registry.host
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await work.run() }
            defer {
                work.finish()
                group.cancelAll()
            }
            let store = EvidenceStore(source: client, trust: TrustInForce(.none), patience: patience, work: work)
            try await body(ColdBench(registry: registry, client: client, store: store, signer: signer, host: host))
        }
    }

    // MARK: Content

    /// An image of its own content under a tag.
    @discardableResult
    func push(_ name: String, tag: String? = nil, in repository: String = repository) -> Digest {
        registry.contents.put(DemoImage(content: name), in: repository, tag: tag)
    }

    func sign(_ image: Digest, form: SignatureForm = .bundle) async throws {
        try await registry.sign(image, in: Self.repository, with: signer, form: form)
    }

    func attest(_ image: Digest, _ type: String) async throws {
        try await registry.attest(
            image, in: Self.repository, with: signer, predicateType: type, predicate: Array("{}".utf8))
    }

    /// An attestation whose referrer says that it is of another type.
    func attest(_ image: Digest, _ type: String, annotated: String) throws {
        let statement = DemoStatement.attestation(
            of: image, repository: Self.repository, predicateType: type, predicate: Array("{}".utf8))
        try registry.contents.attach(
            bundle: try signer.bundle(statement), predicateType: annotated, to: image, in: Self.repository,
            referrersAPI: registry.options.referrersAPI)
    }

    func reference(tag: String? = nil, _ digest: Digest? = nil) -> ImageReference {
        ImageReference(
            asWritten: "\(host)/\(Self.repository)", repository: Repository(host: host, path: Self.repository),
            tag: tag,
            digest: digest)
    }

    // MARK: Judging

    /// A policy with one authority that asks for these attestations, or for a signature.
    func policy(
        _ types: String..., requiresSignature: Bool = false, name: String = "policy"
    ) throws -> ClusterImagePolicy {
        let options = VerificationOptions(key: try VerificationKey(pem: signer.publicKeyPEM), requiresLogEntry: false)
        return ClusterImagePolicy(
            name: name, mode: .enforce, images: [try Glob("\(host)/**")], match: [],
            authorities: [
                Authority(
                    name: "key", check: .signer(options),
                    attestations: types.map { AttestationRequirement(name: $0, predicateType: $0) },
                    requiresSignature: requiresSignature)
            ], program: nil, documentHash: Digest(of: Array(name.utf8)))
    }

    func verifier(_ policies: ClusterImagePolicy..., looksAtAll: Bool = false) -> ImageVerifier {
        ImageVerifier(
            policies: PoliciesInForce(PolicySet(policies: policies)), noMatch: .deny, store: store,
            looksAtAll: looksAtAll)
    }

    /// `kind target` of every request, without the host; sorted.
    var asked: [String] {
        registry.faults.requests.map { record in
            let rest = record.target.replacing("/v2/\(Self.repository)/", with: "")
            return rest.firstRange(of: "sha256:") == nil ? rest : String(rest.prefix { $0 != ":" })
        }.sorted()
    }
}

extension ImageVerdict {
    var outcome: Outcome? {
        if case .judged(let judgements) = finding { judgements.first.outcome } else { nil }
    }

    var isAdmitted: Bool {
        guard case .judged(let judgements) = finding else { return false }
        return judgements.all.allSatisfy { if case .admitted = $0.outcome { true } else { false } }
    }

    /// Whether it was denied, for a reason and not for want of an answer.
    var isDenied: Bool {
        switch finding {
        case .judged(let judgements):
            judgements.all.contains { if case .denied = $0.outcome { true } else { false } }
        case .unresolved, .noMatchingPolicy: true
        case .outage: false
        }
    }

    var sentences: [String] {
        if case .denied(let reasons)? = outcome { reasons.all.map(\.sentence) } else { [] }
    }

    /// Every outage that left it undecided.
    var outages: [Outage] {
        switch finding {
        case .outage(let outage, _): [outage]
        case .judged(let judgements):
            judgements.all.flatMap { judgement -> [Outage] in
                if case .undecided(let outages, _) = judgement.outcome { outages.all } else { [] }
            }
        case .unresolved, .noMatchingPolicy: []
        }
    }
}
