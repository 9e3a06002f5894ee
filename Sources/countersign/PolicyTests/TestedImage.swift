// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy

/// One image's verdict as tests of policies tell it apart: what the webhook would do, and why.
struct TestedImage: Sendable {
    enum Word: String, CaseIterable {
        case admitted
        /// Let in, and a policy in warn mode, or no policy at all, warns of it.
        case warned
        case denied
        /// An outage left it open; the webhook lets nothing in then.
        case undecided
    }

    struct Remark: Hashable, Sendable {
        /// A `DenialReason.Code`, an `Outage.Kind` or a `Caution`.
        let code: String
        let sentence: String
    }

    let word: Word
    /// Why it is not let in; empty where it is.
    private(set) var errors: [Remark] = []
    /// What is only warned of.
    private(set) var warnings: [Remark] = []
    /// What an admission rests on less than its reader may think.
    private(set) var cautions: [Remark] = []
    /// Whether it is denied because no policy names it.
    private(set) var isUncovered = false

    init(_ verdict: ImageVerdict) {
        switch verdict.finding {
        case .judged(let judgements):
            var words: Set<Word> = []
            for judgement in judgements.all {
                let (word, remarks) = Self.reading(of: judgement)
                cautions += judgement.outcome.cautions.map {
                    Remark(code: $0.rawValue, sentence: "policy \(judgement.policy): \($0.sentence)")
                }
                words.insert(word)
                if word == .warned { warnings += remarks } else { errors += remarks }
            }
            word = [.denied, .undecided, .warned].first(where: words.contains) ?? .admitted
        case .noMatchingPolicy(let action):
            let remark = Remark(
                code: DenialReason.Code.noMatchingPolicy.rawValue, sentence: "no policy names this image")
            switch action {
            case .allow: word = .admitted
            case .warn: (word, warnings) = (.warned, [remark])
            case .deny: (word, errors, isUncovered) = (.denied, [remark], true)
            }
        // Without a digest there is nothing that a policy could have been asked about, and so nothing to warn of only.
        case .unresolved(let reason, _):
            (word, errors) = (.denied, [Remark(code: reason.code.rawValue, sentence: reason.sentence)])
        case .outage(let outage, _):
            (word, errors) = (.undecided, [Remark(code: outage.kind.rawValue, sentence: outage.description)])
        }
    }

    /// One policy's word, through its mode, and the reasons for it.
    private static func reading(of judgement: Judgement) -> (Word, [Remark]) {
        let word: Word
        let remarks: [Remark]
        switch judgement.outcome {
        case .admitted: return (.admitted, [])
        case .denied(let reasons):
            word = .denied
            remarks = reasons.all.map { Remark(code: $0.code.rawValue, sentence: $0.sentence) }
        case .undecided(let outages, let reasons):
            word = .undecided
            remarks =
                outages.all.map { Remark(code: $0.kind.rawValue, sentence: $0.description) }
                + reasons.map { Remark(code: $0.code.rawValue, sentence: $0.sentence) }
        }
        return (judgement.mode == .warn ? .warned : word, remarks)
    }

    /// The reasons of this word.
    var reasons: [Remark] { word == .warned ? warnings : errors }

    /// Every code that a reason can have.
    static let codes: Set<String> = Set(DenialReason.Code.allCases.map(\.rawValue))
        .union(Outage.Kind.allCases.map(\.rawValue))
}
