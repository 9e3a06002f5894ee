// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import TestSupport
import Testing

@testable import Sigstore

@Suite("A token of a real authority")
struct RealTokenTests {
    struct Bundle: Sendable, CustomTestStringConvertible {
        let file: String
        let trust: String
        let times: [String?]

        init(_ file: String, _ trust: String, _ times: [String?]) {
            self.file = file
            self.trust = trust
            self.times = times
        }

        var testDescription: String { file }
    }

    private static func conformance(_ name: String, _ time: String?) -> Bundle {
        let folder = "data/conformance/cases/\(name)/"
        return Bundle(folder + "bundle.sigstore.json", folder + "trusted_root.json", [time])
    }

    private static let ours = "captures/cosign/fake-sigstore/trusted_root.json"
    private static let staging = "data/bundles/trusted_root.staging.json"
    private static let gitHub = "data/bundles/trusted_root.github.json"
    private static let sigstorePython = "data/bundles/sigstore-python/"

    static let bundles = [
        Bundle("captures/cosign/bundles/r1tsa.bundle.json", ours, ["2026-11-21T00:03:38Z"]),
        Bundle("captures/cosign/bundles/r2tsa.bundle.json", ours, ["2026-11-21T00:03:39Z"]),
        conformance("rekor2-timestamp-with-embedded-cert", "2025-08-06T18:51:36Z"),
        conformance("rekor2-timestamp-without-embedded-cert", "2025-08-06T19:03:51Z"),
        conformance("trust-root-tsa-validity-end-inclusive", "2025-06-12T12:02:20Z"),
        // A good token of another day than the certificate's: refused for that, by whoever holds the certificate.
        conformance("rekor2-timestamp-with-incorrect-time_fail", "2025-07-15T10:33:31Z"),
        conformance("rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", nil),
        Bundle(sigstorePython + "a.dsse.staging-rekor-v2.txt.sigstore.json", staging, ["2026-05-13T19:23:33Z"]),
        Bundle(sigstorePython + "staging-rekor-v2.txt.sigstore.json", staging, ["2025-06-09T11:57:38Z"]),
        // Of an authority that nobody believes.
        Bundle(sigstorePython + "tsa__bundle.txt.sigstore", staging, [nil, nil]),
        Bundle(
            "data/bundles/cli/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl", gitHub,
            ["2024-04-22T17:33:26Z"]),
        Bundle(
            "data/bundles/sigstore-go/data__bundles__public-key-validity.sigstore.json",
            "data/bundles/sigstore-go/trusted-roots__public-key-validity.json", ["2026-06-04T17:43:29Z"]),
    ]

    @Test("proves its time over the bundle's signature, and nothing over another one", arguments: bundles)
    func bundle(bundle: Bundle) throws {
        guard let authorities = try BelievedAuthorities.read(bundle.trust),
            let proof = try TimestampedBundle(bundle.file)
        else { return skip("needs \(bundle.file)") }
        #expect(proof.tokens.count == bundle.times.count)
        for (token, time) in zip(proof.tokens, bundle.times) {
            let expected = time.map { TokenOutcome.time($0) } ?? .unknownAuthority
            #expect(outcome(token, over: [proof.signature], by: authorities) == expected)
            #expect(outcome(token, over: [[1], proof.signature], by: authorities) == expected)
            #expect(outcome(token, over: [proof.signature], by: []) == .unknownAuthority)
            let other = time == nil ? TokenOutcome.unknownAuthority : .refused(.anotherSignature)
            #expect(outcome(token, over: [proof.signature.dropLast()], by: authorities) == other)
            #expect(outcome(token, over: [], by: authorities) == other)
        }
    }

    @Test("tells its authority")
    func authority() throws {
        guard let authorities = try BelievedAuthorities.read(Self.gitHub),
            let bundle = try TimestampedBundle(
                "data/bundles/cli/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl")
        else { return skip("needs GitHub's trusted root") }
        let token = try TimestampToken(der: try #require(bundle.tokens.first))
        let proven = try #require(
            try WitnessedTimestamp.checked(token, over: [bundle.signature], by: authorities))
        #expect(proven.authority == "timestamp.githubapp.com")
        #expect(proven.signer == authorities[0].signer)
        // The other five have the same names, and other certificates.
        #expect(try WitnessedTimestamp.checked(token, over: [bundle.signature], by: Array(authorities[1...])) == nil)
    }

    @Test("needs its certificate inside where trust material pins none")
    func unpinned() throws {
        let folder = "data/conformance/cases/"
        for (name, expected) in [
            ("rekor2-timestamp-with-embedded-cert", TokenOutcome.time("2025-08-06T18:51:36Z")),
            ("rekor2-timestamp-without-embedded-cert", .unknownAuthority),
        ] {
            guard let authorities = try BelievedAuthorities.read(folder + name + "/trusted_root.json", pinned: false),
                let bundle = try TimestampedBundle(folder + name + "/bundle.sigstore.json")
            else { return skip("needs \(name)") }
            #expect(outcome(bundle.tokens[0], over: [bundle.signature], by: authorities) == expected)
        }
    }

    @Test(
        "in legacy annotations is over the raw signature, or over an attestation's whole envelope",
        arguments: ["kl_r1tsa", "kl_r2tsa", "kl_klleg25tsa", "kl_klleg31tsa"])
    func legacy(layout: String) throws {
        guard let authorities = try BelievedAuthorities.read(Self.ours),
            SharedFolder.path("captures/cosign/oci/\(layout)") != nil
        else { return skip("needs the layout \(layout)") }
        let image = try OCI.Digest("sha256:4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb")
        var found = 0
        for proof in try Layout(folder: "captures/cosign/oci/\(layout)").proofs(of: image) {
            let imprints: [[UInt8]]
            let tokens: [[UInt8]]
            switch proof.content {
            case .bundle(let bytes):
                let bundle = try TimestampedBundle(bytes: bytes)
                (imprints, tokens) = ([bundle.signature], bundle.tokens)
            case .simpleSigning(_, let annotations):
                imprints = [try #require(annotations.signature.flatMap { Base64.decode($0) })]
                tokens = try annotations.timestamp.map { [try legacyToken($0)] } ?? []
            case .envelope(let bytes, let annotations):
                let envelope = try TimestampedBundle(
                    bytes: Array(#"{"verificationMaterial":{},"dsseEnvelope":"#.utf8) + bytes + Array("}".utf8))
                imprints = [envelope.signature, bytes]
                tokens = try annotations.timestamp.map { [try legacyToken($0)] } ?? []
            case .large, .read, .unreadable: continue
            }
            for token in tokens {
                found += 1
                guard case .time(let time) = outcome(token, over: imprints, by: authorities) else {
                    Issue.record("\(layout): \(outcome(token, over: imprints, by: authorities))")
                    continue
                }
                #expect(time.hasPrefix("2026-11-21T00:0"))
                // One of the two is it, and the other one alone is not.
                #expect(imprints.count { outcome(token, over: [$0], by: authorities) == .time(time) } == 1)
            }
        }
        #expect(found > 0)
    }

    private func legacyToken(_ annotation: String) throws -> [UInt8] {
        struct Annotation: Decodable { let SignedRFC3161Timestamp: String }
        let text = try JSONDecoder().decode(Annotation.self, from: Data(annotation.utf8)).SignedRFC3161Timestamp
        return try #require(Base64.decode(text))
    }
}
