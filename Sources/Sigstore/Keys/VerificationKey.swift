// SPDX-License-Identifier: Apache-2.0
public import OCI

/// A public key that an operator trusts to sign, and the closed list of ways in which it may have signed.
public struct VerificationKey: Sendable {
    /// SHA-256 of the key's SubjectPublicKeyInfo in DER.
    public var fingerprint: Digest { publicKey.fingerprint }
    /// The hash that the operator set; `nil` allows the closed list for the kind of key.
    public let hash: HashAlgorithm?
    let publicKey: PublicKey

    /// Sizes of RSA modulus, in bits: below is too weak, above is a way to burn our time. cosign makes 2048 to 4096.
    static let rsaBits = 2048...4096
    /// A PEM of an RSA-4096 key has about 800 characters; a kilobyte of comment may stand around it.
    static let maximumPEMLength = 16 << 10

    /// Reads exactly one PEM block, `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// Accepted are ECDSA on P-256, P-384 and P-521, RSA of 2048 to 4096 bits, and Ed25519.
    public init(pem: String, hash: HashAlgorithm? = nil) throws(KeyError) {
        publicKey = try PublicKey(pem: pem)
        self.hash = hash
    }

    /// The key of a certificate, with the closed list for its kind.
    init(_ publicKey: PublicKey) {
        self.publicKey = publicKey
        hash = nil
    }

    /// Whether this key made `signature` over `message`, in one of the ways that the operator or the closed list
    /// allows. The proof never chooses.
    func verifies(_ signature: [UInt8], over message: SignedMessage) -> Bool {
        schemes.contains { publicKey.isValid(signature, over: message, scheme: $0) }
    }

    /// The hash that the operator set, or what the versions of cosign have used with this kind of key: P-384 and P-521
    /// sign with their own hash since cosign 3 and with SHA-256 before, Ed25519 prehashed since cosign 3 and pure
    /// before. A policy's hash says nothing to Ed25519, which fixes its own.
    var schemes: [SignatureScheme] {
        switch publicKey.kind {
        case .ecdsaP256: hash.map { [.ecdsa($0)] } ?? [.ecdsa(.sha256)]
        case .ecdsaP384: hash.map { [.ecdsa($0)] } ?? [.ecdsa(.sha384), .ecdsa(.sha256)]
        case .ecdsaP521: hash.map { [.ecdsa($0)] } ?? [.ecdsa(.sha512), .ecdsa(.sha256)]
        case .rsa: [.rsaPKCS1(hash ?? .sha256)]
        case .ed25519: [.ed25519, .ed25519ph]
        }
    }
}

extension VerificationKey: Hashable {
    public static func == (one: VerificationKey, other: VerificationKey) -> Bool {
        one.fingerprint == other.fingerprint && one.hash == other.hash
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(fingerprint)
        hasher.combine(hash)
    }
}

/// The hash functions that a policy's `hashAlgorithm` names.
public enum HashAlgorithm: String, Hashable, Sendable, CaseIterable {
    case sha256, sha384, sha512
}

/// Why a public key cannot be used.
public enum KeyError: Error, Hashable, Sendable {
    case notPEM
    case severalBlocks(Int)
    /// A PEM block of another kind, a private key among them.
    case wrongBlock(String)
    case malformed
    case unsupported(String)
    case rsaSize(bits: Int)
}

extension KeyError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notPEM: "no PEM public key; write the block from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"
        case .severalBlocks(let count): "\(count) PEM blocks; write one key, and another authority for each other key"
        case .wrongBlock(let name) where name.hasSuffix("PRIVATE KEY"):
            "a private key; write its public key, and treat the private one as disclosed"
        case .wrongBlock: "a PEM block that is neither PUBLIC KEY nor RSA PUBLIC KEY"
        case .malformed: "a public key that is not well-formed"
        case .unsupported(let what): "\(what); use ECDSA P-256, P-384 or P-521, RSA or Ed25519"
        case .rsaSize(let bits): "an RSA key of \(bits) bits; use 2048 to 4096"
        }
    }
}
