// SPDX-License-Identifier: Apache-2.0

extension TimestampTemplate {
    /// One SignerInfo before it is signed. RFC 5652 §5.3.
    public struct Signer: Sendable {
        /// Which certificate is told to have signed.
        public enum CertificateID: Hashable, Sendable {
            case none
            /// signingCertificate, by SHA-1. RFC 2634 §5.4.
            case v1
            /// signingCertificateV2. RFC 5035 §3.
            case v2(MintedHash)
        }

        /// How the signer is named.
        public enum Identifier: Sendable {
            case issuerAndSerial(issuer: DistinguishedName, serial: [UInt8])
            case subjectKey([UInt8])
        }

        /// Whose key signs.
        public var key: AuthorityKey
        /// The certificate that `embedSigners` embeds and that `certificateID` hashes.
        public var certificate: MintedCertificate
        /// The SignerInfo's version.
        public var version = 1
        /// How the token names the signer.
        public var identifier: Identifier
        /// The hash of content and signature.
        public var hash: MintedHash
        /// How the key signs; `nil` is over the hash above.
        public var scheme: AuthorityKey.Scheme?
        /// The AlgorithmIdentifier of the digest; `nil` names the hash above.
        public var digestAlgorithm: [UInt8]?
        /// The AlgorithmIdentifier of the signature; `nil` names what is really used.
        public var signatureAlgorithm: [UInt8]?
        /// The contentType attribute; `nil` leaves it out.
        public var contentTypeOID: String? = "1.2.840.113549.1.9.16.1.4"
        /// Leave the messageDigest attribute out.
        public var messageDigestOmitted = false
        /// The messageDigest; `nil` writes the real one.
        public var messageDigest: [UInt8]?
        /// The signingTime attribute; `nil` leaves it out.
        public var signingTime: TestTime?
        /// Which attribute names the certificate.
        public var certificateID = CertificateID.v2(.sha256)
        /// The certificate whose hash `certificateID` gives; `nil` is the one above.
        public var identifiedCertificate: [UInt8]?
        /// More signed attributes: dotted type and DER value.
        public var extraAttributes: [(type: String, value: [UInt8])] = []
        /// Write the signed attributes as DER wants a SET OF; else in the order of this list.
        public var attributesAreSorted = true
        /// The content of the unsigned attributes; `nil` leaves them out.
        public var unsignedAttributes: [UInt8]?
        /// Leave out signed attributes; the signature is over the content then.
        public var attributesOmitted = false
        /// What is signed; `nil` is what ought to be.
        public var signedBytes: [UInt8]?
        /// Bytes put in place of the signature.
        public var signature: [UInt8]?

        /// A signer with all attributes.
        public init(_ signer: CertifiedKey, hash: MintedHash, signingTime: TestTime? = nil) {
            key = signer.key
            certificate = signer.certificate
            identifier = .issuerAndSerial(
                issuer: signer.certificate.template.issuer, serial: signer.certificate.template.serial)
            self.hash = hash
            self.signingTime = signingTime
        }

        private var attributes: (_ content: [UInt8]) -> [[UInt8]] {
            { content in
                var list: [(type: String, value: [UInt8])] = []
                if let contentTypeOID { list.append(("1.2.840.113549.1.9.3", ASN1Writer.oid(contentTypeOID))) }
                if let signingTime { list.append(("1.2.840.113549.1.9.5", signingTime.x509)) }
                if !messageDigestOmitted {
                    list.append(("1.2.840.113549.1.9.4", ASN1Writer.octets(messageDigest ?? hash(content))))
                }
                let identified = identifiedCertificate ?? certificate.der
                switch certificateID {
                case .none: break
                case .v1:
                    let id = ASN1Writer.sequence(ASN1Writer.octets(MintedHash.sha1(identified)))
                    list.append(("1.2.840.113549.1.9.16.2.12", ASN1Writer.sequence(ASN1Writer.sequence(id))))
                case .v2(let hash):
                    // SHA-256 is the default, which DER leaves out.
                    let id = ASN1Writer.sequence(
                        hash == .sha256 ? [] : ASN1Writer.sequence(ASN1Writer.oid(hash.oid)),
                        ASN1Writer.octets(hash(identified)))
                    list.append(("1.2.840.113549.1.9.16.2.47", ASN1Writer.sequence(ASN1Writer.sequence(id))))
                }
                return (list + extraAttributes).map {
                    ASN1Writer.sequence(ASN1Writer.oid($0.type), ASN1Writer.set([$0.value]))
                }
            }
        }

        /// The SignerInfo over that content.
        func minted(over content: [UInt8]) throws -> [UInt8] {
            let list = attributes(content)
            let attributes =
                attributesAreSorted ? ASN1Writer.set(list) : ASN1Writer.node(0x31, list.flatMap { $0 })
            let signed = signedBytes ?? (attributesOmitted ? content : attributes)
            let scheme = scheme ?? .hashed(hash)
            let isRSA = key.kind.rawValue.hasPrefix("rsa")
            let named =
                isRSA && scheme == .hashed(hash)
                ? ASN1Writer.sequence(ASN1Writer.oid("1.2.840.113549.1.1.1"), ASN1Writer.null)
                : key.signatureAlgorithm(scheme)
            let who: [UInt8] =
                switch identifier {
                case .issuerAndSerial(let issuer, let serial):
                    ASN1Writer.sequence(issuer.der, ASN1Writer.integer(magnitude: serial))
                case .subjectKey(let id): ASN1Writer.contextPrimitive(0, id)
                }
            return ASN1Writer.sequence(
                ASN1Writer.integer(version), who, digestAlgorithm ?? hashIdentifier(hash),
                attributesOmitted ? [] : [0xA0] + attributes.dropFirst(), signatureAlgorithm ?? named,
                ASN1Writer.octets(try signature ?? key.sign(signed, scheme)),
                unsignedAttributes.map { ASN1Writer.context(1, $0) } ?? [])
        }
    }
}
