// SPDX-License-Identifier: Apache-2.0
import Admission
import Demo
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

/// What a policy looks at.
enum TenantRequirement: String, CaseIterable, Sendable {
    /// A signature beside the image.
    case signature
    /// That, and the image's configuration.
    case configuration
    /// A signature in the operator's repository, which our own credential opens.
    case elsewhere
    /// That, and the image's configuration.
    case elsewhereWithConfiguration

    var isElsewhere: Bool { self == .elsewhere || self == .elsewhereWithConfiguration }
    var readsConfiguration: Bool { self == .configuration || self == .elsewhereWithConfiguration }
}

/// A webhook with every cache before a registry that shows one team's images to that team alone.
///
/// Namespace `a` has the team's pull secret; `b` and `c` have none.
struct TenantBench: Sendable {
    let registry: TenantRegistry
    let source: TenantSource
    let host: String
    private let reviewer: AdmissionReviewer

    static func running(
        _ registry: TenantRegistry, _ requirement: TenantRequirement, discerns: Bool = true,
        blobs: any BlobStore = ByteBoundedCache<Digest, [UInt8]>(name: "blobs", limit: 8 << 20),
        _ body: @escaping @Sendable (TenantBench) async throws -> Void
    ) async throws {
        try await ScriptedServer.running {
            registry.answer($0, host: $0["host"] ?? "")
        } _: { server in
            let secrets = ScriptedSecrets()
            secrets.put("a/pull", [server.host: "one"])
            secrets.state.withLock { $0.accounts = ["a/default": ["pull"], "b/default": []] }
            let rules = CredentialRules(
                own: try DockerConfig(parsing: ScriptedSecrets.config([server.host: "own"])), separatesWorkloads: true,
                pullSecrets: PullSecrets(secrets, policyNamespace: "policies"))
            let policies = PoliciesInForce(
                PolicySet(policies: [try policy(requirement, registry, host: server.host)]))
            try await withTransport { http in
                var retries = RetryPolicy()
                retries.retries = 0
                let source = TenantSource(
                    RegistryClient(http: http, rules: rules, blobs: blobs, retries: retries), discerns: discerns)
                let work = SharedWork()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await work.run() }
                    defer {
                        work.finish()
                        group.cancelAll()
                    }
                    let verifier = ImageVerifier(
                        policies: policies,
                        store: EvidenceStore(source: source, trust: TrustInForce(.none), work: work),
                        verdicts: VerdictCache(bytes: 1 << 20))
                    try await body(
                        TenantBench(
                            registry: registry, source: source, host: server.host,
                            reviewer: AdmissionReviewer(verifier: verifier, policies: policies)))
                }
            }
        }
    }

    private static func policy(
        _ requirement: TenantRequirement, _ registry: TenantRegistry, host: String
    ) throws -> ClusterImagePolicy {
        let options = VerificationOptions(key: try VerificationKey(pem: registry.signer.publicKeyPEM))
        let place = ProofSource(repository: Repository(host: host, path: TenantRegistry.proofs), tagPrefix: "")
        var program: PolicyProgram?
        if requirement.readsConfiguration {
            var inputs = PolicyInputs()
            inputs.configuration = true
            let text = #"config: "linux/amd64": config: Cmd: ["/hello.txt"]"#
            program = PolicyProgram(
                language: .cue, body: PolicyProgram.body(of: Array(text.utf8), in: .cue), inputs: inputs)
        }
        return ClusterImagePolicy(
            name: "tenants", mode: .enforce, images: [try Glob("\(host)/**")], match: [],
            authorities: [
                Authority(
                    name: "key", check: .signer(options), sources: requirement.isElsewhere ? [place] : [])
            ], program: program, documentHash: Digest(of: Array(requirement.rawValue.utf8)))
    }

    // MARK: Asking

    /// One review, of a Pod with that image; of the repository's name and of the host nothing is left in what comes back.
    func answer(
        _ endpoint: ReviewEndpoint, _ repository: String, _ rest: String, in namespace: String
    ) async -> String {
        let review = DemoReview.creation(of: "\(host)/\(repository)\(rest)", uid: "u", namespace: namespace)
        let answer = await reviewer.review(review.body, at: endpoint, deadline: .after(.seconds(60)))
        let text = "\(endpoint) \(rest): \(answer.httpStatus) \(String(decoding: answer.body, as: UTF8.self))"
        return text.replacing(repository, with: "REPOSITORY").replacing(host, with: "HOST")
    }

    /// In every way in which a tenant can ask, twice each.
    func answers(
        _ repository: String, in namespace: String, digest: Digest? = nil
    ) async -> [String] {
        let digest = digest ?? registry.image
        var all: [String] = []
        for _ in 0..<2 {
            for rest in [":v1", ":v2", "@\(digest)", ":v1@\(digest)"] {
                for endpoint in ReviewEndpoint.allCases {
                    all.append(await answer(endpoint, repository, rest, in: namespace))
                }
            }
        }
        return all
    }

    /// The team's own reviews, by tag and by digest, until everything is remembered.
    func warm(sourceLocation: SourceLocation = #_sourceLocation) async {
        for _ in 0..<3 {
            let pinned = await answer(.mutate, TenantRegistry.secret, ":v1", in: "a")
            #expect(pinned.contains(#""patch":"#), "\(pinned)", sourceLocation: sourceLocation)
            for rest in [":v1@\(registry.image)", "@\(registry.image)"] {
                let judged = await answer(.validate, TenantRegistry.secret, rest, in: "a")
                #expect(judged.contains(#""allowed":true"#), "\(judged)", sourceLocation: sourceLocation)
            }
            let shadowed = await answer(.shadow, TenantRegistry.secret, ":v1", in: "a")
            #expect(!shadowed.contains(#""warnings""#), "\(shadowed)", sourceLocation: sourceLocation)
        }
    }
}
