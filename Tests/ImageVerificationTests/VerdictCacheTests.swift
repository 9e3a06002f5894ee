// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import ImageVerification

/// Every way in which a remembered verdict could admit what would not be admitted now. Each is shown twice: as it is, and
/// with what stands in its way taken out of the key, so that it is known what holds.
@Suite("Verdicts that are remembered")
struct VerdictCacheTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))
    private let deadline = Deadline.after(.seconds(60))

    /// A verifier that remembers, and all that can change under it.
    private struct Scene: Sendable {
        let source: ScriptedSource
        let policies: PoliciesInForce
        let trust: TrustInForce
        let verifier: ImageVerifier
        let verdicts: VerdictCache
        let store: EvidenceStore
        private let answers = Answers()

        /// Checks of a signature, as the metrics tell them: each begins with a look that finds nothing.
        var checks: Int { store.counters.first { $0.name == "signatures" }?.counters.misses ?? -1 }

        init(
            source: ScriptedSource, policies: PoliciesInForce, trust: TrustInForce, verifier: ImageVerifier,
            verdicts: VerdictCache, store: EvidenceStore
        ) {
            self.store = store
            self.source = source
            self.policies = policies
            self.trust = trust
            self.verifier = verifier
            self.verdicts = verdicts
        }

        /// What was made of remembered verdicts, as reviews remember it: not by the object, which only programs read.
        private final class Answers: Sendable {
            struct Question: Hashable, Sendable {
                let reference: String
                let workload: WorkloadFacts?

                init(_ reference: ImageReference, _ workload: WorkloadFacts?) {
                    self.reference = reference.asWritten
                    self.workload = workload.map {
                        WorkloadFacts(
                            group: $0.group, version: $0.version, resource: $0.resource, labels: $0.labels,
                            puller: $0.puller)
                    }
                }
            }

            let known = Mutex<[Question: (isAdmission: Bool, terms: VerdictTerms)]>([:])
        }

        /// By what was made of remembered verdicts, by these, or else by asking: as a review does.
        func isAdmitted(_ reference: ImageReference, for workload: WorkloadFacts? = nil) async -> Bool {
            let question = Answers.Question(reference, workload)
            if let answer = answers.known.withLock({ $0[question] }), verifier.holds(answer.terms) {
                return answer.isAdmission
            }
            if let known = verifier.remembered(on: [reference], for: workload, atMost: .max),
                let verdict = known.verdicts.first
            {
                if let terms = known.terms { answers.known.withLock { $0[question] = (verdict.isAdmission, terms) } }
                return verdict.isAdmission
            }
            return await verifier.verdict(on: reference, for: workload, deadline: .after(.seconds(60))).isAdmission
        }
    }

    private func scene(
        _ policy: ClusterImagePolicy, limits: CacheLimits = .default, ignoring ignored: VerdictInput? = nil,
        _ body: @Sendable (Scene) async throws -> Void
    ) async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { state in
            state.proofs[digest("image")] = [good]
            state.tags["v1"] = digest("image")
            state.knowsCredentials = true
        }
        let work = SharedWork()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await work.run() }
            let trust = TrustInForce(.none)
            let policies = PoliciesInForce(PolicySet(policies: [policy]))
            let verdicts = VerdictCache(
                bytes: limits.verdictBytes, staleLife: limits.staleLife, ignoring: ignored)
            let store = EvidenceStore(source: source, trust: trust, limits: limits, work: work)
            let verifier = ImageVerifier(policies: policies, store: store, verdicts: verdicts)
            try await body(
                Scene(
                    source: source, policies: policies, trust: trust, verifier: verifier, verdicts: verdicts,
                    store: store))
            work.finish()
            group.cancelAll()
        }
    }

    private func signed(by notary: Notary? = nil, name: String = "signed") throws -> ClusterImagePolicy {
        try policy([Authority(name: "key", check: .signer(try (notary ?? self.notary).options()))], name: name)
    }

    /// Nothing but verdicts is remembered, so that an outage shows whether one was.
    private static var verdictsAlone: CacheLimits {
        var limits = CacheLimits.default
        limits.candidateLife = .zero
        limits.absenceLife = .zero
        return limits
    }

    private static let outage = Outage(.unreachable, service: "registry.example.com", detail: "gone")

    // MARK: What is remembered

    @Test("An admission is remembered: at once, without asking anybody, and without what it rests on")
    func admission() async throws {
        try await scene(signed()) { scene in
            #expect(scene.verifier.remembered(on: image, for: nil) == nil)
            #expect(await scene.isAdmitted(image))
            let listings = scene.source.listings
            let known = try #require(scene.verifier.remembered(on: image, for: nil))
            #expect(known.isAdmission && known.isCached)
            #expect(scene.source.listings == listings)
            guard case .judged(let judgements) = known.finding,
                case .admitted(let matches) = judgements.first.outcome
            else { return }
            #expect(matches.first.signatures.isEmpty && matches.first.authority == "key")
            #expect(judgements.first.outcome.cautions.isEmpty)
        }
    }

    @Test("That attestations alone admitted is remembered along")
    func caution() async throws {
        let spdx = AttestationRequirement(name: "sbom", predicateType: "https://spdx.dev/Document")
        let authority = Authority(name: "key", check: .signer(try notary.options()), attestations: [spdx])
        let statement = DemoStatement.attestation(
            of: digest("image"), repository: "registry.example.com/app", predicateType: spdx.predicateType,
            predicate: Array("{}".utf8))
        let attestation = notary.bundle(try notary.signer.bundle(statement))
        try await scene(policy([authority])) { scene in
            scene.source.state.withLock { $0.proofs[digest("image")] = [attestation] }
            #expect(await scene.isAdmitted(image))
            let known = try #require(scene.verifier.remembered(on: image, for: nil))
            guard case .judged(let judgements) = known.finding else { return }
            #expect(judgements.first.outcome.cautions == [.signatureNotChecked])
        }
    }

    @Test("A denial is remembered for a moment, and a signature that came after it is seen")
    func denial() async throws {
        var limits = CacheLimits.default
        limits.absenceLife = .milliseconds(300)
        limits.candidateLife = .zero
        let unsigned = reference("app", digest: digest("unsigned"))
        let late = try notary.signature(of: digest("unsigned"))
        try await scene(signed(), limits: limits) { scene in
            #expect(await !scene.isAdmitted(unsigned))
            let known = try #require(scene.verifier.remembered(on: unsigned, for: nil))
            #expect(!known.isAdmission)
            scene.source.state.withLock { $0.proofs[digest("unsigned")] = [late] }
            try await Task.sleep(for: .milliseconds(350))
            #expect(scene.verifier.remembered(on: unsigned, for: nil) == nil)
            #expect(await scene.isAdmitted(unsigned))
        }
    }

    @Test("What an outage left open is not remembered")
    func undecided() async throws {
        try await scene(signed(), limits: Self.verdictsAlone) { scene in
            scene.source.state.withLock { $0.outage = Self.outage }
            #expect(await !scene.isAdmitted(image))
            #expect(scene.verifier.remembered(on: image, for: nil) == nil)
            scene.source.state.withLock { $0.outage = nil }
            #expect(await scene.isAdmitted(image))
        }
    }

    @Test("500 reviews of one image at once: one listing, one check, one verdict")
    func storm() async throws {
        try await scene(signed()) { scene in
            scene.source.state.withLock { $0.delay = .milliseconds(50) }
            let admitted = await withTaskGroup { group in
                for _ in 0..<500 { group.addTask { await scene.isAdmitted(image) } }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(admitted == 500)
            #expect(scene.source.listings == 1)
            #expect(scene.checks == 1)
            #expect(scene.verdicts.counters.counters.entries == 1)
        }
    }

    @Test("Of two images each is checked once, and by an edited policy with the same key not again")
    func checks() async throws {
        let other = reference("app", digest: digest("other"))
        try await scene(signed()) { scene in
            let proof = try notary.signature(of: digest("other"))
            scene.source.state.withLock { $0.proofs[digest("other")] = [proof] }
            for image in [image, other, image, other] { #expect(await scene.isAdmitted(image)) }
            #expect(scene.checks == 2)
        }
    }

    // MARK: What is kept is weighed

    private func admission(_ policy: String, authority: String) -> Judgement {
        Judgement(
            policy: policy, mode: .enforce,
            outcome: .admitted(AtLeastOne(AuthorityMatch(authority: authority, evidence: .staticPass, summary: ""))))
    }

    private func key(_ verdicts: VerdictCache, _ number: Int) throws -> VerdictCache.Key {
        let question = PolicyQuestion(
            policy: try signed(),
            image: try #require(ResolvedImage(pinned: reference("app", digest: digest("image \(number)")))),
            workload: nil, trust: TrustMaterial.none.generation, requiresSignature: false)
        return verdicts.key(question, shown: [])
    }

    private func keep(_ judgement: Judgement, _ number: Int, in verdicts: VerdictCache) throws {
        verdicts.keep(
            judgement, for: try key(verdicts, number), asked: .now, isFresh: true,
            until: .now.advanced(by: .seconds(60)))
    }

    @Test("Equal admissions are weighed once, and their verdicts with a few bytes each")
    func shared() throws {
        let verdicts = VerdictCache(bytes: 1 << 20)
        let name = String(repeating: "a", count: 10_000)
        for number in 0..<100 { try keep(admission("policy", authority: name), number, in: verdicts) }
        let bytes = verdicts.counters.counters.bytes
        #expect(
            (10_000 + 100 * VerdictCache.bytesPerVerdict...11_000 + 100 * VerdictCache.bytesPerVerdict).contains(bytes))
        #expect(verdicts.judgement(for: try key(verdicts, 99))?.judgement == admission("policy", authority: name))
    }

    @Test("Distinct admissions never take more than the bound, whether they are shared or not")
    func distinct() throws {
        let verdicts = VerdictCache(bytes: 1 << 20)
        for number in 0..<1000 {
            let judgement = admission("policy \(number)", authority: String(repeating: "a", count: 10_000))
            try keep(judgement, number, in: verdicts)
            #expect(verdicts.counters.counters.bytes <= 1 << 20)
            #expect(verdicts.judgement(for: try key(verdicts, number))?.judgement == judgement)
        }
        // Those that are shared are an eighth, and the others as many as there is room for: all are weighed.
        #expect((80...110).contains(verdicts.counters.counters.entries), "\(verdicts.counters.counters)")
        // What is not referred to any more weighs nothing, and its room is used again.
        let freed = VerdictCache(bytes: 1 << 20)
        for number in 0..<1000 {
            try keep(admission("\(number)", authority: String(repeating: "a", count: 10_000)), 0, in: freed)
        }
        #expect(freed.counters.counters.bytes < 150_000 && freed.counters.counters.entries == 1)
    }

    // MARK: What could admit and must not

    @Test("An edited policy decides at once", arguments: [nil, VerdictInput.policy])
    func editedPolicy(ignored: VerdictInput?) async throws {
        let stranger = Notary()
        try await scene(signed(), ignoring: ignored) { scene in
            #expect(await scene.isAdmitted(image))
            let edited = try signed(by: stranger)
            scene.policies.replace(
                with: PolicySet(policies: [
                    ClusterImagePolicy(
                        name: edited.name, mode: edited.mode, images: edited.images, match: [],
                        authorities: edited.authorities, documentHash: digest("edited"))
                ]))
            #expect(await scene.isAdmitted(image) == (ignored == .policy))
        }
    }

    @Test("Other trust material decides at once", arguments: [nil, VerdictInput.trust])
    func otherTrust(ignored: VerdictInput?) async throws {
        try await scene(signed(), limits: Self.verdictsAlone, ignoring: ignored) { scene in
            #expect(await scene.isAdmitted(image))
            scene.trust.replace(with: try .publicGood())
            #expect((scene.verifier.remembered(on: image, for: nil) != nil) == (ignored == .trust))
        }
    }

    @Test("What one workload's credential showed is not told to another", arguments: [nil, VerdictInput.credentials])
    func otherTenant(ignored: VerdictInput?) async throws {
        try await scene(signed(), limits: Self.verdictsAlone, ignoring: ignored) { scene in
            scene.source.state.withLock { $0.credentials = ["one": "a", "two": "b"] }
            #expect(await scene.isAdmitted(image, for: Self.workload("one")))
            #expect(await scene.isAdmitted(reference("app", tag: "v1"), for: Self.workload("one")))
            scene.source.state.withLock {
                $0.outage = Outage(.unauthorized, service: "registry.example.com", detail: "answered 401")
            }
            #expect(await scene.isAdmitted(image, for: Self.workload("two")) == (ignored == .credentials))
            #expect(scene.verifier.rememberedImage(reference("app", tag: "v1"), for: Puller(namespace: "two")) == nil)
            #expect(await scene.isAdmitted(image, for: Self.workload("one")))
        }
    }

    @Test("A tag that moved is judged by where it leads now", arguments: [nil, VerdictInput.digest])
    func movedTag(ignored: VerdictInput?) async throws {
        var limits = CacheLimits.default
        limits.tagLife = .zero
        try await scene(signed(), limits: limits, ignoring: ignored) { scene in
            let tag = reference("app", tag: "v1")
            #expect(await scene.isAdmitted(tag))
            scene.source.state.withLock { $0.tags["v1"] = digest("unsigned") }
            #expect(await scene.isAdmitted(tag) == (ignored == .digest))
        }
    }

    @Test("Another repository with the same digest is another question", arguments: [nil, VerdictInput.repository])
    func otherRepository(ignored: VerdictInput?) async throws {
        try await scene(signed(), limits: Self.verdictsAlone, ignoring: ignored) { scene in
            #expect(await scene.isAdmitted(image))
            scene.source.state.withLock { $0.outage = Self.outage }
            let copy = reference("copy", digest: digest("image"))
            #expect(await scene.isAdmitted(copy) == (ignored == .repository))
        }
    }

    @Test("Labels that bring another policy into play are looked at each time")
    func labels() async throws {
        let strict = try policy(
            [Authority(name: "never", check: .staticFail(message: "no"))], name: "strict")
        let selector = LabelSelector([.isIn(key: "tier", values: ["prod"])])
        let rule = WorkloadRule(group: "", version: "v1", resource: "pods", selector: selector)
        let governed = ClusterImagePolicy(
            name: strict.name, mode: strict.mode, images: strict.images, match: [rule],
            authorities: strict.authorities, documentHash: strict.documentHash)
        try await scene(signed()) { scene in
            scene.policies.replace(with: PolicySet(policies: [try signed(), governed]))
            #expect(await scene.isAdmitted(image, for: Self.workload("one", labels: ["tier": "test"])))
            #expect(await scene.isAdmitted(image, for: Self.workload("one", labels: ["tier": "test"])))
            #expect(await !scene.isAdmitted(image, for: Self.workload("one", labels: ["tier": "prod"])))
        }
    }

    @Test("A specification that a program reads is part of the question", arguments: [nil, VerdictInput.workload])
    func specification(ignored: VerdictInput?) async throws {
        var inputs = PolicyInputs()
        inputs.specification = true
        let program = PolicyProgram(
            language: .cue, body: PolicyProgram.body(of: Array("spec: hostNetwork: false".utf8), in: .cue),
            inputs: inputs)
        let policy = try policy(
            [Authority(name: "key", check: .signer(try notary.options()))], program: program)
        try await scene(policy, ignoring: ignored) { scene in
            func workload(_ text: String) throws -> WorkloadFacts {
                Self.workload("one", object: try JSONDocument(parsing: Array(text.utf8)).root)
            }
            let good = try workload(#"{"spec":{"hostNetwork":false}}"#)
            #expect(await scene.isAdmitted(image, for: good))
            let other = try workload(#"{"spec":{"hostNetwork":true}}"#)
            #expect(await scene.isAdmitted(image, for: other) == (ignored == .workload))
        }
    }

    @Test("Under a program new proofs are seen, which it may forbid")
    func program() async throws {
        var limits = CacheLimits.default
        limits.candidateLife = .milliseconds(200)
        let program = PolicyProgram(
            language: .cue,
            body: PolicyProgram.body(of: Array("authorityMatches: key: signatures: [_]".utf8), in: .cue))
        let policy = try policy(
            [Authority(name: "key", check: .signer(try notary.options()))], program: program)
        let second = try notary.signature(of: digest("image"))
        try await scene(policy, limits: limits) { scene in
            #expect(await scene.isAdmitted(image))
            scene.source.state.withLock { $0.proofs[digest("image")]?.append(second) }
            try await Task.sleep(for: .milliseconds(500))
            #expect(await !scene.isAdmitted(image))
        }
    }

    // MARK: Age, and outages

    @Test("A verdict is no older than the proofs that it rests on")
    func maximumAge() async throws {
        var limits = Self.verdictsAlone
        limits.sufficientLife = .milliseconds(400)
        try await scene(signed(), limits: limits) { scene in
            #expect(await scene.isAdmitted(image))
            try await Task.sleep(for: .milliseconds(250))
            // The same proofs under another policy: its verdict ends with them.
            scene.policies.replace(with: PolicySet(policies: [try signed(name: "other")]))
            #expect(await scene.isAdmitted(image))
            #expect(scene.source.listings == 1)
            try await Task.sleep(for: .milliseconds(250))
            scene.source.state.withLock { $0.proofs = [:] }
            #expect(await !scene.isAdmitted(image))
        }
    }

    @Test("Past its age nothing is believed in an outage, unless the operator says so; then it is told")
    func stale() async throws {
        var limits = Self.verdictsAlone
        limits.sufficientLife = .milliseconds(200)
        for staleLife in [Duration.zero, .seconds(60)] {
            limits.staleLife = staleLife
            try await scene(signed(), limits: limits) { scene in
                #expect(await scene.isAdmitted(image))
                scene.source.state.withLock { $0.outage = Self.outage }
                try await Task.sleep(for: .milliseconds(300))
                #expect(scene.verifier.remembered(on: image, for: nil) == nil)
                let verdict = await scene.verifier.verdict(on: image, for: nil, deadline: deadline)
                #expect(verdict.isAdmission == (staleLife > .zero))
                #expect(scene.verdicts.staleCount == (staleLife > .zero ? 1 : 0))
                guard staleLife > .zero, case .judged(let judgements) = verdict.finding else { return }
                #expect(judgements.first.outcome.cautions == [.staleVerdict])
                // It outlives neither trust nor policy.
                scene.trust.replace(with: try .publicGood())
                #expect(await !scene.isAdmitted(image))
                scene.trust.replace(with: .none)
                #expect(await scene.isAdmitted(image))
                scene.policies.replace(with: PolicySet(policies: [try signed(name: "other")]))
                #expect(await !scene.isAdmitted(image))
            }
        }
    }

    @Test("A renewal looks for the proofs again before their age, an outage takes nothing away, a withdrawal does")
    func renewal() async throws {
        var limits = Self.verdictsAlone
        limits.sufficientLife = .seconds(2)
        try await scene(signed(), limits: limits) { scene in
            let renewing = scene.verifier.renewing(before: .seconds(1))
            #expect(await renewing.verdict(on: image, for: nil, deadline: deadline).isAdmission)
            #expect(await renewing.verdict(on: image, for: nil, deadline: deadline).isAdmission)
            // More than half of its life is left.
            #expect(scene.source.listings == 1)
            try await Task.sleep(for: .milliseconds(1200))
            scene.source.state.withLock { $0.outage = Self.outage }
            #expect(await !renewing.verdict(on: image, for: nil, deadline: deadline).isAdmission)
            #expect(scene.verifier.remembered(on: image, for: nil)?.isAdmission == true)
            scene.source.state.withLock { $0.outage = nil }
            #expect(await renewing.verdict(on: image, for: nil, deadline: deadline).isAdmission)
            #expect(scene.source.listings == 3)
            // Past the first one's age.
            try await Task.sleep(for: .milliseconds(1200))
            #expect(scene.verifier.remembered(on: image, for: nil)?.isAdmission == true)
            scene.source.state.withLock { $0.proofs = [:] }
            #expect(await !renewing.verdict(on: image, for: nil, deadline: deadline).isAdmission)
            #expect(scene.verifier.remembered(on: image, for: nil)?.isAdmission != true)
            // Nor by what has sufficed before.
            #expect(await !scene.isAdmitted(image))
        }
    }

    @Test(
        "Only silence lets an old admission stand in: not a refusal, other bytes, or a question nobody asked",
        arguments: Outage.Kind.allCases)
    func silence(kind: Outage.Kind) async throws {
        var limits = Self.verdictsAlone
        limits.sufficientLife = .milliseconds(100)
        limits.staleLife = .seconds(60)
        try await scene(signed(), limits: limits) { scene in
            #expect(await scene.isAdmitted(image))
            scene.source.state.withLock {
                $0.outage = Outage(kind, service: "registry.example.com", detail: "no answer")
            }
            try await Task.sleep(for: .milliseconds(150))
            #expect(
                await scene.isAdmitted(image) == [.unreachable, .malfunction, .rateLimited].contains(kind))
        }
    }

    @Test("An admission by remembered proofs takes no later denial's place")
    func laterDenial() throws {
        let verdicts = VerdictCache(bytes: 1 << 20)
        let policy = try signed()
        let question = PolicyQuestion(
            policy: policy, image: try #require(ResolvedImage(pinned: image)), workload: nil,
            trust: TrustMaterial.none.generation, requiresSignature: false)
        let key = verdicts.key(question, shown: [])
        let match = AuthorityMatch(authority: "a", evidence: .staticPass, summary: "")
        let admission = Judgement(policy: "p", mode: .enforce, outcome: .admitted(AtLeastOne(match)))
        let denial = Judgement(
            policy: "p", mode: .enforce, outcome: .denied(AtLeastOne(DenialReason(.noSignatures, "none"))))
        let (early, late) = (ContinuousClock.now, ContinuousClock.now.advanced(by: .seconds(1)))
        let end = late.advanced(by: .seconds(60))
        verdicts.keep(denial, for: key, asked: late, isFresh: true, until: end)
        verdicts.keep(admission, for: key, asked: early, isFresh: false, until: end)
        #expect(verdicts.judgement(for: key)?.judgement == denial)
        verdicts.keep(admission, for: key, asked: early, isFresh: true, until: end)
        #expect(verdicts.judgement(for: key)?.judgement == admission)
    }

    @Test("Whether attestations alone were enough is part of the question", arguments: [nil, VerdictInput.signatures])
    func signatures(ignored: VerdictInput?) throws {
        let verdicts = VerdictCache(bytes: 1 << 20, ignoring: ignored)
        let keys = try [true, false].map { requires in
            verdicts.key(
                PolicyQuestion(
                    policy: try signed(), image: try #require(ResolvedImage(pinned: image)), workload: nil,
                    trust: TrustMaterial.none.generation, requiresSignature: requires), shown: [])
        }
        #expect((keys[0] == keys[1]) == (ignored == .signatures))
    }

    @Test("A denial never stands in for an outage, nor does what was never judged")
    func staleDenial() async throws {
        var limits = Self.verdictsAlone
        limits.staleLife = .seconds(60)
        let unsigned = reference("app", digest: digest("unsigned"))
        try await scene(signed(), limits: limits) { scene in
            #expect(await !scene.isAdmitted(unsigned))
            scene.source.state.withLock { $0.outage = Self.outage }
            let verdict = await scene.verifier.verdict(on: unsigned, for: nil, deadline: deadline)
            guard case .judged(let judgements) = verdict.finding, case .undecided = judgements.first.outcome else {
                Issue.record("\(verdict.finding)")
                return
            }
            #expect(await !scene.isAdmitted(image))
        }
    }

    @Test("A program in a language that can tell the time is asked each time")
    func clock() throws {
        let rego = PolicyProgram(language: .rego, body: .unavailable("not evaluated"))
        #expect(try policy([], program: rego).mayReadClock)
        #expect(try !policy([], program: PolicyProgram(language: .cue, body: .unavailable(""))).mayReadClock)
        let requirement = AttestationRequirement(name: "a", predicateType: "b", program: rego)
        let authority = Authority(
            name: "key", check: .signer(try notary.options()), attestations: [requirement])
        #expect(try policy([authority]).mayReadClock)
    }

    private static func workload(
        _ namespace: String, labels: [String: String] = [:], object: JSONValue? = nil
    ) -> WorkloadFacts {
        WorkloadFacts(
            group: "", version: "v1", resource: "pods", labels: labels,
            object: object.map { WorkloadObject(kind: "Pod", object: $0) },
            puller: Puller(namespace: namespace, serviceAccount: "default"))
    }
}

extension ImageVerdict {
    fileprivate var isAdmission: Bool {
        guard case .judged(let judgements) = finding else { return false }
        return judgements.all.allSatisfy { if case .admitted = $0.outcome { true } else { false } }
    }
}

extension ImageVerifier {
    /// Of one image.
    fileprivate func remembered(on reference: ImageReference, for workload: WorkloadFacts?) -> ImageVerdict? {
        remembered(on: [reference], for: workload, atMost: .max)?.verdicts.first
    }
}
