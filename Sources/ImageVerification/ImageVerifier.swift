// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy

/// One image under its policies becomes one verdict.
public struct ImageVerifier: ImageVerifying {
    private let policies: PoliciesInForce
    /// `nil`: what the settings in force say.
    private let fixedNoMatch: NoMatchAction?
    private let store: EvidenceStore
    private let requiresSignature: Bool
    private let looksAtAll: Bool

    /// - Parameters:
    ///   - noMatch: what becomes of an image that no policy names; without it the settings in force say so, for each
    ///     image anew.
    ///   - requiresSignature: whether every authority with attestations asks for a signature too.
    ///   - looksAtAll: whether everything that is published is looked at, as where it is reported; else what suffices.
    public init(
        policies: PoliciesInForce, noMatch: NoMatchAction? = nil, store: EvidenceStore, requiresSignature: Bool = false,
        looksAtAll: Bool = false
    ) {
        self.policies = policies
        fixedNoMatch = noMatch
        self.store = store
        self.requiresSignature = requiresSignature
        self.looksAtAll = looksAtAll
    }

    public func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict {
        if deadline.hasPassed { return outage(reference, .cancelled, workload) }
        return await cancelling(at: deadline) { await verdict(on: reference, for: workload, until: deadline) }
            ?? outage(reference, .cancelled, workload)
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
        // A stable order, whichever registry answered first.
        let judgements = (selection.denials + judged.map(\.judgement)).sorted { $0.policy < $1.policy }
        guard let all = AtLeastOne(judgements) else {
            return ImageVerdict(
                reference: reference, image: image, finding: .noMatchingPolicy(noMatch(moment)),
                isCached: resolved.isCached)
        }
        return ImageVerdict(
            reference: reference, image: image, finding: .judged(all),
            isCached: resolved.isCached && judged.allSatisfy(\.isCached), trust: examination.generation)
    }

    private struct Judged: Sendable {
        let judgement: Judgement
        let isCached: Bool
    }

    /// Every policy, and every authority of each, at the same time; equal lookups meet in the store.
    private func judge(
        _ policies: [ClusterImagePolicy], _ image: ResolvedImage, _ workload: WorkloadFacts?,
        _ examination: AuthorityExamination
    ) async -> [Judged] {
        await withTaskGroup { group in
            for policy in policies { group.addTask { await judge(policy, image, workload, examination) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func judge(
        _ policy: ClusterImagePolicy, _ image: ResolvedImage, _ workload: WorkloadFacts?,
        _ examination: AuthorityExamination
    ) async -> Judged {
        // A program may count what there is, or forbid some of it.
        let looksAtAll = policy.program != nil
        let examined = await withTaskGroup { group in
            for (index, authority) in policy.authorities.enumerated() {
                group.addTask { (index, await examination.examine(authority, image, looksAtAll: looksAtAll)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let inOrder = examined.sorted { $0.0 < $1.0 }.map(\.1)
        var isCached = inOrder.allSatisfy(\.isCached)
        let findings = inOrder.map(\.finding) + [policy.matchWithoutAuthorities].compactMap { $0 }
        let judgement: Judgement
        if let program = policy.program {
            let evaluation = ProgramEvaluation(program: program, store: store, image: image, workload: workload)
            // What the program reads is asked for only where an authority is satisfied.
            let isAsked = findings.contains { if case .satisfied = $0.result { true } else { false } }
            let inputs = isAsked ? await evaluation.inputs() : nil
            isCached = isCached && inputs?.isCached ?? true
            judgement = policy.judge(findings: findings) { evaluation.finding(on: $0, inputs) }
        } else {
            judgement = policy.judge(findings: findings) { _ in .satisfied }
        }
        return Judged(judgement: judgement, isCached: isCached)
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

    public func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes {
        let moment = policies.moment
        let modes = moment.set.modesOfAnyDigest(of: reference, workload: workload)
        if modes.isEmpty { return .noMatch(noMatch(moment)) }
        return modes.allSatisfy { $0 == .warn } ? .allWarn : .enforced
    }
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
