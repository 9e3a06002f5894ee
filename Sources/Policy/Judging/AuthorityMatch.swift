// SPDX-License-Identifier: Apache-2.0
public import Sigstore

/// An authority that is satisfied, and by what: never by nothing.
public struct AuthorityMatch: Hashable, Sendable {
    public enum Evidence: Hashable, Sendable {
        /// The document says that everything passes; nothing was verified.
        case staticPass
        /// The document has no authority, and the operator lets such documents be; nothing was verified.
        case noAuthorities
        case signatures(AtLeastOne<VerifiedSignature>)
        /// Every required attestation, in the order of the requirements.
        case statements(AtLeastOne<SatisfiedRequirement>)
        case both(AtLeastOne<VerifiedSignature>, AtLeastOne<SatisfiedRequirement>)
        /// The verdict was reached before and is remembered without what it was reached by.
        case remembered(Remembered)
    }

    /// What is still known of the evidence of a remembered verdict.
    public struct Remembered: Hashable, Sendable {
        /// Whether it was attestations alone.
        public let isStatementsAlone: Bool
        /// Whether it is past its age, and used because nobody could be asked again.
        public let isStale: Bool

        public init(isStatementsAlone: Bool, isStale: Bool) {
            self.isStatementsAlone = isStatementsAlone
            self.isStale = isStale
        }
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
        switch evidence {
        case .signatures(let signatures), .both(let signatures, _): signatures.all
        case .staticPass, .noAuthorities, .statements, .remembered: []
        }
    }

    /// The requirements that attestations satisfied; empty for other evidence.
    public var requirements: [SatisfiedRequirement] {
        switch evidence {
        case .statements(let requirements), .both(_, let requirements): requirements.all
        case .staticPass, .noAuthorities, .signatures, .remembered: []
        }
    }

    /// The attestations that satisfied a requirement, each once; empty for other evidence.
    public var statements: [VerifiedStatement] {
        var seen: Set<VerifiedStatement> = []
        return requirements.flatMap(\.statements.all).filter { seen.insert($0).inserted }
    }
}

/// A required attestation, and every statement that satisfies it.
public struct SatisfiedRequirement: Hashable, Sendable {
    /// As the document names the requirement.
    public let name: String
    /// As the document writes it.
    public let writtenType: String
    public let statements: AtLeastOne<VerifiedStatement>

    public init(name: String, writtenType: String, statements: AtLeastOne<VerifiedStatement>) {
        self.name = name
        self.writtenType = writtenType
        self.statements = statements
    }
}

/// What whoever is admitted has to be told nevertheless: a warning with every admission, and an audit annotation.
public enum Caution: String, Hashable, Sendable, CaseIterable {
    /// Attestations alone admitted; nobody asked for a signature of the image.
    case signatureNotChecked = "signature-not-checked"
    /// The policy has no authority, so that nothing was verified.
    case noAuthorities = "no-authorities"
    /// Nobody could be asked, and an earlier verdict that is past its age was used (`--stale-if-outage`).
    case staleVerdict = "stale-verdict"

    public var sentence: String {
        switch self {
        case .signatureNotChecked:
            "only attestations were checked, and no signature of the image (signature-not-checked); "
                + "set requireSignature: true in the authority, or --require-signature"
        case .noAuthorities:
            "the policy has no authorities, so that nothing was verified; add one to spec.authorities"
        case .staleVerdict:
            "what the verdict rests on could not be asked for again, and the last one was used, which is past its age "
                + "(stale-verdict); see to the registry, or serve without --stale-if-outage"
        }
    }
}

extension Outcome {
    /// What an admission rests on less than its reader may think; empty for other outcomes.
    public var cautions: [Caution] {
        guard case .admitted(let matches) = self else { return [] }
        if matches.all.contains(where: { $0.evidence == .noAuthorities }) { return [.noAuthorities] }
        let isStale = matches.all.contains {
            if case .remembered(let past) = $0.evidence { past.isStale } else { false }
        }
        let isByAttestationsAlone = matches.all.allSatisfy {
            switch $0.evidence {
            case .statements: true
            case .remembered(let past): past.isStatementsAlone
            case .staticPass, .noAuthorities, .signatures, .both: false
            }
        }
        return (isStale ? [.staleVerdict] : []) + (isByAttestationsAlone ? [.signatureNotChecked] : [])
    }
}

extension AuthorityMatch {
    /// The same match without what was verified: for a verdict that is remembered, of which nobody reads more.
    package func forgettingEvidence(isStale: Bool = false) -> AuthorityMatch {
        let isStatementsAlone: Bool
        switch evidence {
        // Nothing was verified, and nothing can be forgotten.
        case .staticPass, .noAuthorities:
            return AuthorityMatch(authority: authority, evidence: evidence, summary: summary)
        case .statements: isStatementsAlone = true
        case .signatures, .both: isStatementsAlone = false
        case .remembered(let past): isStatementsAlone = past.isStatementsAlone
        }
        return AuthorityMatch(
            authority: authority,
            evidence: .remembered(Remembered(isStatementsAlone: isStatementsAlone, isStale: isStale)), summary: "")
    }
}
