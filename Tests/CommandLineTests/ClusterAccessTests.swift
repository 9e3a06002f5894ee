// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@Suite("How commands reach a cluster")
struct ClusterAccessTests {
    private static let audit = ["audit", "--kind", "Pod"]

    private static func withPlugin<R: Sendable>(
        _ script: String, _ body: (APIServerDouble, Program) async throws -> R
    ) async throws -> R {
        try await APIServerDouble.withServer { server in
            let program = try Program()
            try program.home.write("#!/bin/sh\n" + script, to: "bin/get-token")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: program.home.path + "/bin/get-token")
            try program.home.write(
                try server.kubeconfig(
                    .exec(command: "get-token", arguments: ["for", "me"], environment: ["WHO": "x"])),
                to: "config")
            return try await body(server, program)
        }
    }

    private static func variables(_ program: Program) -> [String: String] {
        ["KUBECONFIG": "config", "PATH": program.home.path + "/bin:/usr/bin:/bin"]
    }

    private static func credential(_ token: String) -> String {
        #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"\#(token)"}}"#
    }

    @Test("A credential plugin is found on PATH, told its arguments and variables, and its words are shown")
    func plugin() async throws {
        let script = """
            echo "$1 $2 $WHO $KUBERNETES_EXEC_INFO" >>"$HOME/calls"
            echo "asking nobody" >&2
            cat >>"$HOME/input"
            echo '\(Self.credential("test-token"))'
            """
        try await Self.withPlugin(script) { server, program in
            let answer = try await program.run(Self.audit, Self.variables(program))
            #expect(answer.exitCode == 0, "\(answer)")
            #expect(answer.words.contains("asking nobody"), "\(answer)")
            let calls = try #require(TextFile.text(program.home.path + "/calls"))
            #expect(
                calls
                    == "for me x "
                    + #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#
                    + "\n", "asked once")
            #expect(TextFile.text(program.home.path + "/input") == "", "nobody types anything")
            #expect(server.requests.allSatisfy { $0.user == "admin" })
        }
    }

    @Test("A token that the server does not know any more has the plugin asked again")
    func expired() async throws {
        let script = """
            n=$(cat "$HOME/count" 2>/dev/null || echo 0); n=$((n + 1)); echo $n >"$HOME/count"
            if [ $n = 1 ]; then echo '\(Self.credential("stale"))'; else echo '\(Self.credential("test-token"))'; fi
            """
        try await Self.withPlugin(script) { server, program in
            let answer = try await program.run(Self.audit, Self.variables(program))
            #expect(answer.exitCode == 0, "\(answer)")
            #expect(TextFile.text(program.home.path + "/count") == "2\n")
        }
    }

    @Test(
        "A plugin that gives no credential leaves everything undecided",
        arguments: [
            ("exit 3", "it failed"), ("echo nonsense", "wrote no ExecCredential"),
            ("yes | head -c 2000000", "wrote more than"),
            (#"echo '{"kind":"ExecCredential"}'"#, "wrote no ExecCredential"),
        ])
    func failures(script: String, words: String) async throws {
        try await Self.withPlugin(script) { _, program in
            let answer = try await program.run(Self.audit, Self.variables(program))
            #expect(answer.exitCode == 2, "\(answer)")
            #expect(answer.words.contains(words), "\(answer)")
            #expect(answer.output.isEmpty)
        }
    }

    @Test("A plugin that is not on PATH is not looked for elsewhere")
    func path() async throws {
        try await Self.withPlugin("echo '\(Self.credential("test-token"))'") { _, program in
            for path in ["/usr/bin:/bin", "bin:/usr/bin", ""] {
                let answer = try await program.run(Self.audit, ["KUBECONFIG": "config", "PATH": path])
                #expect(answer.exitCode == 2, "\(answer)")
                #expect(answer.words.contains("no such program on PATH"), "\(answer)")
            }
        }
    }

    @Test("A server that does not know us at all leaves everything undecided")
    func unauthorized() async throws {
        try await APIServerDouble.withServer { server in
            let program = try Program()
            try program.home.write(try server.kubeconfig(.token("unknown")), to: "config")
            let answer = try await program.run(Self.audit + ["--kubeconfig", "config"])
            #expect(answer.exitCode == 2, "\(answer)")
            #expect(answer.words.contains("401"), "\(answer)")
            let named = try await program.run(Self.audit + ["--kubeconfig", "config", "--context", "other"])
            #expect(named.exitCode == 64, "\(named)")
        }
    }

    @Test("webhooks remove deletes what is ours, and says so of what is not there and of what is another's")
    func remove() async throws {
        try await APIServerDouble.withServer { server in
            let program = try Program()
            try program.home.write(try server.kubeconfig(.token("test-token")), to: "config")
            func store(_ kind: String, _ name: String, ours: Bool) {
                let namespace: JSONTree = ours ? "cosign-system" : "elsewhere"
                server.store([
                    "apiVersion": "admissionregistration.k8s.io/v1", "kind": .string(kind),
                    "metadata": ["name": .string(name)],
                    "webhooks": [
                        [
                            "name": .string(name),
                            "clientConfig": ["service": ["namespace": namespace, "name": "webhook", "path": "/"]],
                        ]
                    ],
                ])
            }
            let validating = "ValidatingWebhookConfiguration"
            let mutating = "MutatingWebhookConfiguration"
            store(validating, "policy.sigstore.dev", ours: true)
            store(mutating, "policy.sigstore.dev", ours: true)
            store(mutating, "defaulting.clusterimagepolicy.sigstore.dev", ours: true)
            store(validating, "validating.clusterimagepolicy.sigstore.dev", ours: false)
            store(validating, "another.example.com", ours: true)
            store(validating, "shadow.policy.sigstore.dev", ours: true)
            let arguments = ["webhooks", "remove", "--cluster", "--kubeconfig", "config"]
            let first = try await program.run(arguments)
            #expect(first.exitCode == 0, "\(first)")
            #expect(first.output.split(separator: "\n").count == 4, "\(first)")
            #expect(
                first.words.contains(
                    #"validating.clusterimagepolicy.sigstore.dev leads to the Service "elsewhere/webhook", not to the "#
                        + "Service cosign-system/webhook: it is left"), "\(first)")
            #expect(server.objects(of: "mutatingwebhookconfigurations").isEmpty)
            #expect(
                server.objects(of: "validatingwebhookconfigurations").map(\.name)
                    == ["another.example.com", "validating.clusterimagepolicy.sigstore.dev"])
            let second = try await program.run(arguments)
            #expect(second.exitCode == 0, "\(second)")
            #expect(second.output.isEmpty)
            let named = try await program.run(arguments + ["--webhook-name", "another.example.com"])
            #expect(
                named.exitCode == 0 && server.object("validatingwebhookconfigurations", "another.example.com") == nil,
                "\(named)")

            // What the chart's account may read.
            server.deny(APIPermission(name: "shadow.policy.sigstore.dev"))
            let narrow = try await program.run(arguments)
            #expect(narrow.exitCode == 0, "\(narrow)")
            let wrong = try await program.run(arguments + ["--webhook-name", "x"])
            #expect(wrong.exitCode == 64, "\(wrong)")

            store(validating, "policy.sigstore.dev", ours: true)
            server.deny(APIPermission(verb: "delete"))
            let forbidden = try await program.run(arguments)
            #expect(forbidden.exitCode == 2, "\(forbidden)")
            await server.stop()
            let gone = try await program.run(arguments)
            #expect(gone.exitCode == 2, "\(gone)")
        }
    }
}
