// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// A signed message with its content, one signer and perhaps certificates: the part of CMS that timestamps use.
/// RFC 5652 §5.1, RFC 3161 §2.4.2.
struct SignedData: Hashable, Sendable {
    let contentType: ASN1ObjectIdentifier
    /// What is signed, by way of its digest.
    let content: [UInt8]
    /// In the order of the token, which means nothing; at most `maximumCertificates`, and none of them believed.
    let certificates: [EmbeddedCertificate]
    let signer: SignerInfo

    /// Certificates of one token; a signer, its issuers and a cross-certificate are four.
    static let maximumCertificates = 16

    /// Reads `SignedData` inside a ContentInfo of type signedData.
    init(contentInfo node: ASN1Node) throws(TimestampError) {
        guard node.identifier == .sequence else { throw .unreadable("it is no signed message") }
        var nodes = try node.children("its message")
        guard try nodes.required("its message's type").objectIdentifier("its message's type") == Self.signedData else {
            throw .unreadable("it is no signed message")
        }
        let wrapped = try nodes.required(.context(0), "its message").onlyChild("its message")
        guard nodes.next() == nil, wrapped.identifier == .sequence else {
            throw .unreadable("it is no signed message")
        }
        try self.init(wrapped)
    }

    private init(_ node: ASN1Node) throws(TimestampError) {
        var nodes = try node.children("its message")
        // 3: the content is no plain data, and there are no attribute certificates. RFC 5652 §5.1.
        guard try nodes.required("its message's version").smallInteger("its message's version") == 3 else {
            throw .unreadable("its message's version is not 3")
        }
        // A hint for those who read in one pass.
        _ = try nodes.required(.set, "the list of its digests")
        var inner = try nodes.required(.sequence, "its content").children("its content")
        contentType = try inner.required("its content's type").objectIdentifier("its content's type")
        content = try inner.required(.context(0), "its content").onlyChild("its content").octets("its content")
        guard inner.next() == nil else { throw .unreadable("its content has an unknown field") }
        certificates =
            try nodes.optional(.context(0)).map { (bag) throws(TimestampError) in try Self.certificates(bag) } ?? []
        // Revocation lists are unsigned here; whether a timestamp authority is believed is for trust material to say.
        _ = nodes.optional(.context(1))
        signer = try Self.onlySigner(nodes.required(.set, "its list of signers"))
        guard nodes.next() == nil else { throw .unreadable("its message has an unknown field") }
    }

    private static func certificates(_ node: ASN1Node) throws(TimestampError) -> [EmbeddedCertificate] {
        var nodes = try node.children("its list of certificates")
        var certificates: [EmbeddedCertificate] = []
        while let one = nodes.next() {
            guard certificates.count < maximumCertificates else {
                throw .unreadable("it has more than \(maximumCertificates) certificates")
            }
            certificates.append(try EmbeddedCertificate(one))
        }
        return certificates
    }

    private static func onlySigner(_ node: ASN1Node) throws(TimestampError) -> SignerInfo {
        var nodes = try node.children("its list of signers")
        guard let only = nodes.next() else { throw .signerCount(0) }
        var count = 1
        while nodes.next() != nil { count += 1 }
        guard count == 1 else { throw .signerCount(count) }
        return try SignerInfo(only)
    }

    private static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 2]
}

/// One signature of a signed message. RFC 5652 §5.3.
struct SignerInfo: Hashable, Sendable {
    let identifier: SignerIdentifier
    /// The hash of the content.
    let digestHash: HashAlgorithm
    let attributes: SignedAttributes
    /// Goes together with `digestHash`.
    let scheme: SignatureScheme
    let signature: [UInt8]

    init(_ node: ASN1Node) throws(TimestampError) {
        guard node.identifier == .sequence else { throw .unreadable("its signer is of another type") }
        var nodes = try node.children("its signer")
        let version = try nodes.required("its signer's version").smallInteger("its signer's version")
        identifier = try SignerIdentifier(nodes.required("its signer's name"))
        switch (identifier, version) {
        case (.issuer, 1), (.key, 3): break
        default: throw .unreadable("its signer's version is not that of how it is named")
        }
        let digest = try nodes.required(.sequence, "its digest's algorithm").algorithm("its digest's algorithm")
        guard let hash = HashAlgorithm(digest: digest) else { throw .signatureAlgorithm("\(digest.name)") }
        digestHash = hash
        guard let attributes = nodes.optional(.context(0)) else { throw .noSignedAttributes }
        self.attributes = try SignedAttributes(attributes)
        let algorithm = try nodes.required(.sequence, "its signature's algorithm").algorithm(
            "its signature's algorithm")
        guard let scheme = SignatureScheme(signedMessage: algorithm, digest: hash) else {
            throw .signatureAlgorithm("\(algorithm.name) with \(hash.rawValue)")
        }
        self.scheme = scheme
        signature = try nodes.required("its signature").octets("its signature")
        // Unsigned attributes: anyone can add them.
        _ = nodes.optional(.context(1))
        guard nodes.next() == nil else { throw .unreadable("its signer has an unknown field") }
    }
}

extension SignatureScheme {
    /// The scheme of a signed message, which names the digest and the signature apart: they must be one kind.
    /// RFC 5754 §3; for Ed25519, whose digest is SHA-512 alone, RFC 8419 §3.1.
    fileprivate init?(signedMessage algorithm: AlgorithmIdentifier, digest: HashAlgorithm) {
        switch (algorithm.name, algorithm.parameters) {
        // rsaEncryption leaves the hash to the digest's algorithm.
        case ([1, 2, 840, 113549, 1, 1, 1], .null), ([1, 2, 840, 113549, 1, 1, 1], .absent): self = .rsaPKCS1(digest)
        default:
            guard let scheme = SignatureScheme(certificate: algorithm) else { return nil }
            switch scheme {
            case .ecdsa(digest), .rsaPKCS1(digest): self = scheme
            case .ed25519 where digest == .sha512: self = scheme
            default: return nil
            }
        }
    }
}
