// SPDX-License-Identifier: Apache-2.0

/// A certificate authority that is believed while its period lasts: for code signing (Fulcio) or for timestamps.
/// sigstore/protobuf-specs, CertificateAuthority.
struct CertificateAuthority: Hashable, Sendable {
    /// Where it is, or what the operator calls it; for sentences and for counting distinct authorities.
    let name: String
    /// The anchor: believed because trust material names it, whatever its own signature says.
    let root: Certificate
    /// Between the root and what it issues, in any order. One that does not lead to the root is of no use, and never an
    /// anchor itself.
    let intermediates: [Certificate]
    /// A timestamp authority's own certificate, where trust material pins it; `nil` for code signing.
    let signer: Certificate?
    /// Whether certificates that come with a proof may stand between a leaf and the root. Only for an operator's own
    /// roots that were given without intermediates; never for a Sigstore root.
    let takesOfferedIntermediates: Bool
    /// Logs and authorities of one operator count once towards a threshold. Empty where trust material does not say.
    let operatorName: String
    let validity: ValidityPeriod
    /// Every way from an issuer among `intermediates` to the root by verified signatures: the issuer first, the root
    /// last, and the root alone first of all. Checked here once, so that a proof costs one signature check and not one
    /// per authority; times and extensions are checked for each proof.
    let issuers: [[Certificate]]
    /// Those that issued `signer`, where it is pinned: found once too, so that a token costs its own signature alone.
    let signerIssuers: [Certificate]

    /// Ways to the root that are kept; trust material is the operator's, so that this only ends what never would.
    static let maximumIssuers = 64

    init(
        name: String, root: Certificate, intermediates: [Certificate], signer: Certificate?,
        takesOfferedIntermediates: Bool, operatorName: String, validity: ValidityPeriod
    ) {
        self.name = name
        self.root = root
        self.intermediates = intermediates
        self.signer = signer
        self.takesOfferedIntermediates = takesOfferedIntermediates
        self.operatorName = operatorName
        self.validity = validity
        let issuers = Self.issuers(root, intermediates)
        self.issuers = issuers
        signerIssuers = signer.map { signer in issuers.compactMap(\.first).filter { signer.isIssued(by: $0) } } ?? []
    }

    private static func issuers(_ root: Certificate, _ intermediates: [Certificate]) -> [[Certificate]] {
        var found = [[root]]
        var next = 0
        while next < found.count {
            let way = found[next]
            next += 1
            for intermediate in intermediates where !way.contains(intermediate) {
                guard found.count < maximumIssuers else { return found }
                if let issuer = way.first, intermediate.isIssued(by: issuer) { found.append([intermediate] + way) }
            }
        }
        return found
    }
}

extension Certificate {
    /// Whether the name and the signature are the issuer's; what the issuer may do is not looked at. Names are compared
    /// by their bytes, and key identifiers (RFC 5280 §4.2.1.1) are only hints that a short search does without.
    func isIssued(by other: Certificate) -> Bool {
        issuer == other.subject && other.publicKey.isValid(signature, over: toBeSigned, scheme: signatureScheme)
    }
}
