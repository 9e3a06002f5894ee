// SPDX-License-Identifier: Apache-2.0
import Crypto
import JSON

/// The role that names the keys of all. TUF 1.0 §4.3.
struct RootRole: Sendable {
    let metadata: Metadata
    let hasConsistentSnapshots: Bool
    private let roles: [RoleName: RoleKeys]

    /// Keys of one root; sigstore's have nine.
    private static let maximumKeys = 256

    init(_ bytes: [UInt8], file: String) throws(MetadataError) {
        metadata = try Metadata(bytes, file: file, role: .root)
        let signed = metadata.signed
        switch signed["consistent_snapshot"] {
        case nil: hasConsistentSnapshots = false
        case let value?:
            guard let isConsistent = value.bool else { throw metadata.malformed("consistent_snapshot is no boolean") }
            hasConsistentSnapshots = isConsistent
        }
        guard let list = signed["keys"], list.kind == .object, let delegations = signed["roles"] else {
            throw metadata.malformed("it has no keys and roles")
        }
        var keys: [[UInt8]: MetadataKey] = [:]
        guard list.count <= Self.maximumKeys else {
            throw metadata.malformed("it has more than \(Self.maximumKeys) keys")
        }
        for member in list.members { keys[Array(member.name.utf8)] = MetadataKey(member.value) }
        var roles: [RoleName: RoleKeys] = [:]
        for role in RoleName.allCases {
            guard let value = delegations[role.rawValue], let keyIDs = value["keyids"], keyIDs.kind == .array else {
                throw metadata.malformed("it does not say who signs for the role \(role.rawValue)")
            }
            guard let threshold = value["threshold"]?.integer, 1...Int64(Self.maximumKeys) ~= threshold else {
                throw metadata.malformed("the threshold of the role \(role.rawValue) is no number of keys")
            }
            var own: [[UInt8]: MetadataKey] = [:]
            for keyID in keyIDs.elements {
                guard let text = keyID.string else { throw metadata.malformed("a keyid is no string") }
                own[Array(text.utf8)] = keys[Array(text.utf8)]
            }
            roles[role] = RoleKeys(keys: own, threshold: Int(threshold))
        }
        self.roles = roles
    }

    func verify(_ other: Metadata) throws(MetadataError) {
        guard let keys = roles[other.role] else { throw .unsigned(role: other.role, valid: 0, threshold: 1) }
        try other.verify(by: keys)
    }
}

/// What one file of metadata says of another: its version, and where they are given its length and hashes. TUF 1.0 §4.4.
struct FileFacts: Sendable {
    let version: Int64?
    let length: Int64?
    /// Of the algorithms that are known here, by name: lower-case hexadecimal as it is written.
    let hashes: [(algorithm: HashName, value: [UInt8])]

    enum HashName: String, CaseIterable, Sendable {
        case sha256, sha512

        var length: Int { self == .sha256 ? 32 : 64 }

        func hash(_ bytes: [UInt8]) -> [UInt8] {
            switch self {
            case .sha256: Array(SHA256.hash(data: bytes))
            case .sha512: Array(SHA512.hash(data: bytes))
            }
        }
    }

    /// `nil` where the entry is not well-formed, or gives hashes of which none is known here.
    init?(_ value: JSONValue) {
        guard value.kind == .object else { return nil }
        version = value["version"]?.integer
        if value["version"] != nil, version ?? 0 < 1 { return nil }
        length = value["length"]?.integer
        if value["length"] != nil, length ?? -1 < 0 { return nil }
        var hashes: [(algorithm: HashName, value: [UInt8])] = []
        if let list = value["hashes"] {
            guard list.kind == .object else { return nil }
            for name in HashName.allCases {
                guard let member = list[name.rawValue] else { continue }
                guard let hash = member.string.flatMap({ Hexadecimal.decode($0, atMost: name.length) }),
                    hash.count == name.length
                else { return nil }
                hashes.append((name, hash))
            }
            if hashes.isEmpty { return nil }
        }
        self.hashes = hashes
    }

    func verify(_ bytes: [UInt8], file: String) throws(MetadataError) {
        if let length, length != Int64(bytes.count) {
            throw .wrongLength(file: file, expected: length, found: Int64(bytes.count))
        }
        for (algorithm, value) in hashes where algorithm.hash(bytes) != value {
            throw .wrongHash(file: file, algorithm: algorithm.rawValue)
        }
    }
}

/// The role that says which snapshot is the newest. TUF 1.0 §4.6.
struct TimestampRole: Sendable {
    let metadata: Metadata
    let snapshot: FileFacts
    let snapshotVersion: Int64

    init(_ metadata: Metadata) throws(MetadataError) {
        guard let facts = metadata.signed["meta"]?["snapshot.json"].flatMap(FileFacts.init),
            let version = facts.version
        else { throw metadata.malformed("it does not say which snapshot.json is the newest") }
        self.metadata = metadata
        snapshot = facts
        snapshotVersion = version
    }
}

/// The role that lists one consistent set of targets metadata. TUF 1.0 §4.4.
struct SnapshotRole: Sendable {
    let metadata: Metadata
    /// By file name.
    let files: [[UInt8]: FileFacts]

    /// Delegated roles of one repository are few; PyPI's design has sixteen thousand.
    private static let maximumFiles = 1 << 15

    init(_ metadata: Metadata) throws(MetadataError) {
        guard let list = metadata.signed["meta"], list.kind == .object else {
            throw metadata.malformed("it lists no files")
        }
        var files: [[UInt8]: FileFacts] = [:]
        for member in list.members {
            guard files.count < Self.maximumFiles else {
                throw metadata.malformed("it lists more than \(Self.maximumFiles) files")
            }
            guard let facts = FileFacts(member.value), facts.version != nil else {
                throw metadata.malformed("its entry \(printable(member.name)) is not well-formed")
            }
            files[Array(member.name.utf8)] = facts
        }
        self.metadata = metadata
        self.files = files
    }

    static let targetsFile = Array("targets.json".utf8)
}

/// The role that lists the targets. Its delegations are not followed: what only a delegated role lists is not found.
/// TUF 1.0 §4.5.
struct TargetsRole: Sendable {
    let metadata: Metadata
    let targets: [TargetFile]

    /// The public-good repository has ten after four years.
    private static let maximumTargets = 1 << 14

    init(_ metadata: Metadata) throws(MetadataError) {
        guard let list = metadata.signed["targets"], list.kind == .object else {
            throw metadata.malformed("it lists no targets")
        }
        var targets: [TargetFile] = []
        for member in list.members {
            guard targets.count < Self.maximumTargets else {
                throw metadata.malformed("it lists more than \(Self.maximumTargets) targets")
            }
            guard let facts = FileFacts(member.value), let length = facts.length, !facts.hashes.isEmpty else {
                throw metadata.malformed("its target \(printable(member.name)) lacks a length or hashes")
            }
            targets.append(
                TargetFile(name: member.name, length: length, facts: facts, custom: member.value["custom"]))
        }
        self.metadata = metadata
        self.targets = targets
    }
}
