// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// How a signed message says whose certificate it is signed with. RFC 5652 §5.3. It selects and proves nothing: whoever
/// is selected must have made the signature.
enum SignerIdentifier: Hashable, Sendable {
    /// DER of the issuer's name, and content bytes of the serial number.
    case issuer([UInt8], serialNumber: [UInt8])
    /// The certificate's subject key identifier.
    case key([UInt8])

    /// Bytes of a key identifier: hashes have 20 or 32.
    static let maximumKeyLength = 64

    init(_ node: ASN1Node) throws(TimestampError) {
        guard node.identifier == .sequence else {
            let key = try node.octets("its signer's key identifier", tag: .context(0))
            guard 1...Self.maximumKeyLength ~= key.count else {
                throw .unreadable("its signer's key identifier is none of at most \(Self.maximumKeyLength) bytes")
            }
            self = .key(key)
            return
        }
        var nodes = try node.children("its signer's name")
        let issuer = try nodes.required(.sequence, "its signer's issuer")
        let number = try nodes.required("its signer's number")
            .integerBytes("its signer's number", upTo: Certificate.maximumSerialLength)
        guard nodes.next() == nil else { throw .unreadable("its signer's name has an unknown field") }
        self = .issuer(Array(issuer.encodedBytes), serialNumber: number)
    }

    func selects(_ certificate: Certificate) -> Bool {
        switch self {
        case .issuer(let issuer, let number): certificate.issuer == issuer && certificate.serialNumber == number
        case .key(let key): certificate.first([2, 5, 29, 14])?.value == Self.octetString(key)
        }
    }

    func selects(_ certificate: EmbeddedCertificate) -> Bool {
        switch self {
        case .issuer(let issuer, let number): certificate.issuer == issuer && certificate.serialNumber == number
        case .key(let key): certificate.keyIdentifiers.contains(Self.octetString(key))
        }
    }

    /// DER of a key identifier; it has less than 128 bytes.
    private static func octetString(_ bytes: [UInt8]) -> [UInt8] { [0x04, UInt8(bytes.count)] + bytes }
}

/// A certificate that came with a token, unsigned, as far as it must be read to be selected: reading the keys of a bag
/// of certificates costs more than all else in a token, and one that nobody asks for may be of a kind that we refuse.
struct EmbeddedCertificate: Hashable, Sendable {
    let issuer: [UInt8]
    let serialNumber: [UInt8]
    /// What its subject key identifier extension holds: none or one, unless it is malformed.
    let keyIdentifiers: [[UInt8]]
    /// The whole certificate.
    let der: [UInt8]

    init(_ node: ASN1Node) throws(TimestampError) {
        guard node.identifier == .sequence, node.encodedBytes.count <= Certificate.maximumLength else {
            throw .unreadable("a certificate of it is no X.509 certificate")
        }
        var outer = try node.children("a certificate of it")
        var nodes = try outer.required(.sequence, "a certificate's body").children("a certificate's body")
        _ = nodes.optional(.context(0))  // version
        serialNumber = try nodes.required("a certificate's number")
            .integerBytes("a certificate's number", upTo: Certificate.maximumSerialLength)
        _ = try nodes.required(.sequence, "a certificate's algorithm")
        issuer = Array(try nodes.required(.sequence, "a certificate's issuer").encodedBytes)
        keyIdentifiers = try Self.keyIdentifiers(after: &nodes)
        der = Array(node.encodedBytes)
    }

    private static func keyIdentifiers(
        after nodes: inout ASN1NodeCollection.Iterator
    ) throws(TimestampError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        while let field = nodes.next() {
            guard field.identifier == .context(3) else { continue }
            var extensions = try field.onlyChild("a certificate's extensions").children("a certificate's extensions")
            while let one = extensions.next() {
                var parts = try one.children("a certificate's extension")
                guard parts.next()?.encodedBytes.elementsEqual(Self.subjectKeyIdentifier) == true else { continue }
                _ = parts.optional(.boolean)
                found.append(
                    try parts.required("a certificate's key identifier").octets("a certificate's key identifier"))
            }
        }
        return found
    }

    /// DER of the extension's name, 2.5.29.14.
    private static let subjectKeyIdentifier: [UInt8] = [0x06, 0x03, 0x55, 0x1D, 0x0E]
}
