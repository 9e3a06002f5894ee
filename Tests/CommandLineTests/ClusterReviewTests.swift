// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

@Suite("review --cluster")
struct ClusterReviewTests {
    private static func pod(_ image: String, namespace: String? = nil) -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: p\(namespace.map { ", namespace: \($0)" } ?? "")}
        spec: {containers: [{name: c, image: "\(image)"}]}

        """
    }

    @Test("Manifests are judged by the policies of the cluster, with a word where they would not be")
    func verdicts() async throws {
        try await ClusterBench.running { bench in
            let content = bench.content
            for (image, namespace, status, output) in [
                (content.signed.reference, "demo", 0, "admitted"), (content.unsigned.reference, "demo", 1, "denied"),
                (content.unsigned.reference, "default", 1, "denied (not enforced: namespace is not labelled)"),
                (content.signed.reference, nil, 0, "admitted (not enforced: namespace is not labelled)"),
                (content.signed.reference, "new", 0, "admitted (not enforced: namespace new is not there)"),
                (content.tool.reference, "demo", 0, "admitted"),
            ] as [(String, String?, Int32, String)] {
                try bench.program.home.write(Self.pod(image, namespace: namespace), to: "pod.yaml")
                let answer = try await bench.run("review", "pod.yaml", "--cluster")
                #expect(answer.exitCode == status, "\(answer)")
                #expect(answer.output == "pod.yaml: Pod/p: \(output)\n", "\(answer)")
            }
            try bench.program.home.write(Self.pod(content.signed.reference), to: "pod.yaml")
            let named = try await bench.run("review", "pod.yaml", "--cluster", "--namespace", "demo")
            #expect(named.output == "pod.yaml: Pod/p: admitted\n", "\(named)")
            try bench.program.home.write(
                try bench.server.kubeconfig(.token("test-token"), namespace: "demo"), to: "other")
            let context = try await bench.run("review", "pod.yaml", "--cluster", "--kubeconfig", "other")
            #expect(context.output == "pod.yaml: Pod/p: admitted\n", "\(context)")
            #expect(Set(bench.server.requests.map(\.method)) == ["GET"], "nothing is written")
        }
    }

    @Test("A directory of manifests is judged whole, as kubectl would apply it")
    func directory() async throws {
        try await ClusterBench.running { bench in
            try bench.program.home.write(Self.pod(bench.content.signed.reference, namespace: "demo"), to: "m/a.yaml")
            try bench.program.home.write(Self.pod(bench.content.unsigned.reference, namespace: "demo"), to: "m/b.yml")
            try bench.program.home.write("no manifest", to: "m/README.md")
            let answer = try await bench.run("review", "-f", "m/", "--cluster")
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.output == "m/a.yaml: Pod/p: admitted\nm/b.yml: Pod/p: denied\n", "\(answer)")
            try bench.program.home.write("no manifest", to: "n/README.md")
            for arguments in [["-f", "n"], []] {
                let none = try await bench.program.run(["review", "--cluster"] + arguments)
                #expect(none.exitCode == 64, "\(none)")
            }
        }
    }

    @Test("What the registered webhooks select decides what is enforced")
    func selectors() async throws {
        try await ClusterBench.running { bench in
            try bench.program.home.write(Self.pod(bench.content.signed.reference, namespace: "demo"), to: "pod.yaml")
            for (selector, output) in [
                (
                    [
                        "matchExpressions": [
                            ["key": "policy.sigstore.dev/include", "operator": "NotIn", "values": ["false"]]
                        ]
                    ],
                    "admitted"
                ),
                (
                    [
                        "matchExpressions": [
                            ["key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["demo"]]
                        ]
                    ],
                    "admitted (not enforced: namespace is excluded)"
                ),
                (
                    ["matchExpressions": [["key": "x", "operator": "Later"]]],
                    "admitted (not enforced: namespace is excluded)"
                ),
                (["matchLabels": ["policy.sigstore.dev/include": "true"]], "admitted"), ([:], "admitted"),
            ] as [(JSONTree, String)] {
                bench.server.store([
                    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                    "metadata": ["name": "ours"],
                    "webhooks": [["name": "a.example.com", "namespaceSelector": selector]],
                ])
                let answer = try await bench.run("review", "pod.yaml", "--cluster", "--webhook-name", "ours")
                #expect(answer.output == "pod.yaml: Pod/p: \(output)\n", "\(answer)")
            }
        }
    }

    @Test("Secrets and ConfigMaps that policies name are read by name, and what is not there admits nothing")
    func secrets() async throws {
        try await ClusterBench.running { bench in
            bench.server.remove("clusterimagepolicies", "application-is-signed")
            try bench.server.store(
                yaml: """
                    apiVersion: policy.sigstore.dev/v1beta1
                    kind: ClusterImagePolicy
                    metadata: {name: by-secret}
                    spec:
                      images: [{glob: "\(bench.content.host)/demo/app*"}]
                      authorities: [{key: {secretRef: {name: release}, hashAlgorithm: sha256}}]
                    """)
            try bench.program.home.write(Self.pod(bench.content.signed.reference, namespace: "demo"), to: "pod.yaml")
            let missing = try await bench.run("review", "pod.yaml", "--cluster")
            #expect(missing.exitCode == 1, "\(missing)")
            #expect(missing.words.contains("release"), "\(missing)")
            bench.server.store([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "release", "namespace": "cosign-system"],
                "data": ["cosign.pub": .base64(Array(bench.content.signer.publicKeyPEM.utf8))],
            ])
            let found = try await bench.run("review", "pod.yaml", "--cluster")
            #expect(found.exitCode == 0, "\(found)")
            #expect(!bench.server.requests.contains { $0.resource == "secrets" && $0.verb == "list" })
            bench.server.deny(APIPermission(resource: "secrets"))
            let forbidden = try await bench.run("review", "pod.yaml", "--cluster")
            #expect(forbidden.exitCode == 2, "\(forbidden)")
            #expect(forbidden.output.isEmpty)
            #expect(
                forbidden.words.contains("secrets/release in namespace cosign-system cannot be read"), "\(forbidden)")
        }
    }

    @Test("A policy that cannot be read denies what it names")
    func broken() async throws {
        try await ClusterBench.running { bench in
            bench.server.store([
                "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy",
                "metadata": ["name": "broken"],
                "spec": [
                    "images": [["glob": .string("\(bench.content.host)/**")]], "modus": "warn",
                    "authorities": [["static": ["action": "pass"]]],
                ],
            ])
            try bench.program.home.write(Self.pod(bench.content.signed.reference, namespace: "demo"), to: "pod.yaml")
            let answer = try await bench.run("review", "pod.yaml", "--cluster")
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("unknown field \"modus\""), "\(answer)")
        }
    }

    @Test("Without a cluster that can be asked nothing is decided")
    func usage() async throws {
        let program = try Program()
        try program.home.write(Self.pod("registry.example/a"), to: "pod.yaml")
        try program.writePolicy()
        for (arguments, words) in [
            (["--cluster"], "there is no kubeconfig"), (["--cluster", "--kubeconfig", "absent"], "absent"),
            (["--cluster", "--policies", "policy.yaml"], "exclude each other"),
            (["--policies", "policy.yaml", "--context", "x"], "--context goes with --cluster"),
            ([], "give --policies"), (["--cluster", "--context", "x"], "no kubeconfig"),
        ] {
            let answer = try await program.run(["review", "pod.yaml"] + arguments)
            #expect(answer.exitCode == 64, "\(answer)")
            #expect(answer.words.contains(words), "\(answer)")
        }
    }
}
