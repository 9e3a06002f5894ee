// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy
import Sigstore

/// One image under its policies becomes one verdict.
public struct ImageVerifier: ImageVerifying {
    private let policies: PoliciesInForce
    /// `nil`: what the settings in force say.
    private let fixedNoMatch: NoMatchAction?
    private let store: EvidenceStore
    private let requiresSignature: Bool
    /// `nil` where every image is judged anew.
    private let verdicts: VerdictCache?
    /// Verdicts that have less than this left are reached anew.
    private var renewal = Duration.zero
    private let looksAtAll: Bool

    /// - Parameters:
    ///   - noMatch: what becomes of an image that no policy names; without it the settings in force say so, for each
    ///     image anew.
    ///   - requiresSignature: whether every authority with attestations asks for a signature too.
    ///   - looksAtAll: whether everything that is published is looked at, as where it is reported; else what suffices.
    ///   - verdicts: where verdicts are remembered, without what they were reached by. Whoever reads more of one than
    ///     whether it admits has none.
    public init(
        policies: PoliciesInForce, noMatch: NoMatchAction? = nil, store: EvidenceStore, requiresSignature: Bool = false,
        looksAtAll: Bool = false, verdicts: VerdictCache? = nil
    ) {
        self.verdicts = verdicts
        self.policies = policies
        fixedNoMatch = noMatch
        self.store = store
        self.requiresSignature = requiresSignature
        self.looksAtAll = looksAtAll
    }

    /// The same, for whoever sees to it that verdicts are renewed before they reach their maximum age: what has less than
    /// this left is looked for and judged anew, and nothing is changed where nobody answers.
    public func renewing(before end: Duration) -> ImageVerifier {
        var verifier = self
        verifier.renewal = end
        return verifier
    }

    public func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict {
        if deadline.hasPassed { return outage(reference, .cancelled, workload) }
        return await cancelling(at: deadline) { await verdict(on: reference, for: workload, until: deadline) }
            ?? outage(reference, .cancelled, workload)
    }

    public func remembered(
        on references: [ImageReference], for workload: WorkloadFacts?, atMost most: Int
    ) -> RememberedVerdicts? {
        guard let verdicts else { return nil }
        let moment = policies.moment
        let trust = store.trust.generation
        var terms = GatheredTerms()
        var all: [ImageVerdict] = []
        var lookups = 0
        for reference in references {
            guard let image = store.rememberedImage(reference, for: workload?.puller) else { return nil }
            terms.add(reference)
            let selection = moment.set.policies(for: image.pinned, workload: workload)
            var judgements = selection.denials
            lookups += selection.policies.count
            guard lookups <= most else { return nil }
            for policy in selection.policies {
                let question = question(policy, image, workload, trust)
                guard let shown = question.knownCredentials(in: store),
                    let known = verdicts.judgement(
                        for: verdicts.key(question, shown: shown.map(\.fingerprint)), countsMiss: false,
                        leaving: renewal)
                else { return nil }
                terms.add(policy, shown: shown, until: known.freshUntil)
                judgements.append(known.judgement)
            }
            all.append(verdict(on: reference, image, judgements, moment, isCached: true, trust: trust))
        }
        return RememberedVerdicts(verdicts: all, terms: terms.terms(of: moment, trust))
    }

    public func holds(_ terms: VerdictTerms) -> Bool {
        terms.end > .now && terms.policies == policies.version && terms.trust == store.trust.generation
            && terms.shown.allSatisfy { store.knownCredential(for: $0.access)?.fingerprint == $0.fingerprint }
    }

    private func question(
        _ policy: ClusterImagePolicy, _ image: ResolvedImage, _ workload: WorkloadFacts?, _ trust: TrustGeneration
    ) -> PolicyQuestion {
        PolicyQuestion(
            policy: policy, image: image, workload: workload, trust: trust, requiresSignature: requiresSignature)
    }

    private func verdict(
        on reference: ImageReference, _ image: ResolvedImage, _ judgements: [Judgement],
        _ moment: PoliciesInForce.Moment, isCached: Bool, trust: TrustGeneration
    ) -> ImageVerdict {
        // A stable order, whichever registry answered first.
        guard let all = AtLeastOne(judgements.sorted { $0.policy < $1.policy }) else {
            return ImageVerdict(
                reference: reference, image: image, finding: .noMatchingPolicy(noMatch(moment)), isCached: isCached)
        }
        return ImageVerdict(reference: reference, image: image, finding: .judged(all), isCached: isCached, trust: trust)
    }

    /// Ends in time when it is cancelled: whatever it waits for lets go of it with an outage.
    private func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, until deadline: Deadline
    ) async -> ImageVerdict {
        let resolved: EvidenceStore.Remembered<ResolutionLookup>
        do throws(Outage) {
            resolved = try await store.resolve(reference, for: workload?.puller, until: deadline)
        } catch {
            return outage(reference, error, workload)
        }
        guard case .resolved(let image) = resolved.value else {
            let reason = DenialReason(
                .imageNotFound,
                "\(reference.matchingName) does not exist in its registry; push it, or correct the name")
            return ImageVerdict(
                reference: reference, image: nil,
                finding: .unresolved(reason, modes: modes(of: reference, workload)), isCached: false)
        }
        let moment = policies.moment
        let selection = moment.set.policies(for: image.pinned, workload: workload)
        let examination = AuthorityExamination(
            store: store, requiresSignature: requiresSignature, looksAtAll: looksAtAll, puller: workload?.puller,
            deadline: deadline)
        let judged = await judge(selection.policies, image, workload, examination)
        return verdict(
            on: reference, image, selection.denials + judged.map(\.judgement), moment,
            isCached: resolved.isCached && judged.allSatisfy(\.isCached), trust: examination.generation)
    }

    private struct Judged: Sendable {
        let judgement: Judgement
        let isCached: Bool
        /// See `AuthorityExamination.Examined`.
        var provenUntil: ContinuousClock.Instant?
    }

    /// Every policy, and every authority of each, at the same time; equal lookups meet in the store.
    private func judge(
        _ policies: [ClusterImagePolicy], _ image: ResolvedImage, _ workload: WorkloadFacts?,
        _ examination: AuthorityExamination
    ) async -> [Judged] {
        await atOnce(policies) { await judge($0, image, workload, examination) }
    }

    /// What is remembered, or else what is found now and remembered from then on.
    private func judge(
        _ policy: ClusterImagePolicy, _ image: ResolvedImage, _ workload: WorkloadFacts?,
        _ examination: AuthorityExamination
    ) async -> Judged {
        let question = question(policy, image, workload, examination.generation)
        guard let verdicts, let (key, shown) = await question.key(in: verdicts, store) else {
            return await examine(policy, image, workload, examination)
        }
        if let known = verdicts.judgement(for: key, leaving: renewal) {
            return Judged(judgement: known.judgement, isCached: true)
        }
        let start = ContinuousClock.now
        // A credential that replaces one meanwhile, be it for a moment, must not answer for the one in the key.
        let judged = await examine(policy, image, workload, examination.showing(shown))
        if case .undecided(let outages, _) = judged.judgement.outcome {
            // A program may forbid what nobody can see now.
            guard policy.program == nil, outages.all.allSatisfy(\.isSilence),
                let stale = verdicts.staleAdmission(for: key)
            else { return judged }
            return Judged(judgement: stale, isCached: true)
        }
        verdicts.keep(
            judged.judgement, for: key, asked: start, isFresh: judged.provenUntil == nil,
            until: question.end(of: judged.judgement, provenUntil: judged.provenUntil, store.limits))
        return judged
    }

    private func examine(
        _ policy: ClusterImagePolicy, _ image: ResolvedImage, _ workload: WorkloadFacts?,
        _ examination: AuthorityExamination
    ) async -> Judged {
        // A program may count what there is, or forbid some of it; and what is renewed is not renewed by itself.
        let looksAtAll = policy.program != nil || renewal > .zero
        let inOrder = await atOnce(policy.authorities) { authority in
            await examination.examine(
                authority, image, looksAtAll: looksAtAll, reading: policy.reading(for: authority))
        }
        var isCached = inOrder.allSatisfy(\.isCached)
        let findings = inOrder.map(\.finding) + [policy.matchWithoutAuthorities].compactMap { $0 }
        let judgement: Judgement
        if let program = policy.program {
            let evaluation = ProgramEvaluation(
                program: program, store: store, image: image, workload: workload, shown: examination.shown)
            // What the program reads is asked for only where an authority is satisfied.
            let isAsked = findings.contains { if case .satisfied = $0.result { true } else { false } }
            let inputs = isAsked ? await evaluation.inputs() : nil
            isCached = isCached && inputs?.isCached ?? true
            judgement = policy.judge(findings: findings) { evaluation.finding(on: $0, inputs) }
        } else {
            judgement = policy.judge(findings: findings) { _ in .satisfied }
        }
        return Judged(
            judgement: judgement, isCached: isCached, provenUntil: inOrder.compactMap(\.provenUntil).min())
    }

    private func outage(_ reference: ImageReference, _ outage: Outage, _ workload: WorkloadFacts?) -> ImageVerdict {
        ImageVerdict(
            reference: reference, image: nil, finding: .outage(outage, modes: modes(of: reference, workload)),
            isCached: false)
    }

    private func noMatch(_ moment: PoliciesInForce.Moment) -> NoMatchAction {
        fixedNoMatch ?? moment.settings.noMatch
    }

    private func modes(of reference: ImageReference, _ workload: WorkloadFacts?) -> [EnforcementMode] {
        policies.current.modesOfAnyDigest(of: reference, workload: workload)
    }

    public func resolve(
        _ reference: ImageReference, for puller: Puller?, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        guard !deadline.hasPassed else { throw .cancelled }
        let answer = await cancelling(at: deadline) { () -> Result<ResolutionLookup, Outage> in
            do throws(Outage) {
                return .success(try await store.resolve(reference, for: puller, until: deadline).value)
            } catch {
                return .failure(error)
            }
        }
        return try (answer ?? .failure(.cancelled)).get()
    }

    public func rememberedImage(_ reference: ImageReference, for puller: Puller?) -> ResolvedImage? {
        verdicts == nil ? nil : store.rememberedImage(reference, for: puller)
    }

    public func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes {
        let moment = policies.moment
        let modes = moment.set.modesOfAnyDigest(of: reference, workload: workload)
        if modes.isEmpty { return .noMatch(noMatch(moment)) }
        return modes.allSatisfy { $0 == .warn } ? .allWarn : .enforced
    }
}

/// The answers for all items, in their order. One needs no task of its own, which costs a thread's waking when it begins and
/// when it ends.
private func atOnce<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Item) async -> Answer
) async -> [Answer] {
    if items.count == 1, let only = items.first { return [await work(only)] }
    let answers = await withTaskGroup(of: (Int, Answer).self) { group in
        for (index, item) in items.enumerated() { group.addTask { (index, await work(item)) } }
        return await group.reduce(into: []) { $0.append($1) }
    }
    return answers.sorted { $0.0 < $1.0 }.map(\.1)
}

/// The answer of `work`, which is cancelled at the deadline and then has to end by itself.
private func cancelling<Answer: Sendable>(
    at deadline: Deadline, _ work: @escaping @Sendable () async -> Answer
) async -> Answer? {
    await withTaskGroup(of: Answer?.self) { group in
        group.addTask { await work() }
        group.addTask {
            // Cancelled as soon as the answer is there.
            await deadline.wait()
            return nil
        }
        for await answer in group {
            group.cancelAll()
            if let answer { return answer }
        }
        return nil
    }
}

extension Outage {
    /// Whether somebody does not answer for reasons of their own. Whoever refuses access, hands out other bytes than were
    /// asked for, or is not asked at all, has said nothing that an earlier verdict could stand in for.
    fileprivate var isSilence: Bool {
        switch kind {
        case .unreachable, .malfunction, .rateLimited: true
        case .unauthorized, .corrupt, .deadline, .forbidden: false
        }
    }
}
