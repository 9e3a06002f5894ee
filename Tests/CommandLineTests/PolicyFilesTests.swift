// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Policy
import Synchronization
import TestSupport
import Testing

@testable import countersign

@Suite("Policy files on disk")
struct PolicyFilesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func text(_ name: String, mode: String = "enforce") -> String {
        """
        apiVersion: policy.sigstore.dev/v1beta1
        kind: ClusterImagePolicy
        metadata: {name: \(name)}
        spec:
          mode: \(mode)
          images: [{glob: "registry.example/**"}]
          authorities: [{static: {action: fail}}]

        """
    }

    private func path(_ name: String) -> String { directory.path(name) }

    private func write(_ name: String, _ text: String) throws { try directory.write(text, to: name) }

    private func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target)
    }

    @Test("of a directory, YAML and JSON files are read, not those below it nor those with a dot before their name")
    func directoryContents() throws {
        try makeDirectory("p/below.yaml")
        try write("p/a.yaml", text("a"))
        try write("p/b.yml", text("b"))
        try write("p/.hidden.yaml", text("hidden"))
        try write("p/README.md", "no policy")
        try write("p/below.yaml/c.yaml", text("c"))
        let snapshot = PolicyFiles([path("p")]).snapshot()
        guard case .files(let files) = try #require(snapshot.sources.first).content else {
            Issue.record("\(snapshot)")
            return
        }
        #expect(files.map(\.path) == [path("p/a.yaml"), path("p/b.yml"), path("p/below.yaml")])
        #expect(files.last?.content == .unreadable("it is no file"))
    }

    @Test("files and directories load together; what is wrong is told with its file and line")
    func load() async throws {
        try makeDirectory("p")
        try write("p/a.yaml", text("a"))
        try write("single.yaml", text("single"))
        let set = try await PolicyFiles.load([path("p"), path("single.yaml")], network: RegistryAccess())
        #expect(set.policies.map(\.name) == ["a", "single"])
        try write("p/bad.yaml", text("bad", mode: "garbage"))
        let error = try await #require(throws: UsageError.self) {
            try await PolicyFiles.load([path("p")], network: RegistryAccess())
        }
        #expect(error.description.hasPrefix("\(path("p/bad.yaml")):5:9: invalid value: garbage: spec.mode"))
    }

    @Test("a directory that is empty or gone, and a file that is gone, cannot be loaded")
    func missing() async throws {
        try makeDirectory("empty")
        for name in ["empty", "gone", "gone.yaml"] {
            await #expect(throws: UsageError.self) {
                try await PolicyFiles.load([path(name)], network: RegistryAccess())
            }
        }
    }

    @Test("a file beyond the bound is not read to its end")
    func bound() async throws {
        try write("big.yaml", String(repeating: "#", count: PolicyFile.maximumBytes + 1))
        await #expect(throws: UsageError.self) {
            try await PolicyFiles.load([path("big.yaml")], network: RegistryAccess())
        }
    }

    @Test("more files than the bound make the directory unreadable as a whole")
    func tooMany() throws {
        try makeDirectory("many")
        for index in 0...PolicyFiles.maximumFiles { try write("many/\(index).yaml", "") }
        guard case .unavailable(let reason) = PolicyFiles([path("many")]).snapshot().sources.first?.content else {
            Issue.record("read")
            return
        }
        #expect(reason.contains("\(PolicyFiles.maximumFiles)"))
    }

    // MARK: Watching

    /// Waits, within a generous bound, until the policies in force are as wanted; returns how long it took.
    private func wait(_ watch: PolicyFilesWatch, until condition: (PoliciesInForce) -> Bool) async throws -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        while !condition(watch.inForce), start.duration(to: clock.now) < .seconds(20) {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(condition(watch.inForce))
        return start.duration(to: clock.now)
    }

    private func watching(
        _ paths: [String],
        _ body: @Sendable @escaping (PolicyFilesWatch, @Sendable () -> [PolicyEvent]) async throws -> Void
    ) async throws {
        let seen = Seen()
        let watch = try PolicyFilesWatch(PolicyFiles(paths), network: RegistryAccess()) { events in seen.add(events) }
        try await withThrowingTaskGroup { group in
            group.addTask { await watch.run() }
            do { try await body(watch, { seen.all }) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
    }

    private final class Seen: Sendable {
        private let events = Mutex<[PolicyEvent]>([])
        var all: [PolicyEvent] { events.withLock { $0 } }
        func add(_ new: [PolicyEvent]) { events.withLock { $0 += new } }
    }

    @Test("the swap of a mounted ConfigMap's links acts, and a broken version leaves the last good one in force")
    func configMap() async throws {
        try makeDirectory("p/..v1")
        try makeDirectory("p/..v2")
        try makeDirectory("p/..v3")
        try write("p/..v1/policy.yaml", text("one"))
        try write("p/..v2/policy.yaml", text("one", mode: "warn"))
        try write("p/..v3/policy.yaml", text("one", mode: "garbage"))
        try link("p/..data", to: "..v1")
        try link("p/policy.yaml", to: "..data/policy.yaml")
        let swap = { @Sendable (version: String) in
            try link("p/..next", to: version)
            // rename(2) is what the kubelet does: there is no moment without the link.
            try #require(rename(path("p/..next"), path("p/..data")) == 0)
        }
        try await watching([path("p")]) { watch, events in
            #expect(watch.inForce.current.policies.map(\.mode) == [.enforce])
            try swap("..v2")
            _ = try await wait(watch) { $0.current.policies.first?.mode == .warn }
            try swap("..v3")
            _ = try await wait(watch) { !$0.health.isWhole }
            #expect(watch.inForce.current.policies.map(\.mode) == [.warn])
            try swap("..v1")
            _ = try await wait(watch) { $0.current.policies.first?.mode == .enforce && $0.health.isWhole }
            #expect(events().contains(.mended(name: "one", file: path("p/policy.yaml"))))
        }
    }

    @Test("when the directory goes, its policies stay, and it is told")
    func directoryGone() async throws {
        try makeDirectory("p")
        try write("p/a.yaml", text("a"))
        try await watching([path("p")]) { watch, _ in
            try FileManager.default.removeItem(atPath: path("p"))
            _ = try await wait(watch) { !$0.health.isWhole }
            #expect(watch.inForce.current.policies.map(\.name) == ["a"])
            #expect(watch.inForce.health.sources.map(\.name) == [path("p")])
        }
    }
}
