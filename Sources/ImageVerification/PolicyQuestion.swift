// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore

/// One policy asked about one image: under which key its answer is remembered, and for how long.
struct PolicyQuestion: Sendable {
    let policy: ClusterImagePolicy
    let image: ResolvedImage
    let workload: WorkloadFacts?
    let trust: TrustGeneration
    let requiresSignature: Bool

    /// What is read to answer it, by repository; with each one's credential they are all that an answer depends on
    /// beside the question itself.
    private var accesses: [RepositoryAccess] {
        let places = policy.authorities.flatMap { authority -> [ProofPlace] in
            switch authority.check {
            case .staticPass, .staticFail, .unavailable, .keyInSecret: []
            case .signer: AuthorityExamination.places(authority, image)
            }
        }
        let puller = workload?.puller
        var all = places.map { RepositoryAccess($0, for: puller) }
        if policy.program?.inputs.configuration == true {
            all.append(RepositoryAccess(image.repository, for: puller))
        }
        return all
    }

    /// `nil` where its answer may change by itself.
    private var isRepeatable: Bool { !policy.mayReadClock }

    /// With whose credentials its repositories are read. `nil` where its answer is not to be remembered, or where somebody
    /// would have to be asked for a credential.
    func knownCredentials(
        in store: EvidenceStore
    ) -> [(access: RepositoryAccess, fingerprint: CredentialFingerprint)]? {
        guard isRepeatable else { return nil }
        var shown: [(access: RepositoryAccess, fingerprint: CredentialFingerprint)] = []
        for access in accesses {
            guard let known = store.knownCredential(for: access) else { return nil }
            shown.append((access, known.fingerprint))
        }
        return shown
    }

    /// Under which its answer is remembered, and with whose credentials it is to be found. `nil` where it is not to be
    /// remembered, or where nobody says with which credential it is asked.
    func key(
        in verdicts: VerdictCache, _ store: EvidenceStore
    ) async -> (key: VerdictCache.Key, shown: [RepositoryAccess: ShownCredential])? {
        guard isRepeatable else { return nil }
        var shown: [RepositoryAccess: ShownCredential] = [:]
        var fingerprints: [CredentialFingerprint] = []
        for access in accesses {
            guard let credential = try? await store.credential(for: access, among: shown) else { return nil }
            shown[access] = credential
            fingerprints.append(credential.fingerprint)
        }
        return (verdicts.key(self, shown: fingerprints), shown)
    }

    /// Until when an answer holds that has just been found.
    ///
    /// - Parameter provenUntil: when the oldest of the proofs that it rests on has reached its maximum age.
    func end(of judgement: Judgement, provenUntil: ContinuousClock.Instant?, _ limits: CacheLimits)
        -> ContinuousClock.Instant
    {
        let now = ContinuousClock.now
        switch judgement.outcome {
        case .admitted:
            // A program may count what there is, or forbid some of it, and somebody may be signing.
            if policy.program != nil { return now.advanced(by: limits.candidateLife) }
            return min(now.advanced(by: limits.sufficientLife), provenUntil ?? now.advanced(by: limits.sufficientLife))
        // Whoever was refused signs, and tries again. That a proof is another's is remembered with the proof.
        case .denied: return now.advanced(by: limits.absenceLife)
        case .undecided: return now
        }
    }
}
