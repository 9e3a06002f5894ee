// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore
import Synchronization

/// What policies have said about images, by everything that they looked at to say so.
///
/// A judgement that is found here is the one that would be reached again: every input of it is in its key, and a change
/// of any of them asks another question. What it was reached by is not kept.
public final class VerdictCache: Sendable {
    typealias Key = PartsHash

    private struct Held: Sendable {
        let judgement: HeldJudgement
        let freshUntil: ContinuousClock.Instant
        /// When the question was asked that it answers.
        let asked: ContinuousClock.Instant

        var isDenial: Bool { if case .denied = judgement.judgement.outcome { true } else { false } }
    }

    private let staleLife: Duration
    /// See the tests.
    private let ignored: VerdictInput?
    private let known: ByteBoundedCache<Key, Held>
    private let shared: SharedJudgements
    private let staleUses = Mutex(0)

    /// - Parameters:
    ///   - bytes: for all of it, of which an eighth is for judgements that many share; an entry has some 130.
    ///   - staleLife: how long past its life an admission may stand in where nobody could be asked (`--stale-if-outage`);
    ///     zero where it may not.
    public convenience init(bytes: Int, staleLife: Duration = .zero) {
        self.init(bytes: bytes, staleLife: staleLife, ignoring: nil)
    }

    /// - Parameter ignored: what keys do not hold, for a test that shows what it is for.
    init(bytes: Int, staleLife: Duration = .zero, ignoring ignored: VerdictInput?) {
        self.ignored = ignored
        self.staleLife = staleLife
        shared = SharedJudgements(limit: bytes / 8)
        known = ByteBoundedCache(name: "verdicts", limit: bytes - bytes / 8)
    }

    /// What was said, and still holds. A question that will be asked again is counted only where it is answered.
    ///
    /// - Parameter rest: how long it has to hold yet.
    func judgement(
        for key: Key, countsMiss: Bool = true, leaving rest: Duration = .zero
    ) -> (judgement: Judgement, freshUntil: ContinuousClock.Instant)? {
        let now = ContinuousClock.now.advanced(by: rest)
        return known.value(for: key, countsMiss: countsMiss, where: { $0.freshUntil > now })
            .map { ($0.judgement.judgement, $0.freshUntil) }
    }

    /// An admission that is past its life, marked as such. Anything that has changed since has another key.
    func staleAdmission(for key: Key) -> Judgement? {
        guard staleLife > .zero, let held = known.peek(key),
            case .admitted(let matches) = held.judgement.judgement.outcome
        else { return nil }
        staleUses.withLock { $0 += 1 }
        return held.judgement.judgement.admitted(by: matches.map { $0.forgettingEvidence(isStale: true) })
    }

    /// - Parameters:
    ///   - asked: when the question was asked.
    ///   - isFresh: whether it rests on nothing that was remembered. What does not takes no denial's place that was found
    ///     later: the proofs that it remembers may be those that are gone.
    func keep(
        _ judgement: Judgement, for key: Key, asked: ContinuousClock.Instant, isFresh: Bool,
        until end: ContinuousClock.Instant
    ) {
        let kept: HeldJudgement
        let stale: Duration
        var bytes = 0
        switch judgement.outcome {
        case .admitted(let matches):
            let admission = judgement.admitted(by: matches.map { $0.forgettingEvidence() })
            if let known = shared.share(admission) {
                kept = known
            } else {
                kept = HeldJudgement(admission)
                bytes = admission.weight
            }
            stale = staleLife
        case .denied:
            kept = HeldJudgement(judgement)
            bytes = judgement.weight
            stale = .zero
        case .undecided: return
        }
        let held = Held(judgement: kept, freshUntil: end, asked: asked)
        known.update(key) { before, _ in
            if let before, before.isDenial, !isFresh, before.asked > asked { return nil }
            return (held, bytes, end.advanced(by: stale))
        }
    }

    /// Of an admission that others share.
    static var bytesPerVerdict: Int { ByteBoundedCache<Key, Held>.overhead }

    /// By name of the cache, for the metrics.
    public var counters: (name: String, counters: CacheCounters) {
        var counters = known.counters
        counters.bytes += shared.bytes
        return (known.name, counters)
    }

    /// How often an admission past its life stood in.
    public var staleCount: Int { staleUses.withLock { $0 } }
}

/// What a verdict depends on, and its key holds.
enum VerdictInput: CaseIterable, Hashable, Sendable {
    /// The policy's document and all that it refers to.
    case policy
    /// The image by digest, and the repository in which it was named.
    case digest, repository
    /// With whose credentials each repository was read.
    case credentials
    /// The trust material by which proofs were checked.
    case trust
    /// Whether attestations alone were enough.
    case signatures
    /// What a program reads of the workload.
    case workload
}

extension VerdictCache {
    /// - Parameter shown: the credentials of every repository that is read, in the order of the document.
    func key(_ question: PolicyQuestion, shown: [CredentialFingerprint]) -> Key {
        let (policy, image) = (question.policy, question.image)
        var text = HashedParts()
        if holds(.policy) {
            text.add(policy.documentHash.hex)
            text.add(policy.name)
            text.add(policy.mode.rawValue)
            text.add(policy.admitsWithoutAuthorities ? 1 : 0)
        }
        if holds(.digest) {
            text.add(image.digest.algorithm.rawValue)
            text.add(image.digest.hex)
        }
        if holds(.repository) {
            text.add(image.repository.host)
            text.add(image.repository.path)
            // Messages name the image as it is written.
            if holds(.digest) { text.add(image.reference.asWritten) }
        }
        if holds(.credentials) {
            text.add(shown.count)
            for fingerprint in shown { text.add(fingerprint.code) }
        }
        if holds(.trust) { text.add(question.trust.description) }
        if holds(.signatures) { text.add(question.requiresSignature ? 1 : 0) }
        if holds(.workload), let inputs = policy.program?.inputs {
            let object = question.workload?.object
            text.add(object == nil ? 0 : 1)
            if inputs.specification { text.add(object?.specificationHash?.hex) }
            if inputs.metadata { text.add(object?.metadataHash?.hex) }
            if inputs.type {
                text.add(object?.type?.kind)
                text.add(object?.type?.apiVersion)
            }
        }
        return text.hash
    }

    private func holds(_ input: VerdictInput) -> Bool { input != ignored }
}

extension Judgement {
    fileprivate func admitted(by matches: AtLeastOne<AuthorityMatch>) -> Judgement {
        Judgement(policy: policy, mode: mode, outcome: .admitted(matches))
    }
}
