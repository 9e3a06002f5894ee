import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Admission calls of the API server double")
struct AdmissionTests {
    static let pods = "/api/v1/namespaces/demo/pods"

    static func pod(_ name: String = "web", image: String = "a:1") -> JSONTree {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": "demo", "labels": ["app": "web"]],
            "spec": ["containers": [["name": "c", "image": .string(image)]]],
        ]
    }

    /// Registers a webhook behind the Service `cosign-system/webhook`, changed as a test says.
    static func register(
        _ server: APIServerDouble, mutating: Bool = false, _ change: (inout JSONTree) -> Void = { _ in }
    ) {
        var webhook: JSONTree = [
            "name": "policy.sigstore.dev", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": [
                "service": ["namespace": "cosign-system", "name": "webhook", "path": "/validations"],
                "caBundle": .base64(Array(server.authorityPEM.utf8)),
            ],
            "rules": [
                [
                    "apiGroups": ["", "apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers", "deployments"],
                ]
            ],
        ]
        change(&webhook)
        server.store([
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": .string(mutating ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration"),
            "metadata": ["name": .string(mutating ? "m" : "v")], "webhooks": [webhook],
        ])
    }

    @Test("A denial reaches the client in the real server's words, and an admission does not")
    func denial() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server)
            try await ScriptedWebhook.running(of: server) { request in
                request["object"]["spec"]["containers"][0]["image"] == "bad:1"
                    ? .response(["allowed": false, "status": ["code": 403, "message": "unsigned"]])
                    : .response(["allowed": true, "warnings": ["look"]])
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                let client = DoubleClient(server: server)
                let denied = try await client.send("POST", Self.pods, Self.pod(image: "bad:1"))
                #expect(denied.status == 403)
                #expect(
                    denied.object["message"]
                        == "admission webhook \"policy.sigstore.dev\" denied the request: unsigned")
                #expect(server.object("pods", "web", in: "demo") == nil)
                let admitted = try await client.send("POST", Self.pods, Self.pod())
                #expect(admitted.status == 201)
                #expect(admitted.headers.contains { $0.name == "warning" && $0.value == "299 - \"look\"" })
                #expect(server.admissionCalls.map(\.outcome) == [.denied("unsigned"), .allowed])
                #expect(server.admissionCalls.map(\.reusedConnection) == [false, true])
                #expect(server.admissionCalls.allSatisfy { $0.address == webhook.address })
            }
        }
    }

    @Test("A request has the recorded members", .enabled(if: SharedFolder.path("captures/admission") != nil))
    func recorded() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server)
            try await ScriptedWebhook.running(of: server) { _ in
                ScriptedWebhook.allow
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                let client = DoubleClient(server: server)
                _ = try await client.send("POST", Self.pods + "?fieldManager=x", Self.pod())
                _ = try await client.send(
                    "PATCH", Self.pods + "/web/ephemeralcontainers",
                    ["spec": ["ephemeralContainers": [["name": "d", "image": "b"]]]],
                    type: "application/merge-patch+json")
                let files = ["002-validate-create-pods", "029-validate-update-pods-ephemeralcontainers"]
                #expect(webhook.requests.count == files.count)
                for (request, file) in zip(webhook.requests, files) {
                    let bytes = try #require(SharedFolder.bytes("captures/admission/\(file).json"))
                    let left: Set = ["object", "oldObject", "extra", "options"]
                    let recorded = try JSONTree(json: bytes)["request"]
                    #expect(request.shape(without: left) == recorded.shape(without: left))
                }
            }
        }
    }

    @Test("A patch changes what is kept, and the validating webhook sees it")
    func patch() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server, mutating: true)
            Self.register(server)
            let pinned = "a:1@sha256:" + String(repeating: "0", count: 64)
            try await ScriptedWebhook.running(of: server) { request in
                guard request["object"]["spec"]["containers"][0]["image"] == "a:1" else { return ScriptedWebhook.allow }
                let patch: JSONTree = [
                    ["op": "replace", "path": "/spec/containers/0/image", "value": .string(pinned)]
                ]
                return .response(["allowed": true, "patchType": "JSONPatch", "patch": .base64(patch.bytes)])
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                let answer = await server.submit("POST", Self.pods, Self.pod())
                #expect(answer.object["spec"]["containers"][0]["image"] == .string(pinned))
                #expect(webhook.requests.last?["object"]["spec"]["containers"][0]["image"] == .string(pinned))
                #expect(server.admissionCalls.map(\.outcome) == [.patched, .allowed])
            }
        }
    }

    @Test(
        "What a webhook is asked about depends on its rules, selectors and conditions",
        arguments: [
            ("none", 1), ("namespace", 0), ("object", 0), ("condition", 0), ("holds", 1), ("operation", 0),
            ("resource", 0), ("scope", 0), ("version", 0),
        ])
    func matching(change: String, count: Int) async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server) { webhook in
                switch change {
                case "namespace":
                    webhook["namespaceSelector"] = ["matchLabels": ["policy.sigstore.dev/include": "true"]]
                case "object": webhook["objectSelector"] = ["matchLabels": ["app": "db"]]
                case "condition":
                    webhook["matchConditions"] = [["name": "c", "expression": "request.namespace != 'demo'"]]
                case "holds":
                    webhook["matchConditions"] = [
                        ["name": "c", "expression": "oldObject == null || object.spec != oldObject.spec"]
                    ]
                case "operation": webhook["rules"] = .array([Self.changed(webhook, "operations", ["UPDATE"])])
                case "resource": webhook["rules"] = .array([Self.changed(webhook, "resources", ["pods/*"])])
                case "scope": webhook["rules"] = .array([Self.changed(webhook, "scope", "Cluster")])
                case "version": webhook["rules"] = .array([Self.changed(webhook, "apiVersions", ["v2"])])
                default: break
                }
            }
            try await ScriptedWebhook.running(of: server) { _ in
                ScriptedWebhook.allow
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                let answer = await server.submit("POST", Self.pods, Self.pod())
                #expect(answer.status == 201)
                #expect(webhook.requests.count == count)
            }
        }
    }

    private static func changed(_ webhook: JSONTree, _ name: String, _ value: JSONTree) -> JSONTree {
        var rule = webhook["rules"][0]
        rule[name] = value
        return rule
    }

    @Test(
        "A webhook without a valid answer fails the request, or not, as its failure policy says",
        arguments: ["hangUp", "status", "uid", "nonsense", "silence", "refused", "none", "authority", "patch"],
        ["Fail", "Ignore"])
    func failure(kind: String, policy: String) async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server) { webhook in
                webhook["failurePolicy"] = .string(policy)
                webhook["timeoutSeconds"] = 1
                if kind == "authority" {
                    // Another server's.
                    let other = try? APIServerDouble.strangeAuthorityPEM()
                    webhook["clientConfig"]["caBundle"] = .base64(Array((other ?? "").utf8))
                }
            }
            let free = try freeLoopbackPort()
            try await ScriptedWebhook.running(of: server) { _ in
                switch kind {
                case "hangUp": .hangUp
                case "status": .status(500, [])
                case "uid": .response(["uid": "another", "allowed": true])
                case "nonsense": .body("{")
                case "silence": .silence
                case "patch": .response(["allowed": true, "patchType": "JSONPatch", "patch": "W10="])
                default: ScriptedWebhook.allow
                }
            } _: { webhook async throws in
                switch kind {
                case "refused": server.setEndpoints("cosign-system/webhook", [ServiceAddress(port: free)])
                case "none": server.setEndpoints("cosign-system/webhook", [])
                default: server.setEndpoints("cosign-system/webhook", [webhook.address])
                }
                let answer = await server.submit("POST", Self.pods, Self.pod())
                #expect(answer.status == (policy == "Fail" ? 500 : 201))
                let sentence = "failed calling webhook \"policy.sigstore.dev\": failed to call webhook: "
                switch server.admissionCalls.last?.outcome {
                case .failed(let text)?: #expect(policy == "Fail" && text.hasPrefix(sentence))
                case .ignored(let text)?: #expect(policy == "Ignore" && text.hasPrefix(sentence))
                case let other: Issue.record("\(String(describing: other))")
                }
            }
        }
    }

    @Test("A connection that the webhook closed while it lay idle is replaced without a failure")
    func closedIdle() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server)
            try await ScriptedWebhook.running(of: server) { _ in
                ScriptedWebhook.allow
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                #expect(await server.submit("POST", Self.pods, Self.pod("a")).status == 201)
                await webhook.closeConnections()
                try await server.until("noticed") { server.idleWebhookConnections == 0 }
                #expect(await server.submit("POST", Self.pods, Self.pod("b")).status == 201)
                #expect(webhook.connectionCount == 2)
            }
        }
    }

    @Test("An answer that says to come again is asked for again, within the time")
    func retryAfter() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server)
            try await ScriptedWebhook.running(of: server) { request in
                request["name"] == "busy" ? .status(503, [("Retry-After", "0")]) : ScriptedWebhook.allow
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                #expect(await server.submit("POST", Self.pods, Self.pod("busy")).status == 500)
                #expect(webhook.requests.count == 11)
                #expect(server.admissionCalls.map(\.retries) == [10])
            }
        }
    }

    @Test("New connections go to the endpoints in turn, and reviews side by side take several")
    func endpoints() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server)
            try await ScriptedWebhook.running(of: server) { _ in
                .silence
            } _: { silent async throws in
                try await ScriptedWebhook.running(of: server) { _ in
                    ScriptedWebhook.allow
                } _: { webhook async throws in
                    server.setEndpoints("cosign-system/webhook", [silent.address, webhook.address])
                    let statuses = await withTaskGroup(of: Int.self) { group in
                        for number in 0..<4 {
                            group.addTask { await server.submit("POST", Self.pods, Self.pod("p\(number)")).status }
                        }
                        try? await server.until("asked") { silent.requests.count + webhook.requests.count >= 2 }
                        await silent.closeConnections()
                        return await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(statuses.contains(201))
                    #expect(Set(server.admissionCalls.map(\.address)).count == 2)
                }
            }
        }
    }

    @Test("A policy that is asked for in one version reaches a webhook that names the other")
    func equivalent() async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server) { webhook in
                webhook["rules"] = [
                    [
                        "apiGroups": ["policy.sigstore.dev"], "apiVersions": ["v1beta1"], "operations": ["*"],
                        "resources": ["*"],
                    ]
                ]
            }
            try await ScriptedWebhook.running(of: server) { _ in
                ScriptedWebhook.allow
            } _: { webhook async throws in
                server.setEndpoints("cosign-system/webhook", [webhook.address])
                let path = "/apis/policy.sigstore.dev/v1alpha1/clusterimagepolicies"
                let answer = await server.submit("POST", path, Example.policy("p", version: "v1alpha1"))
                #expect(answer.status == 201)
                let request = try #require(webhook.requests.first)
                #expect(request["kind"]["version"] == "v1beta1")
                #expect(request["requestKind"]["version"] == "v1alpha1")
                #expect(request["object"]["apiVersion"] == "policy.sigstore.dev/v1beta1")
            }
        }
    }

    @Test(
        "A registration that a real server would refuse is refused",
        arguments: ["name", "sideEffects", "condition", "timeout", "url"])
    func registration(flaw: String) async throws {
        try await APIServerDouble.withServer { server async throws in
            Self.register(server)
            var good = try #require(server.object("validatingwebhookconfigurations", "v"))
            server.remove("validatingwebhookconfigurations", "v")
            good.metadata = ["name": "v"]
            let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
            #expect(await server.submit("POST", path + "?dryRun=All", good).status == 201)
            var webhook = good["webhooks"][0]
            switch flaw {
            case "name": webhook["name"] = "short.name"
            case "sideEffects": webhook["sideEffects"] = "Some"
            case "condition": webhook["matchConditions"] = [["name": "c", "expression": "a &&"]]
            case "timeout": webhook["timeoutSeconds"] = 31
            default: webhook["clientConfig"]["url"] = "https://127.0.0.1:1/x"
            }
            good["webhooks"] = .array([webhook])
            #expect(await server.submit("POST", path, good).status == 422)
        }
    }
}
