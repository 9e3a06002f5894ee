// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import TestSupport
import Testing

/// policy-tester's flags and answers.
@Suite("policy test as policy-tester")
struct PolicyTesterTests {
    private static func run(_ bench: DemoBench, _ arguments: String...) async throws -> Program.Answer {
        try await bench.program.run(["policy", "test"] + arguments)
    }

    @Test("Admitted is nothing on stdout, warnings are words; denied is one line of JSON and 1")
    func answers() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            for image in [content.signed.reference, content.signed.pinned] {
                let good = try await Self.run(bench, "-policy", "policies/demo.yaml", "-image", image)
                #expect(good.exitCode == 0, "\(good)")
                #expect(good.output.isEmpty)
            }
            let warned = try await Self.run(bench, "--policy", "policies/demo.yaml", "--image", content.tool.reference)
            #expect(warned.exitCode == 0, "\(warned)")
            #expect(warned.output.isEmpty)
            #expect(warned.words.contains("warning: signature key validation failed"), "\(warned)")
            for (image, words) in [
                (content.unsigned.reference, "no signatures found"),
                (content.otherKey.pinned, "no matching signatures"),
                ("\(content.host)/demo/app:absent", "does not exist"),
                // What could not be decided is no admission.
                ("registry.invalid/a/b:v1", "registry.invalid"),
            ] {
                let bad = try await Self.run(
                    bench, "-policy=policies/demo.yaml", "-image=\(image)", "-log-level", "debug", "-enable-oci11=true")
                #expect(bad.exitCode == 1, "\(bad)")
                let lines = bad.output.split(separator: "\n")
                #expect(lines.count == 1)
                let root = try JSONDocument(parsing: Array(bad.output.utf8)).root
                #expect(root.members.map(\.name) == ["errors"])
                #expect(root["errors"]?[0]?.string?.contains(words) == true, "\(bad)")
            }
        }
    }

    @Test("An image that no policy names is uncovered")
    func uncovered() async throws {
        try await DemoBench.running { bench in
            let entry = bench.content.signed
            try bench.program.writePolicy()
            let answer = try await Self.run(bench, "-policy", "policy.yaml", "-image", entry.reference)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.output == #"{"errors":["\#(entry.reference) is uncovered by policy"]}"# + "\n")
            try bench.program.writePolicy(host: bench.content.host)
            let covered = try await Self.run(bench, "-policy", "policy.yaml", "-image", entry.reference)
            #expect(covered.exitCode == 0, "\(covered)")
        }
    }

    @Test("Errors and warnings of several policies stand side by side")
    func both() async throws {
        try await DemoBench.running { bench in
            let policy = """
                apiVersion: policy.sigstore.dev/v1alpha1
                kind: ClusterImagePolicy
                metadata: {name: NAME}
                spec:
                  mode: MODE
                  images: [{glob: "\(bench.content.host)/**"}]
                  authorities: [{static: {action: fail, message: "not MODE"}}]

                """
            let texts = ["warn", "enforce"].map { policy.replacing("NAME", with: $0).replacing("MODE", with: $0) }
            try bench.program.home.write(texts.joined(separator: "---\n"), to: "p.yaml")
            let answer = try await Self.run(bench, "-policy", "p.yaml", "-image", bench.content.signed.reference)
            #expect(answer.exitCode == 1, "\(answer)")
            let root = try JSONDocument(parsing: Array(answer.output.utf8)).root
            #expect(root["errors"]?[0]?.string?.contains("not enforce") == true, "\(answer)")
            #expect(root["warnings"]?[0]?.string?.contains("not warn") == true, "\(answer)")
        }
    }

    @Test("A resource makes match rules count")
    func resource() async throws {
        try await DemoBench.running { bench in
            try bench.program.writePolicy(host: bench.content.host)
            let text = try #require(TextFile.text(bench.program.home.path("policy.yaml")))
            try bench.program.home.write(
                text + "  match: [{group: batch, version: v1, resource: jobs}]\n", to: "policy.yaml")
            try bench.program.home.write("apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n", to: "job.yaml")
            try bench.program.home.write("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n", to: "pod.yaml")
            for (resource, status) in [("job.yaml", 0), ("pod.yaml", 1), ("absent.yaml", 1)] as [(String, Int32)] {
                let answer = try await Self.run(
                    bench, "-policy", "policy.yaml", "-image", bench.content.signed.reference, "-resource", resource)
                #expect(answer.exitCode == status, "\(answer)")
                #expect(answer.output.contains("is uncovered by policy") == (resource == "pod.yaml"))
            }
        }
    }

    @Test("A policy that is none is told on stderr, with 1")
    func documents() async throws {
        let program = try Program()
        try program.writePolicy()
        let text = try #require(TextFile.text(program.home.path("policy.yaml")))
        let image = "registry.example/a@sha256:" + String(repeating: "0", count: 64)
        let good = try await program.run(["policy", "test", "-policy", "policy.yaml", "-image", image])
        #expect(good.exitCode == 0, "\(good)")
        for (text, words) in [
            (
                text.replacing("pass", with: "garbage"),
                "CIP is invalid: invalid value: garbage: spec.authorities[0].static.action"
            ),
            (text.replacing("kind: Cl", with: "kind: cl"), "CIP is invalid: unknown kind \"clusterImagePolicy\""),
            (text.replacing("spec:", with: "spec:\n  mood: x"), "CIP is invalid: unknown field \"mood\""),
            (
                text + "---\n" + text.replacing("pass", with: "fail"),
                "CIP is invalid: policy.yaml: policy \"everything\""
            ),
            ("a: [", "  policy.yaml:"), ("", "CIP is invalid: the file holds no document"),
            ("apiVersion: countersign.dev/v1alpha1\nkind: PolicyTest\n", "there is no policy in it"),
        ] {
            try program.home.write(text, to: "policy.yaml")
            let answer = try await program.run(["policy", "test", "-policy", "policy.yaml", "-image", image])
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.output.isEmpty, "\(answer)")
            #expect(answer.words.contains(words), "\(answer)")
        }
    }

    @Test("A flag that lacks is told with the help, and 1")
    func usage() async throws {
        for arguments in [
            ["-policy", "p"], ["-image", "i"], ["-policy", "", "-image", "i"], ["-resource", "r"],
            ["-policy", "p", "-image", "i", "-log-level", "loud"],
        ] {
            let answer = try await Program().run(["policy", "test"] + arguments)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.output.isEmpty)
            #expect(answer.words.contains("USAGE: countersign policy test "), "\(answer)")
        }
        let version = try await Program().run(["policy", "test", "-version"])
        #expect(version.exitCode == 0, "\(version)")
    }

    @Test("A trust root that cannot be used admits nothing")
    func trustRoot() async throws {
        try await DemoBench.running { bench in
            try bench.program.home.write(
                "apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {name: t}\nspec: {}\n",
                to: "t.yaml")
            for (name, words) in [
                ("t.yaml", "TrustRoot is invalid: "), ("absent.yaml", "cannot read"),
                ("policies/demo.yaml", "it holds a policy"),
            ] {
                let answer = try await Self.run(
                    bench, "-policy", "policies/demo.yaml", "-image", bench.content.signed.reference, "-trustroot", name
                )
                #expect(answer.exitCode == 1, "\(answer)")
                #expect(answer.output.isEmpty)
                #expect(answer.words.contains(words), "\(answer)")
            }
        }
    }

    @Test("Policies are fetched from a URL; another status than 200 is no policy")
    func address() async throws {
        try await DemoBench.running { bench in
            let repository = DemoContent.application
            let digest = bench.registry.contents.put(blob: Array(bench.content.policies.utf8), in: repository)
            let base = "http://\(bench.content.host)/v2/\(repository)/blobs/"
            let good = try await Self.run(
                bench, "-policy", base + "\(digest)", "-image", bench.content.signed.reference)
            #expect(good.exitCode == 0, "\(good)")
            let bad = try await Self.run(
                bench, "-policy", base + "\(digest)", "-image", bench.content.unsigned.reference)
            #expect(bad.output.contains("no signatures found"), "\(bad)")
            let absent = try await Self.run(
                bench, "-policy", base + "sha256:" + String(repeating: "0", count: 64), "-image",
                bench.content.signed.reference)
            #expect(absent.exitCode == 1, "\(absent)")
            #expect(absent.words.contains("answered with status 404"), "\(absent)")
            let closed = try await Self.run(
                bench, "-policy", "http://127.0.0.1:\(try freeLoopbackPort())/p", "-image", "a")
            #expect(closed.exitCode == 1, "\(closed)")
        }
    }
}
