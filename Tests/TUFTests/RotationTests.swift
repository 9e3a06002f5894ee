// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import TUF

@Suite("From one root to the next, and from one run to the next")
struct RotationTests {
    @Test("a root that the old keys and its own have signed is followed")
    func rotated() throws {
        var source = try sample()
        try source.rotate { $0[.root].keys = [try AuthorityKey(.p256)] }
        try source.rotate { $0[.timestamp].keys = [try AuthorityKey(.p256)] }
        let files = try source.files()
        #expect(try refresh(files).versions[.root] == 3)
        #expect(try refresh(files, from: files["3.root.json"]).versions[.root] == 3)
        // Without the last root the new timestamp is nobody's.
        var cut = files
        cut["3.root.json"] = nil
        #expect(error(cut) == .unsigned(role: .timestamp, valid: 0, threshold: 1))
    }

    @Test("a root that the old keys have not signed is not")
    func withoutOldKeys() throws {
        var source = try sample()
        try source.rotate(signedByOldKeys: false) { $0[.root].keys = [try AuthorityKey(.ed25519)] }
        #expect(error(try source.files()) == .unsigned(role: .root, valid: 0, threshold: 1))
    }

    @Test("a root that its own keys have not signed is not")
    func withoutOwnKeys() throws {
        var source = try sample()
        try source.rotate {
            $0[.root].keys = [try AuthorityKey(.ed25519)]
            $0[.root].signers = []
        }
        #expect(error(try source.files()) == .unsigned(role: .root, valid: 0, threshold: 1))
    }

    @Test("a root must be exactly the next version")
    func versions() throws {
        var source = try sample()
        try source.rotate { _ in }
        let second = try #require(source.roots["2.root.json"])
        var files = try source.files()
        files["3.root.json"] = second
        #expect(error(files) == .wrongVersion(role: .root, expected: 3, found: 2))
        try source.rotate { _ in }
        files = try source.files()
        files["2.root.json"] = files["3.root.json"]
        #expect(error(files) == .wrongVersion(role: .root, expected: 2, found: 3))
    }

    @Test("only the last root must not have expired")
    func expiredRoots() throws {
        var source = try sample()
        source[.root].expires = "2020-01-01T00:00:00Z"
        try source.publishRoot()
        #expect(error(try source.files()) == .expired(role: .root, at: 1_577_836_800))
        try source.rotate { $0[.root].expires = "2030-01-01T00:00:00Z" }
        #expect(error(try source.files()) == nil)
    }

    @Test("no more roots are followed than the limit")
    func tooMany() throws {
        var source = try sample()
        for _ in 0...Refresh.maximumRoots { try source.rotate { _ in } }
        #expect(error(try source.files()) == .tooManyRoots(limit: Refresh.maximumRoots))
    }

    // MARK: Rollback

    /// What a second run says after a first has seen `before`.
    private func secondError(_ after: [String: [UInt8]], after before: [String: [UInt8]]) throws -> MetadataError? {
        var second = Refresh(after: try refresh(before), now: TestUpdateRepository.time)
        do throws(MetadataError) {
            _ = try second.run { after[$0] }
            return nil
        } catch { return error }
    }

    private func published(_ version: Int64, _ source: TestUpdateRepository) throws -> [String: [UInt8]] {
        var source = source
        for role in [TestUpdateRepository.Role.timestamp, .snapshot, .targets] { source[role].version = version }
        return try source.files()
    }

    @Test("what is older than what was trusted is refused")
    func rollback() throws {
        let source = try sample()
        let (old, new) = (try published(1, source), try published(2, source))
        #expect(try secondError(new, after: old) == nil)
        #expect(try secondError(new, after: new) == nil)
        #expect(try secondError(old, after: new) == .rollback(of: "timestamp.json", trusted: 2, found: 1))

        var sneaky = source
        sneaky[.timestamp].version = 3
        #expect(
            try secondError(try sneaky.files(), after: new) == .rollback(of: "snapshot.json", trusted: 2, found: 1))
        sneaky[.snapshot].version = 3
        #expect(
            try secondError(try sneaky.files(), after: new) == .rollback(of: "targets.json", trusted: 2, found: 1))
        sneaky[.snapshot].alter = { $0["meta"] = [:] }
        #expect(try secondError(try sneaky.files(), after: new) == .withdrawn(file: "targets.json"))
    }

    @Test("a new root of the same keys forgets nothing")
    func rollbackAcrossRoots() throws {
        var source = try sample()
        let new = try published(2, source)
        try source.rotate { _ in }
        #expect(
            try secondError(try published(1, source), after: new)
                == .rollback(of: "timestamp.json", trusted: 2, found: 1))
    }

    @Test("after a role's keys were changed, whoever had the old ones cannot keep the new ones out by a high version")
    func fastForward() throws {
        var source = try sample()
        let far = try published(1_000_000, source)
        #expect(
            try secondError(try published(2, source), after: far)
                == .rollback(of: "timestamp.json", trusted: 1_000_000, found: 2))
        try source.rotate {
            $0[.timestamp].keys = [try AuthorityKey(.ed25519)]
            $0[.snapshot].keys = [try AuthorityKey(.ed25519)]
        }
        #expect(try secondError(try published(2, source), after: far) == nil)
    }

    @Test("of two timestamps of one version the first stays")
    func sameVersion() throws {
        var source = try sample()
        let first = try source.files()
        source[.timestamp].expires = "2031-01-01T00:00:00Z"
        var second = Refresh(after: try refresh(first), now: TestUpdateRepository.time)
        let files = try source.files()
        let found = try second.run { files[$0] }
        #expect(found.timestamp.metadata.expires == 1_893_456_000)
    }
}
