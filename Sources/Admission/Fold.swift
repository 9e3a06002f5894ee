// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy

/// What is known about one distinct reference of an object, and where it stands.
struct JudgedImage: Sendable {
    /// As it is written in the object.
    let reference: String
    /// As messages write them: `spec.containers[0].image`.
    let paths: AtLeastOne<String>
    let finding: Finding

    enum Finding: Sendable {
        case verdict(ImageVerdict)
        /// It is no reference; which rule it breaks. No policy can be found for it, so no policy can ask for less than a
        /// denial.
        case invalidReference(String)
        /// It names no digest at `/validate`: why that is, and how the policies that name it are taken.
        case unpinned(cause: String, modes: PolicyModes)
    }
}

/// All that an answer is made from.
enum Grounds: Sendable {
    case exempt(Exemption)
    case fault(Fault)
    case images(AtLeastOne<JudgedImage>)
    case document(PolicyReview)
}

/// The one answer to a review, not written down yet.
struct Ruling: Sendable {
    enum Outcome: Hashable, Sendable {
        case allowed
        case denied(code: StatusCode, statements: AtLeastOne<Statement>, retryAfterSeconds: Int?)
    }

    let outcome: Outcome
    /// What policies in warn mode would have denied, and what an admission rests on less than its reader may think.
    let warnings: [Statement]
    let decisions: [ReviewRecord.Decision]
    let exemption: Exemption?
    /// Whether it would be a denial if it were enforced.
    var isShadowed = false

    var isAllowed: Bool { outcome == .allowed }
}

/// What becomes of denials.
public enum Enforcement: String, Hashable, Sendable, CaseIterable {
    case enforce
    /// Each becomes a warning: for running beside another controller, or before one dares to enforce. Nothing pins tags
    /// then, so that they are judged by the digest that they name now.
    case shadow
}

/// The only function that turns outcomes into allow or deny; every answer goes through it.
///
/// Denied, if there is a fault, or if at least one word on one image is a denial: an enforcing policy denied or could not
/// be decided, no policy names the image where that is a denial, or the image cannot be judged and not all policies that
/// name it only warn. Denied too, if a document under review has an error. Allowed otherwise, and "otherwise" is said word by word: every image has at least one word, and
/// each word is an admission, a warning, or a denial.
///
/// Under `Enforcement.shadow` what would be a denial is an admission that warns, and says so in its record.
func fold(_ grounds: Grounds, _ enforcement: Enforcement = .enforce) -> Ruling {
    let ruling = enforced(grounds)
    switch (enforcement, ruling.outcome) {
    case (.enforce, _), (.shadow, .allowed): return ruling
    case (.shadow, .denied(_, let statements, _)):
        return Ruling(
            outcome: .allowed, warnings: statements.all + ruling.warnings, decisions: ruling.decisions,
            exemption: ruling.exemption, isShadowed: true)
    }
}

private func enforced(_ grounds: Grounds) -> Ruling {
    switch grounds {
    case .exempt(let exemption):
        return Ruling(outcome: .allowed, warnings: [], decisions: [], exemption: exemption)
    case .fault(let fault):
        let decisions = fault.reason.map {
            [
                ReviewRecord.Decision(
                    image: "", policy: "", mode: "", result: "denied", reason: $0.rawValue, isCached: false,
                    sentences: [PlainText.escaped(fault.sentence, limit: 1024)])
            ]
        }
        return Ruling(
            outcome: .denied(
                code: fault.code, statements: AtLeastOne(Statement(headline: fault.sentence)),
                retryAfterSeconds: fault.retryAfterSeconds),
            warnings: [], decisions: decisions ?? [], exemption: nil)
    case .document(let review):
        guard let denials = AtLeastOne(review.denials) else {
            return Ruling(outcome: .allowed, warnings: review.cautions, decisions: [], exemption: nil)
        }
        return Ruling(
            outcome: .denied(code: .badRequest, statements: denials, retryAfterSeconds: nil),
            warnings: review.cautions,
            decisions: [
                ReviewRecord.Decision(
                    image: "", policy: "", mode: "", result: "denied",
                    reason: DenialReason.Code.invalidDocument.rawValue, isCached: false)
            ], exemption: nil)
    case .images(let images):
        var denials: [Statement] = []
        var warnings: [Statement] = []
        var decisions: [ReviewRecord.Decision] = []
        for image in images.all {
            for word in words(on: image).all {
                decisions.append(word.decision)
                switch word.effect {
                case .admit(let cautions): warnings += cautions
                case .warn(let statement): warnings.append(statement)
                case .deny(let statement): denials.append(statement)
                }
            }
        }
        let outcome: Ruling.Outcome =
            AtLeastOne(denials).map { denials in
                let isTimeAlone = denials.all.allSatisfy { $0.isForWantOfTime }
                return .denied(code: isTimeAlone ? .timeout : .forbidden, statements: denials, retryAfterSeconds: nil)
            } ?? .allowed
        return Ruling(outcome: outcome, warnings: warnings, decisions: decisions, exemption: nil)
    }
}

/// One policy's word on one image, taken through its mode; or the word on an image that no policy was asked about.
private struct Word {
    enum Effect {
        /// With what whoever is admitted has to be told nevertheless.
        case admit([Statement])
        case warn(Statement)
        case deny(Statement)
    }

    let effect: Effect
    let decision: ReviewRecord.Decision
}

private func words(on image: JudgedImage) -> AtLeastOne<Word> {
    func word(
        _ effect: Word.Effect, _ result: String, _ reason: String, policy: String = "", mode: String = "",
        isCached: Bool = false
    ) -> Word {
        Word(
            effect: effect,
            decision: ReviewRecord.Decision(
                image: PlainText.name(image.reference), policy: PlainText.escaped(policy, limit: 253), mode: mode,
                result: result, reason: reason, isCached: isCached, sentences: sentences(of: effect)))
    }
    func sentences(of effect: Word.Effect) -> [String] {
        let statements =
            switch effect {
            case .admit(let cautions): cautions
            case .warn(let statement), .deny(let statement): [statement]
            }
        return statements.flatMap(\.details).map { PlainText.escaped($0, limit: 1024) }
    }
    func effect(isWarning: Bool, _ statement: Statement) -> Word.Effect {
        isWarning ? .warn(statement) : .deny(statement)
    }

    switch image.finding {
    case .invalidReference(let rule):
        return AtLeastOne(
            word(.deny(.invalidReference(image, rule)), "denied", DenialReason.Code.invalidReference.rawValue))
    case .unpinned(let cause, let modes):
        return AtLeastOne(
            word(
                effect(isWarning: modes == .allWarn, .unpinned(image, cause)), "denied",
                DenialReason.Code.notADigest.rawValue))
    case .verdict(let verdict):
        let isCached = verdict.isCached
        switch verdict.finding {
        case .judged(let judgements):
            func taken(_ judgement: Judgement) -> Word {
                let isWarning = judgement.mode == .warn
                let (result, reason, statement) = reading(of: judgement, on: image, isWarning: isWarning)
                let cautions = judgement.outcome.cautions
                let admission = Word.Effect.admit(
                    cautions.map { .caution(image, policy: judgement.policy, $0) })
                return word(
                    statement.map { effect(isWarning: isWarning, $0) } ?? admission, result,
                    cautions.first.map(\.rawValue) ?? reason,
                    policy: judgement.policy, mode: judgement.mode.rawValue, isCached: isCached)
            }
            return AtLeastOne(taken(judgements.first), judgements.rest.map(taken))
        case .noMatchingPolicy(let action):
            let statement = Statement.noMatchingPolicy(image)
            let reason = DenialReason.Code.noMatchingPolicy.rawValue
            let effect: Word.Effect =
                switch action {
                case .allow: .admit([])
                case .warn: .warn(statement)
                case .deny: .deny(statement)
                }
            return AtLeastOne(word(effect, "no-match", action == .allow ? "" : reason, isCached: isCached))
        case .unresolved(let reason, let modes):
            return AtLeastOne(
                word(
                    effect(isWarning: onlyWarn(modes), .unresolved(image, reason)), "denied", reason.code.rawValue,
                    isCached: isCached))
        case .outage(let outage, let modes):
            let isWarning = onlyWarn(modes)
            return AtLeastOne(
                word(
                    effect(isWarning: isWarning, .outage(image, outage, isWarning: isWarning)), "undecided",
                    outage.kind.rawValue, isCached: isCached))
        }
    }
}

/// No statement means admitted.
private func reading(
    of judgement: Judgement, on image: JudgedImage, isWarning: Bool
) -> (result: String, reason: String, Statement?) {
    switch judgement.outcome {
    case .admitted:
        ("admitted", "", nil)
    case .denied(let reasons):
        ("denied", reasons.first.code.rawValue, .denied(image, policy: judgement.policy, reasons))
    case .undecided(let outages, let reasons):
        (
            "undecided", outages.first.kind.rawValue,
            .undecided(image, policy: judgement.policy, outages, also: reasons, isWarning: isWarning)
        )
    }
}

/// Nobody's mode is no warning.
private func onlyWarn(_ modes: [EnforcementMode]) -> Bool {
    !modes.isEmpty && modes.allSatisfy { $0 == .warn }
}
