// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import Kubernetes

/// Against an API server that somebody started for it: `COUNTERSIGN_TEST_KUBECONFIG` names its kubeconfig. Leaves nothing
/// behind but a namespace.
@Suite(
    "Webhook configurations on a real API server",
    .enabled(
        if: granted(
            ProcessEnvironment.current["COUNTERSIGN_TEST_KUBECONFIG"] != nil,
            orTell: "COUNTERSIGN_TEST_KUBECONFIG names no API server")), .timeLimit(.minutes(2)))
struct RealServerTests {
    private static let namespace = "countersign-test"

    private func access() throws -> ClusterAccess {
        try Kubeconfig(paths: [ProcessEnvironment.current["COUNTERSIGN_TEST_KUBECONFIG"] ?? ""]).access()
    }

    private struct TooLate: Error { let what: String }

    private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            guard ContinuousClock.now < end else { throw TooLate(what: what) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func object(_ tree: JSONTree) -> [UInt8] { tree.bytes }

    @Test("What is registered is taken as it is and not written again, by two replicas, through a change of authority")
    func registration() async throws {
        let registration = WebhookConfigurationTests.registration {
            $0.ownNamespace = Self.namespace
            // Nothing listens there: what is not skipped is refused.
            $0.client = .url("https://127.0.0.1:1")
        }
        let replicas = try (0..<2).map {
            try ReplicaKeepers(
                access(), isLeader: $0 == 0, isReady: true, registration: registration, overlap: .zero)
        }
        let api = replicas[0].api
        if try await api.get(.namespaces, Self.namespace) == nil {
            _ = try await api.create(
                .namespaces,
                object(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(Self.namespace)]]))
        }
        try await api.delete(.secrets, "webhook-certs", in: Self.namespace)
        func versions() async throws -> [String] {
            var versions: [String] = []
            for configuration in registration.configurations {
                versions.append(try await api.get(configuration.type, configuration.name)?.resourceVersion ?? "none")
            }
            return versions
        }
        try await ReplicaKeepers.run(replicas) {
            try await until("registered") { replicas.allSatisfy { $0.webhooks.isRegistered && $0.pairs.count == 1 } }
            let first = try await versions()
            replicas[0].lead(false)
            replicas[1].lead(true)
            try await Task.sleep(for: .seconds(2))
            #expect(try await versions() == first)
            #expect(replicas[0].pairs == replicas[1].pairs)

            try await replicas[1].certificates.rotate("test")
            try await until("changed") { replicas.allSatisfy { $0.pairs.count == 2 } }
            try await until("registered again") { replicas.allSatisfy { $0.webhooks.isRegistered } }
            #expect(replicas[0].pairs == replicas[1].pairs)
            let removed = try await skipping(api, registration)
            #expect(removed)
            replicas[1].lead(false)
            try await Task.sleep(for: .milliseconds(200))
            let removals = try await WebhookKeeper.remove(registration, from: api)
            #expect(removals.allSatisfy { $0.removal == .removed })
        }
    }

    /// Updates that cannot matter reach no webhook, which would refuse them; those that can do. A Deployment is large, so
    /// that the cost of its comparison counts.
    private func skipping(_ api: APIServer, _ registration: WebhookRegistration) async throws -> Bool {
        let namespace = "countersign-judged"
        let variables = (0..<6000).map { index -> JSONTree in
            ["name": .string("VARIABLE_\(index)"), "value": .string(String(repeating: "x", count: 64))]
        }
        func deployment(image: String, finalizer: Bool) -> [UInt8] {
            var tree: JSONTree = [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "large"],
                "spec": [
                    "selector": ["matchLabels": ["app": "a"]],
                    "template": [
                        "metadata": ["labels": ["app": "a"]],
                        "spec": ["containers": [["name": "c", "image": .string(image), "env": .array(variables)]]],
                    ],
                ],
            ]
            if finalizer { tree.metadata["finalizers"] = ["example.com/f"] }
            return tree.bytes
        }
        if try await api.get(.namespaces, namespace) == nil {
            _ = try await api.create(
                .namespaces,
                object(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)]]))
        }
        func label(_ value: JSONTree) async throws {
            _ = try await api.patch(
                .namespaces, namespace, .merge,
                object(["metadata": ["labels": ["policy.sigstore.dev/include": value]]]))
        }
        try await label(.null)
        try await Task.sleep(for: .seconds(1))
        try await api.delete(.deployments, "large", in: namespace)
        _ = try await api.create(.deployments, in: namespace, deployment(image: "a:1", finalizer: false))
        try await label("true")
        try await until("armed") {
            do throws(APIFault) {
                _ = try await api.patch(
                    .deployments, "large", in: namespace, .merge,
                    object(["metadata": ["labels": ["at": .string("\(ContinuousClock.now)".filter(\.isNumber))]]]))
                return false
            } catch {
                return "\(error)".contains("failed calling webhook")
            }
        }
        // Neither a finalizer nor an owner matters.
        _ = try await api.patch(
            .deployments, "large", in: namespace, .merge, object(["metadata": ["finalizers": ["example.com/f"]]]))
        await #expect(throws: APIFault.self) {
            try await api.patch(
                .deployments, "large", in: namespace, .merge, object(["metadata": ["annotations": ["a": "b"]]]))
        }
        try await api.delete(.deployments, "large", in: namespace)
        // On its way out, a label does not matter and an image does.
        _ = try await api.patch(
            .deployments, "large", in: namespace, .merge, object(["metadata": ["labels": ["a": "b"]]]))
        await #expect(throws: APIFault.self) {
            try await api.replace(.deployments, "large", in: namespace, deployment(image: "a:2", finalizer: true))
        }
        _ = try await api.patch(
            .deployments, "large", in: namespace, .merge, object(["metadata": ["finalizers": .null]]))
        try await until("gone") { try await api.get(.deployments, "large", in: namespace) == nil }
        return true
    }
}
