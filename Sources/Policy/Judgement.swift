// SPDX-License-Identifier: Apache-2.0
public import Sigstore

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

/// An authority that is satisfied, and by what: never by nothing.
public struct AuthorityMatch: Hashable, Sendable {
    public enum Evidence: Hashable, Sendable {
        /// The document says that everything passes; nothing was verified.
        case staticPass
        case signatures(AtLeastOne<VerifiedSignature>)
        /// Every one of a required type, in the order of the requirements, each once.
        case statements(AtLeastOne<VerifiedStatement>)
    }

    public let authority: String
    public let evidence: Evidence
    /// What the evidence is, in a few words.
    public let summary: String
    /// Things the reader of the verdict must know: material not checked, signature not checked.
    public let notes: [String]

    public init(authority: String, evidence: Evidence, summary: String, notes: [String] = []) {
        self.authority = authority
        self.evidence = evidence
        self.summary = summary
        self.notes = notes
    }

    /// The signatures that verified; empty for other evidence.
    public var signatures: [VerifiedSignature] {
        if case .signatures(let signatures) = evidence { signatures.all } else { [] }
    }

    /// The attestations that satisfied a requirement; empty for other evidence.
    public var statements: [VerifiedStatement] {
        if case .statements(let statements) = evidence { statements.all } else { [] }
    }
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
        case notYetChecked = "not-yet-checked"
        case noAuthorities = "no-authorities"
        case brokenPolicy = "broken-policy"
        case noMatchingPolicy = "no-matching-policy"
        case notADigest = "not-a-digest"
        case invalidReference = "invalid-reference"
        case imageNotFound = "image-not-found"
        case unknownKind = "unknown-kind"
        case invalidReview = "invalid-review"
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
