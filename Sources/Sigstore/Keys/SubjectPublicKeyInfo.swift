// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// The outside of a public key: which kind it is, and its DER, which is what a fingerprint is taken of.
///
/// One parse decides the kind, and the kind decides how signatures are checked; nothing guesses from lengths.
struct SubjectPublicKeyInfo {
    let kind: KeyKind
    let der: [UInt8]

    /// Reads `SEQUENCE { SEQUENCE { OID, parameters }, BIT STRING }`, RFC 5280 §4.1.2.7.
    init(der: [UInt8]) throws(KeyError) {
        let algorithm: AlgorithmIdentifier
        let key: ASN1BitString
        do {
            (algorithm, key) = try DER.sequence(DER.parse(der), identifier: .sequence) { nodes in
                (try AlgorithmIdentifier(derEncoded: &nodes), try ASN1BitString(derEncoded: &nodes))
            }
        } catch {
            throw .malformed
        }
        kind = try Self.kind(algorithm, key)
        self.der = der
    }

    /// Wraps the PKCS#1 form of an RSA key (RFC 8017 §A.1.1), so that one key has one fingerprint.
    init(pkcs1 der: [UInt8]) throws(KeyError) {
        var serializer = DER.Serializer()
        do {
            try serializer.appendConstructedNode(identifier: .sequence) { info in
                try info.appendConstructedNode(identifier: .sequence) { algorithm in
                    try algorithm.serialize(ASN1ObjectIdentifier.AlgorithmIdentifier.rsaEncryption)
                    try algorithm.serialize(ASN1Null())
                }
                try info.serialize(ASN1BitString(bytes: der[...]))
            }
        } catch {
            throw .malformed
        }
        try self.init(der: serializer.serializedBytes)
    }

    private static func kind(_ algorithm: AlgorithmIdentifier, _ key: ASN1BitString) throws(KeyError) -> KeyKind {
        guard key.paddingBits == 0 else { throw .malformed }
        switch algorithm.name {
        case [1, 2, 840, 10045, 2, 1]:
            // Uncompressed points only, RFC 5480 §2.2, so that one key has one fingerprint.
            guard key.bytes.first == 0x04 else { throw .malformed }
            switch algorithm.parameters {
            case .name([1, 2, 840, 10045, 3, 1, 7]): return .ecdsaP256
            case .name([1, 3, 132, 0, 34]): return .ecdsaP384
            case .name([1, 3, 132, 0, 35]): return .ecdsaP521
            case .name(let curve): throw .unsupported(excerpt("an elliptic curve key on curve \(curve)"))
            case .absent, .null, .other: throw .unsupported("an elliptic curve key without a named curve")
            }
        // Parameters in one form only, so that one key has one fingerprint: RFC 3279 §2.3.1, RFC 8410 §3.
        case [1, 2, 840, 113549, 1, 1, 1]:
            guard algorithm.parameters == .null else { throw .malformed }
            return .rsa
        case [1, 3, 101, 112]:
            guard algorithm.parameters == .absent, key.bytes.count == 32 else { throw .malformed }
            return .ed25519
        case let other: throw .unsupported(excerpt("a key of algorithm \(other)"))
        }
    }
}
