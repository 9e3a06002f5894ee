// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Testing

@testable import Sigstore

@Suite("A signed statement says what it must")
struct StatementTests {
    @Test("as a signature and as an attestation", arguments: statements)
    func isJudged(change: Change<StatementText>) throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        var proof = ProofText()
        change.make(&proof.statement)
        #expect(verifier.refusal(asSignature: candidate(bundle: try proof.bundle(signedBy: key)))?.code == change.code)

        proof = ProofText.attestation
        let type = proof.statement.predicateType
        change.make(&proof.statement)
        // A predicate type that is no signature's is an attestation's.
        if change.code == "attestation-is-no-signature" {
            let bundle = candidate(bundle: try proof.bundle(signedBy: key))
            #expect(verifier.refusal(asStatement: bundle) == nil)
            return
        }
        if change.name != "predicate type not a string" && change.name != "predicate type empty" {
            proof.statement.predicateType = type
        }
        for bundle in [
            candidate(bundle: try proof.bundle(signedBy: key)), candidate(envelope: try proof.envelope(signedBy: key)),
        ] {
            #expect(verifier.refusal(asStatement: bundle)?.code == change.code)
        }
    }

    static let statements: [Change<StatementText>] = [
        Change("nothing changed", nil) { _ in },
        Change("version 0.1", nil) { $0.type = #""https://in-toto.io/Statement/v0.1""# },
        Change("version 0.2", "malformed-statement") { $0.type = #""https://in-toto.io/Statement/v0.2""# },
        Change("version 2", "malformed-statement") { $0.type = #""https://in-toto.io/Statement/v2""# },
        Change("type over http", "malformed-statement") { $0.type = #""http://in-toto.io/Statement/v1""# },
        Change("type null", "malformed-statement") { $0.type = "null" },
        Change("type a list", "malformed-statement") { $0.type = #"["https://in-toto.io/Statement/v1"]"# },
        Change("no subjects", "malformed-statement") { $0.subject = "[]" },
        Change("subjects null", "malformed-statement") { $0.subject = "null" },
        Change("subjects an object", "malformed-statement") { $0.subject = #"{"digest":{"sha256":"\#(image.hex)"}}"# },
        Change("a null subject", "malformed-statement") { $0.subject = "[null]" },
        Change("a null subject beside a good one", "malformed-statement") {
            $0.subject = #"[{"digest":{"sha256":"\#(image.hex)"}},null]"#
        },
        Change("a subject that is a string", "malformed-statement") { $0.subject = #"["\#(image.hex)"]"# },
        Change("a subject without digest", "malformed-statement") { $0.subject = #"[{"name":"\#(image)"}]"# },
        Change("a subject without digest beside a good one", "malformed-statement") {
            $0.subject = #"[{"digest":{"sha256":"\#(image.hex)"}},{"name":"x"}]"#
        },
        Change("a digest that is null", "malformed-statement") { $0.subject = #"[{"digest":null}]"# },
        Change("a digest that is empty", "malformed-statement") { $0.subject = #"[{"digest":{}}]"# },
        Change("a digest that is a string", "malformed-statement") { $0.subject = #"[{"digest":"\#(image)"}]"# },
        Change("a digest whose value is null", "malformed-statement") { $0.subject = #"[{"digest":{"sha256":null}}]"# },
        Change("a digest whose value is a list", "malformed-statement") {
            $0.subject = #"[{"digest":{"sha256":["\#(image.hex)"]}}]"#
        },
        Change("the digest twice", "malformed-statement") {
            $0.subject = #"[{"digest":{"sha256":"\#(otherImage.hex)","sha256":"\#(image.hex)"}}]"#
        },
        Change("the digest twice, once escaped", "malformed-statement") {
            $0.subject = #"[{"digest":{"sha256":"\#(otherImage.hex)","\u0073ha256":"\#(image.hex)"}}]"#
        },
        Change("another image", "wrong-image") { $0.subject = #"[{"digest":{"sha256":"\#(otherImage.hex)"}}]"# },
        Change("hex in capitals", "wrong-image") {
            $0.subject = #"[{"digest":{"sha256":"\#(image.hex.uppercased())"}}]"#
        },
        Change("algorithm in capitals", "wrong-image") { $0.subject = #"[{"digest":{"SHA256":"\#(image.hex)"}}]"# },
        Change("algorithm with a space", "wrong-image") { $0.subject = #"[{"digest":{"sha256 ":"\#(image.hex)"}}]"# },
        Change("algorithm before the hex", "wrong-image") { $0.subject = #"[{"digest":{"sha256":"\#(image)"}}]"# },
        Change("hex cut", "wrong-image") { $0.subject = #"[{"digest":{"sha256":"\#(image.hex.dropLast())"}}]"# },
        Change("hex empty", "wrong-image") { $0.subject = #"[{"digest":{"sha256":""}}]"# },
        Change("only sha512", "wrong-image") { $0.subject = #"[{"digest":{"sha512":"\#(image.hex)\#(image.hex)"}}]"# },
        Change("the same hex as sha1", "wrong-image") { $0.subject = #"[{"digest":{"sha1":"\#(image.hex)"}}]"# },
        Change("the same hex as gitCommit", "wrong-image") {
            $0.subject = #"[{"digest":{"gitCommit":"\#(image.hex)"}}]"#
        },
        Change("the image only in the name", "wrong-image") {
            $0.subject = #"[{"name":"app@\#(image)","digest":{"sha256":"\#(otherImage.hex)"}}]"#
        },
        Change("the image only in annotations", "wrong-image") {
            $0.subject = #"[{"digest":{"sha256":"\#(otherImage.hex)"},"annotations":{"sha256":"\#(image.hex)"}}]"#
        },
        Change("the image second", nil) {
            $0.subject = #"[{"digest":{"sha256":"\#(otherImage.hex)"}},{"digest":{"sha256":"\#(image.hex)"}}]"#
        },
        Change("the image with other digests", nil) {
            $0.subject = #"[{"name":"a","digest":{"sha1":"00","sha256":"\#(image.hex)"},"future":1}]"#
        },
        Change("subject twice", "malformed-statement") { $0.more = #","subject":[]"# },
        Change("predicate type twice", "malformed-statement") { $0.more = #","predicateType":"x""# },
        Change("a member of the future", nil) { $0.more = #","future":{"a":[1]}"# },
        Change("predicate a string", nil) { $0.predicate = #""free text""# },
        Change("predicate null", nil) { $0.predicate = "null" },
        Change("predicate not JSON", "malformed-statement") { $0.predicate = "{,}" },
        Change("predicate type not a string", "malformed-statement") { $0.predicateType = "1" },
        Change("predicate type empty", "malformed-statement") { $0.predicateType = #""""# },
        Change("another predicate", "attestation-is-no-signature") {
            $0.predicateType = #""https://slsa.dev/provenance/v1""#
        },
        Change("sign/v2", "attestation-is-no-signature") {
            $0.predicateType = #""https://sigstore.dev/cosign/sign/v2""#
        },
        Change("sign/v1 and a slash", "attestation-is-no-signature") {
            $0.predicateType = #""https://sigstore.dev/cosign/sign/v1/""#
        },
        Change("sign/v1 in capitals", "attestation-is-no-signature") {
            $0.predicateType = #""https://sigstore.dev/cosign/sign/V1""#
        },
        Change("sign/v1 without scheme", "attestation-is-no-signature") {
            $0.predicateType = #""sigstore.dev/cosign/sign/v1""#
        },
        Change("sign/v1 after a space", "attestation-is-no-signature") {
            $0.predicateType = #"" https://sigstore.dev/cosign/sign/v1""#
        },
    ]

    @Test("with at most 1024 subjects", arguments: [(1024, nil), (1025, "malformed-statement")])
    func subjects(count: Int, code: String?) throws {
        let key = try TestKey.shared(.ed25519)
        let more = [String](repeating: #"{"digest":{"sha256":"\#(otherImage.hex)"}}"#, count: count - 1)
        var proof = ProofText()
        proof.statement.subject = "[\((more + [#"{"digest":{"sha256":"\#(image.hex)"}}"#]).joined(separator: ","))]"
        let bundle = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(try key.verifier().refusal(asSignature: bundle)?.code == code)
    }

    @Test("with at most 32 digests in a subject", arguments: [(32, nil), (33, "malformed-statement")])
    func digests(count: Int, code: String?) throws {
        let key = try TestKey.shared(.ed25519)
        let more = (1..<count).map { #""x\#($0)":"00""# } + [#""sha256":"\#(image.hex)""#]
        var proof = ProofText()
        proof.statement.subject = #"[{"digest":{\#(more.joined(separator: ","))}}]"#
        let bundle = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(try key.verifier().refusal(asSignature: bundle)?.code == code)
    }

    @Test(
        "or it is no statement",
        arguments: ["", "null", "[]", "1", #""x""#, "{}", "{", "{}{}", #"{"_type":"https://in-toto.io/Statement/v1"}"#])
    func noStatement(text: String) throws {
        let key = try TestKey.shared(.ed25519)
        var proof = ProofText()
        proof.payload = text
        let bundle = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(try key.verifier().refusal(asSignature: bundle)?.code == "malformed-statement")
        #expect(try key.verifier().refusal(asStatement: bundle)?.code == "malformed-statement")
    }

    /// CVE-2022-35929, CVE-2026-39395: an attestation of some type must not pass for one of another.
    @Test("of the type that the evidence carries, which whoever asks compares")
    func typeIsCarried() throws {
        let key = try TestKey.shared(.ed25519)
        for type in ["https://slsa.dev/provenance/v1", "https://sigstore.dev/cosign/sign/v1", "x"] {
            var proof = ProofText.attestation
            proof.statement.predicateType = "\"\(type)\""
            let verified = try key.verifier().statement(
                in: candidate(bundle: try proof.bundle(signedBy: key)), of: image)
            #expect(verified.predicateType == type)
        }
    }
}
