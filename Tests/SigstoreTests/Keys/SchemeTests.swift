// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import FoundationEssentials
import Testing

@testable import Sigstore

@Suite("The hash of a signature is the policy's choice, or from the closed list of the key's kind")
struct SchemeTests {
    static let message = Array("the signed bytes".utf8)

    struct Row: Sendable, CustomTestStringConvertible {
        let kind: TestKey.Kind
        let policy: HashAlgorithm?
        let accepted: [HashAlgorithm]
        var testDescription: String { "\(kind.rawValue), policy \(policy?.rawValue ?? "silent")" }
    }

    static let rows: [Row] =
        [
            Row(kind: .p256, policy: nil, accepted: [.sha256]),
            Row(kind: .p384, policy: nil, accepted: [.sha256, .sha384]),
            Row(kind: .p521, policy: nil, accepted: [.sha256, .sha512]),
            Row(kind: .rsa2048, policy: nil, accepted: [.sha256]),
            Row(kind: .rsa3072, policy: nil, accepted: [.sha256]),
            Row(kind: .rsa4096, policy: nil, accepted: [.sha256]),
        ]
        + [TestKey.Kind.p256, .p384, .p521, .rsa2048].flatMap { kind in
            HashAlgorithm.allCases.map { Row(kind: kind, policy: $0, accepted: [$0]) }
        }

    @Test("and every other hash is refused", arguments: rows)
    func closedList(row: Row) throws {
        let test = try TestKey.shared(row.kind)
        let key = try test.verificationKey(hash: row.policy)
        for hash in HashAlgorithm.allCases {
            let scheme: SignatureScheme = key.kind == .rsa ? .rsaPKCS1(hash) : .ecdsa(hash)
            let signature = try test.sign(Self.message, scheme)
            #expect(key.verifies(signature, over: Self.message) == row.accepted.contains(hash), "\(hash)")
        }
    }

    @Test("Ed25519 fixes its own hash, so that a policy's says nothing", arguments: HashAlgorithm.allCases)
    func edwards(hash: HashAlgorithm) throws {
        let test = try TestKey.shared(.ed25519)
        for scheme in test.kind.schemes {
            let signature = try test.sign(Self.message, scheme)
            #expect(try test.verificationKey(hash: hash).verifies(signature, over: Self.message))
        }
    }

    @Test("RSA signs with PKCS#1 v1.5; a PSS signature is another way, which no policy names")
    func probabilisticPadding() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let read = try VerificationKey(pem: key.publicKey.pemRepresentation)
        let digest = SHA256.hash(data: Self.message)
        let signature = try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation
        #expect(read.verifies(Array(signature), over: Self.message))
        #expect(
            !read.verifies(
                Array(try key.signature(for: digest, padding: .PSS).rawRepresentation), over: Self.message))
        // As long as the modulus, neither a byte less nor a zero more.
        #expect(!read.verifies(Array(signature.dropLast()), over: Self.message))
        #expect(!read.verifies([0] + signature, over: Self.message))
        #expect(!read.verifies(signature + [0], over: Self.message))
    }

    @Test("a checker answers no to a scheme of another kind of key", arguments: TestKey.Kind.allCases)
    func otherKinds(kind: TestKey.Kind) throws {
        let test = try TestKey.shared(kind)
        let info = try SubjectPublicKeyInfo(der: derBytes(test.publicKeyPEM))
        let checking = try SwiftCryptoBackend.publicKey(kind: info.kind, spki: info.der)
        let all =
            HashAlgorithm.allCases.flatMap { [SignatureScheme.ecdsa($0), .rsaPKCS1($0)] } + [.ed25519, .ed25519ph]
        for scheme in kind.schemes {
            let signature = try test.sign(Self.message, scheme)
            #expect(all.filter { checking.isValid(signature, over: .bytes(Self.message), scheme: $0) } == [scheme])
        }
    }
}
