// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import TestSupport
import Testing

@Suite("policy test")
struct PolicyTestTests {
    /// A file of one test, in the folder of the policies.
    private static func file(_ lines: String..., policies: String = "[demo.yaml]", more: String = "") -> String {
        """
        apiVersion: countersign.dev/v1alpha1
        kind: PolicyTest
        policies: \(policies)
        \(more)tests:
        - name: the test

        """ + lines.map { "  \($0)\n" }.joined()
    }

    private static func run(
        _ bench: DemoBench, _ text: String, _ arguments: [String] = []
    ) async throws -> Program.Answer {
        try bench.program.home.write(text, to: "policies/tests.yaml")
        return try await bench.program.run(["policy", "test", "policies/tests.yaml"] + arguments)
    }

    private struct Expectation {
        let image: String
        let holds: [String]
        let fails: [String]
        /// What a failure says.
        let words: String
    }

    @Test("Every expectation that holds is ok, and its twin fails with the sentence of the verdict")
    func expectations() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            let unsigned = "found denied: no-signatures: signature key validation failed for authority release-key"
            for expectation in [
                Expectation(
                    image: content.signed.pinned, holds: ["expect: admitted"], fails: ["expect: denied"],
                    words: "expected denied, found admitted\n"),
                Expectation(
                    image: content.signed.reference, holds: ["expect: admitted"], fails: ["expect: warned"],
                    words: "expected warned, found admitted\n"),
                Expectation(
                    image: content.unsigned.pinned, holds: ["expect: denied"], fails: ["expect: admitted"],
                    words: "expected admitted, \(unsigned)"),
                Expectation(
                    image: content.otherKey.pinned, holds: ["expect: denied", "reason: no-matching-signatures"],
                    fails: ["expect: denied", "reason: no-signatures"],
                    words: "expected denied for no-signatures, found denied: no-matching-signatures: "),
                Expectation(
                    image: content.tool.pinned, holds: ["expect: warned", "reason: no-signatures"],
                    fails: ["expect: admitted"], words: "expected admitted, found warned: no-signatures: "),
                Expectation(
                    image: "\(content.host)/demo/app:absent",
                    holds: ["expect: denied", "reason: image-not-found"], fails: ["expect: undecided"],
                    words: "expected undecided, found denied: image-not-found: "),
            ] {
                let good = try await Self.run(bench, Self.file(["image: \(expectation.image)"] + expectation.holds))
                #expect(good.exitCode == 0, "\(good)")
                #expect(good.output == "policies/tests.yaml: the test: ok\n1 passed\n")
                let bad = try await Self.run(bench, Self.file(["image: \(expectation.image)"] + expectation.fails))
                #expect(bad.exitCode == 1, "\(bad)")
                #expect(
                    bad.output.hasPrefix("policies/tests.yaml: the test: FAILED: \(expectation.words)"), "\(bad)")
                #expect(bad.output.hasSuffix("\n0 passed, 1 failed\n"))
            }
        }
    }

    @Test("Recorded evidence is read from its directory, and no registry is asked", arguments: SignatureForm.allCases)
    func recorded(form: SignatureForm) async throws {
        try await DemoBench.running { bench in
            let entry = form == .tag ? bench.content.signedByTag : bench.content.signed
            try bench.writeLayout(entry, to: "policies/evidence/good")
            try bench.writeLayout(bench.content.unsigned, to: "policies/evidence/bad")
            // Nobody listens there.
            let host = "127.0.0.1:\(try freeLoopbackPort())"
            try bench.program.home.write(
                bench.content.policies.replacing(bench.content.host, with: host), to: "policies/demo.yaml")
            for (layout, expect) in [("good", "admitted"), ("bad", "denied")] {
                for name in ["\(host)/demo/app:v1", layout == "good" ? "\(host)/demo/app@\(entry.digest)" : nil] {
                    guard let name else { continue }
                    let lines = ["image: \(name)", "layout: evidence/\(layout)"]
                    let good = try await Self.run(bench, Self.file(lines + ["expect: \(expect)"]))
                    #expect(good.exitCode == 0, "\(good)")
                    let other = expect == "denied" ? "admitted" : "denied"
                    let bad = try await Self.run(bench, Self.file(lines + ["expect: \(other)"]))
                    #expect(bad.exitCode == 1, "\(bad)")
                }
            }
            // The same without the evidence is undecided, which is no failure of the policy and no success.
            let asked = try await Self.run(bench, Self.file("image: \(host)/demo/app:v1", "expect: admitted"))
            #expect(asked.exitCode == 2, "\(asked)")
            #expect(asked.output.contains("FAILED: expected admitted, found undecided: unreachable: "), "\(asked)")
            #expect(asked.output.hasSuffix("\n0 passed, 1 undecided\n"))
            let expected = try await Self.run(
                bench, Self.file("image: \(host)/demo/app:v1", "expect: undecided", "reason: unreachable"))
            #expect(expected.exitCode == 0, "\(expected)")
        }
    }

    @Test("A resource says which workload it is, by kind and labels")
    func resource() async throws {
        try await DemoBench.running { bench in
            try bench.program.home.write(
                """
                apiVersion: policy.sigstore.dev/v1beta1
                kind: ClusterImagePolicy
                metadata: {name: no-jobs}
                spec:
                  images: [{glob: "**"}]
                  match: [{group: batch, version: v1, resource: jobs, selector: {matchLabels: {tier: web}}}]
                  authorities: [{static: {action: fail}}]

                """, to: "policies/no-jobs.yaml")
            let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, labels: {tier: web}}\nspec: {}\n"
            try bench.program.home.write(job, to: "policies/job.txt")
            try bench.program.home.write(job.replacing("web", with: "db"), to: "policies/other.txt")
            try bench.program.home.write(
                "apiVersion: v1\nkind: Pod\nmetadata: {labels: {tier: web}}\n", to: "policies/pod.txt")
            for (resource, expect) in [("job", "denied"), ("other", "admitted"), ("pod", "admitted")] {
                for (word, status) in [(expect, 0), (expect == "denied" ? "admitted" : "denied", 1)]
                    as [(String, Int32)]
                {
                    let answer = try await Self.run(
                        bench,
                        Self.file(
                            "image: \(bench.content.signed.pinned)", "resource: \(resource).txt", "expect: \(word)",
                            policies: "[demo.yaml, no-jobs.yaml]"))
                    #expect(answer.exitCode == status, "\(resource): \(answer)")
                }
            }
        }
    }

    @Test("Tests may lie in the folder and in the file of the policies, which every other command reads without them")
    func beside() async throws {
        let program = try Program()
        try program.writePolicy("policies/a.yaml")
        let digest = "sha256:" + String(repeating: "0", count: 64)
        let test = Self.file(
            "image: other.example/a@\(digest)", "expect: undecided", policies: "[a.yaml]", more: "noMatch: allow\n")
        try program.home.write(test, to: "policies/tests.yaml")
        let check = try await program.run(["policy", "check", "policies"])
        #expect(check.exitCode == 0, "\(check)")
        #expect(check.output == "policies/a.yaml: ClusterImagePolicy everything: valid, enforce\n")
        // With one letter more it is a document that nobody knows, and no test.
        try program.home.write(test.replacing("kind: PolicyTest", with: "kind: PolicyTests"), to: "policies/tests.yaml")
        let unknown = try await program.run(["policy", "check", "policies"])
        #expect(unknown.exitCode == 1, "\(unknown)")
        #expect(unknown.words.contains("unknown kind \"PolicyTests\""), "\(unknown)")
        let none = try await program.run(["policy", "test", "policies"])
        #expect(none.exitCode == 64, "\(none)")
        #expect(none.words.contains("there is no document of kind PolicyTest in it"))
    }

    @Test(
        "No policy naming the image is what noMatch says",
        arguments: [("deny", "denied"), ("warn", "warned"), ("allow", "admitted")])
    func noMatch(action: String, expect: String) async throws {
        try await DemoBench.running { bench in
            try bench.program.home.write(
                bench.content.policies.replacing("demo/", with: "other/"), to: "policies/demo.yaml")
            for word in ["denied", "warned", "admitted"] {
                let answer = try await Self.run(
                    bench,
                    Self.file("image: \(bench.content.signed.pinned)", "expect: \(word)", more: "noMatch: \(action)\n"))
                #expect(answer.exitCode == (word == expect ? 0 : 1), "\(answer)")
            }
        }
    }

    static let slips: [(String, String, String)] = [
        (
            "expect: admitted", "expect: perhaps",
            "tests.yaml:7:11: expect is one of admitted, warned, denied, undecided"
        ),
        ("expect: admitted", "expects: admitted", "tests.yaml:7:3: unknown field 'expects'; a test has name, image"),
        ("expect: admitted", "expect: admitted\n  reason: no-signatures", "nothing is admitted for a reason"),
        ("expect: admitted", "expect: denied\n  reason: mood", "'mood' is no reason; there are broken-policy, "),
        ("image: registry", "picture: registry", "unknown field 'picture'"),
        ("registry.example/app", "registry.example/APP", "tests.yaml:6:10: 'registry.example/APP@sha256:"),
        ("expect: admitted", "layout: absent\n  expect: admitted", "absent: there is no such directory"),
        ("expect: admitted", "layout: empty\n  expect: admitted", "empty: it has no oci-layout"),
        ("expect: admitted", "resource: absent\n  expect: admitted", "cannot read absent"),
        (
            "expect: admitted", "resource: none\n  expect: admitted",
            "none: a resource is one object, and there are 0 in it"
        ),
        ("[policy.yaml]", "[]", "policies is a list that is not empty"),
        ("[policy.yaml]", "[absent.yaml]", "absent.yaml: there is no such file or directory"),
        ("[policy.yaml]", "[policy.yaml]\nnoMatch: shrug", "noMatch is deny, warn or allow, not 'shrug'"),
        ("[policy.yaml]", "[policy.yaml]\ntrustedRoot: policy.yaml", "policy.yaml: "),
        ("[policy.yaml]", "[policy.yaml]\nmode: warn", "unknown field 'mode'"),
        ("- name: the test", "-", "a test needs image"),
    ]

    @Test("What is not understood of a file of tests ends with 64, and nothing is run", arguments: slips)
    func wrong(known: String, instead: String, words: String) async throws {
        let program = try Program()
        try program.writePolicy()
        try program.home.write("", to: "empty/x")
        try program.home.write("", to: "none")
        let digest = "sha256:" + String(repeating: "0", count: 64)
        let good = Self.file("image: registry.example/app@\(digest)", "expect: admitted", policies: "[policy.yaml]")
        var text = good.replacing(known, with: instead)
        if instead == "-" { text = good.replacing("  image: registry.example/app@\(digest)\n", with: "") }
        #expect(text != good)
        try program.home.write(text, to: "tests.yaml")
        let answer = try await program.run(["policy", "test", "tests.yaml"])
        #expect(answer.exitCode == 64, "\(answer)")
        #expect(answer.output.isEmpty, "\(answer)")
        #expect(answer.words.contains(words), "\(answer)")
    }
}

extension PolicyTestTests {
    private static func file(_ lines: [String], policies: String = "[demo.yaml]") -> String {
        file(lines.joined(separator: "\n  "), policies: policies)
    }
}
