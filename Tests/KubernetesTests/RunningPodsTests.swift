// SPDX-License-Identifier: Apache-2.0
import Admission
import ImageVerification
import Logging
import OCI
import Policy
import TestSupport
import Testing

@testable import Kubernetes
@testable import countersign

@Suite("What runs is judged before anybody asks")
struct RunningPodsTests {
    /// Says nothing and remembers what it was asked.
    private struct Witness: ImageVerifying {
        let asked = Recorded<String>()

        func verdict(
            on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
        ) async -> ImageVerdict {
            asked.add("\(workload?.puller?.namespace ?? "") \(reference.asWritten)")
            return ImageVerdict(reference: reference, image: nil, finding: .noMatchingPolicy(.allow), isCached: false)
        }

        func resolve(
            _ reference: ImageReference, for puller: Puller?, deadline: Deadline
        ) async throws(Outage) -> ResolutionLookup { .notFound }

        func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes { .enforced }
    }

    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    private static func pod(
        _ name: String, in namespace: String, _ image: String, runs imageID: String? = nil, phase: String = "Running"
    ) -> JSONTree {
        var status: JSONTree = ["phase": .string(phase)]
        if let imageID { status["containerStatuses"] = [["name": "main", "imageID": .string(imageID)]] }
        return [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": ["containers": [["name": "main", "image": .string(image)]]], "status": status,
        ]
    }

    @Test("Every running Pod of an enforced namespace is judged by the digest that it runs, again in each round")
    func rounds() async throws {
        try await APIServerDouble.withServer { double in
            double.createNamespace("in", labels: [NamespaceReach.label: "true"])
            double.createNamespace("out")
            double.store(Self.pod("pinned", in: "in", "r.example/a@\(Self.digest)"))
            double.store(Self.pod("tagged", in: "in", "r.example/b:v1", runs: "r.example/b@\(Self.digest)"))
            double.store(Self.pod("ended", in: "in", "r.example/c@\(Self.digest)", phase: "Succeeded"))
            double.store(Self.pod("other", in: "out", "r.example/d@\(Self.digest)"))
            try await withClient(of: double) { client in
                let namespaces = UnenforcedNamespaces(
                    client, reach: NamespaceReach(excluded: ["kube-system"]), backoff: .short)
                let witness = Witness()
                let pods = RunningPods(
                    server: client, isReady: { namespaces.reading != nil },
                    enforces: { namespaces.enforces($0) }, reviewer: AdmissionReviewer(verifier: witness),
                    interval: .milliseconds(50), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                try await beside({ await namespaces.run() }) {
                    try await beside({ await pods.run() }) {
                        try await eventually("two rounds") { witness.asked.all.count >= 4 }
                    }
                }
                #expect(
                    Set(witness.asked.all) == ["in r.example/a@\(Self.digest)", "in r.example/b:v1@\(Self.digest)"])
            }
        }
    }
}
