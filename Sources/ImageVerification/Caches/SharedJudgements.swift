// SPDX-License-Identifier: Apache-2.0
import Policy
import Synchronization

/// A judgement that verdicts refer to.
final class HeldJudgement: Sendable {
    let judgement: Judgement
    /// Where it is weighed as long as anything refers to it.
    private let scale: Scale?
    private let weight: Int

    init(_ judgement: Judgement) {
        self.judgement = judgement
        scale = nil
        weight = 0
    }

    fileprivate init(_ judgement: Judgement, weight: Int, on scale: Scale) {
        self.judgement = judgement
        self.scale = scale
        self.weight = weight
        scale.bytes.add(weight, ordering: .relaxed)
    }

    deinit { scale?.bytes.subtract(weight, ordering: .relaxed) }

    fileprivate final class Scale: Sendable {
        let bytes = Atomic(0)
    }
}

/// Admissions that are equal, each kept once: a cluster's images are judged alike by the thousand. They differ by policy and
/// authority; denials name images, and are not shared.
///
/// A judgement is weighed from when it is shared until no verdict refers to it any more, whether it is found here or not.
final class SharedJudgements: Sendable {
    /// More policies than that and authorities that satisfied them are not in use at a time.
    private static let maximumCount = 4096

    private let limit: Int
    private let scale = HeldJudgement.Scale()
    private let known = Mutex<[Judgement: HeldJudgement]>([:])

    /// - Parameter limit: in bytes.
    init(limit: Int) { self.limit = limit }

    /// The one that is equal; `nil` where there is no room, and whoever keeps it has to weigh it.
    func share(_ judgement: Judgement) -> HeldJudgement? {
        // What goes out of use here is freed outside of the lock.
        var freed: [Judgement: HeldJudgement] = [:]
        return known.withLock { known in
            if let equal = known[judgement] { return equal }
            // The table's slot, as far as it is more than the judgement.
            let weight = judgement.weight + 64
            if known.count >= Self.maximumCount || bytes + weight > limit {
                // Policies come and go; what is in use comes back at once.
                swap(&freed, &known)
            }
            guard known.count < Self.maximumCount, bytes + weight <= limit else { return nil }
            let new = HeldJudgement(judgement, weight: weight, on: scale)
            known[judgement] = new
            return new
        }
    }

    /// Of all that verdicts refer to.
    var bytes: Int { scale.bytes.load(ordering: .relaxed) }
}

extension Judgement {
    /// Bytes that it holds, near enough: what it says, and a hundred for each thing that it says it of.
    var weight: Int {
        switch outcome {
        case .admitted(let matches):
            matches.all.reduce(policy.utf8.count + 128) { $0 + $1.weight }
        case .denied(let reasons):
            reasons.all.reduce(policy.utf8.count + 128) { $0 + $1.sentence.utf8.count + 128 }
        // It is kept nowhere.
        case .undecided: 128
        }
    }
}

extension AuthorityMatch {
    fileprivate var weight: Int {
        notes.reduce(authority.utf8.count + summary.utf8.count + 128) { $0 + $1.utf8.count + 16 }
    }
}
