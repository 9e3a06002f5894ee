// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// What a CMS signature is over: the content's type and digest, and words of the signer. RFC 5652 §5.3, §11.
struct SignedAttributes: Hashable, Sendable {
    /// What the signature is over: these attributes under the tag of a SET instead of [0], in DER. RFC 5652 §5.4.
    let signedBytes: [UInt8]
    let contentType: ASN1ObjectIdentifier
    let messageDigest: [UInt8]
    let signingTime: Instant?
    /// The signer's certificate by its hash, in either form of ESSCertID; empty where the token has none.
    let certificateReferences: [CertificateReference]

    /// Attributes of one signer; real tokens have four or five.
    static let maximumCount = 16

    init(_ node: ASN1Node) throws(TimestampError) {
        guard node.encodedBytes.first == 0xA0 else { throw .unreadable("its attributes are of another type") }
        signedBytes = [0x31] + node.encodedBytes.dropFirst()
        var values: [ASN1ObjectIdentifier: ASN1Node] = [:]
        var nodes = try node.children("its attributes")
        var last: ArraySlice<UInt8> = []
        while let one = nodes.next() {
            // In another order than a SET OF has in DER they would not be what is signed, or what is signed is not DER;
            // readers disagree on which. Equal ones are repeated ones.
            guard !one.encodedBytes.lexicographicallyPrecedes(last) else {
                throw .unreadable("its attributes are not in order")
            }
            last = one.encodedBytes
            guard values.count < Self.maximumCount else {
                throw .unreadable("it has more than \(Self.maximumCount) attributes")
            }
            guard one.identifier == .sequence else { throw .unreadable("an attribute of it is of another type") }
            var parts = try one.children("an attribute of it")
            let name = try parts.required("an attribute's name").objectIdentifier("an attribute's name")
            let value = try parts.required(.set, "an attribute's value")
            guard parts.next() == nil else { throw .unreadable("an attribute of it has an unknown field") }
            guard values.updateValue(value, forKey: name) == nil else { throw .attributeRepeated("\(name)") }
        }

        func only(_ name: ASN1ObjectIdentifier, _ word: String) throws(TimestampError) -> ASN1Node? {
            guard let set = values[name] else { return nil }
            var inner = try set.children("its \(word)")
            guard let value = inner.next() else { throw .attributeMissing(word) }
            guard inner.next() == nil else { throw .attributeRepeated(word) }
            return value
        }

        guard let type = try only([1, 2, 840, 113549, 1, 9, 3], "contentType") else {
            throw .attributeMissing("contentType")
        }
        contentType = try type.objectIdentifier("its content type")
        guard let digest = try only([1, 2, 840, 113549, 1, 9, 4], "messageDigest") else {
            throw .attributeMissing("messageDigest")
        }
        messageDigest = try digest.octets("its content's digest")
        if let time = try only([1, 2, 840, 113549, 1, 9, 5], "signingTime") {
            guard let instant = time.time else { throw .unreadable("its signing time is no time") }
            signingTime = instant
        } else {
            signingTime = nil
        }
        var references: [CertificateReference] = []
        if let one = try only([1, 2, 840, 113549, 1, 9, 16, 2, 12], "signingCertificate") {
            references.append(try CertificateReference(signingCertificate: one))
        }
        if let one = try only([1, 2, 840, 113549, 1, 9, 16, 2, 47], "signingCertificateV2") {
            references.append(try CertificateReference(signingCertificateV2: one))
        }
        certificateReferences = references
    }
}
