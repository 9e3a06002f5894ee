// SPDX-License-Identifier: Apache-2.0

/// The kinds of key and signature that logs use, as trust material and Rekor v2 entries name them.
/// sigstore/protobuf-specs, PublicKeyDetails; HMACs, ECDSA on other curves and the experimental kinds are not known here.
enum KeyDetails: String, CaseIterable {
    case ecdsaP256 = "PKIX_ECDSA_P256_SHA_256"
    case ecdsaP384 = "PKIX_ECDSA_P384_SHA_384"
    case ecdsaP384SHA256 = "PKIX_ECDSA_P384_SHA_256"
    case ecdsaP521 = "PKIX_ECDSA_P521_SHA_512"
    case ecdsaP521SHA256 = "PKIX_ECDSA_P521_SHA_256"
    case rsa2048 = "PKIX_RSA_PKCS1V15_2048_SHA256"
    case rsa3072 = "PKIX_RSA_PKCS1V15_3072_SHA256"
    case rsa4096 = "PKIX_RSA_PKCS1V15_4096_SHA256"
    case pss2048 = "PKIX_RSA_PSS_2048_SHA256"
    case pss3072 = "PKIX_RSA_PSS_3072_SHA256"
    case pss4096 = "PKIX_RSA_PSS_4096_SHA256"
    case rsaOfUnstatedSize = "PKIX_RSA_PKCS1V5"
    case rsaPKCS1 = "PKCS1_RSA_PKCS1V5"
    case ed25519 = "PKIX_ED25519"
    case ed25519ph = "PKIX_ED25519_PH"

    var kind: KeyKind {
        switch self {
        case .ecdsaP256: .ecdsaP256
        case .ecdsaP384, .ecdsaP384SHA256: .ecdsaP384
        case .ecdsaP521, .ecdsaP521SHA256: .ecdsaP521
        case .rsa2048, .rsa3072, .rsa4096, .pss2048, .pss3072, .pss4096, .rsaOfUnstatedSize, .rsaPKCS1: .rsa
        case .ed25519, .ed25519ph: .ed25519
        }
    }

    /// Bits of modulus that the name promises.
    private var rsaBits: Int? {
        switch self {
        case .rsa2048, .pss2048: 2048
        case .rsa3072, .pss3072: 3072
        case .rsa4096, .pss4096: 4096
        default: nil
        }
    }

    /// Whether a key is what the name says.
    func describes(_ key: PublicKey) -> Bool { key.kind == kind && (rsaBits == nil || key.rsaBits == rsaBits) }

    var scheme: SignatureScheme {
        switch self {
        case .ecdsaP256, .ecdsaP384SHA256, .ecdsaP521SHA256: .ecdsa(.sha256)
        case .ecdsaP384: .ecdsa(.sha384)
        case .ecdsaP521: .ecdsa(.sha512)
        case .rsa2048, .rsa3072, .rsa4096, .rsaOfUnstatedSize, .rsaPKCS1: .rsaPKCS1(.sha256)
        case .pss2048, .pss3072, .pss4096: .rsaPSS(.sha256)
        case .ed25519: .ed25519
        case .ed25519ph: .ed25519ph
        }
    }

    /// Reads the key in the form that the name promises: PKCS#1 for one, SubjectPublicKeyInfo for all others.
    func publicKey(_ bytes: [UInt8]) throws(KeyError) -> PublicKey {
        self == .rsaPKCS1 ? try PublicKey(SubjectPublicKeyInfo(pkcs1: bytes)) : try PublicKey(der: bytes)
    }
}
