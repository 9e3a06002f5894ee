// SPDX-License-Identifier: Apache-2.0
import Sigstore
import TestSupport
import Testing

@testable import Kubernetes

@Suite("The webhook keeper", .timeLimit(.minutes(1)))
struct WebhookKeeperTests {
    private static let workloads = "policy.sigstore.dev"

    private func configurations(_ server: APIServerDouble) -> [JSONTree] {
        ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"].flatMap { server.objects(of: $0) }
    }

    private func writes(_ server: APIServerDouble) -> Int {
        server.requests.filter {
            ["create", "update", "patch", "delete"].contains($0.verb) && $0.resource.hasSuffix("webhookconfigurations")
        }.count
    }

    @Test("Webhooks for workloads are armed once the process is ready, and not disarmed when it is so no more")
    func arming() async throws {
        try await APIServerDouble.withServer { server async throws in
            let replica = try ReplicaKeepers(server, isReady: false)
            try await ReplicaKeepers.run([replica]) {
                try await server.until("policies") { configurations(server).count == 2 }
                try await Task.sleep(for: .milliseconds(100))
                #expect(configurations(server).allSatisfy { $0.name.contains("clusterimagepolicy") })
                replica.ready(true)
                try await server.until("workloads") { configurations(server).count == 4 }
                replica.ready(false)
                server.remove("validatingwebhookconfigurations", Self.workloads)
                try await server.until("again") { configurations(server).count == 4 }
            }
            #expect(configurations(server).count == 4)
        }
    }

    @Test("Only the leader writes, and what is as it should be is written once")
    func leading() async throws {
        try await APIServerDouble.withServer { server async throws in
            let replicas = try (0..<2).map { _ in try ReplicaKeepers(server, isLeader: false) }
            try await ReplicaKeepers.run(replicas) {
                try await server.until("served") { replicas.allSatisfy { !$0.pairs.isEmpty } }
                try await Task.sleep(for: .milliseconds(100))
                #expect(writes(server) == 0)
                replicas[0].lead(true)
                try await server.until("registered") { replicas.allSatisfy { $0.webhooks.isRegistered } }
                replicas[0].lead(false)
                replicas[1].lead(true)
                try await Task.sleep(for: .milliseconds(200))
                #expect(writes(server) == 4)
            }
        }
    }

    @Test("What somebody changes or deletes is put right")
    func drift() async throws {
        try await APIServerDouble.withServer { server async throws in
            let replica = try ReplicaKeepers(server)
            try await ReplicaKeepers.run([replica]) {
                try await server.until("registered") { replica.webhooks.isRegistered }
                server.edit("validatingwebhookconfigurations", Self.workloads) {
                    $0["webhooks"][0]["failurePolicy"] = "Ignore"
                    $0["webhooks"][0]["objectSelector"] = ["matchLabels": ["a": "b"]]
                }
                server.remove("mutatingwebhookconfigurations", Self.workloads)
                try await server.until("put right") {
                    let webhook = server.object("validatingwebhookconfigurations", Self.workloads)?["webhooks"][0]
                    return webhook?["failurePolicy"] == "Fail"
                        && webhook?["objectSelector"]["matchLabels"].isNull == true
                        && server.object("mutatingwebhookconfigurations", Self.workloads) != nil
                }
            }
        }
    }

    @Test("A configuration of another controller is taken over: its owner and its selector go, its labels stay")
    func takingOver() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store([
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                "metadata": [
                    "name": .string(Self.workloads), "labels": ["team": "a"],
                    "ownerReferences": [
                        [
                            "apiVersion": "v1", "kind": "Namespace", "name": "cosign-system", "uid": "u",
                            "controller": true, "blockOwnerDeletion": true,
                        ]
                    ],
                ],
                "webhooks": [
                    [
                        "name": .string(Self.workloads), "admissionReviewVersions": ["v1"], "sideEffects": "None",
                        "clientConfig": [
                            "service": ["namespace": "cosign-system", "name": "webhook", "path": "/validations"],
                            "caBundle": .base64(Array(server.authorityPEM.utf8)),
                        ],
                        "namespaceSelector": [
                            "matchExpressions": [["key": "webhooks.knative.dev/exclude", "operator": "DoesNotExist"]]
                        ],
                    ]
                ],
            ])
            let replica = try ReplicaKeepers(server)
            try await ReplicaKeepers.run([replica]) {
                try await server.until("registered") { replica.webhooks.isRegistered }
                let taken = try #require(server.object("validatingwebhookconfigurations", Self.workloads))
                #expect(taken.metadata["labels"]["team"] == "a")
                #expect(taken.metadata["ownerReferences"].elements.isEmpty)
                #expect(!taken.jsonText.contains("knative"))
            }
        }
    }

    @Test("A CA bundle that somebody else fills in stays, and one that is given is written")
    func bundles() async throws {
        try await APIServerDouble.withServer { server async throws in
            let others = WebhookConfigurationTests.registration {
                $0.authority = .others
                $0.annotations = ["cert-manager.io/inject-ca-from": "cosign-system/webhook"]
            }
            let replica = try ReplicaKeepers(server, registration: others)
            try await ReplicaKeepers.run([replica]) {
                try await server.until("registered") { replica.webhooks.isRegistered }
                let bundle = JSONTree.base64(Array(server.authorityPEM.utf8))
                server.edit("mutatingwebhookconfigurations", Self.workloads) {
                    #expect($0["webhooks"][0]["clientConfig"].member("caBundle") == nil)
                    #expect($0.metadata["annotations"]["cert-manager.io/inject-ca-from"] == "cosign-system/webhook")
                    $0["webhooks"][0]["clientConfig"]["caBundle"] = bundle
                    $0["webhooks"][0]["timeoutSeconds"] = 3
                }
                try await server.until("put right") {
                    let webhook = server.object("mutatingwebhookconfigurations", Self.workloads)?["webhooks"][0]
                    return webhook?["timeoutSeconds"] == 10 && webhook?["clientConfig"]["caBundle"] == bundle
                }
            }
        }
    }

    @Test("Removal takes away what is ours, says what is not there, and leaves what leads to somebody else")
    func removal() async throws {
        try await APIServerDouble.withServer { server async throws in
            let registration = WebhookConfigurationTests.registration()
            let replica = try ReplicaKeepers(server)
            try await ReplicaKeepers.run([replica]) {
                try await server.until("registered") { replica.webhooks.isRegistered }
                replica.lead(false)
                try await Task.sleep(for: .milliseconds(60))
                server.remove("mutatingwebhookconfigurations", Self.workloads)
                server.edit("validatingwebhookconfigurations", "validating.clusterimagepolicy.sigstore.dev") {
                    $0["webhooks"][0]["clientConfig"]["service"]["namespace"] = "elsewhere"
                }
                let removals = try await WebhookKeeper.remove(registration, from: replica.api)
                let others = WebhookKeeper.Removal.others(leadingTo: [#"the Service "elsewhere/webhook""#])
                #expect(removals.map(\.removal) == [.removed, .absent, others, .removed])
                #expect(configurations(server).map(\.name) == ["validating.clusterimagepolicy.sigstore.dev"])
            }
        }
    }
}
