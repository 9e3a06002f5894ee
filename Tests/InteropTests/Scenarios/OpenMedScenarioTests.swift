// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

/// A published policy as its authors wrote it, but for the host in its glob, which is the loopback registry's here.
@Suite("OpenMed's policy", .serialized)
struct OpenMedScenarioTests {
    private static let file =
        "data/cluster-image-policies/wild/repos/maziyarpanahi__openmed__image-verification.yaml"
    static let repository = "maziyarpanahi/openmed"
    private static let name = "openmed-ghcr-keyless-signatures"

    /// The document's bytes; `nil` where the shared folder is not there.
    static var document: [UInt8]? { SharedFolder.bytes(file) }

    private static func isAvailable() async -> Bool {
        guard available(document != nil, orSkip: "needs OpenMed's policy of the shared folder") else { return false }
        return await ScenarioBench.isAvailable()
    }

    private static func signer(
        _ workflow: String = "image-signing.yml", ref: String = "refs/heads/master"
    ) -> ScenarioBench.Signer {
        .workflow(repository: repository, file: workflow, ref: ref)
    }

    static let materials = #"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#

    /// SLSA v1 as the project's workflow writes it.
    static func provenance(
        image: String = "ghcr.io/\(repository)@sha256:\(String(repeating: "ab", count: 32))",
        workflow: String = ".github/workflows/image-signing.yml"
    ) -> String {
        """
        {"buildDefinition":{"buildType":"https://example.com/build/v1","externalParameters":{"image":"\(image)",\
        "publishingWorkflow":".github/workflows/container-multiarch.yml","signingWorkflow":"\(workflow)"}},\
        "runDetails":{"builder":{"id":"https://example.com/builder"}}}
        """
    }

    /// An image, what was attested of it, and what is said where that is not enough.
    private struct Case {
        let name: String
        var materials: String? = OpenMedScenarioTests.materials
        var provenance: String? = OpenMedScenarioTests.provenance()
        var signer = OpenMedScenarioTests.signer()
        let denial: [String]

        init(_ name: String, denial: String..., change: (inout Case) -> Void = { _ in }) {
            self.name = name
            self.denial = denial
            change(&self)
        }
    }

    private static let cases = [
        Case("good"),
        Case("tagged") { $0.signer = signer(ref: "refs/tags/v1.2.3") },
        // What is absent conflicts with nothing, as CUE has it.
        Case("without buildDefinition") { $0.provenance = #"{"runDetails":{}}"# },
        Case("without materials", denial: "no matching attestations with type https://cyclonedx.org/bom") {
            $0.materials = nil
        },
        Case("without provenance", denial: "no matching attestations with type https://slsa.dev/provenance/v1") {
            $0.provenance = nil
        },
        Case(
            "wrong format", denial: "failed evaluating cue policy for cyclonedx-sbom",
            "predicate.bomFormat: conflicting values", #""SPDX""#
        ) { $0.materials = #"{"bomFormat":"SPDX"}"# },
        Case(
            "wrong signing workflow", denial: "failed evaluating cue policy for slsa-provenance",
            "predicate.buildDefinition.externalParameters.signingWorkflow: conflicting values"
        ) { $0.provenance = provenance(workflow: ".github/workflows/other.yml") },
        Case(
            "wrong image", denial: "failed evaluating cue policy for slsa-provenance",
            "predicate.buildDefinition.externalParameters.image"
        ) { $0.provenance = provenance(image: "ghcr.io/mallory/openmed@sha256:\(String(repeating: "ab", count: 32))") },
        Case(
            "another workflow", denial: "none of the expected identities matched what was in the certificate",
            "container-multiarch.yml"
        ) { $0.signer = signer("container-multiarch.yml") },
        Case(
            "another branch", denial: "none of the expected identities matched what was in the certificate",
            "refs/heads/feature"
        ) { $0.signer = signer(ref: "refs/heads/feature") },
    ]

    private static func policy(_ host: String) throws -> String {
        let bytes = try #require(document)
        let text = String(decoding: bytes, as: UTF8.self)
        return text.replacing("glob: ghcr.io/", with: "glob: \(host)/")
    }

    private static func push(_ test: Case, _ bench: ScenarioBench) async throws -> String {
        let image = try await bench.push(repository, .twoPlatforms(test.name))
        // One after the other: each adds to the list of referrers, which this registry keeps in a tag.
        for (type, predicate) in [("cyclonedx", test.materials), ("slsaprovenance1", test.provenance)] {
            if let predicate { try await bench.attest(image, by: test.signer, type: type, predicate) }
        }
        return image
    }

    @Test("admits what it asks for, and names what is missing otherwise")
    func verdicts() async throws {
        guard await Self.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let policy = try Self.policy(bench.host)
            var images: [(Case, String)] = []
            for test in Self.cases { images.append((test, try await Self.push(test, bench))) }
            let signed = images[0].1
            try await bench.sign(signed, by: Self.signer())
            try await bench.webhook(policy) { webhook in
                for (test, image) in images {
                    if test.denial.isEmpty {
                        let answer = try await webhook.admits(
                            ScenarioReview(image), warning: "only attestations were checked")
                        #expect(answer.audit["signature-not-checked"] == "true", "\(test.name)")
                    } else {
                        let answer = try await webhook.denies(image, saying: "failed policy: \(Self.name)")
                        for text in test.denial {
                            #expect(answer.message.contains(text), "\(test.name): \(answer.message)")
                        }
                    }
                }
            }
            let path = try #require(SharedFolder.path(Self.file))
            let lint = try await bench.countersign.run(["policy", "check", path])
            #expect(lint.exitCode == 0, "\(lint)")
            for field in ["predicate.bomFormat", "predicate.buildDefinition"] {
                #expect(lint.words.contains("the policy does not demand \(field)"), "\(lint)")
            }
            for (test, image) in images {
                let answer = try await bench.verify(image, policy)
                #expect(answer.exitCode == (test.denial.isEmpty ? 0 : 1), "\(test.name): \(answer)")
                for text in test.denial { #expect(answer.words.contains(text), "\(test.name): \(answer)") }
            }
        }
    }

    @Test("is stricter by one line: a signature besides, or fields that must be there")
    func stricter() async throws {
        guard await Self.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let policy = try Self.policy(bench.host)
            let attested = try await Self.push(Case("attested alone"), bench)
            let signed = try await Self.push(Case("attested and signed"), bench)
            try await bench.sign(signed, by: Self.signer())
            let hollow = try await Self.push(Case("hollow") { $0.provenance = #"{"runDetails":{}}"# }, bench)
            let requiring = policy.replacing(
                "    - name: openmed-github-actions\n",
                with: "    - name: openmed-github-actions\n      requireSignature: true\n")
            let concrete = policy.replacing(
                "            type: cue\n", with: "            type: cue\n            concrete: true\n")
            #expect(requiring != policy && concrete != policy)
            try await bench.webhook(requiring) { webhook in
                try await webhook.admits(signed)
                try await webhook.denies(attested, saying: "failed policy: \(Self.name)", "no signatures found")
            }
            #expect(try await bench.verify(signed, requiring).exitCode == 0)
            #expect(try await bench.verify(attested, requiring).exitCode == 1)
            // The same for every authority, with the document as it is.
            let flag = ["--require-signature"]
            try await bench.webhook(policy, flags: flag) { webhook in
                try await webhook.admits(signed)
                try await webhook.denies(attested, saying: "failed policy: \(Self.name)", "no signatures found")
            }
            #expect(try await bench.verify(signed, policy, flags: flag).exitCode == 0)
            #expect(try await bench.verify(attested, policy, flags: flag).exitCode == 1)
            try await bench.webhook(concrete) { webhook in
                try await webhook.admits(ScenarioReview(signed), warning: "only attestations were checked")
                try await webhook.denies(
                    hollow, saying: "failed evaluating cue policy for slsa-provenance",
                    "predicate.buildDefinition.externalParameters")
            }
        }
    }
}
