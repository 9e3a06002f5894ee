// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport

/// One process of `countersign serve` in a cluster, with a user of its own.
final class Replica: Sendable {
    let name: String
    let process: RunningProcess
    let address: ServiceAddress
    /// `http://127.0.0.1:port`
    let health: String

    /// The service account that it asks the API server as.
    var user: String { Self.user(name) }

    static func user(_ name: String) -> String { "system:serviceaccount:cosign-system:\(name)" }

    /// Returns once the process listens; it ends with its last reference.
    init(_ name: String, _ command: Command, log: String) async throws {
        self.name = name
        let process = try RunningProcess(command, log: log)
        self.process = process
        let ports = try await process.waitUntil { ServeBench.ports(process.output) }
        address = ServiceAddress(port: ports.webhook)
        health = "http://127.0.0.1:\(ports.health)"
    }

    /// As a kubelet asks.
    func isReady() async -> Bool {
        (try? await CurlClient(timeout: .seconds(1)).get(health + "/readyz"))?.status == 200
    }

    /// Whether it says of itself that it leads.
    func isLeader() async throws -> Bool {
        try await CurlClient().get(health + "/metrics").text.split(separator: "\n").contains("countersign_leader 1")
    }

    /// Asks it, and nobody else, about a pod with this image, on a connection of its own that trusts only this bundle.
    func allows(_ image: String, trusting bundle: String) async throws -> Bool {
        var client = CurlClient(caPEM: bundle, timeout: .seconds(10))
        client.connectTo = "127.0.0.1:\(address.port)"
        let review = DemoReview.creation(
            of: image, uid: "direct-\(UInt32.random(in: .min ... .max))", namespace: ReplicaBench.namespace)
        let answer = ServeAnswer(
            try await client.post("https://webhook.cosign-system.svc/validations?timeout=10s", body: review.body),
            took: .zero)
        guard answer.status == 200, answer.uid == review.uid, let isAllowed = answer.isAllowed else {
            throw BenchFailure("\(name) answered with \(answer)")
        }
        return isAllowed
    }
}
