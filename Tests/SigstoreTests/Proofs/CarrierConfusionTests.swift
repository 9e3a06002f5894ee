// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

/// What a holder of genuine proofs might move from one carrier to another. Every signature here is genuine, by the key
/// that is required: only what it is over, and where it is found, differ.
@Suite("A genuine signature says only what it was made to say")
struct CarrierConfusionTests {
    private let key: TestKey
    private let verifier: Verifier

    init() throws {
        key = try TestKey.shared(.p256)
        verifier = try key.verifier()
    }

    @Test("an envelope's signature and its encoding in a .sig layer are no container signature")
    func encodingAsPayload() throws {
        let statement = StatementText().text
        let encoding = "DSSEv1 \(Envelope.inToto.utf8.count) \(Envelope.inToto) \(statement.utf8.count) \(statement)"
        let proof = candidate(simpleSigning: encoding, signature: try key.sign(Array(encoding.utf8)))
        #expect(verifier.refusal(asSignature: proof)?.code == "malformed-payload")
    }

    @Test("an envelope's signature over a statement does not fit the statement alone")
    func envelopeSignatureOverStatement() throws {
        let statement = StatementText().text
        let encoding = "DSSEv1 \(Envelope.inToto.utf8.count) \(Envelope.inToto) \(statement.utf8.count) \(statement)"
        let proof = candidate(simpleSigning: statement, signature: try key.sign(Array(encoding.utf8)))
        #expect(verifier.refusal(asSignature: proof)?.code == "wrong-key")
    }

    @Test("a signed blob that is a statement is no container signature")
    func blobThatIsStatement() throws {
        let statement = StatementText().text
        let proof = candidate(simpleSigning: statement, signature: try key.sign(Array(statement.utf8)))
        #expect(verifier.refusal(asSignature: proof)?.code == "malformed-payload")
    }

    @Test("a simple-signing payload in an envelope is no statement")
    func payloadInEnvelope() throws {
        var proof = ProofText()
        proof.payload = SimpleSigningText().text
        let bundle = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(verifier.refusal(asSignature: bundle)?.code == "malformed-statement")
        proof.payloadType = "application/vnd.dev.cosign.simplesigning.v1+json"
        let typed = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(verifier.refusal(asSignature: typed)?.code == "payload-type")
    }

    @Test("an attestation that is also a simple-signing payload is a signature in neither form")
    func polyglot() throws {
        var proof = ProofText.attestation
        proof.statement.more =
            #","critical":{"image":{"docker-manifest-digest":"\#(image)"},"type":"cosign container image signature"}"#
        let text = proof.statement.text
        let bundle = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(verifier.refusal(asSignature: bundle)?.code == "attestation-is-no-signature")
        // Its signature is over the envelope's encoding, so the payload in a .sig layer is not signed.
        let encoding = "DSSEv1 \(Envelope.inToto.utf8.count) \(Envelope.inToto) \(text.utf8.count) \(text)"
        let layer = candidate(simpleSigning: text, signature: try key.sign(Array(encoding.utf8)))
        #expect(verifier.refusal(asSignature: layer)?.code == "wrong-key")
    }

    @Test("a bundle is no envelope, an envelope no bundle, and a payload neither")
    func carriersExchanged() throws {
        let bundle = try ProofText().bundle(signedBy: key)
        let envelope = try ProofText().envelope(signedBy: key)
        let payload = SimpleSigningText().text
        #expect(verifier.refusal(asStatement: candidate(envelope: bundle))?.code == "unreadable")
        #expect(verifier.refusal(asSignature: candidate(bundle: envelope))?.code == "unreadable")
        #expect(verifier.refusal(asSignature: candidate(bundle: payload))?.code == "unreadable")
        #expect(verifier.refusal(asStatement: candidate(envelope: payload))?.code == "unreadable")
        let layer = candidate(simpleSigning: bundle, signature: try key.sign(Array(bundle.utf8)))
        #expect(verifier.refusal(asSignature: layer)?.code == "malformed-payload")
    }

    /// CVE-2023-33959, CVE-2022-23649: proofs copied from another image, or put together from two.
    @Test("two genuine proofs put together are none")
    func spliced() throws {
        let wrongKey = VerificationError.wrongKey(required: try #require(verifier.options.key).fingerprint)
        let here = SimpleSigningText().text
        let there = SimpleSigningText(imageSection: #"{"docker-manifest-digest":"\#(otherImage)"}"#).text
        let signatureThere = try key.sign(Array(there.utf8))
        #expect(
            verifier.refusal(asSignature: candidate(simpleSigning: there, signature: signatureThere))
                == .wrongImage(found: otherImage.description))
        #expect(verifier.refusal(asSignature: candidate(simpleSigning: here, signature: signatureThere)) == wrongKey)

        var other = ProofText()
        other.statement.subject = #"[{"digest":{"sha256":"\#(otherImage.hex)"}}]"#
        #expect(
            verifier.refusal(asSignature: candidate(bundle: try other.bundle(signedBy: key)))
                == .wrongImage(found: otherImage.description))
        let payload = Array(ProofText().statement.text.utf8)
        other.payloadMember = { _ in #""\#(base64(payload))""# }
        #expect(verifier.refusal(asSignature: candidate(bundle: try other.bundle(signedBy: key))) == wrongKey)
    }

    /// CVE-2022-36056: the key that a proof names is not the key that is required.
    @Test("a hint that names the required key does not make a stranger's signature good")
    func hintOfRequiredKey() throws {
        let stranger = try TestKey(.p256)
        var proof = ProofText()
        let hint = base64(hex(try #require(verifier.options.key).fingerprint.hex))
        proof.material = #"{"publicKey":{"hint":"\#(hint)"}}"#
        proof.signatures = { #"[{"keyid":"\#(hint)","sig":"\#(base64($0))"}]"# }
        let bundle = candidate(bundle: try proof.bundle(signedBy: stranger))
        #expect(verifier.refusal(asSignature: bundle)?.code == "wrong-key")
        #expect(try stranger.verifier().refusal(asSignature: bundle) == nil)
    }
}
