// SPDX-License-Identifier: Apache-2.0
import CSodium
import Crypto
import CryptoExtras
import FoundationEssentials
import OCI
import TestSupport

@testable import Sigstore

/// A key pair made for a test, and a small signer: what a registry's user would hold.
struct TestKey: Sendable, CustomStringConvertible {
    enum Kind: String, CaseIterable {
        case p256, p384, p521, rsa2048, rsa3072, rsa4096, ed25519
    }

    let kind: Kind
    let publicKeyPEM: String
    private let make: @Sendable (_ message: [UInt8], _ scheme: SignatureScheme) throws -> [UInt8]

    struct WrongScheme: Error {}

    /// A signature in whatever way is asked for, also in ways that a verifier must not take.
    func sign(_ message: [UInt8], _ scheme: SignatureScheme? = nil) throws -> [UInt8] {
        try make(message, scheme ?? kind.schemes[0])
    }

    var description: String { kind.rawValue }

    /// One key of each kind for the whole run, as making RSA keys takes a while.
    static func shared(_ kind: Kind) throws -> TestKey {
        switch kind {
        case .p256: try sharedP256.get()
        case .p384: try sharedP384.get()
        case .p521: try sharedP521.get()
        case .rsa2048: try sharedRSA2048.get()
        case .rsa3072: try sharedRSA3072.get()
        case .rsa4096: try sharedRSA4096.get()
        case .ed25519: try sharedEd25519.get()
        }
    }

    private static let sharedP256 = Result { try TestKey(.p256) }
    private static let sharedP384 = Result { try TestKey(.p384) }
    private static let sharedP521 = Result { try TestKey(.p521) }
    private static let sharedRSA2048 = Result { try TestKey(.rsa2048) }
    private static let sharedRSA3072 = Result { try TestKey(.rsa3072) }
    private static let sharedRSA4096 = Result { try TestKey(.rsa4096) }
    private static let sharedEd25519 = Result { try TestKey(.ed25519) }

    func verificationKey(hash: HashAlgorithm? = nil) throws -> VerificationKey {
        try VerificationKey(pem: publicKeyPEM, hash: hash)
    }

    func verifier(hash: HashAlgorithm? = nil) throws -> Verifier {
        Verifier(trust: .none, options: VerificationOptions(key: try verificationKey(hash: hash)))
    }
}

extension TestKey.Kind {
    /// The ways in which versions of cosign sign with this kind of key, the newest first.
    var schemes: [SignatureScheme] {
        switch self {
        case .p256: [.ecdsa(.sha256)]
        case .p384: [.ecdsa(.sha384), .ecdsa(.sha256)]
        case .p521: [.ecdsa(.sha512), .ecdsa(.sha256)]
        case .rsa2048, .rsa3072, .rsa4096: [.rsaPKCS1(.sha256)]
        case .ed25519: [.ed25519, .ed25519ph]
        }
    }
}

extension TestKey {
    init(_ kind: Kind) throws {
        self.kind = kind
        switch kind {
        case .p256:
            let key = P256.Signing.PrivateKey()
            publicKeyPEM = key.publicKey.pemRepresentation
            make = { try Array(key.signature(for: try digest($0, ecdsa: $1)).derRepresentation) }
        case .p384:
            let key = P384.Signing.PrivateKey()
            publicKeyPEM = key.publicKey.pemRepresentation
            make = { try Array(key.signature(for: try digest($0, ecdsa: $1)).derRepresentation) }
        case .p521:
            let key = P521.Signing.PrivateKey()
            publicKeyPEM = key.publicKey.pemRepresentation
            make = { try Array(key.signature(for: try digest($0, ecdsa: $1)).derRepresentation) }
        case .rsa2048: (publicKeyPEM, make) = try Self.openSSL(.rsa2048)
        case .rsa3072: (publicKeyPEM, make) = try Self.openSSL(.rsa3072)
        case .rsa4096: (publicKeyPEM, make) = try Self.openSSL(.rsa4096)
        case .ed25519:
            let key = Curve25519.Signing.PrivateKey()
            let raw = Array(key.publicKey.rawRepresentation)
            publicKeyPEM = pem("PUBLIC KEY", DER.ed25519(raw))
            make = { message, scheme in
                switch scheme {
                case .ed25519: Array(try key.signature(for: message))
                case .ed25519ph: prehashedSignature(seed: Array(key.rawRepresentation), message)
                default: throw WrongScheme()
                }
            }
        }
    }

    private static func openSSL(
        _ kind: OpenSSLKey.Kind
    ) throws -> (String, @Sendable ([UInt8], SignatureScheme) throws -> [UInt8]) {
        let key = try OpenSSLKey(generating: kind)
        return (
            key.publicKeyPEM,
            { message, scheme in
                guard case .rsaPKCS1(let hash) = scheme else { throw WrongScheme() }
                return try key.sign(message, OpenSSLKey.Hash(rawValue: hash.rawValue))
            }
        )
    }
}

private func digest(_ message: [UInt8], ecdsa scheme: SignatureScheme) throws -> any Crypto.Digest {
    guard case .ecdsa(let hash) = scheme else { throw TestKey.WrongScheme() }
    return switch hash {
    case .sha256: SHA256.hash(data: message)
    case .sha384: SHA384.hash(data: message)
    case .sha512: SHA512.hash(data: message)
    }
}

/// Ed25519ph by libsodium, RFC 8032 §5.1.
func prehashedSignature(seed: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var publicKey = [UInt8](repeating: 0, count: 32)
    var secretKey = [UInt8](repeating: 0, count: 64)
    crypto_sign_seed_keypair(&publicKey, &secretKey, seed)
    var state = crypto_sign_state()
    crypto_sign_init(&state)
    crypto_sign_update(&state, message, UInt64(message.count))
    var signature = [UInt8](repeating: 0, count: 64)
    crypto_sign_final_create(&state, &signature, nil, secretKey)
    return signature
}
