// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

/// What the program writes about real signatures, field by field beside what cosign writes about them.
@Suite(
    "Output beside cosign's",
    .enabled(if: available(!CosignCapture.all.isEmpty, orSkip: "no shared/captures/cosign")))
struct CosignOutputTests {
    private struct Bench: Sendable {
        let registry: LoopbackRegistry
        let cosign: CosignTool
        let countersign: CountersignTool
        let repository: String

        /// What cosign prints for all carriers: bundles, and where it is told so the layers of its tags. `nil` where it
        /// accepts neither.
        func cosignLines(_ arguments: [String]) async throws -> [String]? {
            var lines: [String] = []
            var isAccepted = false
            for more in [[], ["--new-bundle-format=false"]] {
                let result = try await cosign.run(arguments + more)
                guard result.succeeded else { continue }
                isAccepted = true
                let found = try CosignOutputTests.lines(result.outputText)
                // Without bundles the first run has looked at the tags already.
                if found != lines { lines += found }
            }
            return isAccepted ? lines : nil
        }
    }

    private func running(_ layout: String, _ body: (Bench, _ host: String) async throws -> Void) async throws {
        let cosign = try await CosignTool()
        let countersign = try CountersignTool()
        // Captured from a registry without the referrers API: the fallback tags are in the layouts.
        try await LoopbackRegistry.running(LoopbackOptions(referrersAPI: false)) { registry in
            let repository = layout.split(separator: "/").last.map(String.init) ?? layout
            try registry.contents.put(layout: "\(CosignCapture.folder)/\(layout)", in: repository)
            let bench = Bench(registry: registry, cosign: cosign, countersign: countersign, repository: repository)
            try await body(bench, try await registry.host)
        }
    }

    /// Each value of an array, or of one value a line; sorted.
    private static func lines(_ output: String) throws -> [String] {
        try output.split(separator: "\n").flatMap { line -> [String] in
            let value = try JSONDocument(parsing: Array(line.utf8)).root
            return value.kind == .array ? value.elements.map(\.canonicalText) : [value.canonicalText]
        }.sorted()
    }

    // MARK: verify

    @Test(
        "verify prints what cosign prints of every signature that both accept",
        .enabled(if: CosignTool.isAvailable()),
        arguments: CosignCapture.all.filter { $0.verdict == "accept" && !$0.isAttestation })
    func signatures(capture: CosignCapture) async throws {
        try await running(capture.layout) { bench, host in
            let reference = "\(host)/\(bench.repository)@\(capture.digest)"
            let ours = try await bench.countersign.run(["verify"] + capture.flags + [reference])
            #expect(ours.exitCode == 0, "\(ours)")
            #expect(ours.output.hasPrefix("\n[{") && ours.output.hasSuffix("}]\n"), "\(ours)")
            let printed = try Self.lines(ours.output)
            #expect(!printed.isEmpty)
            guard capture.isAcceptedByCosign else { return }
            let theirs = try #require(try await bench.cosignLines(["verify"] + capture.flags + [reference]))
            #expect(printed == theirs)
        }
    }

    @Test(
        "By tag the name is cosign's, too, and the annotations that were asked for are told",
        .enabled(if: CosignTool.isAvailable()))
    func byTag() async throws {
        let capture = try #require(CosignCapture.all.first { $0.layout == "oci/ann_b" })
        try await running(capture.layout) { bench, host in
            let arguments = ["verify"] + capture.flags + ["-a", "env=prod", "\(host)/ann_b:v1"]
            let ours = try await bench.countersign.run(arguments)
            #expect(ours.exitCode == 0, "\(ours)")
            let theirs = try #require(try await bench.cosignLines(arguments))
            #expect(try Self.lines(ours.output) == theirs)
            #expect(
                ours.words.contains(
                    """

                    Verification for \(host)/ann_b:v1 --
                    The following checks were performed on each of these signatures:
                      - The specified annotations were verified.
                      - The cosign claims were validated
                      - The signatures were verified against the specified public key

                    """), "\(ours)")
            let other = try await bench.countersign.run(
                ["verify"] + capture.flags + ["-a", "env=test", "\(host)/ann_b:v1"])
            #expect(other.exitCode == 1, "\(other)")
        }
    }

    struct Checked: Sendable, CustomTestStringConvertible {
        let layout: String
        let more: [String]
        let lines: [String]
        var testDescription: String { "\(layout) \(more.joined(separator: " "))" }
    }

    private static let claims = "The cosign claims were validated"
    private static let log = "Existence of the claims in the transparency log was verified offline"
    private static let timestamps = "The signed timestamps were verified using trusted timestamp authorities"
    private static let key = "The signatures were verified against the specified public key"
    private static let certificate =
        "The code-signing certificate was verified using trusted certificate authority certificates"

    @Test(
        "stderr tells the checks that were made, and no other",
        arguments: [
            Checked(layout: "oci/kl_r1", more: [], lines: [claims, log, certificate]),
            Checked(layout: "oci/kl_r1tsa", more: [], lines: [claims, log, timestamps, certificate]),
            Checked(
                layout: "oci/kl_r1tsa", more: ["--insecure-ignore-tlog"], lines: [claims, timestamps, certificate]),
            Checked(layout: "oci/kl_klleg31", more: [], lines: [claims, log, certificate]),
            Checked(layout: "oci/kl_klkey31", more: [], lines: [claims, log, key]),
            Checked(layout: "oci/kl_klkey31", more: ["--insecure-ignore-tlog"], lines: [claims, key]),
        ])
    func header(checked: Checked) async throws {
        let capture = try #require(CosignCapture.all.first { $0.layout == checked.layout && !$0.isAttestation })
        try await running(capture.layout) { bench, host in
            let reference = "\(host)/\(bench.repository)@\(capture.digest)"
            let answer = try await bench.countersign.run(["verify"] + capture.flags + checked.more + [reference])
            #expect(answer.exitCode == 0, "\(answer)")
            let told = answer.words.split(separator: "\n").filter { $0.hasPrefix("  - ") }.map { $0.dropFirst(4) }
            #expect(told.map(String.init) == checked.lines, "\(answer)")
            #expect(answer.words.contains("\nVerification for \(reference) --\n"), "\(answer)")
            #expect(
                answer.words.contains("WARNING: --insecure-ignore-tlog") == !checked.more.isEmpty, "\(answer)")
        }
    }

    // MARK: verify-attestation

    private static let types = [
        "custom", "slsaprovenance", "slsaprovenance02", "slsaprovenance1", "spdx", "spdxjson", "cyclonedx", "link",
        "vuln", "openvex", "https://acme.example/review/v1",
    ]

    @Test(
        "verify-attestation prints every envelope of a type that cosign prints, one a line",
        .enabled(if: CosignTool.isAvailable()),
        arguments: [("oci/att_bundle31", 11), ("oci/att_legacy31", 11), ("oci/att_legacy25", 10)])
    func attestations(layout: String, count: Int) async throws {
        let capture = try #require(CosignCapture.all.first { $0.layout == layout })
        try await running(layout) { bench, host in
            let reference = "\(host)/\(bench.repository)@\(capture.digest)"
            var all: Set<String> = []
            for type in Self.types {
                let arguments = ["verify-attestation", "--type", type] + capture.flags + [reference]
                let ours = try await bench.countersign.run(arguments)
                let theirs = try await bench.cosignLines(arguments)
                guard ours.exitCode == 0 else {
                    #expect(ours.exitCode == 1 && theirs == nil, "\(type): \(ours)")
                    continue
                }
                let printed = try Self.lines(ours.output)
                all.formUnion(printed)
                guard let theirs else { continue }
                // cosign 3 passes over a predicate of text, which cosign writes itself for this type.
                if type.hasPrefix("spdx") {
                    #expect(Set(printed).isSuperset(of: theirs) && printed.count == theirs.count + 1)
                } else {
                    #expect(printed == theirs, "\(type)")
                }
            }
            #expect(all.count == count)

            let none = try await bench.countersign.run(
                ["verify-attestation", "--type", "https://example.com/none"] + capture.flags + [reference])
            #expect(none.exitCode == 1 && none.output.isEmpty, "\(none)")
            #expect(
                none.words.contains(
                    "none of the attestations matched the predicate type: https://example.com/none, found: "),
                "\(none)")
            #expect(none.words.contains("https://spdx.dev/Document"), "\(none)")
        }
    }

    @Test(
        "verify-attestation prints keyless attestations as cosign does, also those whose timestamp cosign misreads",
        .enabled(if: CosignTool.isAvailable()),
        arguments: [
            ("oci/kl_klleg25tsa", "cyclonedx"), ("oci/kl_klleg31tsa", "slsaprovenance1"),
        ])
    func keylessAttestations(layout: String, type: String) async throws {
        let capture = try #require(CosignCapture.all.first { $0.layout == layout && $0.isAttestation })
        try await running(layout) { bench, host in
            let reference = "\(host)/\(bench.repository)@\(capture.digest)"
            for more in [[], ["--use-signed-timestamps"]] {
                let arguments = ["verify-attestation", "--type", type] + capture.flags + more + [reference]
                let ours = try await bench.countersign.run(arguments)
                #expect(ours.exitCode == 0, "\(ours)")
                let theirs = try await bench.cosignLines(arguments)
                #expect(theirs != nil || (!more.isEmpty && !capture.isAcceptedByCosign))
                if let theirs { #expect(try Self.lines(ours.output) == theirs) }
            }
        }
    }

    @Test("An image with attestations only is not signed")
    func attestationsAreNoSignature() async throws {
        let capture = try #require(CosignCapture.all.first { $0.layout == "oci/att_bundle31" })
        try await running(capture.layout) { bench, host in
            let reference = "\(host)/att_bundle31@\(capture.digest)"
            let answer = try await bench.countersign.run(["verify"] + capture.flags + [reference])
            #expect(answer.exitCode == 1 && answer.output.isEmpty, "\(answer)")
            #expect(answer.words.contains("is no signature"), "\(answer)")
        }
    }
}
