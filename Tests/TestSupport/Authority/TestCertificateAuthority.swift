// SPDX-License-Identifier: Apache-2.0

/// A name, a key and the certificate that ties them: whoever issues certificates or tokens.
public struct CertifiedKey: Sendable {
    /// The certificate.
    public var certificate: MintedCertificate
    /// The private key.
    public var key: AuthorityKey

    /// A key with its certificate.
    public init(certificate: MintedCertificate, key: AuthorityKey) {
        self.certificate = certificate
        self.key = key
    }

    /// The certificate's subject.
    public var name: DistinguishedName { certificate.template.subject }
}

/// A private Fulcio: a root, intermediates, and leaf certificates as Fulcio writes them.
public struct TestCertificateAuthority: Sendable {
    /// What the authority is made of.
    public struct Options: Sendable {
        /// The organization in all names.
        public var organization = "sigstore.test"
        /// What all common names begin with.
        public var commonName = "test-fulcio"
        /// The root's kind of key.
        public var rootKind = AuthorityKey.Kind.p384
        /// The issuing one first; none at all lets the root issue leaves.
        public var intermediateKinds = [AuthorityKey.Kind.p384]
        /// The purposes that intermediates name; `nil` for none.
        public var intermediatePurposes: [String]? = [CertificateTemplate.Purpose.codeSigning]
        /// From when all its certificates are valid.
        public var notBefore = TestTime(2020, 1, 1)
        /// Until when all its certificates are valid.
        public var notAfter = TestTime(2040, 1, 1)
        /// Seconds for which a leaf lives.
        public var leafLifetime: Int64 = 600
        /// The issuer that leaves name; `nil` is the one that signs them.
        public var leafIssuer: DistinguishedName?
        /// Changes an authority's certificate before it is signed, by its level: 0 is the root, 1 the one below it.
        public var alter: @Sendable (_ template: inout CertificateTemplate, _ level: Int) -> Void = { _, _ in }

        /// The default authority: P-384 root and intermediate.
        public init() {}
    }

    /// What it was made of.
    public let options: Options
    /// The self-signed root.
    public var root: CertifiedKey
    /// The issuing one first, the one below the root last.
    public var intermediates: [CertifiedKey]

    /// Makes the keys and certificates of a new authority.
    public init(_ options: Options = Options()) throws {
        self.options = options
        let rootKey = try AuthorityKey(options.rootKind)
        let rootName = DistinguishedName(
            organization: options.organization, commonName: options.commonName + "-root")
        root = try Self.authority(
            options, name: rootName, key: rootKey, issuer: nil, level: 0, pathLength: options.intermediateKinds.count)
        var chain: [CertifiedKey] = []
        var issuer = root
        for (depth, kind) in options.intermediateKinds.enumerated().reversed() {
            let suffix = depth == 0 ? "-intermediate" : "-intermediate-\(depth)"
            let name = DistinguishedName(
                organization: options.organization, commonName: options.commonName + suffix)
            issuer = try Self.authority(
                options, name: name, key: try AuthorityKey(kind), issuer: issuer,
                level: options.intermediateKinds.count - depth, pathLength: depth)
            chain.insert(issuer, at: 0)
        }
        intermediates = chain
    }

    private static func authority(
        _ options: Options, name: DistinguishedName, key: AuthorityKey, issuer: CertifiedKey?, level: Int,
        pathLength: Int
    ) throws -> CertifiedKey {
        var template = CertificateTemplate(
            issuer: issuer?.name ?? name, subject: name, publicKeyDER: key.publicKeyDER, notBefore: options.notBefore,
            notAfter: options.notAfter)
        template.basicConstraints = .init(isAuthority: true, pathLength: pathLength)
        template.keyUsage = [.keyCertSign, .cRLSign]
        template.subjectKeyIdentifier = key.keyIdentifier
        if let issuer {
            template.authorityKeyIdentifier = issuer.key.keyIdentifier
            template.extendedKeyUsage = options.intermediatePurposes
        }
        options.alter(&template, level)
        return CertifiedKey(certificate: try template.signed(by: issuer?.key ?? key), key: key)
    }

    /// The same authority with another issuing certificate of the same names and another key.
    public func sibling(_ kind: AuthorityKey.Kind = .p384) throws -> TestCertificateAuthority {
        guard let own = intermediates.first else { return self }
        let key = try AuthorityKey(kind)
        let parent = intermediates.dropFirst().first ?? root
        var template = own.certificate.template
        template.publicKeyDER = key.publicKeyDER
        template.subjectKeyIdentifier = key.keyIdentifier
        template.serial = [0x7F] + MintedText.random(15)
        var other = self
        other.intermediates[0] = CertifiedKey(certificate: try template.signed(by: parent.key), key: key)
        return other
    }

    /// The one that signs leaves.
    public var issuer: CertifiedKey { intermediates.first ?? root }

    /// The issuing certificate first, the root last.
    public var chain: [MintedCertificate] { intermediates.map(\.certificate) + [root.certificate] }

    /// The chain as PEM, the issuing certificate first.
    public var chainPEM: String { chain.map(\.pem).joined() }

    /// A leaf as Fulcio writes it, without SCTs yet; valid from that time on.
    public func leafTemplate(
        for key: AuthorityKey, _ identity: SigningIdentity, at time: TestTime
    ) -> CertificateTemplate {
        let start = TestTime(seconds: time.seconds)
        var template = CertificateTemplate(
            issuer: options.leafIssuer ?? issuer.name, subject: .empty, publicKeyDER: key.publicKeyDER,
            notBefore: start,
            notAfter: start.adding(seconds: options.leafLifetime))
        template.keyUsage = [.digitalSignature]
        template.extendedKeyUsage = [CertificateTemplate.Purpose.codeSigning]
        template.subjectKeyIdentifier = key.keyIdentifier
        template.authorityKeyIdentifier = issuer.key.keyIdentifier
        template.subjectAlternativeNames = identity.names
        template.extraExtensions = identity.extensions
        return template
    }

    /// Signs a leaf, after each log has given its SCT for it; without logs the template's own list stays.
    public func issue(_ template: CertificateTemplate, logs: [TestCTLog] = []) throws -> MintedCertificate {
        var template = template
        if !logs.isEmpty {
            let timestamps = try logs.map {
                try $0.timestampTemplate(for: template, issuer: issuer, at: template.notBefore).minted()
            }
            template.timestampList = SCTTemplate.list(timestamps)
        }
        return try template.signed(by: issuer.key)
    }
}
