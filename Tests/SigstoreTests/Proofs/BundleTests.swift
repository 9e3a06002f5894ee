// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

@Suite("A bundle is read as its schema says, and nothing in it is overlooked")
struct BundleTests {
    @Test("down to the last member", arguments: bundles)
    func isJudged(change: Change<ProofText>) throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        var proof = ProofText()
        change.make(&proof)
        let bundle = candidate(bundle: try proof.bundle(signedBy: key))
        #expect(verifier.refusal(asSignature: bundle)?.code == change.code)
        #expect(verifier.refusal(asStatement: bundle)?.code == change.code)
    }

    static let bundles: [Change<ProofText>] = [
        Change("nothing changed", nil) { _ in },
        // Version.
        Change("the old spelling of 0.3", nil) {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle+json;version=0.3""#
        },
        Change("version 0.2", nil) { $0.mediaType = #""application/vnd.dev.sigstore.bundle+json;version=0.2""# },
        Change("version 0.1", nil) { $0.mediaType = #""application/vnd.dev.sigstore.bundle+json;version=0.1""# },
        Change("version 0.4", "unreadable") { $0.mediaType = #""application/vnd.dev.sigstore.bundle.v0.4+json""# },
        Change("version 0.4, the old spelling", "unreadable") {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle+json;version=0.4""#
        },
        Change("version 0.2, the new spelling", "unreadable") {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle.v0.2+json""#
        },
        Change("version 0.30", "unreadable") { $0.mediaType = #""application/vnd.dev.sigstore.bundle.v0.30+json""# },
        Change("no version", "unreadable") { $0.mediaType = #""application/vnd.dev.sigstore.bundle+json""# },
        Change("version in capitals", "unreadable") {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle.V0.3+json""#
        },
        // U+037E is canonically the semicolon, and another byte.
        Change("a Greek question mark", "unreadable") {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle+json\#u{37E}version=0.3""#
        },
        Change("media type absent", "unreadable") { $0.mediaType = nil },
        Change("media type null", "unreadable") { $0.mediaType = "null" },
        Change("media type empty", "unreadable") { $0.mediaType = #""""# },
        Change("media type a number", "unreadable") { $0.mediaType = "0.3" },
        // Who signed.
        Change("no hint", nil) { $0.material = #"{"publicKey":{}}"# },
        Change("a hint that is null", nil) { $0.material = #"{"publicKey":{"hint":null}}"# },
        Change("a hint that is an object", "unreadable") { $0.material = #"{"publicKey":{"hint":{}}}"# },
        Change("a key in the key", "unreadable") { $0.material = #"{"publicKey":{"hint":"x","rawBytes":"AAAA"}}"# },
        Change("key null", "unreadable") { $0.material = #"{"publicKey":null}"# },
        Change("key a string", "unreadable") { $0.material = #"{"publicKey":"x"}"# },
        Change("nobody", "unreadable") { $0.material = "{}" },
        Change("a certificate", "certificate-where-key-required") {
            $0.material = #"{"certificate":{"rawBytes":"AAAA"}}"#
        },
        Change("a certificate that is null", "unreadable") { $0.material = #"{"certificate":null}"# },
        Change("a certificate that is a string", "unreadable") { $0.material = #"{"certificate":"AAAA"}"# },
        Change("a certificate of unknown kind", "unreadable") { $0.material = #"{"certificate":{"pem":"AAAA"}}"# },
        Change("a key and a certificate", "unreadable") {
            $0.material = #"{"publicKey":{},"certificate":{"rawBytes":"AAAA"}}"#
        },
        Change("a key and no certificate", nil) { $0.material = #"{"publicKey":{},"certificate":null}"# },
        Change("a chain in 0.3", "unreadable") { $0.material = #"{"x509CertificateChain":{"certificates":[]}}"# },
        Change("a chain in 0.2", "certificate-where-key-required") {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle+json;version=0.2""#
            $0.material = #"{"x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]}}"#
        },
        Change("an empty chain in 0.2", "unreadable") {
            $0.mediaType = #""application/vnd.dev.sigstore.bundle+json;version=0.2""#
            $0.material = #"{"x509CertificateChain":{"certificates":[]}}"#
        },
        Change("a key and a chain", "unreadable") {
            $0.material = #"{"publicKey":{},"x509CertificateChain":{"certificates":[]}}"#
        },
        Change("the key twice", "unreadable") { $0.material = #"{"publicKey":{},"publicKey":{}}"# },
        Change("material absent", "unreadable") { $0.material = nil },
        Change("material null", "unreadable") { $0.material = "null" },
        Change("material a list", "unreadable") { $0.material = #"[{"publicKey":{}}]"# },
        // What was signed.
        Change("a message signature", "message-signature") {
            $0.content = { _ in
                #""messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}"#
            }
        },
        Change("a message signature that is null", "unreadable") { $0.content = { _ in #""messageSignature":null"# } },
        Change("a message signature with more in it", "unreadable") {
            $0.content = { _ in #""messageSignature":{"future":1}"# }
        },
        Change("an envelope and a message signature", "unreadable") {
            $0.bundleMore = #","messageSignature":{"signature":"AAAA"}"#
        },
        Change("an envelope and no message signature", nil) { $0.bundleMore = #","messageSignature":null"# },
        Change("an envelope that is null", "unreadable") { $0.content = { _ in #""dsseEnvelope":null"# } },
        Change("an envelope that is a string", "unreadable") { $0.content = { _ in #""dsseEnvelope":"x""# } },
        Change("an envelope in a list", "unreadable") { $0.content = { #""dsseEnvelope":[\#($0)]"# } },
        Change("nothing", "unreadable") { $0.content = { _ in "" } },
        Change("the envelope under its proto name", "unreadable") { $0.content = { #""dsse_envelope":\#($0)"# } },
        Change("the envelope twice", "unreadable") { $0.content = { #""dsseEnvelope":\#($0),"dsseEnvelope":\#($0)"# } },
        Change("the envelope twice, once escaped", "unreadable") {
            $0.content = { #""dsseEnvelope":\#($0),"dsse\u0045nvelope":\#($0)"# }
        },
        // Members that nobody knows.
        Change("an unknown member", "unreadable") { $0.bundleMore = #","future":1"# },
        Change("an unknown member that is null", "unreadable") { $0.bundleMore = #","future":null"# },
        Change("an empty name", "unreadable") { $0.bundleMore = #","":1"# },
        Change("an unknown member of the material", "unreadable") { $0.material = #"{"publicKey":{},"future":1}"# },
        // U+212A is canonically the letter K, and another byte.
        Change("a Kelvin sign", "unreadable") { $0.material = #"{"publicKey":{},"public\#u{212A}ey":{}}"# },
        // Log entries and timestamps, which nobody asked for.
        Change("no log entries", nil) { $0.material = #"{"publicKey":{},"tlogEntries":[]}"# },
        Change("log entries null", nil) { $0.material = #"{"publicKey":{},"tlogEntries":null}"# },
        Change("log entries an object", "unreadable") { $0.material = #"{"publicKey":{},"tlogEntries":{}}"# },
        Change("a log entry that is null", "unreadable") { $0.material = #"{"publicKey":{},"tlogEntries":[null]}"# },
        Change("a log entry with nothing in it", "unreadable") {
            $0.material = #"{"publicKey":{},"tlogEntries":[{}]}"#
        },
        Change("a log entry with more in it", "unreadable") {
            $0.material = #"{"publicKey":{},"tlogEntries":[{"future":1}]}"#
        },
        Change("timestamps null", nil) { $0.material = #"{"publicKey":{},"timestampVerificationData":null}"# },
        Change("timestamps empty", nil) { $0.material = #"{"publicKey":{},"timestampVerificationData":{}}"# },
        Change("timestamps a string", "unreadable") {
            $0.material = #"{"publicKey":{},"timestampVerificationData":"x"}"#
        },
        Change("timestamps a list", "unreadable") {
            $0.material = #"{"publicKey":{},"timestampVerificationData":[{}]}"#
        },
        Change("timestamps with more in them", "unreadable") {
            $0.material = #"{"publicKey":{},"timestampVerificationData":{"future":1}}"#
        },
        Change("timestamps in an object", "unreadable") {
            $0.material = #"{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":{}}}"#
        },
        Change("a timestamp that is a string", "unreadable") {
            $0.material = #"{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":["x"]}}"#
        },
        Change("a timestamp with more in it", "unreadable") {
            $0.material = #"{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":[{"future":1}]}}"#
        },
        // The text.
        Change("data after it", "unreadable") { $0.bundleMore = "}{" },
        Change("nested too deep", "unreadable") {
            $0.material =
                #"{"publicKey":{},"tlogEntries":[{"logId":\#(String(repeating: "[", count: 100))\#(String(repeating: "]", count: 100))}]}"#
        },
        Change("too many values", "unreadable") {
            $0.material = #"{"publicKey":{},"tlogEntries":[{"logId":[\#(String(repeating: "0,", count: 20_000))0]}]}"#
        },
    ]

    @Test("32 log entries and 32 timestamps are as many as there may be", arguments: [(32, nil), (33, "unreadable")])
    func entries(count: Int, code: String?) throws {
        let key = try TestKey.shared(.ed25519)
        let entry =
            #"{"logIndex":"1","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"integratedTime":"1","inclusionPromise":{"signedEntryTimestamp":"AAAA"},"inclusionProof":{"logIndex":"1","rootHash":"AAAA","treeSize":"2","hashes":[\#([String](repeating: #""AAAA""#, count: 63).joined(separator: ","))],"checkpoint":{"envelope":"x"}},"canonicalizedBody":"AAAA"}"#
        let entries = [String](repeating: entry, count: count).joined(separator: ",")
        let stamps = [String](repeating: #"{"signedTimestamp":"AAAA"}"#, count: count).joined(separator: ",")
        for material in [
            #"{"publicKey":{},"tlogEntries":[\#(entries)]}"#,
            #"{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":[\#(stamps)]}}"#,
            #"{"publicKey":{},"tlogEntries":[\#(entries)],"timestampVerificationData":{"rfc3161Timestamps":[\#(stamps)]}}"#,
        ] {
            var proof = ProofText()
            proof.material = material
            let bundle = candidate(bundle: try proof.bundle(signedBy: key))
            #expect(try key.verifier().refusal(asSignature: bundle)?.code == code)
        }
    }

    @Test("material that nobody asked for is ignored, and the evidence says so")
    func uncheckedMaterial() throws {
        let key = try TestKey.shared(.ed25519)
        let rows: [(String, Set<UncheckedMaterial>)] = [
            (#"{"publicKey":{}}"#, []),
            (#"{"publicKey":{},"tlogEntries":[\#(ProofText.logEntry)]}"#, [.transparencyLogEntry]),
            (
                #"{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":[\#(ProofText.timestamp)]}}"#,
                [.timestamp]
            ),
        ]
        for (material, expected) in rows {
            var proof = ProofText()
            proof.material = material
            let bundle = candidate(bundle: try proof.bundle(signedBy: key))
            #expect(try key.verifier().signature(in: bundle, of: image).unchecked == expected)
            #expect(try key.verifier().statement(in: bundle, of: image).unchecked == expected)
        }
    }

    @Test("or it is no bundle", arguments: ["", "null", "[]", "{}", "{", "1", #""x""#, "\u{FEFF}{}"])
    func noBundle(text: String) throws {
        let verifier = try TestKey.shared(.ed25519).verifier()
        #expect(verifier.refusal(asSignature: candidate(bundle: text))?.code == "unreadable")
        #expect(verifier.refusal(asStatement: candidate(bundle: text))?.code == "unreadable")
    }
}
