// SPDX-License-Identifier: Apache-2.0

/// A certificate before it is signed: change what the test wants changed, then `signed(by:)` signs it properly.
public struct CertificateTemplate: Sendable {
    /// One extension; `value` is what its OCTET STRING holds.
    public struct Extension: Hashable, Sendable {
        /// The dotted name.
        public var oid: String
        /// Whether who does not know it must refuse.
        public var isCritical: Bool
        /// The DER inside.
        public var value: [UInt8]

        /// An extension, not critical unless said so.
        public init(oid: String, isCritical: Bool = false, value: [UInt8]) {
            self.oid = oid
            self.isCritical = isCritical
            self.value = value
        }
    }

    /// What basicConstraints says.
    public struct BasicConstraints: Hashable, Sendable {
        /// The `cA` flag.
        public var isAuthority: Bool
        /// How many intermediates may follow; `nil` leaves it out.
        public var pathLength: Int?
        /// Whether the extension is critical.
        public var isCritical = true

        /// A critical extension.
        public init(isAuthority: Bool, pathLength: Int? = nil) {
            self.isAuthority = isAuthority
            self.pathLength = pathLength
        }
    }

    /// The bits of keyUsage, by their positions. RFC 5280 §4.2.1.3.
    public enum KeyUsage: Int, Hashable, Sendable, CaseIterable {
        case digitalSignature, contentCommitment, keyEncipherment, dataEncipherment, keyAgreement, keyCertSign, cRLSign
    }

    /// The object identifiers of purposes in extendedKeyUsage.
    public enum Purpose {
        /// id-kp-codeSigning.
        public static let codeSigning = "1.3.6.1.5.5.7.3.3"
        /// id-kp-timeStamping.
        public static let timeStamping = "1.3.6.1.5.5.7.3.8"
        /// id-kp-serverAuth.
        public static let serverAuthentication = "1.3.6.1.5.5.7.3.1"
        /// anyExtendedKeyUsage.
        public static let any = "2.5.29.37.0"
    }

    /// 3, or the number to claim; 1 leaves the field out, and a real version 1 wants `extensionsOmitted` too.
    public var version = 3
    /// Leave out the whole extensions field.
    public var extensionsOmitted = false
    /// Big-endian magnitude of the serial number.
    public var serial: [UInt8]
    /// The issuer's name as it is written.
    public var issuer: DistinguishedName
    /// The subject; empty in leaves of Fulcio.
    public var subject: DistinguishedName
    /// The first instant of validity.
    public var notBefore: TestTime
    /// The last instant of validity.
    public var notAfter: TestTime
    /// The SubjectPublicKeyInfo, DER.
    public var publicKeyDER: [UInt8]
    /// `nil` leaves the extension out.
    public var basicConstraints: BasicConstraints?
    /// `nil` leaves the extension out.
    public var keyUsage: Set<KeyUsage>?
    /// Whether keyUsage is critical.
    public var keyUsageIsCritical = true
    /// Dotted names; `nil` leaves the extension out, `[]` writes an empty one.
    public var extendedKeyUsage: [String]?
    /// Whether extendedKeyUsage is critical.
    public var extendedKeyUsageIsCritical = false
    /// `nil` leaves the extension out.
    public var subjectKeyIdentifier: [UInt8]?
    /// The issuer's key identifier; `nil` leaves the extension out.
    public var authorityKeyIdentifier: [UInt8]?
    /// `nil` leaves the extension out.
    public var subjectAlternativeNames: [GeneralName]?
    /// Whether the names are critical.
    public var subjectAlternativeNamesAreCritical = true
    /// Written after those above, as they are: Fulcio's claims, and whatever a test adds.
    public var extraExtensions: [Extension] = []
    /// The TLS-encoded list of SCTs; `nil` leaves the extension out. `TestCTLog` fills it in.
    public var timestampList: [UInt8]?
    /// How the issuer signs; `nil` is its key's default.
    public var scheme: AuthorityKey.Scheme?
    /// The AlgorithmIdentifier inside the TBSCertificate; `nil` names what is really used.
    public var innerAlgorithm: [UInt8]?
    /// The AlgorithmIdentifier beside the signature; `nil` names what is really used.
    public var outerAlgorithm: [UInt8]?

    /// Changes the TBSCertificate before it is signed: for what no member above can say.
    public var alterTBS: @Sendable (_ tbs: [UInt8]) -> [UInt8] = { $0 }

    /// A certificate without extensions.
    public init(
        issuer: DistinguishedName, subject: DistinguishedName, publicKeyDER: [UInt8], notBefore: TestTime,
        notAfter: TestTime
    ) {
        serial = [0x40 | UInt8.random(in: 0...0x3F)] + MintedText.random(15)
        self.issuer = issuer
        self.subject = subject
        self.publicKeyDER = publicKeyDER
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Makes it a version 1 certificate, which has no extensions.
    public mutating func makeVersion1() {
        version = 1
        extensionsOmitted = true
    }

    /// Gives an extra extension, one of Fulcio's claims perhaps, another value; `nil` takes it away.
    public mutating func replaceExtension(_ oid: String, with value: [UInt8]?) {
        let index = extraExtensions.firstIndex { $0.oid == oid } ?? extraExtensions.endIndex
        extraExtensions.removeAll { $0.oid == oid }
        guard let value else { return }
        extraExtensions.insert(Extension(oid: oid, value: value), at: min(index, extraExtensions.endIndex))
    }

    /// All extensions in the order in which they are written.
    public var extensions: [Extension] {
        var list: [Extension] = []
        if let basic = basicConstraints {
            let length = basic.pathLength.map { ASN1Writer.integer($0) } ?? []
            let flag = basic.isAuthority ? ASN1Writer.boolean(true) : []
            list.append(
                Extension(oid: "2.5.29.19", isCritical: basic.isCritical, value: ASN1Writer.sequence(flag, length)))
        }
        if let keyUsage {
            let value = ASN1Writer.namedBits(keyUsage.map(\.rawValue))
            list.append(Extension(oid: "2.5.29.15", isCritical: keyUsageIsCritical, value: value))
        }
        if let extendedKeyUsage {
            let value = ASN1Writer.sequence(extendedKeyUsage.map(ASN1Writer.oid))
            list.append(Extension(oid: "2.5.29.37", isCritical: extendedKeyUsageIsCritical, value: value))
        }
        if let subjectKeyIdentifier {
            list.append(Extension(oid: "2.5.29.14", value: ASN1Writer.octets(subjectKeyIdentifier)))
        }
        if let authorityKeyIdentifier {
            let value = ASN1Writer.sequence(ASN1Writer.contextPrimitive(0, authorityKeyIdentifier))
            list.append(Extension(oid: "2.5.29.35", value: value))
        }
        if let subjectAlternativeNames {
            let value = ASN1Writer.sequence(subjectAlternativeNames.map(\.der))
            list.append(
                Extension(oid: "2.5.29.17", isCritical: subjectAlternativeNamesAreCritical, value: value))
        }
        list += extraExtensions
        if let timestampList {
            list.append(Extension(oid: "1.3.6.1.4.1.11129.2.4.2", value: ASN1Writer.octets(timestampList)))
        }
        return list
    }

    /// The TBSCertificate, for an issuer with that key.
    public func tbs(issuerKey: AuthorityKey) -> [UInt8] {
        let written = extensions.map {
            ASN1Writer.sequence(
                ASN1Writer.oid($0.oid), $0.isCritical ? ASN1Writer.boolean(true) : [], ASN1Writer.octets($0.value))
        }
        let tbs = ASN1Writer.sequence(
            version == 1 ? [] : ASN1Writer.context(0, ASN1Writer.integer(version - 1)),
            ASN1Writer.integer(magnitude: serial), innerAlgorithm ?? issuerKey.signatureAlgorithm(scheme), issuer.der,
            ASN1Writer.sequence(notBefore.x509, notAfter.x509), subject.der, publicKeyDER,
            extensionsOmitted || written.isEmpty ? [] : ASN1Writer.context(3, ASN1Writer.sequence(written)))
        return alterTBS(tbs)
    }

    /// The certificate, signed by that key whatever the template says.
    public func signed(by key: AuthorityKey) throws -> MintedCertificate {
        let tbs = tbs(issuerKey: key)
        let der = ASN1Writer.sequence(
            tbs, outerAlgorithm ?? key.signatureAlgorithm(scheme), ASN1Writer.bits(try key.sign(tbs, scheme)))
        return MintedCertificate(template: self, der: der)
    }
}

/// A certificate that was signed, with the template it came from.
public struct MintedCertificate: Sendable {
    /// What was signed.
    public let template: CertificateTemplate
    /// The DER; change a byte for a broken signature.
    public var der: [UInt8]

    /// A certificate that came about otherwise; the template tells what an issuer's name and serial number are.
    public init(template: CertificateTemplate, der: [UInt8]) {
        self.template = template
        self.der = der
    }

    /// `CERTIFICATE` PEM.
    public var pem: String { MintedText.pem("CERTIFICATE", der) }
}
