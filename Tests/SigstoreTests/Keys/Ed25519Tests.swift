// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Sigstore

@Suite("Ed25519")
struct Ed25519Tests {
    /// RFC 8032 §7.1, tests 1 to 3.
    static let pure: [(key: String, message: String, signature: String)] = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]

    /// RFC 8032 §7.3.
    static let prehashed = (
        seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        key: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", message: "616263",
        signature:
            "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )

    /// The order of the group, little-endian.
    static let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")

    private func key(_ text: String) throws -> VerificationKey {
        try VerificationKey(pem: pem("PUBLIC KEY", DER.ed25519(hex(text))))
    }

    @Test("accepts the pure signatures of RFC 8032, and none with a byte changed")
    func pureVectors() throws {
        for vector in Self.pure {
            let key = try key(vector.key)
            let signature = hex(vector.signature)
            #expect(key.verifies(signature, over: hex(vector.message)))
            #expect(!key.verifies(signature, over: hex(vector.message) + [0]))
            for at in signature.indices {
                var changed = signature
                changed[at] ^= 0x10
                #expect(!key.verifies(changed, over: hex(vector.message)))
            }
        }
    }

    @Test("accepts the prehashed signature of RFC 8032, and none with a byte changed")
    func prehashedVector() throws {
        let key = try key(Self.prehashed.key)
        let signature = hex(Self.prehashed.signature)
        let message = hex(Self.prehashed.message)
        #expect(key.verifies(signature, over: message))
        #expect(!key.verifies(signature, over: message + [0]))
        for at in signature.indices {
            var changed = signature
            changed[at] ^= 0x10
            #expect(!key.verifies(changed, over: message))
        }
        #expect(prehashedSignature(seed: hex(Self.prehashed.seed), message) == signature)
    }

    @Test("keeps the pure form and the prehashed form apart: the hash itself as a message is neither")
    func domains() throws {
        let test = try TestKey.shared(.ed25519)
        let key = try test.verificationKey()
        let message = Array("message".utf8)
        let prehashed = try test.sign(message, .ed25519ph)
        let pureOfHash = try test.sign(hex(digest512(message)), .ed25519)
        #expect(key.verifies(prehashed, over: message))
        #expect(!key.verifies(prehashed, over: hex(digest512(message))))
        #expect(!key.verifies(pureOfHash, over: message))
    }

    @Test("refuses the same signature with S + L, in both forms", arguments: [SignatureScheme.ed25519, .ed25519ph])
    func malleability(scheme: SignatureScheme) throws {
        let test = try TestKey.shared(.ed25519)
        let key = try test.verificationKey()
        let message = Array("message".utf8)
        var signature = try test.sign(message, scheme)
        #expect(key.verifies(signature, over: message))
        var carry = 0
        for at in 0..<32 {
            let sum = Int(signature[32 + at]) + Int(Self.order[at]) + carry
            signature[32 + at] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(!key.verifies(signature, over: message))
    }

    @Test("refuses every other length", arguments: [0, 1, 32, 63, 65, 128])
    func lengths(count: Int) throws {
        let test = try TestKey.shared(.ed25519)
        let message = Array("message".utf8)
        for scheme in [SignatureScheme.ed25519, .ed25519ph] {
            let signature = try test.sign(message, scheme) + [UInt8](repeating: 0, count: 64)
            #expect(!(try test.verificationKey().verifies(Array(signature.prefix(count)), over: message)))
        }
    }

    @Test("refuses R and S that fit every message of a key of small order")
    func universalForgery() throws {
        let test = try TestKey.shared(.ed25519)
        for point in KeyRefusalTests.smallOrder {
            let forged = hex(point) + [UInt8](repeating: 0, count: 32)
            #expect(!(try test.verificationKey().verifies(forged, over: Array("anything".utf8))))
        }
    }
}
