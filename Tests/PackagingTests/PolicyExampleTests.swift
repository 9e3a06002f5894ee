// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// `deploy/policies/`, which people copy from.
@Suite("The policies to begin with")
struct PolicyExampleTests {
    private static let folder = "deploy/policies"
    static let policies = ((try? Packaged.names(in: folder)) ?? []).filter {
        $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml")
    }

    @Test("There is one for each purpose")
    func purposes() {
        #expect(
            Self.policies == [
                "block-digest.yaml", "by-key.yaml", "karmada-like.yaml", "key-of-a-kms.yaml",
                "keyless-github-workflow.yaml", "openmed-like.yaml", "sbom-and-provenance.yaml",
                "start-with-warnings.yaml",
            ])
    }

    @Test("Each is valid, and nothing is to be said about it", arguments: policies)
    func strict(policy: String) async throws {
        let path = "\(PackageFolder.root)/\(Self.folder)/\(policy)"
        let answer = try await CountersignTool().run(["policy", "check", "--strict", path])
        #expect(answer.exitCode == 0, "\(answer)")
        #expect(answer.words.isEmpty && answer.output.contains(": valid, "), "\(answer)")
    }

    @Test("Each does what the test beside it says", arguments: policies)
    func tests(policy: String) async throws {
        let test = "\(PackageFolder.root)/\(Self.folder)/\(policy.dropLast(".yaml".count)).test.yaml"
        let answer = try await CountersignTool().run(["policy", "test", test])
        #expect(answer.exitCode == 0 && answer.output.hasSuffix(" passed\n"), "\(answer)")
    }
}
