// SPDX-License-Identifier: Apache-2.0

/// A timestamp authority of RFC 3161 with a chain of its own.
public struct TestTimestampAuthority: Sendable {
    /// What the authority is made of.
    public struct Options: Sendable {
        /// The organization in all names.
        public var organization = "sigstore.test"
        /// The signer's common name, with which the others begin.
        public var commonName = "test-tsa"
        /// The root's kind of key.
        public var rootKind = AuthorityKey.Kind.p384
        /// The issuing one first; none lets the root issue the signer's certificate.
        public var intermediateKinds: [AuthorityKey.Kind] = []
        /// The purposes that intermediates name; `nil` for none.
        public var intermediatePurposes: [String]? = [CertificateTemplate.Purpose.timeStamping]
        /// The signer's kind of key.
        public var signerKind = AuthorityKey.Kind.p256
        /// The hash of signed attributes and signature; `nil` is the key's own.
        public var hash: MintedHash?
        /// From when all its certificates are valid.
        public var notBefore = TestTime(2020, 1, 1)
        /// Until when all its certificates are valid.
        public var notAfter = TestTime(2040, 1, 1)
        /// Changes the signer's certificate before it is signed.
        public var alterSigner: @Sendable (_ template: inout CertificateTemplate) -> Void = { _ in }
        /// Changes a CA certificate before it is signed: level 0 is the root.
        public var alter: @Sendable (_ template: inout CertificateTemplate, _ level: Int) -> Void = { _, _ in }

        /// The default authority: a P-256 signer under a P-384 root.
        public init() {}
    }

    /// What it was made of.
    public let options: Options
    /// Where the authority would be.
    public var url = "https://tsa.sigstore.test/api/v1/timestamp"
    /// The certificates above the signer.
    public var authority: TestCertificateAuthority
    /// Who signs tokens.
    public var signer: CertifiedKey

    /// Makes the keys and certificates of a new authority.
    public init(_ options: Options = Options()) throws {
        self.options = options
        var above = TestCertificateAuthority.Options()
        above.organization = options.organization
        above.commonName = options.commonName
        above.rootKind = options.rootKind
        above.intermediateKinds = options.intermediateKinds
        above.intermediatePurposes = options.intermediatePurposes
        above.notBefore = options.notBefore
        above.notAfter = options.notAfter
        above.alter = options.alter
        authority = try TestCertificateAuthority(above)
        let key = try AuthorityKey(options.signerKind)
        var template = Self.signerTemplate(options, key: key, issuer: authority.issuer)
        options.alterSigner(&template)
        signer = CertifiedKey(certificate: try template.signed(by: authority.issuer.key), key: key)
    }

    private static func signerTemplate(
        _ options: Options, key: AuthorityKey, issuer: CertifiedKey
    ) -> CertificateTemplate {
        var template = CertificateTemplate(
            issuer: issuer.name,
            subject: DistinguishedName(organization: options.organization, commonName: options.commonName),
            publicKeyDER: key.publicKeyDER, notBefore: options.notBefore, notAfter: options.notAfter)
        template.keyUsage = [.digitalSignature]
        template.extendedKeyUsage = [CertificateTemplate.Purpose.timeStamping]
        template.extendedKeyUsageIsCritical = true
        template.subjectKeyIdentifier = key.keyIdentifier
        template.authorityKeyIdentifier = issuer.key.keyIdentifier
        return template
    }

    /// The certificate of another signer of this authority, for tokens with a stranger in their bag.
    public func signerTemplate(for key: AuthorityKey) -> CertificateTemplate {
        Self.signerTemplate(options, key: key, issuer: authority.issuer)
    }

    /// The signer's certificate first, the root last.
    public var chain: [MintedCertificate] { [signer.certificate] + authority.chain }

    /// The chain as PEM, the signer's certificate first.
    public var chainPEM: String { chain.map(\.pem).joined() }

    /// A good token over those bytes, which embeds no certificates.
    public func template(over message: [UInt8], at time: TestTime, imprint hash: MintedHash = .sha256)
        -> TimestampTemplate
    {
        let own = options.hash ?? (signer.key.kind.defaultHash)
        return TimestampTemplate(
            imprintHash: hash, imprint: hash(message), genTime: time,
            signers: [TimestampTemplate.Signer(signer, hash: own, signingTime: time)])
    }
}
