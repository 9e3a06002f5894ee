// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// What a certificate that leads to a trusted authority says about who signed. Evidence is made by
/// `ValidatedPath.claims()` alone.
public struct CertificateClaims: Hashable, Sendable {
    private let proven: Proven

    private struct Proven: Hashable, Sendable {
        let subject: SubjectAlternativeName
        let names: [SubjectAlternativeName]
        let extensions: [FulcioExtension: String]
    }

    /// The name that speaks for the signer: the first URI, else the first e-mail address, else the other name, as
    /// verifiers of bundles choose; else the first of any kind.
    public var subject: SubjectAlternativeName { proven.subject }
    /// Every name, in the certificate's order; at least one. Fulcio writes exactly one.
    public var names: [SubjectAlternativeName] { proven.names }
    /// The identity provider. `nil` where the certificate is not of Fulcio's making.
    public var issuer: String? { self[.issuerV2] ?? self[.issuerV1] }
    /// What the certificate says there; `nil` where it says nothing.
    public subscript(_ claim: FulcioExtension) -> String? { proven.extensions[claim] }

    fileprivate init(reading certificate: Certificate) throws(CertificateError) {
        guard let found = certificate.first(PathExtension.subjectAlternativeName) else { throw .noName }
        // RFC 5280 §4.1.2.6: without a subject, the name is the only one and critical. Fulcio writes no subject.
        guard found.isCritical || certificate.subject != Self.emptyName else {
            throw .unreadableName("it is not critical, and there is no subject")
        }
        let names = try SubjectAlternativeName.read(found.value)
        guard let subject = Self.speaking(of: names) else { throw .noName }
        var extensions: [FulcioExtension: String] = [:]
        for claim in FulcioExtension.allCases {
            guard let value = certificate.first(claim.identifier)?.value else { continue }
            extensions[claim] = try Self.text(of: value, claim)
        }
        try Self.requireAgreement(extensions)
        proven = Proven(subject: subject, names: names, extensions: extensions)
    }

    /// A name of no parts.
    private static let emptyName: [UInt8] = [0x30, 0x00]

    private static func speaking(of names: [SubjectAlternativeName]) -> SubjectAlternativeName? {
        names.first { if case .uri = $0 { true } else { false } }
            ?? names.first { if case .email = $0 { true } else { false } }
            ?? names.first { if case .otherName = $0 { true } else { false } } ?? names.first
    }

    private static func text(of value: [UInt8], _ claim: FulcioExtension) throws(CertificateError) -> String {
        let text = claim.isBareText ? exactText(value) : (try? DER.parse(value)).flatMap { exactText(of: $0) }
        // An issuer that is empty would be one that says nothing and is there.
        let mayBeEmpty = claim != .issuerV1 && claim != .issuerV2
        guard let text, mayBeEmpty || !text.isEmpty else { throw .unreadableClaim(claim) }
        return text
    }

    private static func requireAgreement(_ extensions: [FulcioExtension: String]) throws(CertificateError) {
        for (one, other) in FulcioExtension.repeated {
            guard let first = extensions[one], let second = extensions[other] else { continue }
            guard first.isExactly(second) else { throw .contradiction(one, other) }
        }
        // `owner/name`, and the same behind the address of its forge.
        if let name = extensions[.workflowRepository], let address = extensions[.sourceRepositoryURI] {
            guard ("/" + name).utf8.count < address.utf8.count,
                address.utf8.reversed().starts(with: ("/" + name).utf8.reversed())
            else { throw .contradiction(.workflowRepository, .sourceRepositoryURI) }
        }
    }

    /// Byte by byte. Swift's equality of strings is canonical equivalence, under which two signers could be one.
    public static func == (one: CertificateClaims, other: CertificateClaims) -> Bool {
        one.names == other.names
            && FulcioExtension.allCases.allSatisfy { isExactly(one[$0], other[$0]) }
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(proven) }
}

extension ValidatedPath {
    /// Reads what the leaf says. Whatever of it is there has to be readable, and what it says twice has to agree.
    func claims() throws(CertificateError) -> CertificateClaims { try CertificateClaims(reading: leaf) }
}

/// What a certificate says that nobody has checked yet: for sentences about a proof that failed, never for a decision.
struct UnverifiedClaims {
    let claims: CertificateClaims

    init(of certificate: Certificate) throws(CertificateError) {
        claims = try CertificateClaims(reading: certificate)
    }
}
