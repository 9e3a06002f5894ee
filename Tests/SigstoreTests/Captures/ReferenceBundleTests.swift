// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Bundles that other clients keep for their own tests, by the verdicts of sigstore-go 1.3.0: whoever signed, about the
/// digest of the first subject.
@Suite(
    "Bundles of other clients' tests",
    .enabled(if: available(SharedFolder.path("data/bundles/index.json") != nil, orSkip: "no shared/data/bundles")))
struct ReferenceBundleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        let bundle: [UInt8]
        let artifact: Artifact
        /// `prod`, `staging` or `github`; `nil` where none makes it verify.
        let root: String?
        let isAccepted: Bool
        let theirReason: String

        var testDescription: String { "\(name) \(theirReason.prefix(80))" }

        init?(_ entry: JSONValue) {
            guard let file = entry["file"]?.string, let number = entry["index"]?.integer,
                let verdict = entry["sigstore_go_1_3_0"]?.string, let bytes = SharedFolder.bytes("data/bundles/\(file)")
            else { return nil }
            name = "\(file)#\(number)"
            let isLines = file.hasSuffix(".jsonl")
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) }
            bundle = isLines ? lines[Int(number)] : bytes
            root = entry["trusted_root"]?.string.flatMap { $0.split(separator: " ").first.map(String.init) }
            isAccepted = verdict == "PASS"
            theirReason = verdict
            artifact = .digest(Self.digest(entry) ?? Digest(of: []))
        }

        private static func digest(_ entry: JSONValue) -> Digest? {
            if let subject = entry["subjects"]?[0]?[1] {
                for algorithm in Digest.Algorithm.allCases {
                    if let hex = subject[algorithm.rawValue]?.string {
                        return try? Digest("\(algorithm.rawValue):\(hex)")
                    }
                }
            }
            guard let text = entry["message_digest"]?.string, let bytes = Base64.decode(text) else { return nil }
            return try? Digest("sha256:\(Hexadecimal.encode(bytes))")
        }
    }

    static let examples: [Example] = {
        let document = SharedFolder.bytes("data/bundles/index.json").flatMap { try? JSONDocument(parsing: $0) }
        return document?.root.elements.compactMap { Example($0) } ?? []
    }()

    private static let roots = [
        "prod": "trusted_root.public-good.json", "staging": "trusted_root.staging.json",
        "github": "trusted_root.github.json",
    ]

    /// GitHub's own instance has neither a transparency log nor certificate logs; its timestamp authority stands in.
    private static func verifier(_ root: String) throws -> Verifier {
        let trust = try TrustMaterial.shared("data/bundles/\(#require(roots[root]))")
        return root == "github"
            ? Verifier(trust, try .anyone(), logs: 0, timestamps: 1, certificateLogs: 0)
            : Verifier(trust, try .anyone())
    }

    /// Where we are stricter: what is to be believed does not come with what is to be proven. The conformance suite has a
    /// case of it, which sigstore-go refuses for another reason.
    private static let stricter = [
        "sigstore-go/examples__bundle-provenance.json#0": "certificate-root-in-bundle",
        "sigstore-go/data__bundles__dsse.sigstore.json#0": "certificate-root-in-bundle",
        "sigstore-js/bundles__bundleV01-full-cert-chain.sigstore#0": "certificate-root-in-bundle",
    ]

    /// Why the others are refused under the root that comes nearest; where the words of sigstore-go differ, both hold.
    private static let reasons: [String: Set<String>] = [
        "sigstore-go/data__bundles__dsse-2sigs.sigstore.json#0": ["signature-count"],
        "sigstore-go/examples__bundle-publish.json#0": ["key-where-certificate-required"],
        "sigstore-go/data__bundles__public-key-validity.sigstore.json#0": ["key-where-certificate-required"],
        "sigstore-python/bundle_cve_2022_36056.txt.sigstore#0": [
            "not-enough-log-entries", "not-enough-timestamps", "log-entry-other-signature",
        ],
        "sigstore-python/bundle_v3_no_signed_time.txt.sigstore.json#0": [
            "not-enough-log-entries", "not-enough-timestamps", "no-proven-time",
        ],
        "sigstore-python/tsa__bundle.txt.late_timestamp.sigstore#0": [
            "not-enough-log-entries", "not-enough-timestamps", "certificate-outside-validity",
        ],
        // Of version 0.1, with a promise and a proof that has no checkpoint: sigstore-go asks for it too.
        "sigstore-python/integration__Python-3.12.5.tgz.sigstore#0": ["unreadable"],
        "sigstore-python/bundle_no_checkpoint.txt.sigstore#0": ["unreadable"],
        "sigstore-python/bundle_no_cert_v1.txt.sigstore#0": ["unreadable"],
        "sigstore-python/tsa__bundle.many_timestamp.sigstore#0": ["unreadable"],
    ]

    @Test("are there")
    func count() { #expect(Self.examples.count == 43) }

    @Test(
        "verify where sigstore-go verifies them, but for a root in the chain", arguments: examples.filter(\.isAccepted))
    func accepted(example: Example) throws {
        let refusal = try Self.verifier(#require(example.root)).refusal(of: example.artifact, in: example.bundle)
        #expect(refusal?.code == Self.stricter[example.name])
        // Under another instance's root nothing of it is known.
        for other in Self.roots.keys where other != example.root {
            #expect(try Self.verifier(other).refusal(of: example.artifact, in: example.bundle) != nil, "\(other)")
        }
    }

    @Test("are refused where sigstore-go refuses them, under every root", arguments: examples.filter { !$0.isAccepted })
    func refused(example: Example) throws {
        var codes: Set<String> = []
        for root in Self.roots.keys.sorted() {
            let refusal = try Self.verifier(root).refusal(of: example.artifact, in: example.bundle)
            codes.insert(try #require(refusal, "\(root)").code)
        }
        if let expected = Self.reasons[example.name] { #expect(codes == expected) }
    }
}
