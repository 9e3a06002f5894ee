// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

@Suite("An envelope holds one payload of one type under one signature")
struct EnvelopeTests {
    @Test("alone and in a bundle", arguments: envelopes)
    func isJudged(change: Change<ProofText>) throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        var proof = ProofText.attestation
        change.make(&proof)
        #expect(
            verifier.refusal(asStatement: candidate(envelope: try proof.envelope(signedBy: key)))?.code == change.code)
        #expect(verifier.refusal(asStatement: candidate(bundle: try proof.bundle(signedBy: key)))?.code == change.code)
    }

    static let envelopes: [Change<ProofText>] = [
        Change("nothing changed", nil) { _ in },
        // Type.
        Change("another payload type, signed along", "payload-type") {
            $0.payloadType = "application/vnd.cosign.simplesigning.v1+json"
        },
        Change("the type in capitals, signed along", "payload-type") {
            $0.payloadType = "Application/vnd.in-toto+json"
        },
        Change("the type with a parameter, signed along", "payload-type") {
            $0.payloadType = "application/vnd.in-toto+json;a=b"
        },
        Change("an empty type, signed along", "payload-type") { $0.payloadType = "" },
        Change("type null", "unreadable") { $0.payloadTypeMember = { _ in "null" } },
        Change("type a list", "unreadable") { $0.payloadTypeMember = { #"["\#($0)"]"# } },
        Change("type escaped", nil) { $0.payloadTypeMember = { #""\u0061\#($0.dropFirst())""# } },
        // Payload.
        Change("payload of the URL alphabet, not padded", nil) { $0.payloadMember = { #""\#(base64URL($0))""# } },
        Change("payload not padded", nil) { $0.payloadMember = { #""\#(base64($0).replacing("=", with: ""))""# } },
        Change("payload with escaped slashes", nil) {
            $0.payloadMember = { #""\#(base64($0).replacing("/", with: #"\/"#))""# }
        },
        Change("payload with a newline", "unreadable") { $0.payloadMember = { #""\#(base64($0))\n""# } },
        Change("payload with a space", "unreadable") { $0.payloadMember = { #"" \#(base64($0))""# } },
        Change("payload plain", "unreadable") {
            $0.payloadMember = { #""\#(String(decoding: $0, as: UTF8.self).replacing("\"", with: ""))""# }
        },
        Change("payload null", "unreadable") { $0.payloadMember = { _ in "null" } },
        Change("payload an object", "unreadable") { $0.payloadMember = { String(decoding: $0, as: UTF8.self) } },
        Change("payload empty", "wrong-key") { $0.payloadMember = { _ in #""""# } },
        Change("payload and more", "wrong-key") { $0.payloadMember = { #""\#(base64($0 + [0x20]))""# } },
        Change("payload encoded twice", "wrong-key") {
            $0.payloadMember = { #""\#(base64(Array(base64($0).utf8)))""# }
        },
        // Signatures.
        Change("signature of the URL alphabet, not padded", nil) {
            $0.signatures = { #"[{"sig":"\#(base64URL($0))"}]"# }
        },
        Change("key id", nil) { $0.signatures = { #"[{"keyid":"whatever","sig":"\#(base64($0))"}]"# } },
        Change("key id empty", nil) { $0.signatures = { #"[{"keyid":"","sig":"\#(base64($0))"}]"# } },
        Change("key id an object", "unreadable") { $0.signatures = { #"[{"keyid":{},"sig":"\#(base64($0))"}]"# } },
        Change("no signatures", "unreadable") { $0.signatures = { _ in "null" } },
        Change("an empty list", "signature-count") { $0.signatures = { _ in "[]" } },
        Change("an object", "unreadable") { $0.signatures = { #"{"0":{"sig":"\#(base64($0))"}}"# } },
        Change("the signature twice", "signature-count") {
            $0.signatures = { #"[{"sig":"\#(base64($0))"},{"sig":"\#(base64($0))"}]"# }
        },
        Change("a good signature and junk", "signature-count") {
            $0.signatures = { #"[{"sig":"\#(base64($0))"},{"sig":"AAAA"}]"# }
        },
        Change("a good signature and null", "signature-count") {
            $0.signatures = { #"[{"sig":"\#(base64($0))"},null]"# }
        },
        Change("null alone", "unreadable") { $0.signatures = { _ in "[null]" } },
        Change("a string alone", "unreadable") { $0.signatures = { #"["\#(base64($0))"]"# } },
        Change("no sig", "unreadable") { $0.signatures = { _ in "[{}]" } },
        Change("sig null", "unreadable") { $0.signatures = { _ in #"[{"sig":null}]"# } },
        Change("sig empty", "unreadable") { $0.signatures = { _ in #"[{"sig":""}]"# } },
        Change("sig junk", "unreadable") { $0.signatures = { _ in #"[{"sig":"%%%%"}]"# } },
        Change("sig with a newline", "unreadable") { $0.signatures = { #"[{"sig":"\#(base64($0))\n"}]"# } },
        Change("sig twice in one object", "unreadable") {
            $0.signatures = { #"[{"sig":"AAAA","sig":"\#(base64($0))"}]"# }
        },
        Change("sig twice, once escaped", "unreadable") {
            $0.signatures = { #"[{"sig":"AAAA","s\u0069g":"\#(base64($0))"}]"# }
        },
        Change("sig a byte too long", "wrong-key") { $0.signatures = { #"[{"sig":"\#(base64($0 + [0]))"}]"# } },
        Change("sig a byte too short", "wrong-key") { $0.signatures = { #"[{"sig":"\#(base64($0.dropLast()))"}]"# } },
        // The object.
        Change("payload twice", "unreadable") { $0.envelopeMore = #","payload":"AAAA""# },
        Change("payload twice, once escaped", "unreadable") { $0.envelopeMore = #","p\u0061yload":"AAAA""# },
        Change("signatures twice", "unreadable") { $0.envelopeMore = #","signatures":[]"# },
    ]

    @Test("which in a bundle has no member that the schema does not know, and alone may have some")
    func unknownMembers() throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        let changes: [(inout ProofText) -> Void] = [
            { $0.envelopeMore = #","future":1"# },
            { $0.envelopeMore = #","payload_type":"x""# },
            { $0.signatures = { #"[{"sig":"\#(base64($0))","future":1}]"# } },
        ]
        for change in changes {
            var proof = ProofText.attestation
            change(&proof)
            let alone = candidate(envelope: try proof.envelope(signedBy: key))
            let bundle = candidate(bundle: try proof.bundle(signedBy: key))
            #expect(verifier.refusal(asStatement: alone) == nil)
            #expect(verifier.refusal(asStatement: bundle)?.code == "unreadable")
        }
    }

    @Test(
        "or it is no envelope",
        arguments: ["", "null", "[]", "{", "{}", #""x""#, "{}x", #"{"payloadType":"application/vnd.in-toto+json"}"#])
    func noEnvelope(text: String) throws {
        let verifier = try TestKey.shared(.ed25519).verifier()
        #expect(verifier.refusal(asStatement: candidate(envelope: text))?.code == "unreadable")
        #expect(verifier.refusal(asSignature: candidate(envelope: text))?.code == "unreadable")
    }

    @Test("an .att layer is never a signature, even when it says that it is one")
    func attestationLayerIsNoSignature() throws {
        let key = try TestKey.shared(.ed25519)
        let layer = candidate(envelope: try ProofText().envelope(signedBy: key))
        #expect(
            try key.verifier().refusal(asSignature: layer)
                == .attestationIsNoSignature(predicateType: Statement.signature))
        #expect(try key.verifier().refusal(asStatement: layer) == nil)
    }

    @Test("material beside an .att layer that nobody asked for is ignored, and the evidence says so")
    func uncheckedMaterial() throws {
        let key = try TestKey.shared(.ed25519)
        let text = try ProofText.attestation.envelope(signedBy: key)
        let layer = candidate(
            envelope: text, ["dev.cosignproject.cosign/signature": "", "dev.sigstore.cosign/bundle": "{}"])
        #expect(try key.verifier().statement(in: layer, of: image).unchecked == [.transparencyLogEntry])
    }

    @Test("the encoding that is signed counts bytes, not characters")
    func preAuthenticationEncoding() throws {
        let key = try TestKey.shared(.ed25519)
        var proof = ProofText.attestation
        proof.statement.predicate = #""Größe 🐕""#
        #expect(
            try key.verifier().refusal(asStatement: candidate(envelope: try proof.envelope(signedBy: key))) == nil)
    }
}
