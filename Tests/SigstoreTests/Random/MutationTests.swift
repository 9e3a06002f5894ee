// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Testing

@testable import Sigstore

/// Genuine proofs, damaged a little, many times: no input may crash the core, and what still verifies must say, byte
/// for byte, what was signed.
@Suite("A damaged proof")
struct MutationTests {
    static let rounds = 8_000

    /// The number of rounds in which damage made no difference is above zero, as some members are not signed.
    private func run(
        seed: UInt64, _ original: [UInt8], _ payload: (_ damaged: [UInt8]) -> (verified: [UInt8], key: Digest)?,
        expected: [UInt8], key: Digest
    ) throws -> Int {
        var random = SeededRandom(seed: seed)
        var survived = 0
        let whole = try #require(payload(original))
        #expect(whole.verified == expected)
        for _ in 0..<Self.rounds {
            var damaged = original
            for _ in 0..<Int.random(in: 1...3, using: &random) { damaged.damage(&random) }
            guard let found = payload(damaged) else { continue }
            survived += 1
            #expect(found.verified == expected, "\(String(decoding: damaged, as: UTF8.self))")
            #expect(found.key == key)
        }
        return survived
    }

    @Test("in a bundle")
    func bundle() throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        var proof = ProofText()
        proof.signatures = { #"[{"keyid":"some key","sig":"\#(base64($0))"}]"# }
        let text = Array(try proof.bundle(signedBy: key).utf8)
        let survived = try run(
            seed: 1, text,
            {
                (try? verifier.signature(in: UnverifiedBundle(.bundle($0), origin: origin()), of: image)).map {
                    ($0.claims.payload, $0.key ?? otherImage)
                }
            },
            expected: Array(proof.statement.text.utf8), key: try #require(verifier.options.key).fingerprint)
        #expect(survived > 0)
        #expect(survived < Self.rounds / 3)
    }

    @Test("in an envelope")
    func envelope() throws {
        let key = try TestKey.shared(.p256)
        let verifier = try key.verifier()
        let proof = ProofText.attestation
        let text = Array(try proof.envelope(signedBy: key).utf8)
        let survived = try run(
            seed: 2, text,
            {
                let layer = UnverifiedBundle(.envelope($0, annotations: CosignAnnotations([:])), origin: origin())
                return (try? verifier.statement(in: layer, of: image)).map { ($0.statement.text, $0.key ?? otherImage) }
            },
            expected: Array(proof.statement.text.utf8), key: try #require(verifier.options.key).fingerprint)
        #expect(survived < Self.rounds / 3)
    }

    @Test("in a simple-signing payload never verifies")
    func payload() throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        let payload = Array(SimpleSigningText().text.utf8)
        let signature = base64(try key.sign(payload))
        let annotations = CosignAnnotations(["dev.cosignproject.cosign/signature": signature])
        var random = SeededRandom(seed: 3)
        for _ in 0..<Self.rounds {
            var damaged = payload
            damaged.damage(&random)
            guard damaged != payload else { continue }
            let proof = UnverifiedBundle(.simpleSigning(payload: damaged, annotations: annotations), origin: origin())
            #expect(verifier.refusal(asSignature: proof)?.code == "wrong-key")
        }
    }

    @Test("that its signer damaged before signing is refused with a reason, or says what it says")
    func signedJunk() throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        let statement = Array(StatementText().text.utf8)
        let payload = Array(SimpleSigningText().text.utf8)
        var random = SeededRandom(seed: 4)
        for _ in 0..<Self.rounds / 4 {
            var damaged = statement
            for _ in 0..<Int.random(in: 1...3, using: &random) { damaged.damage(&random) }
            let signed = Array("DSSEv1 28 \(Envelope.inToto) \(damaged.count) ".utf8) + damaged
            let envelope =
                #"{"payload":"\#(base64(damaged))","payloadType":"\#(Envelope.inToto)","signatures":[{"sig":"\#(base64(try key.sign(signed)))"}]}"#
            #expect(
                ["malformed-statement", "wrong-image", nil].contains(
                    verifier.refusal(asStatement: candidate(envelope: envelope))?.code))
        }
        for _ in 0..<Self.rounds / 4 {
            var damaged = payload
            for _ in 0..<Int.random(in: 1...3, using: &random) { damaged.damage(&random) }
            let annotations = CosignAnnotations(["dev.cosignproject.cosign/signature": base64(try key.sign(damaged))])
            let proof = UnverifiedBundle(.simpleSigning(payload: damaged, annotations: annotations), origin: origin())
            #expect(
                ["malformed-payload", "wrong-image", "claim-type", nil].contains(
                    verifier.refusal(asSignature: proof)?.code))
        }
    }

    @Test("that is no proof at all, but any bytes, is unreadable")
    func noise() throws {
        let verifier = try TestKey.shared(.ed25519).verifier()
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0..<64, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            #expect(
                verifier.refusal(asSignature: UnverifiedBundle(.bundle(bytes), origin: origin()))?.code == "unreadable")
            let layer = UnverifiedBundle(.envelope(bytes, annotations: CosignAnnotations([:])), origin: origin())
            #expect(verifier.refusal(asStatement: layer)?.code == "unreadable")
        }
    }

    @Test("that is a key makes no crash, whatever its PEM or DER became")
    func keys() throws {
        var random = SeededRandom(seed: 6)
        for kind in [TestKey.Kind.p256, .rsa2048, .ed25519] {
            let test = try TestKey.shared(kind)
            let fingerprint = try test.verificationKey().fingerprint
            for _ in 0..<1_000 {
                var text = Array(test.publicKeyPEM.utf8)
                for _ in 0..<Int.random(in: 1...3, using: &random) { text.damage(&random) }
                // Another key may come out, but none under the same fingerprint that is not the same.
                guard let key = try? VerificationKey(pem: String(decoding: text, as: UTF8.self)) else { continue }
                let signature = try test.sign([1])
                #expect(key.verifies(signature, over: [1]) == (key.fingerprint == fingerprint))
            }
        }
    }
}
