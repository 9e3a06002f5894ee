// SPDX-License-Identifier: Apache-2.0

/// The narrow seam between the core and a cryptographic library: public key, message and signature go in, yes or no
/// comes out. A build on another library replaces `SwiftCryptoBackend` and nothing else.
protocol SignatureBackend: Sendable {
    /// Reads the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) whose kind is already known.
    static func publicKey(kind: KeyKind, spki: [UInt8]) throws(KeyError) -> any SignatureChecking
}

/// One public key that can check signatures.
protocol SignatureChecking: Sendable {
    /// Whether `signature` is this key's over `message` under `scheme`; `false` also for a scheme of another kind of
    /// key and for every malformed signature.
    func isValid(_ signature: [UInt8], over message: SignedMessage, scheme: SignatureScheme) -> Bool
}

/// The kinds of key that are accepted; a key of any other kind is refused when it is read.
enum KeyKind: Hashable, Sendable {
    case ecdsaP256, ecdsaP384, ecdsaP521
    case rsa
    case ed25519
}

/// How a signature is made from a message.
enum SignatureScheme: Hashable, Sendable {
    /// ECDSA with an ASN.1 DER signature over this hash of the message. FIPS 186-5 §6.
    case ecdsa(HashAlgorithm)
    /// RSASSA-PKCS1-v1_5, RFC 8017 §8.2.
    case rsaPKCS1(HashAlgorithm)
    /// RSASSA-PSS with the hash in its mask generation and a salt as long as the hash, RFC 8017 §8.1.
    case rsaPSS(HashAlgorithm)
    /// Ed25519 over the message itself, RFC 8032 §5.1.
    case ed25519
    /// Ed25519ph: over the SHA-512 of the message with the prehash domain separation, RFC 8032 §5.1. The domain
    /// separation keeps it apart from the pure form, so that trying both is safe.
    case ed25519ph
}
