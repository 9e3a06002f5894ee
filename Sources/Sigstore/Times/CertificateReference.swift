// SPDX-License-Identifier: Apache-2.0
import Crypto
import SwiftASN1

/// A signer's own word on which certificate its signature belongs to: the first ESSCertID of a signing-certificate
/// attribute. RFC 2634 §5.4, RFC 5035 §3, RFC 5816.
///
/// It is compared wherever it is present and required nowhere: the signer is selected and proven without it. Its first
/// form hashes with SHA-1, which proves nothing and can still differ; some authorities write no other.
/// Issuer and serial number beside the hash repeat what is hashed.
struct CertificateReference: Hashable, Sendable {
    private let hash: [UInt8]
    /// `nil` for SHA-1.
    private let algorithm: HashAlgorithm?

    /// `SigningCertificate`, with SHA-1.
    init(signingCertificate node: ASN1Node) throws(TimestampError) {
        var parts = try Self.first(node)
        algorithm = nil
        hash = try parts.required("its certificate's hash").octets("its certificate's hash")
        try Self.end(&parts)
    }

    /// `SigningCertificateV2`, with SHA-256 where it names no hash function.
    init(signingCertificateV2 node: ASN1Node) throws(TimestampError) {
        var parts = try Self.first(node)
        if let named = parts.optional(.sequence) {
            let name = try named.algorithm("its certificate's hash")
            guard let known = HashAlgorithm(digest: name) else { throw .signatureAlgorithm("\(name.name)") }
            algorithm = known
        } else {
            algorithm = .sha256
        }
        hash = try parts.required("its certificate's hash").octets("its certificate's hash")
        try Self.end(&parts)
    }

    func refers(to certificate: Certificate) -> Bool {
        hash == (algorithm.map { $0.hash(certificate.der) } ?? Array(Insecure.SHA1.hash(data: certificate.der)))
    }

    /// The parts of the first reference, which is the signer's; those after it are of its issuers.
    private static func first(_ node: ASN1Node) throws(TimestampError) -> ASN1NodeCollection.Iterator {
        guard node.identifier == .sequence else { throw .unreadable("its signer's certificate is of another type") }
        var fields = try node.children("its signer's certificate")
        var references = try fields.required(.sequence, "its signer's certificate").children("its signer's certificate")
        let first = try references.required(.sequence, "its signer's certificate")
        return try first.children("its signer's certificate")
    }

    private static func end(_ parts: inout ASN1NodeCollection.Iterator) throws(TimestampError) {
        _ = parts.optional(.sequence)  // issuer and serial number
        guard parts.next() == nil else { throw .unreadable("its signer's certificate has an unknown field") }
    }
}
