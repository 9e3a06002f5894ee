// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// An X.509 certificate that has been read and not checked. RFC 5280 §4.1.
///
/// Read here and not by swift-certificates, which keeps the key's and the names' own bytes, the algorithm identifiers and
/// the signature to itself: names are compared and keys are hashed by their bytes, a signed certificate timestamp is
/// about the bytes around an extension, and signatures are checked through `SignatureBackend` alone.
struct Certificate: Sendable {
    /// 1, 2 or 3.
    let version: Int
    /// Content bytes of the serial number's INTEGER.
    let serialNumber: [UInt8]
    /// DER of the issuer's and the subject's name; compared byte by byte.
    let issuer: [UInt8]
    let subject: [UInt8]
    let validity: ValidityPeriod
    let publicKey: PublicKey
    /// In the order of the certificate; no object identifier twice.
    let extensions: [Extension]
    /// The signed part, DER.
    let toBeSigned: [UInt8]
    let signatureScheme: SignatureScheme
    let signature: [UInt8]
    /// The whole certificate.
    let der: [UInt8]

    struct Extension: Hashable, Sendable {
        let identifier: ASN1ObjectIdentifier
        let isCritical: Bool
        /// What the OCTET STRING holds.
        let value: [UInt8]
    }

    /// Bytes of one certificate; Fulcio's have about 800, and a certificate of a proof is read before anything of it is
    /// believed.
    static let maximumLength = 16 << 10
    /// Extensions of one certificate; Fulcio's have about 25.
    static let maximumExtensions = 64
    /// Content bytes of a serial number: 20, and one for the sign. RFC 5280 §4.1.2.2.
    static let maximumSerialLength = 21

    /// Reads exactly one certificate in DER.
    init(der: [UInt8]) throws(CertificateError) {
        guard der.count <= Self.maximumLength else { throw .unreadable("it has more than \(Self.maximumLength) bytes") }
        do {
            self = try DER.sequence(DER.parse(der), identifier: .sequence) { nodes in
                guard let signed = nodes.next(), let algorithm = nodes.next(), let signature = nodes.next() else {
                    throw CertificateError.unreadable("a part is missing")
                }
                return try Certificate(der: der, signed, algorithm, signature)
            }
        } catch let error as CertificateError {
            throw error
        } catch KeyError.malformed {
            throw .unreadable("its public key is not well-formed")
        } catch let error as KeyError {
            throw .unsupported("it is for \(error)")
        } catch {
            throw .unreadable("it is not well-formed DER")
        }
    }

    func first(_ identifier: ASN1ObjectIdentifier) -> Extension? {
        extensions.first { $0.identifier == identifier }
    }
}

extension Certificate: Hashable {
    static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }
    func hash(into hasher: inout Hasher) { hasher.combine(signature) }
}

extension Certificate {
    private init(der: [UInt8], _ signed: ASN1Node, _ algorithm: ASN1Node, _ signature: ASN1Node) throws {
        let outer = try AlgorithmIdentifier(derEncoded: algorithm)
        guard let scheme = SignatureScheme(certificate: outer) else {
            throw CertificateError.unsupported(
                "it is signed with an algorithm that is not accepted, \(excerpt("\(outer.name)"))")
        }
        let bits = try ASN1BitString(derEncoded: signature)
        guard bits.paddingBits == 0 else { throw CertificateError.unreadable("its signature is no whole bytes") }
        let body = try DER.sequence(signed, identifier: .sequence) { try Body(derEncoded: &$0) }
        // What names the algorithm is signed, what is used is not: RFC 5280 §4.1.1.2.
        guard body.algorithm == outer else {
            throw CertificateError.unreadable("it names two signature algorithms")
        }
        version = body.version
        serialNumber = body.serialNumber
        issuer = body.issuer
        subject = body.subject
        validity = body.validity
        publicKey = body.publicKey
        extensions = body.extensions
        toBeSigned = Array(signed.encodedBytes)
        signatureScheme = scheme
        self.signature = Array(bits.bytes)
        self.der = der
    }
}

/// `TBSCertificate`, RFC 5280 §4.1.2.
private struct Body {
    let version: Int
    let serialNumber: [UInt8]
    let algorithm: AlgorithmIdentifier
    let issuer: [UInt8]
    let validity: ValidityPeriod
    let subject: [UInt8]
    let publicKey: PublicKey
    let extensions: [Certificate.Extension]

    init(derEncoded nodes: inout ASN1NodeCollection.Iterator) throws {
        let number =
            try DER.optionalExplicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) {
                try Int(derEncoded: $0)
            } ?? 0
        // Version 1 is the default, and DER does not write a default.
        guard (0...2).contains(number) else { throw CertificateError.unreadable("its version is unknown") }
        version = number + 1
        serialNumber = try Self.serialNumber(Self.next(&nodes))
        algorithm = try AlgorithmIdentifier(derEncoded: &nodes)
        issuer = try Self.name(&nodes)
        validity = try DER.sequence(Self.next(&nodes), identifier: .sequence) { times in
            let start = try Self.instant(Self.next(&times))
            let end = try Self.instant(Self.next(&times))
            guard let validity = ValidityPeriod(start: start, end: end) else {
                throw CertificateError.unreadable("it ends before it begins")
            }
            return validity
        }
        subject = try Self.name(&nodes)
        publicKey = try PublicKey(der: Array(Self.next(&nodes).encodedBytes))
        // Unique identifiers are of no use and forbidden by the profile: RFC 5280 §4.1.2.8. They fail as another field.
        let read = try DER.optionalExplicitlyTagged(&nodes, tagNumber: 3, tagClass: .contextSpecific) { list in
            try DER.sequence(list, identifier: .sequence) { try Self.extensions(&$0) }
        }
        guard read == nil || version == 3 else {
            throw CertificateError.unreadable("it has extensions and is not of version 3")
        }
        extensions = read ?? []
    }

    private static func next(_ nodes: inout ASN1NodeCollection.Iterator) throws -> ASN1Node {
        guard let node = nodes.next() else { throw CertificateError.unreadable("a field is missing") }
        return node
    }

    private static func serialNumber(_ node: ASN1Node) throws -> [UInt8] {
        guard node.identifier == .integer, case .primitive(let bytes) = node.content,
            1...Certificate.maximumSerialLength ~= bytes.count
        else { throw CertificateError.unreadable("its serial number is no number of at most 20 bytes") }
        return Array(bytes)
    }

    private static func name(_ nodes: inout ASN1NodeCollection.Iterator) throws -> [UInt8] {
        let node = try next(&nodes)
        guard node.identifier == .sequence else { throw CertificateError.unreadable("a name is no sequence") }
        return Array(node.encodedBytes)
    }

    /// `Time`: UTCTime until 2049, GeneralizedTime without fraction from 2050 on. RFC 5280 §4.1.2.5.
    private static func instant(_ node: ASN1Node) throws -> Instant {
        let instant: Instant?
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            instant = Instant(
                year: time.year, month: time.month, day: time.day, hour: time.hours, minute: time.minutes,
                second: time.seconds)
        } else {
            let time = try GeneralizedTime(derEncoded: node)
            guard time.rawFractionalSeconds.isEmpty else {
                throw CertificateError.unreadable("a time of it has a fraction of a second")
            }
            instant = Instant(
                year: time.year, month: time.month, day: time.day, hour: time.hours, minute: time.minutes,
                second: time.seconds)
        }
        guard let instant else { throw CertificateError.unreadable("a time of it does not exist") }
        return instant
    }

    private static func extensions(_ nodes: inout ASN1NodeCollection.Iterator) throws -> [Certificate.Extension] {
        var extensions: [Certificate.Extension] = []
        while let node = nodes.next() {
            guard extensions.count < Certificate.maximumExtensions else {
                throw CertificateError.unreadable("it has more than \(Certificate.maximumExtensions) extensions")
            }
            let one = try DER.sequence(node, identifier: .sequence) { inner in
                Certificate.Extension(
                    identifier: try ASN1ObjectIdentifier(derEncoded: &inner),
                    isCritical: try DER.decodeDefault(&inner, defaultValue: false),
                    value: Array(try ASN1OctetString(derEncoded: &inner).bytes))
            }
            guard !extensions.contains(where: { $0.identifier == one.identifier }) else {
                throw CertificateError.unreadable("it has the extension \(excerpt("\(one.identifier)")) twice")
            }
            extensions.append(one)
        }
        return extensions
    }
}
