// SPDX-License-Identifier: Apache-2.0
import JSON
public import RE2

/// What a text has to be.
public enum TextRequirement: Hashable, Sendable {
    /// These bytes and no others: neither case nor Unicode's equivalences are looked through.
    case exactly(String)
    /// A match anywhere in the text, in Go's dialect, as the ecosystem has it: `^` and `$` are the pattern's to write.
    case matching(RegularExpression)

    func isMet(by text: String) -> Bool {
        switch self {
        case .exactly(let required): required.isExactly(text)
        case .matching(let expression): expression.matches(text)
        }
    }

    fileprivate var isEmpty: Bool {
        switch self {
        case .exactly(let required): required.isEmpty
        case .matching(let expression): expression.pattern.isEmpty
        }
    }

    /// Byte by byte: two policies that differ must not be one to a cache.
    public static func == (one: TextRequirement, other: TextRequirement) -> Bool {
        switch (one, other) {
        case (.exactly(let one), .exactly(let other)): one.isExactly(other)
        case (.matching(let one), .matching(let other)): one.pattern.isExactly(other.pattern)
        default: false
        }
    }
}

/// What a policy requires of whoever signed: who they are and who says so, and what a workflow says of itself.
///
/// Both sides are always there and never empty: a requirement that anything meets cannot be written by leaving it out.
public struct CertificateIdentity: Hashable, Sendable {
    /// All of them have to hold of one name; at least one.
    public let subject: [TextRequirement]
    /// All of them have to hold of the issuer; at least one.
    public let issuer: [TextRequirement]
    /// Claims that have to be exactly this; a certificate without the claim does not meet it.
    public let workflow: [WorkflowClaim: String]

    /// Throws for a side without a requirement, and for a requirement of the empty text or by the empty expression.
    public init(
        subject: [TextRequirement], issuer: [TextRequirement], workflow: [WorkflowClaim: String] = [:]
    ) throws(CertificateIdentityError) {
        guard !subject.isEmpty else { throw .nothingRequired(.subject) }
        guard !issuer.isEmpty else { throw .nothingRequired(.issuer) }
        guard !subject.contains(where: \.isEmpty) else { throw .empty(.subject) }
        guard !issuer.contains(where: \.isEmpty) else { throw .empty(.issuer) }
        for claim in WorkflowClaim.allCases where workflow[claim]?.isEmpty == true { throw .empty(.workflow(claim)) }
        self.subject = subject
        self.issuer = issuer
        self.workflow = workflow
    }
}

extension CertificateIdentity {
    /// Byte by byte, as its requirements are met.
    public static func == (one: CertificateIdentity, other: CertificateIdentity) -> Bool {
        one.subject == other.subject && one.issuer == other.issuer
            && WorkflowClaim.allCases.allSatisfy { isExactly(one.workflow[$0], other.workflow[$0]) }
    }
}

/// What GitHub's workflows say of themselves and cosign's `--certificate-github-workflow-*` ask for.
public enum WorkflowClaim: String, Hashable, Sendable, CaseIterable {
    case trigger, sha, name, repository, ref

    /// The extension that is read: the old one of the pair, as cosign does; the two agree in every certificate.
    public var fulcioExtension: FulcioExtension {
        switch self {
        case .trigger: .workflowTrigger
        case .sha: .workflowSHA
        case .name: .workflowName
        case .repository: .workflowRepository
        case .ref: .workflowRef
        }
    }
}

/// A part of an identity.
public enum IdentityField: Hashable, Sendable {
    case subject, issuer
    case workflow(WorkflowClaim)
}

/// Why something is no identity to require.
public enum CertificateIdentityError: Error, Hashable, Sendable {
    case nothingRequired(IdentityField)
    /// There, and empty: nothing would meet it, or everything.
    case empty(IdentityField)
}

/// Which of a certificate's names an identity is compared with.
public enum NameChoice: Hashable, Sendable {
    /// The one that speaks for the signer, as verifiers of bundles have it.
    case speaking
    /// Any of them, as cosign has it for signatures that are not in bundles.
    case any
}

/// That a signer is somebody else than a policy requires.
public struct IdentityMismatch: Error, Hashable, Sendable {
    public let field: IdentityField
    /// All that the policy requires of the field.
    public let required: [TextRequirement]
    /// What the certificate says there; `nil` where it says nothing.
    public let found: String?
    /// The signer and the identity provider, for the sentence.
    public let subject: String
    public let issuer: String?
}

extension CertificateIdentity {
    /// The first requirement that the signer does not meet; `nil` where all are met.
    public func requirementMissed(
        by claims: CertificateClaims, comparing choice: NameChoice = .speaking
    ) -> IdentityMismatch? {
        let names = choice == .any ? claims.names : [claims.subject]
        let miss = { (field: IdentityField, required: [TextRequirement], found: String?) in
            IdentityMismatch(
                field: field, required: required, found: found.map { excerpt($0) },
                subject: excerpt(claims.subject.text),
                issuer: claims.issuer.map { excerpt($0) })
        }
        guard names.contains(where: { name in subject.allSatisfy { $0.isMet(by: name.text) } }) else {
            return miss(.subject, subject, claims.subject.text)
        }
        guard issuer.allSatisfy({ $0.isMet(by: claims.issuer ?? "") }) else {
            return miss(.issuer, issuer, claims.issuer)
        }
        for claim in WorkflowClaim.allCases {
            guard let required = workflow[claim] else { continue }
            let found = claims[claim.fulcioExtension]
            guard let found, found.isExactly(required) else {
                return miss(.workflow(claim), [.exactly(required)], found)
            }
        }
        return nil
    }
}

/// A workflow's subject has its ref at the very end, and often no more than that is wrong: those of public projects have up
/// to about 150 characters, and the patterns for them a few more.
private let maximumShownIdentity = 200

extension TextRequirement: CustomStringConvertible {
    public var description: String {
        switch self {
        case .exactly(let text): printable(text, limit: maximumShownIdentity)
        case .matching(let expression): "a match of \(printable(expression.pattern, limit: maximumShownIdentity))"
        }
    }
}

extension IdentityField: CustomStringConvertible {
    public var description: String {
        switch self {
        case .subject: "subject"
        case .issuer: "issuer"
        case .workflow(let claim): "workflow \(claim.rawValue)"
        }
    }
}

extension CertificateIdentityError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nothingRequired(let field): "no \(field) is required; anyone could sign"
        case .empty(let field): "the \(field) is empty; write whom to trust"
        }
    }
}

extension IdentityMismatch: CustomStringConvertible {
    public var description: String {
        let subject = printable(subject, limit: maximumShownIdentity)
        let signer = "signed by \(subject) (issuer \(issuer.map { printable($0) } ?? "unknown"))"
        let wanted = required.map(\.description).joined(separator: " and ")
        return switch field {
        case .subject, .issuer: "\(signer), policy requires \(field) \(wanted)"
        case .workflow: "\(signer) with \(field) \(found.map { printable($0) } ?? "unknown"), policy requires \(wanted)"
        }
    }
}

/// Whether both are absent, or both are there with the same bytes.
func isExactly(_ one: String?, _ other: String?) -> Bool {
    switch (one, other) {
    case (let one?, let other?): one.isExactly(other)
    case (nil, nil): true
    default: false
    }
}
