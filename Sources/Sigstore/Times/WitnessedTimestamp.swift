// SPDX-License-Identifier: Apache-2.0

/// A time at which a believed timestamp authority had seen a signature.
struct WitnessedTimestamp: Sendable {
    private let proven: (instant: Instant, authority: CertificateAuthority, signer: Certificate)

    /// The signature existed then. Fractions of a second are kept.
    var instant: Instant { proven.instant }
    /// The authority's name; timestamps of one authority count once.
    var authority: String { proven.authority.name }
    /// Who runs the authority; empty where trust material does not say.
    var operatorName: String { proven.authority.operatorName }
    /// The certificate whose key made the signature and whose path to the authority's root is proven.
    var signer: Certificate { proven.signer }

    fileprivate init(_ instant: Instant, _ authority: CertificateAuthority, _ signer: Certificate) {
        proven = (instant, authority, signer)
    }
}

extension WitnessedTimestamp {
    /// Checks everything that is said of a token, RFC 3161 §2.3 and RFC 5652 §5.4-5.6, in the order in which it is
    /// written down here.
    ///
    /// - Parameters:
    ///   - imprints: the byte strings any one of which may be what was timestamped: the raw signature, and for an
    ///     envelope that stands alone also its whole text. All of them must bind the signature.
    ///   - authorities: those that are believed; each with its own period.
    /// - Returns: `nil` where the signer is none of these authorities: such a token says nothing, for or against.
    /// - Throws: where a token that calls itself one of theirs does not hold; the first authority's reason where several
    ///   could be meant.
    static func checked(
        _ token: TimestampToken, over imprints: [SignedMessage], by authorities: [CertificateAuthority]
    ) throws(TimestampError) -> WitnessedTimestamp? {
        let named = authorities.filter { token.namesSigner(of: $0) }
        guard !named.isEmpty else { return nil }
        guard imprints.contains(where: { $0.hash(token.info.imprintHash) == token.info.imprint }) else {
            throw .anotherSignature
        }
        try token.checkContent()
        var reason: TimestampError?
        for authority in named {
            do throws(TimestampError) {
                return try WitnessedTimestamp(token, by: authority)
            } catch {
                reason = reason ?? error
            }
        }
        if let reason { throw reason }
        return nil
    }

    static func checked(
        _ token: TimestampToken, over imprints: [[UInt8]], by authorities: [CertificateAuthority]
    ) throws(TimestampError) -> WitnessedTimestamp? {
        try checked(token, over: imprints.map { .bytes($0) }, by: authorities)
    }

    /// One certificate is chosen, and everything else is about that one: its key, its name in the signature, its
    /// purpose, its path and its period.
    private init(_ token: TimestampToken, by authority: CertificateAuthority) throws(TimestampError) {
        let signer = try token.signer(of: authority)
        let info = token.message.signer
        guard info.attributes.certificateReferences.allSatisfy({ $0.refers(to: signer) }) else {
            throw .certificateReference
        }
        guard signer.publicKey.isValid(info.signature, over: info.attributes.signedBytes, scheme: info.scheme) else {
            throw .wrongSignature
        }
        // Only now is the time the word of somebody in particular.
        let time = token.info.time
        guard authority.validity.contains(time) else {
            throw .outsideAuthority(time, authority: authority.validity)
        }
        do throws(CertificateError) {
            let offered = authority.takesOfferedIntermediates ? token.otherCertificates(than: signer) : []
            _ = try authority.path(to: signer, offered: offered, for: .timeStamping, at: [time])
        } catch {
            throw .certificate(error)
        }
        if let signed = info.attributes.signingTime, !signer.validity.contains(signed) {
            throw .signingTime(signed, certificate: signer.validity)
        }
        self.init(time, authority, signer)
    }
}

extension TimestampToken {
    /// The signature covers the attributes, and the attributes cover the content.
    fileprivate func checkContent() throws(TimestampError) {
        let attributes = message.signer.attributes
        guard attributes.contentType == Self.contentType else { throw .contentType("\(attributes.contentType)") }
        guard attributes.messageDigest == message.signer.digestHash.hash(message.content) else {
            throw .contentDigest
        }
    }

    /// Whether the signer's name is that of the certificate that trust material pins; or, where it pins none, whether
    /// the token brings a certificate of that name that calls itself issued by the authority.
    fileprivate func namesSigner(of authority: CertificateAuthority) -> Bool {
        let identifier = message.signer.identifier
        if let pinned = authority.signer { return identifier.selects(pinned) }
        let issuers = [authority.root.subject] + authority.intermediates.map(\.subject)
        let selected = message.certificates.filter { identifier.selects($0) }
        // Further certificates of the token may stand between, where they are taken at all.
        let links = authority.takesOfferedIntermediates && !selected.isEmpty ? message.certificates : selected
        return links.contains { issuers.contains($0.issuer) }
    }

    /// The certificate of the signer: the pinned one, from which an embedded one must not differ; or else the only
    /// embedded one of the signer's name.
    fileprivate func signer(of authority: CertificateAuthority) throws(TimestampError) -> Certificate {
        let selected = message.certificates.filter { message.signer.identifier.selects($0) }
        if let pinned = authority.signer {
            guard selected.allSatisfy({ $0.der == pinned.der }) else { throw .foreignCertificate }
            return pinned
        }
        guard let only = selected.first, selected.allSatisfy({ $0 == only }) else { throw .severalCertificates }
        do throws(CertificateError) {
            return try Certificate(der: only.der)
        } catch {
            throw .certificate(error)
        }
    }

    /// The token's further certificates, as far as they can be read; one that cannot is of no use on a path.
    fileprivate func otherCertificates(than signer: Certificate) -> [Certificate] {
        message.certificates.filter { $0.der != signer.der }.compactMap { try? Certificate(der: $0.der) }
    }
}
