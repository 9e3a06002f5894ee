// SPDX-License-Identifier: Apache-2.0

extension KeyDetails {
    /// What a Rekor v2 entry of that kind may say of a key: a closed list, so that an entry never chooses the hash. Empty
    /// for a key that Rekor v2 does not take.
    static func allowed(for key: PublicKey, in kind: EntryKind) -> [KeyDetails] {
        switch key.kind {
        case .ecdsaP256: [.ecdsaP256]
        case .ecdsaP384: [.ecdsaP384]
        case .ecdsaP521: [.ecdsaP521]
        case .rsa:
            switch key.rsaBits {
            case 2048: [.rsa2048]
            case 3072: [.rsa3072]
            case 4096: [.rsa4096]
            default: []
            }
        // Over a hash only the prehashed form can be checked, over an envelope's payload either.
        case .ed25519: kind == .dsse2 ? [.ed25519, .ed25519ph] : [.ed25519ph]
        }
    }

    /// The hash by which an entry names its content.
    var hash: HashAlgorithm {
        switch scheme {
        case .ecdsa(let hash), .rsaPKCS1(let hash), .rsaPSS(let hash): hash
        case .ed25519, .ed25519ph: .sha512
        }
    }
}
