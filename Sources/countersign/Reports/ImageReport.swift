// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Sigstore

/// One image's verdict, put for a person and for a program.
struct ImageReport {
    let name: String
    /// The reference in full; `name` where there is none.
    let qualifiedName: String
    let verdict: ImageVerdict
    let status: ExitStatus
    private let judgements: [Judgement]
    /// Reasons outside of any policy's judgement.
    private let reasons: [(code: String, sentence: String)]
    private let warnings: [String]
    private let requiresAnnotations: Bool

    init(_ judged: JudgedImage, required: RequiredAnnotations, programs: RequiredPrograms = .none) {
        name = judged.name
        qualifiedName = judged.qualifiedName
        requiresAnnotations = !required.isEmpty
        verdict = judged.verdict
        var judgements: [Judgement] = []
        var reasons: [(code: String, sentence: String)] = []
        var warnings: [String] = []
        var status = ExitStatus.admitted
        switch judged.verdict.finding {
        case .judged(let all):
            judgements = all.all.map { programs.applied(to: required.applied(to: $0)) }
            for judgement in judgements {
                switch (judgement.outcome, judgement.mode) {
                case (.admitted, _):
                    warnings += judgement.outcome.cautions.map { "policy \(judgement.policy): \($0.sentence)" }
                case (.denied, .enforce): status = max(status, .denied)
                case (.undecided, .enforce): status = max(status, .undecided)
                case (.denied, .warn), (.undecided, .warn): warnings.append("policy \(judgement.policy) only warns")
                }
            }
        case .noMatchingPolicy(let action):
            let sentence = "no matching policies: no policy names this image"
            if action == .deny { status = .denied }
            if action == .warn { warnings.append(sentence) }
            reasons.append((DenialReason.Code.noMatchingPolicy.rawValue, sentence))
        // Without a digest there is nothing that a policy could have been asked about, and so nothing to warn of only.
        case .unresolved(let reason, _):
            status = .denied
            reasons.append((reason.code.rawValue, reason.sentence))
        case .outage(let outage, _):
            status = .undecided
            reasons.append((outage.kind.rawValue, outage.description))
        }
        self.judgements = judgements
        self.reasons = reasons
        self.warnings = warnings
        self.status = status
    }

    var signatures: [VerifiedSignature] { matches.flatMap(\.signatures) }
    var statements: [VerifiedStatement] { matches.flatMap(\.statements) }

    /// The types of attestations that verified where one of another type is asked for; sorted, each once.
    var otherPredicateTypes: [String] {
        let types = judgements.flatMap { judgement -> [String] in
            if case .denied(let reasons) = judgement.outcome { return reasons.all.flatMap(\.otherPredicateTypes) }
            return []
        }
        return Set(types).sorted()
    }

    private var matches: [AuthorityMatch] {
        judgements.flatMap { judgement -> [AuthorityMatch] in
            if case .admitted(let matches) = judgement.outcome { return matches.all }
            return []
        }
    }

    private var word: String {
        switch status {
        case .admitted: "admitted"
        case .denied: "denied"
        case .undecided, .usage: "undecided"
        }
    }

    // MARK: For a person

    func say() {
        if status == .admitted {
            let proofs = signatures.map { ($0.signer, $0.support) } + statements.map { ($0.signer, $0.support) }
            let header = VerificationHeader(qualifiedName, proofs, requiresAnnotations: requiresAnnotations)
            Words.say(lines: header.lines)
        }
        let digest = verdict.image.map { "@\($0.digest)" } ?? ""
        Words.say("\(name): \(word)\(digest.isEmpty || name.hasSuffix(digest) ? "" : " (\(digest.dropFirst()))")")
        for reason in reasons { Words.say("  \(reason.sentence)") }
        for judgement in judgements {
            switch judgement.outcome {
            case .admitted(let matches):
                for match in matches.all {
                    Words.say("  policy \(judgement.policy), authority \(match.authority): \(match.summary)")
                    for note in match.notes { Words.say("    note: \(note)") }
                }
            case .denied(let reasons):
                for reason in reasons.all { Words.say("  failed policy: \(judgement.policy): \(reason.sentence)") }
            case .undecided(let outages, let also):
                for outage in outages.all { Words.say("  policy \(judgement.policy) could not be decided: \(outage)") }
                for reason in also { Words.say("  besides: \(reason.sentence)") }
            }
        }
        for warning in warnings { Words.say("  warning: \(warning)") }
    }

    /// Everything about all images: proofs or the report to stdout, words to stderr; and the worst status.
    static func give(
        _ reports: [ImageReport], _ form: ProofOptions.Output, _ proofs: ([ImageReport]) -> String
    ) -> ExitStatus {
        // No image is no admission.
        let status = reports.map(\.status).max() ?? .usage
        switch form {
        case .json: if status == .admitted { Words.answer(proofs(reports)) }
        case .report: Words.answer(json(reports))
        }
        for report in reports { report.say() }
        return status
    }

    // MARK: For a program

    /// A JSON array of one object per image, in the order of the command line.
    static func json(_ reports: [ImageReport]) -> String {
        var writer = JSONWriter()
        writer.array { writer in for report in reports { report.write(to: &writer) } }
        return Words.printable(json: writer.bytes) + "\n"
    }

    private func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("image", name)
            if let digest = verdict.image?.digest { writer.member("digest", digest.description) }
            writer.member("verdict", word)
            if let trust = verdict.trust { writer.member("trust", trust.description) }
            writer.member("reasons") { list in
                for reason in self.reasons { list.reason(reason.code, reason.sentence) }
            }
            writer.member("policies") { policies in
                for judgement in judgements { judgement.write(to: &policies) }
            }
            writer.member("warnings", warnings)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ content: (inout JSONWriter) -> Void) {
        member(name, array: content)
    }

    fileprivate mutating func reason(_ code: String, _ sentence: String) {
        object {
            $0.member("code", code)
            $0.member("sentence", sentence)
        }
    }
}

extension Judgement {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("policy", policy)
            writer.member("mode", mode.rawValue)
            switch outcome {
            case .admitted(let matches):
                writer.member("outcome", "admitted")
                writer.member("authorities") { list in
                    for match in matches.all {
                        list.object {
                            $0.member("authority", match.authority)
                            $0.member("summary", match.summary)
                            $0.member("notes", match.notes)
                        }
                    }
                }
            case .denied(let reasons):
                writer.member("outcome", "denied")
                writer.member("reasons") { list in
                    for reason in reasons.all { list.reason(reason.code.rawValue, reason.sentence) }
                }
            case .undecided(let outages, let also):
                writer.member("outcome", "undecided")
                writer.member("outages") { list in
                    for outage in outages.all { list.reason(outage.kind.rawValue, outage.description) }
                }
                writer.member("reasons") { list in
                    for reason in also { list.reason(reason.code.rawValue, reason.sentence) }
                }
            }
        }
    }
}
