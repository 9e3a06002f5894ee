// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport

/// The demo's registry beside an API server double with the demo's policies, and the program with a kubeconfig for it.
struct ClusterBench: Sendable {
    let demo: DemoBench
    let server: APIServerDouble

    var content: DemoContent { demo.content }
    var program: Program { demo.program }

    static func running<R: Sendable>(
        _ options: LoopbackOptions = LoopbackOptions(), _ body: (ClusterBench) async throws -> R
    ) async throws -> R {
        try await DemoBench.running(options) { demo in
            try await APIServerDouble.withServer { server in
                let bench = ClusterBench(demo: demo, server: server)
                try bench.program.home.write(try server.kubeconfig(.token("test-token")), to: ".kube/config")
                for document in demo.content.policies.split(separator: "\n---\n") {
                    try server.store(yaml: String(document))
                }
                server.remove("namespaces", "demo")
                server.createNamespace("demo", labels: ["policy.sigstore.dev/include": "true"])
                return try await body(bench)
            }
        }
    }

    /// Something of each verdict; `demo` is labelled, `legacy` is not.
    func fill() {
        server.createNamespace("legacy")
        store("apps/v1", "Deployment", "web", in: "demo", content.signed.reference)
        store("apps/v1", "Deployment", "bad", in: "demo", content.unsigned.reference)
        store("apps/v1", "Deployment", "old", in: "legacy", content.unsigned.reference)
        store("v1", "Pod", "tool", in: "demo", content.tool.reference)
    }

    /// A workload of one container.
    @discardableResult
    func store(
        _ apiVersion: String, _ kind: String, _ name: String, in namespace: String, _ image: String,
        metadata: JSONTree = [:], status: JSONTree? = nil, owner: JSONTree? = nil
    ) -> JSONTree {
        let pod: JSONTree = ["containers": [["name": "main", "image": .string(image)]]]
        var metadata = metadata
        metadata["name"] = .string(name)
        metadata["namespace"] = .string(namespace)
        if let owner {
            metadata["ownerReferences"] = [
                [
                    "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": .string(owner.name),
                    "uid": owner.metadata["uid"], "controller": true,
                ]
            ]
        }
        var object: JSONTree = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata,
            "spec": kind == "Pod" ? pod : ["template": ["spec": pod]],
        ]
        if let status { object["status"] = status }
        return server.store(object)
    }

    func run(_ arguments: String..., variables: [String: String] = [:]) async throws -> Program.Answer {
        try await program.run(arguments, variables)
    }
}
