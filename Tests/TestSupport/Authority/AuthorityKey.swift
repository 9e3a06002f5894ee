// SPDX-License-Identifier: Apache-2.0
import CSodium
import Crypto
import CryptoExtras
import FoundationEssentials

/// A key pair of the test authority or of one who signs under it.
public struct AuthorityKey: Sendable {
    /// The kinds of key that Sigstore knows.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case p256, p384, p521, rsa2048, rsa3072, rsa4096, ed25519

        /// The hash that Sigstore's registry of algorithms pairs with the kind.
        public var defaultHash: MintedHash {
            switch self {
            case .p256, .rsa2048, .rsa3072, .rsa4096: .sha256
            case .p384: .sha384
            case .p521, .ed25519: .sha512
            }
        }
    }

    /// How a message becomes a signature.
    public enum Scheme: Hashable, Sendable {
        /// ECDSA in DER, or RSA PKCS#1 v1.5, over that hash of the message.
        case hashed(MintedHash)
        /// RSA PSS over that hash of the message.
        case pss(MintedHash)
        /// Ed25519 as it is.
        case ed25519
        /// Ed25519ph, RFC 8032 §5.1, with an empty context.
        case ed25519ph
    }

    /// The key cannot sign in that way.
    public struct WrongScheme: Error {}

    /// What kind of key it is.
    public let kind: Kind
    /// The SubjectPublicKeyInfo, DER.
    public let publicKeyDER: [UInt8]
    /// The bare bytes: 32 of Ed25519, the uncompressed point of a curve, PKCS#1 of RSA.
    public let rawPublicKey: [UInt8]
    /// The private key in PKCS#8 PEM, for other programs to sign with.
    public let privateKeyPEM: String
    /// Changes each signature that the key makes: another encoding of it, or damage.
    public var alterSignature: @Sendable (_ signature: [UInt8]) -> [UInt8] = { $0 }
    private let make: @Sendable ([UInt8], Scheme) throws -> [UInt8]

    /// `PUBLIC KEY` PEM.
    public var publicKeyPEM: String { MintedText.pem("PUBLIC KEY", publicKeyDER) }

    /// SHA-256 of the SubjectPublicKeyInfo: the id of a CT log or a Rekor v1 log with this key.
    public var fingerprint: [UInt8] { MintedHash.sha256(publicKeyDER) }

    /// SHA-1 of the bare key: what a key identifier of RFC 5280 §4.2.1.2 is mostly made of.
    public var keyIdentifier: [UInt8] { MintedHash.sha1(rawPublicKey) }

    /// The scheme of certificates, logs and DSSE envelopes; pure for Ed25519.
    public var defaultScheme: Scheme { kind == .ed25519 ? .ed25519 : .hashed(kind.defaultHash) }

    /// Sigstore's name of key and scheme: `PKIX_ECDSA_P256_SHA_256`.
    public var keyDetails: String { keyDetails(for: defaultScheme) }

    /// Sigstore's name of key and scheme.
    public func keyDetails(for scheme: Scheme) -> String {
        switch (kind, scheme) {
        case (.p256, _): "PKIX_ECDSA_P256_SHA_256"
        case (.p384, .hashed(.sha256)): "PKIX_ECDSA_P384_SHA_256"
        case (.p384, _): "PKIX_ECDSA_P384_SHA_384"
        case (.p521, .hashed(.sha256)): "PKIX_ECDSA_P521_SHA_256"
        case (.p521, _): "PKIX_ECDSA_P521_SHA_512"
        case (.ed25519, .ed25519ph): "PKIX_ED25519_PH"
        case (.ed25519, _): "PKIX_ED25519"
        case (_, .pss): "PKIX_RSA_PSS_\(kind.rawValue.dropFirst(3))_SHA256"
        case (_, _): "PKIX_RSA_PKCS1V15_\(kind.rawValue.dropFirst(3))_SHA256"
        }
    }

    /// Signs the message; by the default scheme unless another is named.
    public func sign(_ message: [UInt8], _ scheme: Scheme? = nil) throws -> [UInt8] {
        alterSignature(try make(message, scheme ?? defaultScheme))
    }

    /// The AlgorithmIdentifier of signatures by this key, as certificates name them.
    public func signatureAlgorithm(_ scheme: Scheme? = nil) -> [UInt8] {
        switch (kind, scheme ?? defaultScheme) {
        case (.ed25519, _): return ASN1Writer.sequence(ASN1Writer.oid("1.3.101.112"))
        case (.p256, .hashed(let hash)), (.p384, .hashed(let hash)), (.p521, .hashed(let hash)):
            let name =
                switch hash {
                case .sha1: "1.2.840.10045.4.1"
                case .sha256: "1.2.840.10045.4.3.2"
                case .sha384: "1.2.840.10045.4.3.3"
                case .sha512: "1.2.840.10045.4.3.4"
                }
            return ASN1Writer.sequence(ASN1Writer.oid(name))
        case (_, .hashed(let hash)):
            let arc =
                switch hash {
                case .sha1: 5
                case .sha256: 11
                case .sha384: 12
                case .sha512: 13
                }
            return ASN1Writer.sequence(ASN1Writer.oid("1.2.840.113549.1.1.\(arc)"), ASN1Writer.null)
        default: return ASN1Writer.sequence(ASN1Writer.oid("1.2.840.113549.1.1.10"))
        }
    }
}

extension AuthorityKey {
    /// Makes a new key pair.
    public init(_ kind: Kind = .p256) throws {
        self.kind = kind
        switch kind {
        case .p256:
            let key = P256.Signing.PrivateKey()
            publicKeyDER = Array(key.publicKey.derRepresentation)
            rawPublicKey = Array(key.publicKey.x963Representation)
            privateKeyPEM = key.pemRepresentation
            make = { Array(try key.signature(for: try digest($0, $1)).derRepresentation) }
        case .p384:
            let key = P384.Signing.PrivateKey()
            publicKeyDER = Array(key.publicKey.derRepresentation)
            rawPublicKey = Array(key.publicKey.x963Representation)
            privateKeyPEM = key.pemRepresentation
            make = { Array(try key.signature(for: try digest($0, $1)).derRepresentation) }
        case .p521:
            let key = P521.Signing.PrivateKey()
            publicKeyDER = Array(key.publicKey.derRepresentation)
            rawPublicKey = Array(key.publicKey.x963Representation)
            privateKeyPEM = key.pemRepresentation
            make = { Array(try key.signature(for: try digest($0, $1)).derRepresentation) }
        case .ed25519:
            let key = Curve25519.Signing.PrivateKey()
            let seed = Array(key.rawRepresentation)
            let name = ASN1Writer.sequence(ASN1Writer.oid("1.3.101.112"))
            rawPublicKey = Array(key.publicKey.rawRepresentation)
            publicKeyDER = ASN1Writer.sequence(name, ASN1Writer.bits(rawPublicKey))
            privateKeyPEM = MintedText.pem(
                "PRIVATE KEY",
                ASN1Writer.sequence(
                    ASN1Writer.integer(0), name, ASN1Writer.octets(ASN1Writer.octets(seed))))
            make = { message, scheme in
                switch scheme {
                case .ed25519: return Array(try key.signature(for: message))
                case .ed25519ph: return prehashedSignature(seed: seed, message)
                default: throw WrongScheme()
                }
            }
        case .rsa2048, .rsa3072, .rsa4096:
            let bits = Int(kind.rawValue.dropFirst(3)) ?? 2048
            let key = try _RSA.Signing.PrivateKey(keySize: .init(bitCount: bits))
            publicKeyDER = Array(key.publicKey.derRepresentation)
            rawPublicKey = Array(key.publicKey.pkcs1DERRepresentation)
            privateKeyPEM = key.pkcs8PEMRepresentation
            make = { message, scheme in
                switch scheme {
                case .pss(let hash):
                    return Array(try key.signature(for: hash.digest(message), padding: .PSS).rawRepresentation)
                default:
                    let digest = try digest(message, scheme)
                    return Array(try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
                }
            }
        }
    }
}

private func digest(_ message: [UInt8], _ scheme: AuthorityKey.Scheme) throws -> any Crypto.Digest {
    guard case .hashed(let hash) = scheme else { throw AuthorityKey.WrongScheme() }
    return hash.digest(message)
}

private func prehashedSignature(seed: [UInt8], _ message: [UInt8]) -> [UInt8] {
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
