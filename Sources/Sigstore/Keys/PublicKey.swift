// SPDX-License-Identifier: Apache-2.0
import OCI
import SwiftASN1

/// A public key of one of the kinds that are accepted, read once: kind, DER and the way to check signatures belong
/// together. Whose key it is, and whether it is believed, is for whoever holds it.
struct PublicKey: Sendable {
    let kind: KeyKind
    /// SubjectPublicKeyInfo, DER. RFC 5280 §4.1.2.7.
    let der: [UInt8]
    /// SHA-256 of `der`.
    let fingerprint: Digest
    private let checking: any SignatureChecking

    /// RSA-4096 makes 512 bytes, P-521 at most 139. A longer text of DER would cost its reader thirty times its size.
    static let maximumSignatureLength = 512

    init(der: [UInt8]) throws(KeyError) { try self.init(SubjectPublicKeyInfo(der: der)) }

    init(_ info: SubjectPublicKeyInfo) throws(KeyError) {
        checking = try SwiftCryptoBackend.publicKey(kind: info.kind, spki: info.der)
        kind = info.kind
        der = info.der
        fingerprint = Digest(of: info.der)
    }

    /// The key of an operator: exactly one PEM block, `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS#1).
    init(pem: String) throws(KeyError) {
        guard pem.utf8.count <= VerificationKey.maximumPEMLength else { throw .notPEM }
        let block = try PEMBlock(in: pem)
        switch block.label {
        case "PUBLIC KEY": try self.init(SubjectPublicKeyInfo(der: block.bytes))
        case "RSA PUBLIC KEY": try self.init(SubjectPublicKeyInfo(pkcs1: block.bytes))
        case let other: throw .wrongBlock(other)
        }
    }

    /// Whether this key made `signature` over `message` in exactly this way; `false` for a scheme of another kind of key.
    func isValid(_ signature: [UInt8], over message: SignedMessage, scheme: SignatureScheme) -> Bool {
        guard signature.count <= Self.maximumSignatureLength else { return false }
        return checking.isValid(signature, over: message, scheme: scheme)
    }

    func isValid(_ signature: [UInt8], over message: [UInt8], scheme: SignatureScheme) -> Bool {
        isValid(signature, over: .bytes(message), scheme: scheme)
    }
}

/// What a signature is over: the bytes, or no more of them than their hash.
enum SignedMessage {
    case bytes([UInt8])
    /// Only a scheme with this very hash can be checked.
    case digest(HashAlgorithm, [UInt8])
    /// Bytes that were hashed as they came by, and that nobody holds.
    case digests(MessageDigests)

    /// `nil` where only another hash is known.
    func hash(_ algorithm: HashAlgorithm) -> [UInt8]? {
        switch self {
        case .bytes(let bytes): algorithm.hash(bytes)
        case .digest(algorithm, let digest): digest
        case .digest: nil
        case .digests(let digests): digests[algorithm]
        }
    }
}

extension PublicKey: Hashable {
    static func == (one: PublicKey, other: PublicKey) -> Bool { one.der == other.der }
    func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

extension PublicKey {
    /// Bits of an RSA key's modulus: `SEQUENCE { modulus INTEGER, … }` in the key's BIT STRING, RFC 8017 §A.1.1; `nil` for
    /// every other key.
    var rsaBits: Int? {
        guard kind == .rsa else { return nil }
        let modulus: ArraySlice<UInt8>? = try? DER.sequence(DER.parse(der), identifier: .sequence) { nodes in
            _ = nodes.next()
            let string = try ASN1BitString(derEncoded: &nodes)
            return try DER.sequence(DER.parse(string.bytes), identifier: .sequence) { inner in
                let modulus = try ArraySlice<UInt8>(derEncoded: &inner)
                _ = inner.next()
                return modulus
            }
        }
        guard let magnitude = modulus?.drop(while: { $0 == 0 }), let first = magnitude.first else { return nil }
        return magnitude.count * 8 - first.leadingZeroBitCount
    }
}
