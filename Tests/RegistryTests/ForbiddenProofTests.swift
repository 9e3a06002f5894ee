// SPDX-License-Identifier: Apache-2.0
import Demo
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

/// A program that counts attestations, and one more of them than it admits, where nobody has seen one before. What was
/// remembered of an absence has to end for the denial: each life is shown to be needed by making that one long.
@Suite("Absence under a program that forbids")
struct ForbiddenProofTests {
    private static let type = "https://example.com/scan"
    private static let repository = "team/app"

    /// What of an absence is believed, and how long.
    enum Life: String, CaseIterable, Sendable {
        /// That the registry does not offer the referrers API.
        case withoutReferrers
        /// What was found under a tag or in a list.
        case found
        /// That nothing is there.
        case absence
        /// A listing, and a verdict under a program.
        case candidates
    }

    /// A registry that begins to offer the referrers API when it is told to.
    private final class Beginning: Sendable {
        let contents = RegistryContents()
        let offers: Mutex<Bool>
        private let protocols: [Bool: RegistryProtocol]

        init(offers: Bool) {
            self.offers = Mutex(offers)
            protocols = [
                true: RegistryProtocol(contents: contents, options: LoopbackOptions(referrersAPI: true)),
                false: RegistryProtocol(contents: contents, options: LoopbackOptions(referrersAPI: false)),
            ]
        }

        func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
            let offers = offers.withLock { $0 }
            let asked = RegistryRequest(method: request.method, target: request.target)
            guard let answer = protocols[offers]?.answer(to: asked, host: "") else { return ScriptedAnswer(500) }
            return ScriptedAnswer(
                answer.status, headers: answer.headers.map { ($0.name, $0.value) }, answer.body)
        }
    }

    /// Admits an image with exactly one attestation of the type, and remembers what it asked for as long as `lives` say.
    private func judging(
        _ registry: Beginning, _ signer: DemoSigner, long: Life?,
        _ body: @escaping @Sendable (_ isAdmitted: @escaping @Sendable () async -> Bool) async throws -> Void
    ) async throws {
        func life(_ life: Life) -> Duration { life == long ? .seconds(60) : .milliseconds(20) }
        var limits = CacheLimits.default
        limits.candidateLife = life(.candidates)
        limits.absenceLife = life(.candidates)
        let lives = SharedAnswers.Lives(
            found: life(.found), absence: life(.absence), withoutReferrers: life(.withoutReferrers))
        let options = VerificationOptions(key: try VerificationKey(pem: signer.publicKeyPEM))
        let authority = Authority(
            name: "key", check: .signer(options),
            attestations: [AttestationRequirement(name: "scan", predicateType: Self.type)])
        let program = PolicyProgram(
            language: .cue,
            body: PolicyProgram.body(of: Array("authorityMatches: key: attestations: scan: [_]".utf8), in: .cue))
        let image = registry.contents.put(DemoImage(content: "image"), in: Self.repository)
        try await ScriptedServer.running {
            registry.answer($0)
        } _: { [limits] server in
            let policy = ClusterImagePolicy(
                name: "counted", mode: .enforce, images: [try Glob("\(server.host)/**")], match: [],
                authorities: [authority], program: program, documentHash: image)
            try await withTransport { http in
                let client = RegistryClient(
                    http: http, rules: CredentialRules(own: DockerConfig.empty), governor: nil, lives: lives)
                let work = SharedWork()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await work.run() }
                    defer {
                        work.finish()
                        group.cancelAll()
                    }
                    let verifier = ImageVerifier(
                        policies: PoliciesInForce(PolicySet(policies: [policy])), noMatch: .deny,
                        store: EvidenceStore(source: client, trust: TrustInForce(.none), limits: limits, work: work),
                        verdicts: VerdictCache(bytes: 1 << 20))
                    let reference = ImageReference(
                        asWritten: "app", repository: Repository(host: server.host, path: Self.repository), tag: nil,
                        digest: image)
                    try await body {
                        await verifier.verdict(on: reference, for: nil, deadline: .after(.seconds(60))).isAdmitted
                    }
                }
            }
        }
    }

    private func attest(_ registry: Beginning, _ signer: DemoSigner, inList: Bool, _ predicate: String) throws {
        let image = DemoImage(content: "image").digest
        let statement = DemoStatement.attestation(
            of: image, repository: Self.repository, predicateType: Self.type, predicate: Array(predicate.utf8))
        try registry.contents.attach(
            bundle: try signer.bundle(statement), predicateType: Self.type, to: image, in: Self.repository,
            referrersAPI: inList)
    }

    @Test(
        "A registry that begins to offer referrers is asked for them when that absence has ended, and no later",
        arguments: [nil, .withoutReferrers, .found, .candidates] as [Life?])
    func begins(long: Life?) async throws {
        let (registry, signer) = (Beginning(offers: false), DemoSigner())
        try await judging(registry, signer, long: long) { isAdmitted in
            try attest(registry, signer, inList: false, #"{"count":1}"#)
            #expect(await isAdmitted())
            // From now on one is listed that the fallback tag does not have.
            try attest(registry, signer, inList: true, #"{"count":2}"#)
            registry.offers.withLock { $0 = true }
            try await Task.sleep(for: .milliseconds(80))
            #expect(await isAdmitted() == (long != nil))
        }
    }

    @Test(
        "A forbidden attestation that is pushed meanwhile is seen, in a list and under a tag",
        arguments: [nil, .found, .absence, .candidates] as [Life?], [true, false])
    func pushed(long: Life?, inList: Bool) async throws {
        let (registry, signer) = (Beginning(offers: true), DemoSigner())
        try await judging(registry, signer, long: long) { isAdmitted in
            try attest(registry, signer, inList: true, #"{"count":1}"#)
            #expect(await isAdmitted())
            let image = DemoImage(content: "image").digest
            if inList {
                try attest(registry, signer, inList: true, #"{"count":2}"#)
            } else {
                let statement = DemoStatement.attestation(
                    of: image, repository: Self.repository, predicateType: Self.type,
                    predicate: Array(#"{"count":2}"#.utf8))
                registry.contents.append(
                    envelope: try signer.envelope(statement), predicateType: Self.type, of: image,
                    in: Self.repository)
            }
            try await Task.sleep(for: .milliseconds(80))
            // A list is believed as something found, and the tag as something absent.
            let hides: [Life] = inList ? [.found, .candidates] : [.absence, .candidates]
            #expect(await isAdmitted() == (long.map(hides.contains) ?? false))
        }
    }

    @Test("None of these lives is longer than five seconds")
    func lives() {
        let (lives, limits) = (SharedAnswers.Lives(), CacheLimits.default)
        for life in [
            lives.withoutReferrers, lives.found, lives.absence, limits.candidateLife, limits.absenceLife,
        ] {
            #expect(life <= .seconds(5))
        }
    }
}
