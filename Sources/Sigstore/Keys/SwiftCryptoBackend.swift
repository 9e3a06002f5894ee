// SPDX-License-Identifier: Apache-2.0
import CSodium
import Crypto
import CryptoExtras
import FoundationEssentials

/// swift-crypto (BoringSSL) for everything but Ed25519ph, which it lacks and libsodium has.
enum SwiftCryptoBackend: SignatureBackend {
    static func publicKey(kind: KeyKind, spki: [UInt8]) throws(KeyError) -> any SignatureChecking {
        do {
            switch kind {
            case .ecdsaP256:
                let key = try P256.Signing.PublicKey(derRepresentation: spki)
                return ECDSAChecking { signature, digest in
                    guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else {
                        return false
                    }
                    return key.isValidSignature(signature, for: digest)
                }
            case .ecdsaP384:
                let key = try P384.Signing.PublicKey(derRepresentation: spki)
                return ECDSAChecking { signature, digest in
                    guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else {
                        return false
                    }
                    return key.isValidSignature(signature, for: digest)
                }
            case .ecdsaP521:
                let key = try P521.Signing.PublicKey(derRepresentation: spki)
                return ECDSAChecking { signature, digest in
                    guard let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature) else {
                        return false
                    }
                    return key.isValidSignature(signature, for: digest)
                }
            case .rsa:
                // The initialiser that would refuse a small key would not say why; the range is ours.
                let key = try _RSA.Signing.PublicKey(unsafeDERRepresentation: spki)
                guard VerificationKey.rsaBits.contains(key.keySizeInBits) else {
                    throw KeyError.rsaSize(bits: key.keySizeInBits)
                }
                return RSAChecking(key: key)
            case .ed25519:
                // SubjectPublicKeyInfo has checked the lengths; the raw key is the last 32 bytes, RFC 8410 §4.
                let raw = Array(spki.suffix(32))
                // For a key outside the prime-order group, all zeros among them, anyone can make signatures.
                guard Sodium.isReady, crypto_core_ed25519_is_valid_point(raw) == 1 else { throw KeyError.malformed }
                return Ed25519Checking(key: try Curve25519.Signing.PublicKey(rawRepresentation: raw), raw: raw)
            }
        } catch let error as KeyError {
            throw error
        } catch {
            throw .malformed
        }
    }
}

/// The digest of a message under a scheme's hash; `nil` where only another hash of it is known.
private func digest(_ message: SignedMessage, _ hash: HashAlgorithm) -> (any Digest)? {
    switch (message, hash) {
    case (.bytes(let bytes), .sha256): SHA256.hash(data: bytes)
    case (.bytes(let bytes), .sha384): SHA384.hash(data: bytes)
    case (.bytes(let bytes), .sha512): SHA512.hash(data: bytes)
    case (.digest(.sha256, let bytes), .sha256): known(bytes, in: SHA256.hash(data: []))
    case (.digest(.sha384, let bytes), .sha384): known(bytes, in: SHA384.hash(data: []))
    case (.digest(.sha512, let bytes), .sha512): known(bytes, in: SHA512.hash(data: []))
    case (.digest, _): nil
    case (.digests(let digests), let hash): digests[hash].flatMap { digest(.digest(hash, $0), hash) }
    }
}

/// A digest whose bytes are known. swift-crypto makes digests by hashing only, and its RSA takes no type but its own, so
/// the bytes are put into one of its values; `nil` unless that value then reads as exactly these bytes.
private func known<Known: Digest>(_ bytes: [UInt8], in digest: Known) -> (any Digest)? {
    var digest = digest
    guard MemoryLayout<Known>.size == bytes.count else { return nil }
    withUnsafeMutableBytes(of: &digest) { $0.copyBytes(from: bytes) }
    return digest.elementsEqual(bytes) ? digest : nil
}

private struct ECDSAChecking: SignatureChecking {
    /// The DER form of a signature is read strictly: BoringSSL takes no other encoding of the same two numbers.
    let check: @Sendable (_ signature: [UInt8], _ digest: any Digest) -> Bool

    func isValid(_ signature: [UInt8], over message: SignedMessage, scheme: SignatureScheme) -> Bool {
        guard case .ecdsa(let hash) = scheme, let digest = digest(message, hash) else { return false }
        return check(signature, digest)
    }
}

private struct RSAChecking: SignatureChecking {
    let key: _RSA.Signing.PublicKey

    func isValid(_ signature: [UInt8], over message: SignedMessage, scheme: SignatureScheme) -> Bool {
        let padding: _RSA.Signing.Padding
        let hash: HashAlgorithm
        switch scheme {
        case .rsaPKCS1(let named): (padding, hash) = (.insecurePKCS1v1_5, named)
        case .rsaPSS(let named): (padding, hash) = (.PSS, named)
        case .ecdsa, .ed25519, .ed25519ph: return false
        }
        guard let digest = digest(message, hash) else { return false }
        return key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: padding)
    }
}

private struct Ed25519Checking: SignatureChecking {
    let key: Curve25519.Signing.PublicKey
    let raw: [UInt8]

    func isValid(_ signature: [UInt8], over message: SignedMessage, scheme: SignatureScheme) -> Bool {
        // Both libraries read 64 bytes without being told a length.
        guard signature.count == 64, case .bytes(let message) = message else { return false }
        return switch scheme {
        case .ed25519: key.isValidSignature(signature, for: message)
        case .ed25519ph: isValidPrehashed(signature, over: message)
        case .ecdsa, .rsaPKCS1, .rsaPSS: false
        }
    }

    private func isValidPrehashed(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        guard Sodium.isReady, raw.count == Int(crypto_sign_publickeybytes()) else { return false }
        var state = crypto_sign_state()
        guard crypto_sign_init(&state) == 0,
            crypto_sign_update(&state, message, UInt64(message.count)) == 0
        else { return false }
        return crypto_sign_final_verify(&state, signature, raw) == 0
    }
}

private enum Sodium {
    /// libsodium asks to be initialised once before anything else; 0 means now, 1 means already.
    static let isReady = sodium_init() >= 0
}
