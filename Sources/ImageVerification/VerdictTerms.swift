// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore

/// What remembered verdicts rest on, for whoever remembers what was made of them: it is true for as long as all of this is
/// as it was.
///
/// The images and the workload are not part of it: who asks again asks about the same.
public struct VerdictTerms: Sendable {
    let policies: UInt64
    let trust: TrustGeneration
    /// With whose credential each repository was read; each once.
    let shown: [(access: RepositoryAccess, fingerprint: CredentialFingerprint)]
    /// The latest that they are true.
    public let end: ContinuousClock.Instant

    /// The longest that anything rests on them. Verdicts that are asked for count as used, and may be renewed before they
    /// end: what is made of them is to see that.
    static let longestLife = Duration.seconds(1)
}

/// Verdicts on some images of one workload, all of them remembered.
public struct RememberedVerdicts: Sendable {
    /// In the order of the references.
    public let verdicts: [ImageVerdict]
    /// `nil` where each answer is to be looked up by itself, since a policy reads more of the workload than its rules do.
    public let terms: VerdictTerms?

    public init(verdicts: [ImageVerdict], terms: VerdictTerms?) {
        self.verdicts = verdicts
        self.terms = terms
    }
}

/// Gathers the terms of one verdict after another.
struct GatheredTerms {
    private var shown: [RepositoryAccess: CredentialFingerprint] = [:]
    private var end: ContinuousClock.Instant
    private var isWhole = true

    init() { end = .now.advanced(by: VerdictTerms.longestLife) }

    /// What a policy's answer rests on that ends then.
    mutating func add(
        _ policy: ClusterImagePolicy, shown more: [(access: RepositoryAccess, fingerprint: CredentialFingerprint)],
        until end: ContinuousClock.Instant
    ) {
        self.end = min(self.end, end)
        guard isWhole else { return }
        isWhole = isWhole && policy.program.map { !$0.inputs.readsWorkload } ?? true
        for one in more {
            // A credential that changed meanwhile: each half would rest on another one.
            if let before = shown.updateValue(one.fingerprint, forKey: one.access), before != one.fingerprint {
                isWhole = false
            }
        }
    }

    /// What a tag names now is believed for a while of its own.
    mutating func add(_ reference: ImageReference) { isWhole = isWhole && reference.digest != nil }

    func terms(of moment: PoliciesInForce.Moment, _ trust: TrustGeneration) -> VerdictTerms? {
        guard isWhole else { return nil }
        return VerdictTerms(
            policies: moment.version, trust: trust, shown: shown.map { ($0.key, $0.value) }, end: end)
    }
}
