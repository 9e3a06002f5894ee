// SPDX-License-Identifier: Apache-2.0
/// How strictly a policy's judgement is taken.
public enum EnforcementMode: String, Hashable, Sendable {
    case enforce, warn
}

/// The three-valued outcome of one policy for one image.
public enum Outcome: Hashable, Sendable {
    case admitted(AtLeastOne<AuthorityMatch>)
    case denied(AtLeastOne<DenialReason>)
    /// An outage left it open: what would have decided could not be asked.
    case undecided(AtLeastOne<Outage>, also: [DenialReason])
}

/// One reason for a denial: a stable code for metrics and reports, and one sentence that says what, why and how to fix.
public struct DenialReason: Hashable, Sendable {
    public let code: Code
    public let sentence: String
    /// Predicate types of the attestations that verified, where none of them is the required one; sorted.
    public let otherPredicateTypes: [String]

    public init(_ code: Code, _ sentence: String, otherPredicateTypes: [String] = []) {
        self.code = code
        self.sentence = sentence
        self.otherPredicateTypes = otherPredicateTypes
    }

    public enum Code: String, Hashable, Sendable, CaseIterable {
        case noSignatures = "no-signatures"
        case noMatchingSignatures = "no-matching-signatures"
        case noAttestations = "no-attestations"
        case noMatchingAttestations = "no-matching-attestations"
        case staticFail = "static-fail"
        case policyConflict = "policy-conflict"
        case policyNotEvaluated = "policy-not-evaluated"
        case noConfiguration = "no-configuration"
        case notYetChecked = "not-yet-checked"
        case noAuthorities = "no-authorities"
        case brokenPolicy = "broken-policy"
        case noMatchingPolicy = "no-matching-policy"
        case notADigest = "not-a-digest"
        case invalidReference = "invalid-reference"
        case imageNotFound = "image-not-found"
        case unknownKind = "unknown-kind"
        case invalidReview = "invalid-review"
        /// A policy document under review is none.
        case invalidDocument = "invalid-document"
    }
}

/// What one policy says about one image.
public struct Judgement: Hashable, Sendable {
    public let policy: String
    public let mode: EnforcementMode
    public let outcome: Outcome

    public init(policy: String, mode: EnforcementMode, outcome: Outcome) {
        self.policy = policy
        self.mode = mode
        self.outcome = outcome
    }
}
