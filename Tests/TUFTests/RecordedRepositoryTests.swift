// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import TUF

/// Repositories as they were served on a day.
@Suite("Recorded repositories")
struct RecordedRepositoryTests {
    static let folder = "data/tuf"
    /// 2026-11-21T00:00:00Z
    static let later: Int64 = 1_795_219_200

    private static func files(_ path: String) -> (String) -> [UInt8]? { { SharedFolder.bytes("\(path)/\($0)") } }

    private static func refresh(
        _ path: String, from root: [UInt8], now: Int64?
    ) throws(MetadataError) -> TrustedRepository {
        var refresh = try Refresh(trusting: root, now: now)
        return try refresh.run(over: files(path))
    }

    @Test(
        "a refresh succeeds at that day's time from each root that leads there, and has expired since",
        .enabled(if: available(SharedFolder.path(folder) != nil, orSkip: "no \(folder)")),
        arguments: ["prod-2025-02-20", "staging-2025-02-20"])
    func served(_ name: String) throws {
        let path = "\(Self.folder)/\(name)"
        let info = try JSONDocument(parsing: try #require(SharedFolder.bytes("\(path)/INFO.json"))).root
        let now = try #require(info["verify_time"]?.string.flatMap(UTCTime.seconds))
        var led = 0
        for root in try #require(info["python_tuf_7_from_root"]).members {
            let bytes = try #require(SharedFolder.bytes("\(path)/metadata/\(root.name).root.json"))
            guard root.value.string == "ok" else {
                #expect(throws: MetadataError.self) { try Self.refresh("\(path)/metadata", from: bytes, now: now) }
                continue
            }
            led += 1
            let repository = try Self.refresh("\(path)/metadata", from: bytes, now: now)
            #expect(repository.versions[.root] == info["root_latest"]?.integer)
            #expect(repository.versions[.timestamp] == info["timestamp_version"]?.integer)
            #expect(repository.versions[.snapshot] == info["snapshot"]?.integer)
            let target = try #require(info["target_checked"]?.string.flatMap(repository.target))
            let contents = try repository.contents(of: target, from: Self.files("\(path)/targets"))
            #expect(!contents.isEmpty)
            for target in repository.targets {
                #expect(throws: Never.self) {
                    try repository.contents(of: target, from: Self.files("\(path)/targets"))
                }
            }
            do throws(MetadataError) {
                _ = try Self.refresh("\(path)/metadata", from: bytes, now: Self.later)
                Issue.record("not expired")
            } catch {
                guard case .expired(.root, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        #expect(led == (name.hasPrefix("prod") ? 8 : 11))
    }

    @Test(
        "a repository of another tool is read, and a target of a delegated role is not found",
        .enabled(if: available(SharedFolder.path(folder) != nil, orSkip: "no \(folder)")))
    func otherTool() throws {
        let path = "\(Self.folder)/tuf-on-ci-0.11"
        let root = try #require(SharedFolder.bytes("\(path)/initial_root.json"))
        let repository = try Self.refresh("\(path)/metadata", from: root, now: Self.later)
        #expect(repository.target("delegatedrole/artifact") == nil)
    }

    @Test(
        "private instances' repositories are read at their time, and have expired since",
        .enabled(
            if: available(SharedFolder.path("data/oci-layouts/private-sigstore") != nil, orSkip: "no private instances")
        ))
    func privateInstances() throws {
        let folder = "data/oci-layouts/private-sigstore"
        for name in SharedFolder.names(in: folder) {
            let path = "\(folder)/\(name)/tuf"
            let root = try #require(SharedFolder.bytes("\(path)/root.json"))
            let day = try #require(UTCTime.seconds("\(name.prefix(10))T23:00:00Z"))
            let repository = try Self.refresh(path, from: root, now: day)
            #expect(repository.target("rekor.pub") != nil)
            for target in repository.targets {
                #expect(throws: Never.self, "\(name) \(target.name)") {
                    try repository.contents(of: target, from: Self.files("\(path)/targets"))
                }
            }
            #expect(throws: MetadataError.self) { try Self.refresh(path, from: root, now: Self.later) }
        }
    }
}
