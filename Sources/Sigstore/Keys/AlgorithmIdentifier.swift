// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// `SEQUENCE { OID, parameters }`, RFC 5280 §4.1.1.2.
struct AlgorithmIdentifier: Equatable {
    enum Parameters: Equatable {
        case absent, null, other
        case name(ASN1ObjectIdentifier)
    }

    let name: ASN1ObjectIdentifier
    let parameters: Parameters

    init(derEncoded nodes: inout ASN1NodeCollection.Iterator) throws {
        guard let node = nodes.next() else { throw KeyError.malformed }
        try self.init(derEncoded: node)
    }

    init(derEncoded node: ASN1Node) throws {
        (name, parameters) = try DER.sequence(node, identifier: .sequence) { inner in
            let name = try ASN1ObjectIdentifier(derEncoded: &inner)
            guard let parameters = inner.next() else { return (name, .absent) }
            switch parameters.identifier {
            case .objectIdentifier: return (name, .name(try ASN1ObjectIdentifier(derEncoded: parameters)))
            case .null:
                _ = try ASN1Null(derEncoded: parameters)
                return (name, .null)
            default: return (name, .other)
            }
        }
    }
}

extension SignatureScheme {
    /// The scheme that an algorithm identifier of a certificate or a timestamp names, with its parameters as its
    /// definition has them; `nil` for every other one, SHA-1 and MD5 among them. RFC 5758 §3.2, RFC 8410 §3, RFC 4055 §5
    /// (whose parameters are NULL; RFC 8017 §A.2.4 has readers take their absence too).
    init?(certificate algorithm: AlgorithmIdentifier) {
        switch (algorithm.name, algorithm.parameters) {
        case ([1, 2, 840, 10045, 4, 3, 2], .absent): self = .ecdsa(.sha256)
        case ([1, 2, 840, 10045, 4, 3, 3], .absent): self = .ecdsa(.sha384)
        case ([1, 2, 840, 10045, 4, 3, 4], .absent): self = .ecdsa(.sha512)
        case ([1, 2, 840, 113549, 1, 1, 11], .null), ([1, 2, 840, 113549, 1, 1, 11], .absent):
            self = .rsaPKCS1(.sha256)
        case ([1, 2, 840, 113549, 1, 1, 12], .null), ([1, 2, 840, 113549, 1, 1, 12], .absent):
            self = .rsaPKCS1(.sha384)
        case ([1, 2, 840, 113549, 1, 1, 13], .null), ([1, 2, 840, 113549, 1, 1, 13], .absent):
            self = .rsaPKCS1(.sha512)
        case ([1, 3, 101, 112], .absent): self = .ed25519
        default: return nil
        }
    }
}
