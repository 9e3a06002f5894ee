// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import TUF

/// What one run over a repository's files finds, or why it stops.
func refresh(
    _ files: [String: [UInt8]], from root: [UInt8]? = nil, now: Int64? = TestUpdateRepository.time
) throws(MetadataError) -> TrustedRepository {
    var refresh = try Refresh(trusting: root ?? files["1.root.json"] ?? [], now: now)
    return try refresh.run { files[$0] }
}

func error(_ files: [String: [UInt8]], from root: [UInt8]? = nil, now: Int64? = TestUpdateRepository.time)
    -> MetadataError?
{
    do throws(MetadataError) {
        _ = try refresh(files, from: root, now: now)
        return nil
    } catch { return error }
}

/// A repository with a target in a folder, and its owner's words about it.
func sample(_ kind: AuthorityKey.Kind = .ed25519) throws -> TestUpdateRepository {
    var repository = try TestUpdateRepository(kind)
    repository.targets["trusted_root.json"] = .init(Array("{}".utf8), custom: ["sigstore": ["usage": "Unknown"]])
    repository.targets["keys/rekor.pub"] = .init(Array("a key".utf8))
    return repository
}

@Suite("A run over a repository")
struct RefreshTests {
    @Test(
        "reaches the targets with every kind of key",
        arguments: [AuthorityKey.Kind.ed25519, .p256, .p384, .rsa2048])
    func kinds(_ kind: AuthorityKey.Kind) throws {
        let files = try sample(kind).files()
        let repository = try refresh(files)
        #expect(repository.targets.map(\.name) == ["keys/rekor.pub", "trusted_root.json"])
        #expect(repository.versions == [.root: 1, .timestamp: 1, .snapshot: 1, .targets: 1])
        let target = try #require(repository.target("keys/rekor.pub"))
        #expect(try repository.contents(of: target) { files["targets/\($0)"] } == Array("a key".utf8))
        #expect(try repository.paths(of: target).allSatisfy { $0.hasPrefix("keys/") && $0.hasSuffix(".rekor.pub") })
    }

    @Test("stops at a kind of key that is not known, which signs nothing")
    func unknownKind() throws {
        let root = try TestUpdateRepository(.p521).firstRoot
        #expect(error([:], from: root) == .unsigned(role: .root, valid: 0, threshold: 1))
    }

    @Test("works without versions and hashes in file names, and without hashes in metadata")
    func plain() throws {
        var source = try sample()
        source.isConsistent = false
        source.tellsHashes = false
        try source.publishRoot()
        let files = try source.files()
        let repository = try refresh(files)
        let target = try #require(repository.target("trusted_root.json"))
        #expect(try repository.contents(of: target) { files["targets/\($0)"] } == Array("{}".utf8))
        #expect(target.custom?["sigstore"]?["usage"]?.string == "Unknown")
    }

    @Test(
        "stops at one flipped byte in a signature or in what is signed",
        arguments: ["1.root", "timestamp", "1.snapshot", "1.targets"])
    func flippedBytes(_ name: String) throws {
        let files = try sample().files()
        let text = try #require(files["\(name).json"])
        #expect(error(files) == nil)
        for place in stride(from: 1, to: text.count, by: 7) {
            var changed = files
            changed["\(name).json"]?[place] ^= 1
            guard changed["\(name).json"] != files["\(name).json"] else { continue }
            // White space that becomes other white space would change nothing; there is none.
            #expect(error(changed) != nil, "\(name) \(place)")
        }
    }

    @Test("stops where a signature is missing", arguments: TestUpdateRepository.Role.allCases)
    func missingSignature(_ role: TestUpdateRepository.Role) throws {
        var source = try sample()
        source[role].signers = []
        try source.publishRoot()
        let name = try #require(RoleName(rawValue: role.rawValue))
        #expect(error(try source.files()) == .unsigned(role: name, valid: 0, threshold: 1))
    }

    @Test(
        "stops where the keys of another role have signed",
        arguments: [TestUpdateRepository.Role.timestamp, .snapshot, .targets])
    func otherRole(_ role: TestUpdateRepository.Role) throws {
        var source = try sample()
        source[role].signers = source[.root].keys
        let name = try #require(RoleName(rawValue: role.rawValue))
        #expect(error(try source.files()) == .unsigned(role: name, valid: 0, threshold: 1))
    }

    @Test("counts a key once towards a threshold, under whatever names it goes")
    func thresholds() throws {
        var source = try sample()
        let pair = [try AuthorityKey(.ed25519), try AuthorityKey(.ed25519)]
        source[.targets].keys = pair
        source[.targets].threshold = 2
        try source.publishRoot()
        #expect(error(try source.files()) == nil)
        source[.targets].signers = [pair[0]]
        #expect(error(try source.files()) == .unsigned(role: .targets, valid: 1, threshold: 2))
        source[.targets].signers = [pair[0], pair[0]]
        #expect(error(try source.files()) == .unsigned(role: .targets, valid: 1, threshold: 2))

        // The same key once more, under another identifier.
        let id = TestUpdateRepository.identifier(pair[0])
        let other = String(repeating: "0", count: 64)
        source[.root].alter = { signed in
            signed["keys"].append(other, signed["keys"][id])
            signed["roles"]["targets"]["keyids"] = [.string(id), .string(other)]
        }
        source[.targets].signers = [pair[0]]
        source[.targets].alterFile = { file in
            var second = file["signatures"][0]
            second["keyid"] = .string(other)
            file["signatures"] = .array([file["signatures"][0], second])
        }
        try source.publishRoot()
        #expect(error(try source.files()) == .unsigned(role: .targets, valid: 1, threshold: 2))
    }

    @Test("passes over empty signatures and those of unknown keys")
    func strangers() throws {
        var source = try sample()
        let stranger = try AuthorityKey(.ed25519)
        source[.snapshot].signers = [stranger] + source[.snapshot].keys
        source[.snapshot].alterFile = { $0["signatures"][0]["sig"] = "" }
        #expect(error(try source.files()) == nil)
    }

    @Test("stops at a role that has expired", arguments: TestUpdateRepository.Role.allCases)
    func expired(_ role: TestUpdateRepository.Role) throws {
        var source = try sample()
        source[role].expires = "2026-06-01T00:00:00Z"
        try source.publishRoot()
        let files = try source.files()
        let name = try #require(RoleName(rawValue: role.rawValue))
        let end = TestUpdateRepository.time
        #expect(error(files, now: end) == .expired(role: name, at: end))
        #expect(error(files, now: end - 1) == nil)
        #expect(error(files, now: nil) == nil)
        #expect(try refresh(files, now: nil).expires == end)
    }

    @Test(
        "stops at a file that is not there",
        arguments: [
            ("timestamp.json", "timestamp.json"), ("1.snapshot.json", "1.snapshot.json"),
            ("1.targets.json", "1.targets.json"),
        ])
    func missing(_ name: String, _ told: String) throws {
        var files = try sample().files()
        files[name] = nil
        #expect(error(files) == .missing(file: told))
    }

    @Test("stops at a snapshot of another hash, length or version than the timestamp announces")
    func snapshotFacts() throws {
        var source = try sample()
        source[.timestamp].alter = {
            $0["meta"]["snapshot.json"]["hashes"]["sha512"] = .string(String(repeating: "0", count: 128))
        }
        #expect(error(try source.files()) == .wrongHash(file: "1.snapshot.json", algorithm: "sha512"))
        source[.timestamp].alter = { $0["meta"]["snapshot.json"]["length"] = 1 }
        guard case .wrongLength("1.snapshot.json", 1, _) = error(try source.files()) else {
            Issue.record("another length")
            return
        }
        source.tellsHashes = false
        source[.timestamp].alter = { $0["meta"]["snapshot.json"]["version"] = 2 }
        var files = try source.files()
        files["2.snapshot.json"] = files["1.snapshot.json"]
        #expect(error(files) == .wrongVersion(role: .snapshot, expected: 2, found: 1))
        source[.timestamp].alter = { $0["meta"]["snapshot.json"]["hashes"] = ["md5": "00"] }
        guard case .malformed("timestamp.json", _) = error(try source.files()) else {
            Issue.record("hashes of unknown kinds only")
            return
        }
    }

    @Test("stops where metadata of two publications is mixed")
    func mixed() throws {
        var source = try sample()
        let first = try source.files()
        source.targets["trusted_root.json"] = .init(Array("{ }".utf8))
        source[.targets].version = 2
        source[.snapshot].version = 2
        source[.timestamp].version = 2
        let second = try source.files()
        #expect(error(first) == nil && error(second) == nil)
        var mixed = second
        mixed["2.targets.json"] = first["1.targets.json"]
        guard case .wrongLength = error(mixed) else {
            Issue.record("old targets under a new snapshot")
            return
        }
        mixed = second
        mixed["timestamp.json"] = first["timestamp.json"]
        #expect(error(mixed) == .missing(file: "1.snapshot.json"))
        source.tellsHashes = false
        mixed = try source.files()
        mixed["2.targets.json"] = first["1.targets.json"]
        #expect(error(mixed) == .wrongVersion(role: .targets, expected: 2, found: 1))
    }

    @Test("gives a target's bytes only where length and hash are those that are listed")
    func targets() throws {
        let files = try sample().files()
        let repository = try refresh(files)
        let target = try #require(repository.target("trusted_root.json"))
        #expect(throws: MetadataError.wrongHash(file: "trusted_root.json", algorithm: "sha256")) {
            try repository.contents(of: target) { _ in Array("[]".utf8) }
        }
        #expect(throws: MetadataError.wrongLength(file: "trusted_root.json", expected: 2, found: 3)) {
            try repository.contents(of: target) { _ in Array("{ }".utf8) }
        }
        #expect(throws: MetadataError.missing(file: "trusted_root.json")) {
            try repository.contents(of: target) { _ in nil }
        }
        #expect(repository.target("trusted_root") == nil)
    }

    @Test(
        "asks for no target whose name leaves its folder",
        arguments: ["../x", "a/../x", "/x", "a//x", "", "a\\x", "./x", "a/", "a\u{0}b"])
    func unsafeNames(_ name: String) throws {
        var source = try sample()
        source.targets[name] = .init([1])
        let repository = try refresh(try source.files())
        let target = try #require(repository.target(name))
        #expect(throws: MetadataError.unsafeName(name)) { try repository.paths(of: target) }
    }

    @Test("names each file before it takes it, with a bound")
    func requests() throws {
        let files = try sample().files()
        var refresh = try Refresh(trusting: try #require(files["1.root.json"]), now: TestUpdateRepository.time)
        var asked: [String] = []
        while let request = refresh.request {
            asked.append(request.file)
            #expect(request.maximumBytes >= files[request.file]?.count ?? 0)
            try refresh.receive(files[request.file])
        }
        #expect(asked == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"])
    }

    @Test("refuses metadata that is longer than its role may be")
    func tooLong() throws {
        var files = try sample().files()
        files["timestamp.json"]? += [UInt8](repeating: 0x20, count: 16_384)
        #expect(error(files) == .tooLong(file: "timestamp.json", limit: 16_384))
    }

    @Test(
        "refuses metadata that is not well-formed",
        arguments: [
            ("_type", JSONTree.string("snapshot")), ("spec_version", .string("2.0")), ("version", .integer(0)),
            ("version", .string("1")),
            ("version", .raw(Array("1.5".utf8))), ("expires", .string("tomorrow")), ("meta", .array([])),
            ("x", .raw(Array("0.1".utf8))),
        ])
    func malformed(_ name: String, _ value: JSONTree) throws {
        var source = try sample()
        source[.timestamp].alter = { $0[name] = value }
        guard case .malformed("timestamp.json", _) = error(try source.files()) else {
            Issue.record("\(name)")
            return
        }
    }

    @Test(
        "refuses a root that does not say who signs what",
        arguments: ["keys", "roles"])
    func malformedRoot(_ name: String) throws {
        var source = try sample()
        source[.root].alter = { $0.remove(name) }
        try source.publishRoot()
        guard case .malformed("root.json", _) = error(try source.files()) else {
            Issue.record("\(name)")
            return
        }
        source[.root].alter = { $0["roles"]["targets"]["threshold"] = 0 }
        try source.publishRoot()
        guard case .malformed("root.json", _) = error(try source.files()) else {
            Issue.record("a threshold of none")
            return
        }
    }
}
