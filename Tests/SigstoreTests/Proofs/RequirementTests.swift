// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

@Suite("Material that is asked for is never passed over")
struct RequirementTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let log: Bool
        let timestamp: Bool
        var testDescription: String { "log entry \(log), timestamp \(timestamp)" }
    }

    /// A trust that believes in no log and no authority.
    private static let codes: Set<String> = ["not-enough-log-entries", "not-enough-timestamps", "unreadable"]

    @Test(
        "in any carrier, whether it is there or not",
        arguments: [
            Row(log: true, timestamp: false), Row(log: false, timestamp: true), Row(log: true, timestamp: true),
        ])
    func asked(row: Row) throws {
        let key = try TestKey.shared(.ed25519)
        let asking = Verifier(
            trust: .none,
            options: VerificationOptions(
                key: try key.verificationKey(), requiresLogEntry: row.log, requiresTimestamp: row.timestamp))
        let silent = try key.verifier()

        let material = [
            "dev.sigstore.cosign/bundle": "{}", "dev.sigstore.cosign/rfc3161timestamp": "{}",
        ]
        let payload = SimpleSigningText().text
        let signature = ["dev.cosignproject.cosign/signature": base64(try key.sign(Array(payload.utf8)))]
        var logged = ProofText()
        logged.material = ProofText.witnessedMaterial

        let signatures = [
            candidate(simpleSigning: payload, annotations: signature),
            candidate(simpleSigning: payload, annotations: signature.merging(material) { one, _ in one }),
            candidate(bundle: try ProofText().bundle(signedBy: key)),
            candidate(bundle: try logged.bundle(signedBy: key)),
        ]
        for proof in signatures {
            #expect(silent.refusal(asSignature: proof) == nil)
            #expect(asking.refusal(asSignature: proof).map { Self.codes.contains($0.code) } == true)
        }

        let statements = [
            candidate(envelope: try ProofText.attestation.envelope(signedBy: key)),
            candidate(envelope: try ProofText.attestation.envelope(signedBy: key), material),
            candidate(bundle: try ProofText.attestation.bundle(signedBy: key)),
            candidate(bundle: try logged.bundle(signedBy: key)),
        ]
        for proof in statements {
            #expect(silent.refusal(asStatement: proof) == nil)
            #expect(asking.refusal(asStatement: proof).map { Self.codes.contains($0.code) } == true)
            #expect(asking.refusal(asSignature: proof).map { Self.codes.contains($0.code) } == true)
        }
    }

    @Test("and is part of what evidence is cached under")
    func optionsDiffer() throws {
        let key = try TestKey.shared(.ed25519).verificationKey()
        let options: Set<VerificationOptions> = [
            VerificationOptions(key: key), VerificationOptions(key: key, requiresLogEntry: true),
            VerificationOptions(key: key, requiresTimestamp: true),
            VerificationOptions(key: key, requiresLogEntry: true, requiresTimestamp: true),
            VerificationOptions(key: try TestKey.shared(.ed25519).verificationKey(hash: .sha512)),
            VerificationOptions(key: try TestKey.shared(.p256).verificationKey()),
        ]
        #expect(options.count == 6)
    }

    @Test("what could not be read is told as it was told to us")
    func unreadable() throws {
        let verifier = try TestKey.shared(.ed25519).verifier()
        let proof = UnverifiedBundle(.unreadable("two layers"), origin: origin())
        #expect(verifier.refusal(asSignature: proof) == .unreadable("two layers"))
        #expect(verifier.refusal(asStatement: proof) == .unreadable("two layers"))
    }
}
