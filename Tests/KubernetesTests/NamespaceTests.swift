// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Namespaces that nobody judges")
struct NamespaceTests {
    @Test(
        "A namespace is judged by its label, and never where it is excluded",
        arguments: [
            ("a", nil, false, true), ("a", "true", true, true), ("a", "false", false, false),
            ("a", "True", false, true),
            ("a", "", false, true), ("kube-system", "true", false, false),
        ] as [(String, String?, Bool, Bool)])
    func reach(name: String, label: String?, optIn: Bool, optOut: Bool) {
        let labels = label.map { [NamespaceReach.label: $0] } ?? [:]
        #expect(NamespaceReach(selection: .optIn, excluded: ["kube-system"]).enforces(name, labels: labels) == optIn)
        #expect(NamespaceReach(selection: .optOut, excluded: ["kube-system"]).enforces(name, labels: labels) == optOut)
    }

    @Test("The reading follows labels, and stays while the server is lost")
    func live() async throws {
        try await APIServerDouble.withServer { double in
            try await withClient(of: double) { client in
                let namespaces = UnenforcedNamespaces(
                    client, reach: NamespaceReach(excluded: ["kube-system", "cosign-system"]), backoff: .short)
                #expect(namespaces.reading == nil)
                try await beside({ await namespaces.run() }) {
                    try await eventually("listed") {
                        namespaces.reading?.names == ["cosign-system", "default", "demo", "kube-system"]
                    }
                    double.edit("namespaces", "demo") { $0.metadata["labels"] = [NamespaceReach.label: "true"] }
                    double.edit("namespaces", "kube-system") { $0.metadata["labels"] = [NamespaceReach.label: "true"] }
                    try await eventually("labelled") {
                        namespaces.reading?.names == ["cosign-system", "default", "kube-system"]
                    }
                    await double.stop()
                    try await Task.sleep(for: .milliseconds(100))
                    #expect(namespaces.reading?.count == 3)
                    try await double.start()
                }
            }
        }
    }

    @Test("More names than a gauge has series are counted, not listed")
    func bound() async throws {
        try await APIServerDouble.withServer { double in
            for index in 0..<(UnenforcedNamespaces.maximumNames + 1) { double.createNamespace("n\(index)") }
            try await withClient(of: double) { client in
                let namespaces = UnenforcedNamespaces(client, reach: NamespaceReach(), backoff: .short)
                try await beside({ await namespaces.run() }) {
                    try await eventually("listed") { namespaces.reading != nil }
                }
                #expect(namespaces.reading?.names.count == UnenforcedNamespaces.maximumNames)
                #expect(namespaces.reading.map { $0.count > UnenforcedNamespaces.maximumNames } == true)
            }
        }
    }
}
