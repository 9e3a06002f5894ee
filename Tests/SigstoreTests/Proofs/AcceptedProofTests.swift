// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Testing

@testable import Sigstore

// Nothing here makes a `VerifiedSignature`, `VerifiedStatement` or `AuthenticPayload` but by verifying: their
// initialisers are private to their files, so that not even `@testable` reaches them, and none of them can be decoded.

@Suite("A proof is accepted, and its one-change twin is not")
struct AcceptedProofTests {
    /// One way of signing with one kind of key.
    struct Way: Sendable, CustomTestStringConvertible {
        let kind: TestKey.Kind
        let scheme: SignatureScheme
        var testDescription: String { "\(kind.rawValue) \(scheme)" }
    }

    static let ways = TestKey.Kind.allCases.flatMap { kind in kind.schemes.map { Way(kind: kind, scheme: $0) } }

    @Test("a simple-signing signature", arguments: ways)
    func simpleSigning(way: Way) throws {
        let key = try TestKey.shared(way.kind)
        let verifier = try key.verifier()
        let payload = SimpleSigningText(optional: #"{"team":"x"}"#).text
        let signature = try key.sign(Array(payload.utf8), way.scheme)
        let proof = candidate(simpleSigning: payload, signature: signature)

        let verified = try verifier.signature(in: proof, of: image)
        #expect(verified.image == image)
        #expect(verified.key == verifier.options.key?.fingerprint)
        #expect(verified.origin == proof.origin)
        #expect(verified.claims.type == "cosign container image signature")
        #expect(verified.claims.dockerReference == "registry.example/app")
        #expect(verified.claims.optional == Array(#"{"team":"x"}"#.utf8))
        #expect(verified.claims.payload == Array(payload.utf8))
        #expect(verified.unchecked.isEmpty)

        let wrongKey = VerificationError.wrongKey(required: try #require(verified.key))
        #expect(verifier.refusal(asSignature: proof, of: otherImage) == .wrongImage(found: image.description))
        #expect(verifier.refusal(asStatement: proof) == .signatureIsNoAttestation)
        for at in [0, signature.count / 2, signature.count - 1] {
            var changed = signature
            changed[at] ^= 1
            #expect(
                verifier.refusal(asSignature: candidate(simpleSigning: payload, signature: changed)) == wrongKey)
        }
        let other = payload.replacing("team", with: "tean")
        #expect(verifier.refusal(asSignature: candidate(simpleSigning: other, signature: signature)) == wrongKey)
        #expect(
            verifier.refusal(asSignature: candidate(simpleSigning: payload + "\n", signature: signature)) == wrongKey)
    }

    @Test("a version 0.3 bundle with the predicate of a signature", arguments: ways)
    func bundle(way: Way) throws {
        let key = try TestKey.shared(way.kind)
        let verifier = try key.verifier()
        var proof = ProofText(scheme: way.scheme)
        proof.statement.subject = #"[{"digest":{"sha256":"\#(image.hex)"},"annotations":{"env":"prod"}}]"#
        let found = candidate(bundle: try proof.bundle(signedBy: key))

        let verified = try verifier.signature(in: found, of: image)
        #expect(verified.image == image)
        #expect(verified.key == verifier.options.key?.fingerprint)
        #expect(verified.origin == found.origin)
        #expect(verified.claims.type == "https://sigstore.dev/cosign/sign/v1")
        #expect(verified.claims.dockerReference == nil)
        #expect(verified.claims.optional == Array(#"{"env":"prod"}"#.utf8))
        #expect(verified.claims.payload == Array(proof.statement.text.utf8))
        #expect(verified.unchecked.isEmpty)
        #expect(verifier.refusal(asSignature: found, of: otherImage) == .wrongImage(found: image.description))

        try expectTampering(proof, key, verifier) { text, verifier in
            verifier.refusal(asSignature: candidate(bundle: text))
        } write: {
            try $0.bundle(signedBy: $1)
        }
    }

    @Test("an attestation in an .att layer", arguments: ways)
    func envelope(way: Way) throws {
        let key = try TestKey.shared(way.kind)
        let verifier = try key.verifier()
        var proof = ProofText.attestation
        proof.scheme = way.scheme
        let text = try proof.envelope(signedBy: key)
        let found = candidate(envelope: text)

        let verified = try verifier.statement(in: found, of: image)
        #expect(verified.image == image)
        #expect(verified.key == verifier.options.key?.fingerprint)
        #expect(verified.origin == found.origin)
        #expect(verified.predicateType == "https://spdx.dev/Document")
        #expect(verified.statement.text == Array(proof.statement.text.utf8))
        #expect(verified.statement.root["predicate"]?["spdxVersion"]?.string == "SPDX-2.3")
        #expect(verified.envelope == Array(text.utf8))
        #expect(verified.unchecked.isEmpty)
        #expect(verifier.refusal(asStatement: found, of: otherImage) == .wrongImage(found: image.description))
        #expect(
            verifier.refusal(asSignature: found)
                == .attestationIsNoSignature(predicateType: "https://spdx.dev/Document"))

        try expectTampering(proof, key, verifier) { text, verifier in
            verifier.refusal(asStatement: candidate(envelope: text))
        } write: {
            try $0.envelope(signedBy: $1)
        }
    }

    @Test("an attestation in a bundle, whose envelope is kept as it was written")
    func attestationBundle() throws {
        let key = try TestKey.shared(.p256)
        let verifier = try key.verifier()
        let text = try ProofText.attestation.bundle(signedBy: key)
        let verified = try verifier.statement(in: candidate(bundle: text), of: image)
        #expect(verified.predicateType == "https://spdx.dev/Document")
        let envelope = try #require(try JSONDocument(parsing: Array(text.utf8)).root["dsseEnvelope"])
        #expect(verified.envelope == Array(envelope.rawText))
        #expect(
            verifier.refusal(asSignature: candidate(bundle: text))
                == .attestationIsNoSignature(predicateType: "https://spdx.dev/Document"))
    }

    /// What every envelope must withstand: each byte that is signed, the signature, and who signed.
    private func expectTampering(
        _ proof: ProofText, _ key: TestKey, _ verifier: Verifier,
        _ refusal: (String, Verifier) -> VerificationError?,
        write: (ProofText, TestKey) throws -> String
    ) throws {
        let wrongKey = VerificationError.wrongKey(required: try #require(verifier.options.key).fingerprint)
        #expect(refusal(try write(proof, key), verifier) == nil)

        var signature = proof
        signature.signatures = { #"[{"sig":"\#(base64($0.dropLast() + [($0.last ?? 0) ^ 1]))"}]"# }
        #expect(refusal(try write(signature, key), verifier) == wrongKey)

        var payload = proof
        payload.payloadMember = {
            #""\#(base64(Array(String(decoding: $0, as: UTF8.self).replacing("sha256", with: "sha25x").utf8)))""#
        }
        #expect(refusal(try write(payload, key), verifier) == wrongKey)

        // A signature over another type's encoding, presented as the right type.
        var type = proof
        type.payloadType = "application/vnd.in-toto+jsom"
        type.payloadTypeMember = { _ in #""application/vnd.in-toto+json""# }
        #expect(refusal(try write(type, key), verifier) == wrongKey)

        // And one over the payload alone.
        var bare = proof
        let detached = try key.sign(Array(proof.statement.text.utf8), proof.scheme)
        bare.signatures = { _ in #"[{"sig":"\#(base64(detached))"}]"# }
        #expect(refusal(try write(bare, key), verifier) == wrongKey)

        let stranger = try TestKey(key.kind == .p256 ? .ed25519 : .p256)
        var foreign = proof
        foreign.scheme = nil
        #expect(refusal(try write(foreign, stranger), verifier) == wrongKey)
    }

    @Test("an image named by SHA-512 needs its own digest in the proof")
    func sha512() throws {
        let key = try TestKey.shared(.p256)
        let verifier = try key.verifier()
        let long = Digest(of: Array("an image manifest".utf8), .sha512)
        var proof = ProofText()
        proof.statement.subject = #"[{"digest":{"sha256":"\#(image.hex)","sha512":"\#(long.hex)"}}]"#
        let both = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(verifier.refusal(asSignature: both, of: long) == nil)
        #expect(verifier.refusal(asSignature: both, of: image) == nil)
        proof.statement.subject = #"[{"digest":{"sha256":"\#(image.hex)"}}]"#
        let short = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(verifier.refusal(asSignature: short, of: long) == .wrongImage(found: "no sha512 digest"))
        let simple = try SimpleSigningText(imageSection: #"{"docker-manifest-digest":"\#(long)"}"#).candidate(
            signedBy: key)
        #expect(verifier.refusal(asSignature: simple, of: long) == nil)
        #expect(verifier.refusal(asSignature: simple) == .wrongImage(found: long.description))
    }
}
