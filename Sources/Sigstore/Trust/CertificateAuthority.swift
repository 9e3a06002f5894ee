// SPDX-License-Identifier: Apache-2.0

/// A certificate authority that is believed while its period lasts: for code signing (Fulcio) or for timestamps.
/// sigstore/protobuf-specs, CertificateAuthority.
struct CertificateAuthority: Hashable, Sendable {
    /// Where it is, or what the operator calls it; for sentences and for counting distinct authorities.
    let name: String
    /// The anchor: believed because trust material names it, whatever its own signature says.
    let root: Certificate
    /// Between the root and what it issues, in any order.
    let intermediates: [Certificate]
    /// A timestamp authority's own certificate, where trust material pins it; `nil` for code signing.
    let signer: Certificate?
    /// Whether certificates that come with a proof may stand between a leaf and the root. Only for an operator's own
    /// roots that were given without intermediates; never for a Sigstore root.
    let takesOfferedIntermediates: Bool
    /// Logs and authorities of one operator count once towards a threshold. Empty where trust material does not say.
    let operatorName: String
    let validity: ValidityPeriod
}
