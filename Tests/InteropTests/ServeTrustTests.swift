// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import TestSupport
import Testing

/// The running program's trusted root changes.
@Suite struct ServeTrustTests {
    @Test(
        "A replaced trusted root is in force; a broken or lost one leaves the last good in force, and is told")
    func reload() async throws {
        guard ServeBench.isAvailable() else { return }
        let folder = try TemporaryDirectory()
        let (first, second) = (try TestAuthority().trustedRoot.bytes, try TestAuthority().trustedRoot.bytes)
        let file = try folder.write(first, to: "trusted_root.json")
        try await ServeBench.running(more: ["--trusted-root", file]) { bench in
            func changes(_ event: String, is count: Int) async throws {
                try await bench.wait("countersign_trust_changes_total", "event=\"\(event)\"", is: count)
            }
            let before = try await bench.trustGeneration()
            #expect(try await bench.metric("countersign_trust_info", #"source="file""#) == 1)
            #expect(try await bench.metric("countersign_trust_broken") == 0)

            try folder.write(second, to: "trusted_root.json")
            try await changes("replaced", is: 1)
            let after = try await bench.trustGeneration()
            #expect(after != before)

            try folder.write("{", to: "trusted_root.json")
            try await bench.wait("countersign_trust_broken", "", is: 1)
            #expect(try await bench.trustGeneration() == after)
            #expect(try await bench.probe("/readyz").status == 200)
            #expect(try await bench.judge(bench.content.signed.pinned).isAllowed == true)
            try folder.write(second, to: "trusted_root.json")
            try await changes("mended", is: 1)
            #expect(try await bench.metric("countersign_trust_broken") == 0)

            try FileManager.default.removeItem(atPath: file)
            try await bench.wait("countersign_trust_broken", "", is: 1)
            #expect(try await bench.trustGeneration() == after)
            try folder.write(first, to: "trusted_root.json")
            try await changes("replaced", is: 2)
            #expect(try await bench.trustGeneration() == before)
            #expect(try await bench.metric("countersign_trust_broken") == 0)
        }
    }

    @Test("Without a file the built-in root is in force, and tells its age")
    func builtIn() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let text = try await bench.probe("/metrics").text
            #expect(text.contains(#"source="built-in""#))
            #expect(text.contains("\ncountersign_trusted_root_age_seconds "))
        }
    }
}

extension ServeBench {
    /// The label of the trust material that is in force.
    fileprivate func trustGeneration() async throws -> String {
        let text = try await probe("/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix("countersign_trust_info{") }
        let parts = line?.split(separator: "\"") ?? []
        guard let index = parts.firstIndex(where: { $0.hasSuffix("generation=") }), index + 1 < parts.count else {
            throw BenchFailure("there is no generation in \(line ?? "the metrics")")
        }
        return String(parts[index + 1])
    }
}
