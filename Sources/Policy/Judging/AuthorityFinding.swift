// SPDX-License-Identifier: Apache-2.0

/// What became of one authority's check of one image.
public struct AuthorityFinding: Hashable, Sendable {
    public enum Result: Hashable, Sendable {
        case satisfied(AuthorityMatch)
        case refused(AtLeastOne<DenialReason>)
        /// What would have decided could not be asked; `also` is what was found wanting before that.
        case outage(AtLeastOne<Outage>, also: [DenialReason])
    }

    public let authority: String
    public let result: Result

    public init(authority: String, result: Result) {
        self.authority = authority
        self.result = result
    }
}

extension AuthorityFinding.Result {
    /// What could not be asked; empty where everything was.
    package var outages: [Outage] {
        if case .outage(let outages, _) = self { outages.all } else { [] }
    }

    /// What was found wanting; empty for a satisfied authority.
    package var reasons: [DenialReason] {
        switch self {
        case .satisfied: []
        case .refused(let reasons): reasons.all
        case .outage(_, let also): also
        }
    }
}

/// What became of a policy's own program.
public enum ProgramFinding: Hashable, Sendable {
    case satisfied
    case refused(DenialReason)
    /// What it reads could not be asked for.
    case outage(Outage)
}

extension ClusterImagePolicy {
    /// Folds the findings of all authorities into this policy's judgement: any that is satisfied admits; else any outage
    /// leaves it undecided, since the one that could not be asked might have been satisfied; else it is denied. What the
    /// authorities admit, the policy's own program may still refuse.
    ///
    /// Reasons come nearest miss first, and in the order of the document among equals. No finding admits nothing.
    ///
    /// - Parameter program: what the policy's program says of the matches; asked only where some authority is satisfied.
    public func judge(
        findings: [AuthorityFinding], program: (AtLeastOne<AuthorityMatch>) -> ProgramFinding
    ) -> Judgement {
        let matches = findings.compactMap { if case .satisfied(let match) = $0.result { match } else { nil } }
        guard let matches = AtLeastOne(matches) else {
            return Judgement(policy: name, mode: mode, outcome: refusal(findings))
        }
        let outcome: Outcome =
            switch program(matches) {
            case .satisfied:
                // A program may forbid what an authority that could not be asked would have found.
                if self.program != nil, let unasked = AtLeastOne(findings.flatMap(\.result.outages)) {
                    .undecided(unasked, also: [])
                } else {
                    .admitted(matches)
                }
            // The others' reasons say what else could have admitted; the program's is why these did not.
            case .refused(let reason): .denied(AtLeastOne(reason))
            case .outage(let outage): .undecided(AtLeastOne(outage), also: [])
            }
        return Judgement(policy: name, mode: mode, outcome: outcome)
    }

    /// The match of a policy without authorities: it is one only where the operator lets such documents be, since no
    /// other has an empty list.
    public var matchWithoutAuthorities: AuthorityFinding? {
        guard authorities.isEmpty, admitsWithoutAuthorities else { return nil }
        return AuthorityFinding(
            authority: "",
            result: .satisfied(
                AuthorityMatch(
                    authority: "", evidence: .noAuthorities, summary: "no authorities",
                    notes: [Caution.noAuthorities.sentence])))
    }

    private func refusal(_ findings: [AuthorityFinding]) -> Outcome {
        let nearest = Self.nearestFirst(findings.flatMap(\.result.reasons))
        if let outages = AtLeastOne(findings.flatMap(\.result.outages)) { return .undecided(outages, also: nearest) }
        if let nearest = AtLeastOne(nearest) { return .denied(nearest) }
        return .denied(
            AtLeastOne(
                DenialReason(
                    .noAuthorities,
                    "policy \(quoted(name)) has no authority that could admit anything; add one to spec.authorities"))
        )
    }

    private static func nearestFirst(_ reasons: [DenialReason]) -> [DenialReason] {
        reasons.enumerated()
            .sorted { ($0.element.code.distance, $0.offset) < ($1.element.code.distance, $1.offset) }
            .map(\.element)
    }
}

extension DenialReason.Code {
    /// How far a proof was from admitting: one that exists and does not fit, none at all, one that nobody looked at.
    fileprivate var distance: Int {
        switch self {
        case .policyConflict: 0
        case .noMatchingSignatures, .noMatchingAttestations, .policyNotEvaluated, .noConfiguration: 1
        case .noSignatures, .noAttestations, .imageNotFound: 2
        case .notYetChecked: 3
        case .staticFail, .noAuthorities, .brokenPolicy, .noMatchingPolicy, .notADigest, .invalidReference,
            .unknownKind, .invalidReview, .invalidDocument:
            4
        }
    }
}
