// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

@Suite("Whose credentials an audit shows to registries")
struct AuditCredentialTests {
    private static let access = LoopbackAccess.basic(LoopbackCredentials(user: "robot", password: "secret"))
    /// "robot:secret"
    private static let auth = "cm9ib3Q6c2VjcmV0"

    /// A registry that lets `robot` in alone, whose password is in a Secret of `demo` and of `shop`; three Deployments of
    /// one signed image: `demo/web` names the Secret, `demo/bare` does not, `shop/web` has it by its ServiceAccount.
    private static func running(_ body: (ClusterBench, _ config: String) async throws -> Void) async throws {
        try await ClusterBench.running(LoopbackOptions(access: access)) { bench in
            let config = #"{"auths":{"\#(bench.content.host)":{"auth":"\#(auth)"}}}"#
            bench.server.createNamespace("shop", labels: ["policy.sigstore.dev/include": "true"])
            for namespace in ["demo", "shop"] as [JSONTree] {
                bench.server.store([
                    "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                    "metadata": ["name": "pull", "namespace": namespace],
                    "data": [".dockerconfigjson": .base64(Array(config.utf8))],
                ])
            }
            bench.server.store([
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "default", "namespace": "shop"],
                "imagePullSecrets": [["name": "pull"]],
            ])
            for (namespace, name, secrets) in [
                ("demo", "web", [["name": "pull"]]), ("demo", "bare", []), ("shop", "web", []),
            ] as [(JSONTree, JSONTree, JSONTree)] {
                let pod: JSONTree = [
                    "imagePullSecrets": secrets,
                    "containers": [["name": "main", "image": .string(bench.content.signed.pinned)]],
                ]
                bench.server.store([
                    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": name, "namespace": namespace],
                    "spec": ["template": ["spec": pod]],
                ])
            }
            try await body(bench, config)
        }
    }

    /// Verdicts of `demo/bare`, `demo/web` and `shop/web`.
    private static func verdicts(_ answer: Program.Answer) -> [String] {
        answer.output.split(separator: "\n").dropFirst().map { line in
            let words = line.split(separator: " ")
            return words.count > 2 ? String(words[2]) : ""
        }
    }

    @Test("By default the workload's own pull secrets and its service account's, as serve does, and for nobody else")
    func workloads() async throws {
        try await Self.running { bench, config in
            // What we have ourselves is not shown.
            try bench.program.home.write(config, to: ".docker/config.json")
            let answer = try await bench.run("audit")
            #expect(Self.verdicts(answer) == ["undecided", "admitted", "admitted"], "\(answer)")
            #expect(answer.exitCode == 2)
            #expect(!answer.words.contains("may not be read"), "\(answer)")
            let listed = try await bench.run("audit", "--own-credentials-for", bench.content.host)
            #expect(Self.verdicts(listed) == ["admitted", "admitted", "admitted"], "\(listed)")
        }
    }

    @Test("With --workload-credentials false our own alone, and no Secret is read for a workload")
    func own() async throws {
        try await Self.running { bench, config in
            let without = try await bench.run("audit", "--workload-credentials", "false")
            #expect(Self.verdicts(without) == ["undecided", "undecided", "undecided"], "\(without)")
            try bench.program.home.write(config, to: ".docker/config.json")
            bench.server.forgetRequests()
            let answer = try await bench.run("audit", "--workload-credentials", "false")
            #expect(Self.verdicts(answer) == ["admitted", "admitted", "admitted"], "\(answer)")
            #expect(!bench.server.requests.contains { $0.path.hasSuffix("/secrets/pull") })
            let wrong = try await bench.run("audit", "--workload-credentials", "perhaps")
            #expect(wrong.exitCode == 64, "\(wrong)")
        }
    }

    @Test("Secrets that may not be read are told, and what needs them is undecided")
    func forbidden() async throws {
        try await Self.running { bench, _ in
            bench.server.deny(APIPermission(verb: "get", resource: "secrets"))
            let answer = try await bench.run("audit")
            #expect(answer.exitCode == 2, "\(answer)")
            #expect(Self.verdicts(answer) == ["undecided", "undecided", "undecided"], "\(answer)")
            #expect(answer.words.contains("the pull secrets of demo, shop may not be read"), "\(answer)")
        }
    }
}
