// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore
import Synchronization

@testable import ImageVerification

/// A verifier with every cache, and all that can change under it.
struct CacheBench: Sendable {
    let source: ScriptedSource
    let policies: PoliciesInForce
    let trust: TrustInForce
    let verifier: ImageVerifier

    /// - Parameters:
    ///   - ignored: what the keys of verdicts do not hold.
    ///   - ignoredOfEvidence: what the keys of evidence do not hold.
    static func running(
        _ set: PolicySet, trust: TrustMaterial = .none, limits: CacheLimits = .default,
        ignoring ignored: VerdictInput? = nil, ofEvidence ignoredOfEvidence: EvidenceInput? = nil,
        _ body: @Sendable (CacheBench) async throws -> Void
    ) async throws {
        let source = ScriptedSource()
        source.state.withLock { $0.knowsCredentials = true }
        let work = SharedWork()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await work.run() }
            defer {
                work.finish()
                group.cancelAll()
            }
            let (trust, policies) = (TrustInForce(trust), PoliciesInForce(set))
            let store = EvidenceStore(
                source: source, trust: trust, limits: limits, work: work, ignoring: ignoredOfEvidence)
            let verdicts = VerdictCache(bytes: 1 << 20, staleLife: limits.staleLife, ignoring: ignored)
            let verifier = ImageVerifier(policies: policies, store: store, verdicts: verdicts)
            try await body(CacheBench(source: source, policies: policies, trust: trust, verifier: verifier))
        }
    }

    /// What is remembered; `nil` where somebody has to be asked, or something checked.
    func remembered(_ reference: ImageReference, for workload: WorkloadFacts? = nil) -> RememberedVerdicts? {
        verifier.remembered(on: [reference], for: workload, atMost: .max)
    }

    /// By what is remembered, or else by asking: as a review does.
    func isAdmitted(_ reference: ImageReference, for workload: WorkloadFacts? = nil) async -> Bool {
        if let verdict = remembered(reference, for: workload)?.verdicts.first { return verdict.admits }
        return await verifier.verdict(on: reference, for: workload, deadline: .after(.seconds(60))).admits
    }

    /// Whether it is admitted twice, the second time without anybody being asked.
    func isAdmittedForLong(_ reference: ImageReference) async -> Bool {
        guard await isAdmitted(reference), let known = remembered(reference), let terms = known.terms else {
            return false
        }
        return known.verdicts.allSatisfy(\.admits) && verifier.holds(terms)
    }
}

extension PolicyFilesState {
    /// Of documents by the name of their file.
    init(_ documents: [String: [UInt8]], now: Instant?) throws {
        try self.init(starting: Self.look(documents), now: now)
    }

    /// Takes in other texts of the same files.
    mutating func update(_ documents: [String: [UInt8]], now: Instant?) {
        update(Self.look(documents), now: now)
    }

    private static func look(_ documents: [String: [UInt8]]) -> PolicySnapshot {
        let files = documents.map { PolicySnapshot.File(path: "/p/\($0.key)", content: .text($0.value)) }
        return PolicySnapshot(sources: [PolicySnapshot.Source(path: "/p", content: .files(files))])
    }
}

extension ImageVerdict {
    var admits: Bool {
        guard case .judged(let judgements) = finding else { return false }
        return judgements.all.allSatisfy { if case .admitted = $0.outcome { true } else { false } }
    }

    /// The first reason of a denial.
    var refusal: DenialReason? {
        guard case .judged(let judgements) = finding, case .denied(let reasons) = judgements.first.outcome else {
            return nil
        }
        return reasons.first
    }
}
