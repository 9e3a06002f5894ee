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

extension ClusterImagePolicy {
    /// Folds the findings of all authorities into this policy's judgement: any that is satisfied admits; else any outage
    /// leaves it undecided, since the one that could not be asked might have been satisfied; else it is denied.
    ///
    /// Reasons come nearest miss first, and in the order of the document among equals. No finding admits nothing.
    public func judge(findings: [AuthorityFinding]) -> Judgement {
        Judgement(policy: name, mode: mode, outcome: Self.outcome(of: findings, policy: name))
    }

    private static func outcome(of findings: [AuthorityFinding], policy: String) -> Outcome {
        var matches: [AuthorityMatch] = []
        var outages: [Outage] = []
        var reasons: [DenialReason] = []
        for finding in findings {
            switch finding.result {
            case .satisfied(let match): matches.append(match)
            case .refused(let refused): reasons += refused.all
            case .outage(let outage, let also):
                outages += outage.all
                reasons += also
            }
        }
        if let matches = AtLeastOne(matches) { return .admitted(matches) }
        let nearest = nearestFirst(reasons)
        if let outages = AtLeastOne(outages) { return .undecided(outages, also: nearest) }
        if let nearest = AtLeastOne(nearest) { return .denied(nearest) }
        return .denied(
            AtLeastOne(
                DenialReason(
                    .noAuthorities,
                    "policy \(quoted(policy)) has no authority that could admit anything; add one to spec.authorities"))
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
        case .noMatchingSignatures, .noMatchingAttestations: 0
        case .noSignatures, .noAttestations, .imageNotFound: 1
        case .notYetChecked: 2
        case .staticFail, .noAuthorities, .brokenPolicy, .noMatchingPolicy, .notADigest, .invalidReference,
            .unknownKind, .invalidReview:
            3
        }
    }
}
