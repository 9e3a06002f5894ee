// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// What OpenSSL would not do.
public struct OpenSSLFailure: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &text, text.count)
        let words = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        self.description = "\(description): \(String(decoding: words, as: UTF8.self))"
    }
}

/// A key pair of OpenSSL's making: a signer that shares no code with what verifies.
public final class OpenSSLKey: Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case p256, p384, p521, rsa2048, rsa3072, rsa4096, ed25519
        // Kinds that must be refused.
        case p224, secp256k1, rsa1024

        /// What cosign signs with.
        public static let signing: [Kind] = [.p256, .p384, .p521, .rsa2048, .rsa3072, .rsa4096, .ed25519]

        fileprivate var algorithm: Int32 {
            switch self {
            case .rsa1024, .rsa2048, .rsa3072, .rsa4096: EVP_PKEY_RSA
            case .ed25519: EVP_PKEY_ED25519
            case .p224, .p256, .p384, .p521, .secp256k1: EVP_PKEY_EC
            }
        }

        fileprivate func configure(_ context: OpaquePointer) -> Bool {
            let code =
                switch self {
                case .p224: EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_secp224r1)
                case .p256: EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1)
                case .p384: EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_secp384r1)
                case .p521: EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_secp521r1)
                case .secp256k1: EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_secp256k1)
                case .rsa1024: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 1024)
                case .rsa2048: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048)
                case .rsa3072: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 3072)
                case .rsa4096: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 4096)
                case .ed25519: Int32(1)
                }
            return code == 1
        }
    }

    public enum Hash: String, Hashable, Sendable, CaseIterable {
        case sha256, sha384, sha512

        var algorithm: OpaquePointer? {
            switch self {
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        }
    }

    public let kind: Kind
    /// PKCS#8, `PRIVATE KEY`, not encrypted.
    public let privateKeyPEM: String
    /// SubjectPublicKeyInfo, `PUBLIC KEY`.
    public let publicKeyPEM: String

    /// Makes a new key pair.
    public init(generating kind: Kind) throws(OpenSSLFailure) {
        guard let context = EVP_PKEY_CTX_new_id(kind.algorithm, nil) else { throw OpenSSLFailure("no such kind") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, kind.configure(context), EVP_PKEY_keygen(context, &key) == 1,
            let key
        else { throw OpenSSLFailure("cannot make a \(kind.rawValue) key") }
        defer { EVP_PKEY_free(key) }
        self.kind = kind
        privateKeyPEM = try pem { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
        publicKeyPEM = try pem { PEM_write_bio_PUBKEY($0, key) }
    }

    /// Signs with PKCS#1 v1.5 (RSA), DER-encoded ECDSA, or pure Ed25519, for which `hash` is left out.
    public func sign(_ message: [UInt8], _ hash: Hash?) throws(OpenSSLFailure) -> [UInt8] {
        guard let key = readingPEM(privateKeyPEM, { PEM_read_bio_PrivateKey($0, nil, nil, nil) }),
            let context = EVP_MD_CTX_new()
        else { throw OpenSSLFailure("cannot read the key back") }
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
        }
        var length = 0
        guard EVP_DigestSignInit(context, nil, hash?.algorithm, nil, key) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { throw OpenSSLFailure("cannot sign") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else {
            throw OpenSSLFailure("cannot sign")
        }
        return Array(signature.prefix(length))
    }
}

/// OpenSSL's word on a signature, to hold against ours.
public enum OpenSSLJudge {
    /// Whether the signature is good: PKCS#1 v1.5, DER-encoded ECDSA, or pure Ed25519 (`hash` left out). Throws where
    /// the key cannot be read.
    public static func verify(
        publicKeyPEM: String, signature: [UInt8], message: [UInt8], hash: OpenSSLKey.Hash?
    ) throws(OpenSSLFailure) -> Bool {
        guard let key = readingPEM(publicKeyPEM, { PEM_read_bio_PUBKEY($0, nil, nil, nil) }) else {
            throw OpenSSLFailure("cannot read the public key")
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { throw OpenSSLFailure("no memory") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, hash?.algorithm, nil, key) == 1 else {
            throw OpenSSLFailure("this hash does not go with this key")
        }
        let isGood = EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        ERR_clear_error()
        return isGood
    }
}

private func readingPEM(_ text: String, _ read: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
    Array(text.utf8).withUnsafeBytes { bytes in
        guard let input = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
        defer { BIO_free(input) }
        return read(input)
    }
}

private func pem(_ write: (OpaquePointer) -> Int32) throws(OpenSSLFailure) -> String {
    guard let output = BIO_new(BIO_s_mem()) else { throw OpenSSLFailure("no memory") }
    defer { BIO_free(output) }
    guard write(output) == 1 else { throw OpenSSLFailure("cannot write PEM") }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = BIO_read(output, &buffer, Int32(buffer.count)), count > 0 {
        text += buffer.prefix(Int(count))
    }
    return String(decoding: text, as: UTF8.self)
}
