// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// OpenSSL's libcrypto shares no code with BoringSSL's readers of DER and little with its arithmetic: what one accepts
/// and the other refuses is a finding.
@Suite("OpenSSL and we agree on a signature")
struct DifferentialTests {
    /// One takes up to ten milliseconds in a debug build, for P-521.
    static let rounds = 200

    struct Row: Sendable, CustomTestStringConvertible {
        let kind: TestKey.Kind
        let hash: HashAlgorithm?
        let seed: UInt64
        var testDescription: String { "\(kind.rawValue) \(hash?.rawValue ?? "")" }
    }

    static let rows: [Row] = [
        Row(kind: .p256, hash: .sha256, seed: 1), Row(kind: .p256, hash: .sha512, seed: 2),
        Row(kind: .p384, hash: .sha384, seed: 3), Row(kind: .p384, hash: .sha256, seed: 4),
        Row(kind: .p521, hash: .sha512, seed: 5), Row(kind: .rsa2048, hash: .sha256, seed: 6),
        Row(kind: .rsa3072, hash: .sha384, seed: 7), Row(kind: .rsa4096, hash: .sha512, seed: 8),
        Row(kind: .ed25519, hash: nil, seed: 9),
    ]

    @Test("whether it is whole or damaged", arguments: rows)
    func agreement(row: Row) throws {
        var random = SeededRandom(seed: row.seed)
        let test = try TestKey.shared(row.kind)
        let key = try test.verificationKey(hash: row.hash)
        let scheme: SignatureScheme =
            switch (key.kind, row.hash) {
            case (.rsa, let hash?): .rsaPKCS1(hash)
            case (_, let hash?): .ecdsa(hash)
            case (_, nil): .ed25519
            }
        var accepted = 0
        for round in 0..<Self.rounds {
            var message = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            var signature = try test.sign(message, scheme)
            for _ in 0..<Int.random(in: 0...2, using: &random) { signature.damage(&random) }
            if Int.random(in: 0..<8, using: &random) == 0 { message.damage(&random) }
            let ours = key.verifies(signature, over: message)
            let theirs = try OpenSSLJudge.verify(
                publicKeyPEM: test.publicKeyPEM, signature: signature, message: message,
                hash: row.hash.flatMap { OpenSSLKey.Hash(rawValue: $0.rawValue) })
            #expect(ours == theirs, "round \(round), message \(base64(message)), signature \(base64(signature))")
            if ours { accepted += 1 }
        }
        #expect(accepted > Self.rounds / 8)
        #expect(accepted < Self.rounds)
    }

    @Test("that OpenSSL made itself", arguments: OpenSSLKey.Kind.signing)
    func theirSignatures(kind: OpenSSLKey.Kind) throws {
        let signer = try OpenSSLKey(generating: kind)
        for hash in kind == .ed25519 ? [nil] : HashAlgorithm.allCases.map(Optional.some) {
            let key = try VerificationKey(pem: signer.publicKeyPEM, hash: hash)
            let message = Array("message of \(kind.rawValue)".utf8)
            let signature = try signer.sign(message, hash.flatMap { OpenSSLKey.Hash(rawValue: $0.rawValue) })
            #expect(key.verifies(signature, over: message))
            #expect(!key.verifies(signature, over: message + [0]))
        }
    }

    /// The keys themselves, damaged: whatever we read as a key, OpenSSL reads as a key. (It takes more kinds than we.)
    @Test("and on what a key is", arguments: [TestKey.Kind.p256, .p521, .rsa2048, .ed25519])
    func keys(kind: TestKey.Kind) throws {
        var random = SeededRandom(seed: 77)
        let test = try TestKey.shared(kind)
        let der = derBytes(test.publicKeyPEM)
        let message = Array("message".utf8)
        let signature = try test.sign(message, kind.schemes[0])
        for _ in 0..<1_000 {
            var damaged = der
            damaged.damage(&random)
            guard damaged != der, let key = try? VerificationKey(pem: pem("PUBLIC KEY", damaged)) else { continue }
            #expect(!key.verifies(signature, over: message))
            #expect(throws: Never.self) {
                _ = try OpenSSLJudge.verify(
                    publicKeyPEM: pem("PUBLIC KEY", damaged), signature: signature, message: message,
                    hash: kind == .ed25519 ? nil : .sha256)
            }
        }
    }
}
