// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

@Suite("A simple-signing payload says what it must, signed by the right key or not")
struct SimpleSigningTests {
    private func verifier() throws -> (TestKey, Verifier) {
        let key = try TestKey.shared(.ed25519)
        return (key, try key.verifier())
    }

    @Test("about this image, as a container signature", arguments: payloads)
    func isJudged(change: Change<SimpleSigningText>) throws {
        let (key, verifier) = try verifier()
        var payload = SimpleSigningText()
        change.make(&payload)
        #expect(verifier.refusal(asSignature: try payload.candidate(signedBy: key))?.code == change.code)
    }

    static let payloads: [Change<SimpleSigningText>] = [
        Change("nothing changed", nil) { _ in },
        Change("another type", "claim-type") { $0.type = #""atomic container signature""# },
        Change("type in other letters", "claim-type") { $0.type = #""Cosign container image signature""# },
        Change("type with a space after it", "claim-type") { $0.type = #""cosign container image signature ""# },
        Change("type empty", "claim-type") { $0.type = #""""# },
        Change("type null", "malformed-payload") { $0.type = "null" },
        Change("type a list", "malformed-payload") { $0.type = #"["cosign container image signature"]"# },
        Change("another image", "wrong-image") { $0.imageSection = #"{"docker-manifest-digest":"\#(otherImage)"}"# },
        Change("digest without algorithm", "wrong-image") {
            $0.imageSection = #"{"docker-manifest-digest":"\#(image.hex)"}"#
        },
        Change("digest in capitals", "wrong-image") {
            $0.imageSection = #"{"docker-manifest-digest":"sha256:\#(image.hex.uppercased())"}"#
        },
        Change("algorithm in capitals", "wrong-image") {
            $0.imageSection = #"{"docker-manifest-digest":"SHA256:\#(image.hex)"}"#
        },
        Change("digest cut", "wrong-image") {
            $0.imageSection = #"{"docker-manifest-digest":"\#(image.description.dropLast())"}"#
        },
        Change("digest and more", "wrong-image") { $0.imageSection = #"{"docker-manifest-digest":"\#(image)0"}"# },
        Change("digest with a space", "wrong-image") { $0.imageSection = #"{"docker-manifest-digest":" \#(image)"}"# },
        Change("digest and a zero byte", "wrong-image") {
            $0.imageSection = #"{"docker-manifest-digest":"\#(image)\u0000"}"#
        },
        Change("digest of the other algorithm", "wrong-image") {
            $0.imageSection = #"{"docker-manifest-digest":"sha512:\#(image.hex)"}"#
        },
        Change("digest empty", "wrong-image") { $0.imageSection = #"{"docker-manifest-digest":""}"# },
        Change("digest null", "malformed-payload") { $0.imageSection = #"{"docker-manifest-digest":null}"# },
        Change("digest a list", "malformed-payload") { $0.imageSection = #"{"docker-manifest-digest":["\#(image)"]}"# },
        Change("no digest", "malformed-payload") { $0.imageSection = "{}" },
        Change("digest under another name", "malformed-payload") {
            $0.imageSection = #"{"Docker-manifest-digest":"\#(image)"}"#
        },
        Change("image a string", "malformed-payload") { $0.imageSection = #""\#(image)""# },
        Change("image null", "malformed-payload") { $0.imageSection = "null" },
        Change("digest twice", "malformed-payload") {
            $0.imageSection = #"{"docker-manifest-digest":"\#(otherImage)","docker-manifest-digest":"\#(image)"}"#
        },
        Change("digest twice, once escaped", "malformed-payload") {
            $0.imageSection = #"{"docker-manifest-digest":"\#(otherImage)","docker\u002dmanifest-digest":"\#(image)"}"#
        },
        Change("image twice", "malformed-payload") {
            $0.criticalMore = #","image":{"docker-manifest-digest":"\#(image)"}"#
        },
        Change("critical twice", "malformed-payload") { $0.more = #","critical":{}"# },
        Change("identity absent in all but name", nil) { $0.identity = "{}" },
        Change("identity null", nil) { $0.identity = "null" },
        Change("more in critical", nil) { $0.criticalMore = #","future":1"# },
        Change("more outside", nil) { $0.more = #","future":1"# },
        Change("annotations", nil) { $0.optional = #"{"creator":"x","timestamp":1}"# },
        Change("data after it", "malformed-payload") { $0.more = "}{" },
        Change("a comma too many", "malformed-payload") { $0.more = "," },
        Change("a lone surrogate", "malformed-payload") { $0.optional = #""\ud800""# },
    ]

    @Test(
        "a signed payload that is no object is malformed",
        arguments: ["", "null", "[]", #""x""#, "1", "{", "\u{FEFF}{}", #"{"critical":null}"#, #"{"critical":[]}"#])
    func noObject(text: String) throws {
        let (key, verifier) = try verifier()
        let proof = candidate(simpleSigning: text, signature: try key.sign(Array(text.utf8)))
        #expect(verifier.refusal(asSignature: proof)?.code == "malformed-payload")
    }

    @Test("what is not signed is not read: junk under no signature is the wrong key's", arguments: ["", "{", "null"])
    func signatureFirst(text: String) throws {
        let (key, verifier) = try verifier()
        let proof = candidate(simpleSigning: text, signature: try key.sign([1]))
        #expect(
            verifier.refusal(asSignature: proof) == .wrongKey(required: try #require(verifier.options.key).fingerprint))
    }

    /// Writes the annotation's value for a signature.
    struct Annotation: Sendable, CustomTestStringConvertible {
        let name: String
        let isRead: Bool
        let write: @Sendable ([UInt8]) -> String?
        var testDescription: String { name }
    }

    static let annotations = [
        Annotation(name: "base64", isRead: true) { base64($0) },
        Annotation(name: "absent", isRead: false) { _ in nil },
        Annotation(name: "empty", isRead: false) { _ in "" },
        Annotation(name: "a newline after it", isRead: false) { base64($0) + "\n" },
        Annotation(name: "a space before it", isRead: false) { " " + base64($0) },
        Annotation(name: "a newline inside", isRead: false) { base64($0).prefix(40) + "\n" + base64($0).dropFirst(40) },
        Annotation(name: "no padding", isRead: false) { base64($0).replacing("=", with: "") },
        Annotation(name: "too much padding", isRead: false) { base64($0) + "=" },
        Annotation(name: "twice", isRead: false) { base64($0) + base64($0) },
        Annotation(name: "hex", isRead: false) { $0.map { ["0", "f"][Int($0 & 1)] }.joined() + "!" },
        Annotation(name: "the alphabet of URLs", isRead: false) { _ in base64URL(hex("fbff")) + "==" },
        Annotation(name: "a zero byte after it", isRead: false) { base64($0) + "\0" },
        Annotation(name: "letters that only look alike", isRead: false) { _ in "А" + "AAA" },
    ]

    @Test("the signature annotation is padded base64 of the standard alphabet", arguments: annotations)
    func isRead(annotation: Annotation) throws {
        let (key, verifier) = try verifier()
        let payload = SimpleSigningText().text
        let value = annotation.write(try key.sign(Array(payload.utf8)))
        let annotations = value.map { ["dev.cosignproject.cosign/signature": $0] } ?? [:]
        let proof = candidate(simpleSigning: payload, annotations: annotations)
        #expect(verifier.refusal(asSignature: proof)?.code == (annotation.isRead ? nil : "unreadable"))
    }

    @Test("material that nobody asked for is ignored, and the evidence says so")
    func uncheckedMaterial() throws {
        let (key, verifier) = try verifier()
        let payload = SimpleSigningText().text
        let signature = ["dev.cosignproject.cosign/signature": base64(try key.sign(Array(payload.utf8)))]
        let rows: [([String: String], Set<UncheckedMaterial>)] = [
            ([:], []),
            (
                [
                    "dev.sigstore.cosign/certificate": "", "dev.sigstore.cosign/chain": "",
                    "dev.sigstore.cosign/bundle": "",
                ], []
            ),
            (["dev.sigstore.cosign/certificate": "junk"], [.certificate]),
            (["dev.sigstore.cosign/chain": "junk"], [.certificate]),
            (["dev.sigstore.cosign/bundle": "junk"], [.transparencyLogEntry]),
            (["dev.sigstore.cosign/rfc3161timestamp": "junk"], [.timestamp]),
            (
                ["dev.sigstore.cosign/bundle": "{}", "dev.sigstore.cosign/rfc3161timestamp": "{}"],
                [.transparencyLogEntry, .timestamp]
            ),
        ]
        for (more, expected) in rows {
            let proof = candidate(simpleSigning: payload, annotations: signature.merging(more) { one, _ in one })
            #expect(try verifier.signature(in: proof, of: image).unchecked == expected)
        }
    }

    /// GHSA-fx35-mq7g-6g98: what stands in the certificate field is never a key to check with.
    @Test("a public key in the certificate annotation vouches for nothing")
    func keyInCertificateField() throws {
        let (_, verifier) = try verifier()
        let stranger = try TestKey(.ed25519)
        let payload = SimpleSigningText().text
        let proof = candidate(
            simpleSigning: payload,
            annotations: [
                "dev.cosignproject.cosign/signature": base64(try stranger.sign(Array(payload.utf8))),
                "dev.sigstore.cosign/certificate": stranger.publicKeyPEM,
            ])
        #expect(verifier.refusal(asSignature: proof)?.code == "wrong-key")
    }
}
