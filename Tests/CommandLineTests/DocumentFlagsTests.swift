// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Demo
import Policy
import TestSupport
import Testing

@testable import countersign

/// Flags that say how policies are read, and what they ask for besides.
@Suite("Flags of policies")
struct DocumentFlagsTests {
    private static func policy(_ host: String, _ authorities: String) -> String {
        """
        apiVersion: policy.sigstore.dev/v1beta1
        kind: ClusterImagePolicy
        metadata: {name: p}
        spec:
          images: [{glob: "\(host)/**"}]
        \(authorities)
        """
    }

    @Test("--require-signature denies where attestations alone would admit, at every command that judges by policies")
    func requireSignature() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            for entry in [content.unsigned, content.signed] {
                try await bench.registry.attest(
                    entry.digest, in: DemoContent.application, with: content.signer,
                    predicateType: "https://example.com/t", predicate: Array("{}".utf8), form: .bundle)
            }
            let key = content.signer.publicKeyPEM.split(separator: "\n").map { "        \($0)\n" }.joined()
            try bench.program.home.write(
                Self.policy(
                    content.host,
                    "  authorities:\n  - key:\n      data: |\n\(key)    attestations: [{name: a, predicateType: https://example.com/t}]\n"
                ),
                to: "p.yaml")
            let pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: IMAGE}]}\n"
            for (entry, flag, status) in [
                (content.unsigned, nil, 0), (content.unsigned, "--require-signature", 1),
                (content.unsigned, "--require-signature=false", 0), (content.signed, "--require-signature", 0),
            ] as [(DemoContent.Entry, String?, Int32)] {
                try bench.program.home.write(pod.replacing("IMAGE", with: entry.reference), to: "pod.yaml")
                for command in [
                    ["verify", "--policies", "p.yaml", entry.reference],
                    ["review", "--policies", "p.yaml", "pod.yaml"],
                    ["policy", "test", "--policy", "p.yaml", "--image", entry.reference],
                ] {
                    let answer = try await bench.program.run(command + [flag].compactMap { $0 })
                    #expect(answer.exitCode == status, "\(command) \(flag ?? ""): \(answer)")
                }
            }
        }
    }

    @Test(
        "--fail-on-empty-authorities=false lets a policy without authorities be, at every command that reads policies")
    func emptyAuthorities() async throws {
        try await DemoBench.running { bench in
            let image = bench.content.unsigned.reference
            for authorities in ["", "  authorities: []\n"] {
                try bench.program.home.write(Self.policy(bench.content.host, authorities), to: "p.yaml")
                try bench.program.home.write(
                    "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: \(image)}]}\n", to: "pod.yaml")
                for (command, refused) in [
                    (["verify", "--policies", "p.yaml", image], 64), (["policy", "check", "p.yaml"], 1),
                    (["review", "--policies", "p.yaml", "pod.yaml"], 64),
                    (["policy", "test", "--policy", "p.yaml", "--image", image], 1),
                ] as [([String], Int32)] {
                    for flag in [nil, "--fail-on-empty-authorities=true"] {
                        let answer = try await bench.program.run(command + [flag].compactMap { $0 })
                        #expect(answer.exitCode == refused, "\(command): \(answer)")
                        #expect(answer.words.contains("missing field(s): spec.authorities"), "\(answer)")
                    }
                    let answer = try await bench.program.run(command + ["--fail-on-empty-authorities=false"])
                    #expect(answer.exitCode == 0, "\(command): \(answer)")
                }
            }
        }
    }

    @Test("--policy-namespace is where Secrets that policies name may lie")
    func namespace() async throws {
        let program = try Program()
        for (namespace, arguments, status) in [
            ("cosign-system", [], 0), ("other", [], 1), ("other", ["--policy-namespace", "other"], 0),
            ("cosign-system", ["--policy-namespace=other"], 1),
        ] as [(String, [String], Int32)] {
            try program.home.write(
                Self.policy(
                    "registry.example", "  authorities: [{key: {secretRef: {name: s, namespace: \(namespace)}}}]\n"),
                to: "p.yaml")
            let answer = try await program.run(["policy", "check", "p.yaml"] + arguments)
            #expect(answer.exitCode == status, "\(answer)")
            #expect(answer.words.contains("secretref.namespace is invalid") == (status == 1))
        }
    }

    @Test("serve takes them as flags, as variables and from its file, in that order")
    func serve() throws {
        let program = try Program()
        try program.home.write(
            "require-signature: true\nfail-on-empty-authorities: false\npolicy-namespace: file\n", to: "settings.yaml")
        let sources = try SettingSources(
            config: program.home.path("settings.yaml"), names: ServeSettings.names
        ) { ["COUNTERSIGN_POLICY_NAMESPACE": "variable", "COUNTERSIGN_FAIL_ON_EMPTY_AUTHORITIES": "T"][$0] }
        #expect(try sources.boolean("require-signature", flag: nil) == true)
        #expect(try sources.boolean("require-signature", flag: "false") == false)
        #expect(try sources.boolean("tls-key", flag: nil) == nil)
        let rules = try DocumentOptions.rules(
            failsOnEmptyAuthorities: sources.value("fail-on-empty-authorities", flag: nil),
            namespace: sources.value("policy-namespace", flag: nil))
        #expect(!rules.admitsNoAuthorities)
        #expect(rules.namespace == "variable")
        let flags = try Serve.parse([
            "--config", program.home.path("settings.yaml"), "--policies", "p", "--no-require-signature",
            "--fail-on-empty-authorities", "true",
        ])
        let settings = try ServeSettings(flags)
        #expect(!settings.requiresSignature)
        #expect(!settings.rules.admitsNoAuthorities)
        #expect(settings.rules.namespace == "file")
        let bare = try ServeSettings(
            try Serve.parse(["--config", program.home.path("settings.yaml"), "--policies", "p"]))
        #expect(bare.requiresSignature)
        #expect(bare.rules.admitsNoAuthorities)
        let none = try ServeSettings(try Serve.parse(["--policies", "p"]))
        #expect(!none.requiresSignature)
        #expect(none.rules == DocumentRules())
    }

    @Test("Changes of files are read by the same rules")
    func reload() throws {
        var rules = DocumentRules()
        rules.admitsNoAuthorities = true
        let text = Self.policy("registry.example", "")
        let snapshot = PolicySnapshot(sources: [
            .init(path: "p", content: .files([.init(path: "p/a.yaml", content: .text(Array(text.utf8)))]))
        ])
        var state = PolicyFilesState(rules: rules)
        state.update(snapshot)
        #expect(state.health.isWhole)
        #expect(state.set.policies.map(\.name) == ["p"])
        var strict = PolicyFilesState()
        strict.update(snapshot)
        #expect(!strict.health.isWhole)
    }
}
