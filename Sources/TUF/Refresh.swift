// SPDX-License-Identifier: Apache-2.0

/// The client's workflow of TUF 1.0 §5 as a state machine: it names the file that it wants next, and takes the bytes.
///
///     root N → N+1.root.json, … until there is none → timestamp.json → snapshot → targets
///
/// No I/O and no clock: whoever drives it fetches the files, and `now` is fixed for the whole run (§5.1).
public struct Refresh: Sendable {
    /// A file of the repository's metadata folder.
    public struct Request: Hashable, Sendable {
        public let file: String
        /// No more is to be fetched; a longer file fails.
        public let maximumBytes: Int
        /// Whether the file may be absent: that ends the chain of roots.
        public let mayBeMissing: Bool
    }

    /// Newer roots that one run follows; the reference client follows as many.
    public static let maximumRoots = 256

    private enum Stage: Sendable {
        case root
        case timestamp
        case snapshot(TimestampRole)
        case targets(TimestampRole, SnapshotRole)
        case done(TrustedRepository)
    }

    private var stage = Stage.root
    private var root: RootRole
    private var rootsFollowed = 0
    private let previous: TrustedRepository?
    private let now: Int64?

    /// Begins with a root that is trusted because the operator says so. It must be signed by its own keys; it may have
    /// expired, and then a newer one has to be there.
    ///
    /// `now` is in seconds since 1970. Without one nothing expires: only for looking at a repository, never for using it.
    public init(trusting root: [UInt8], now: Int64?) throws(MetadataError) {
        self.root = try RootRole(root, file: "root.json")
        try self.root.verify(self.root.metadata)
        previous = nil
        self.now = now
    }

    /// Begins with what an earlier run found: nothing may be older than that.
    public init(after previous: TrustedRepository, now: Int64?) {
        root = previous.root
        self.previous = previous
        self.now = now
    }

    /// What is wanted next; `nil` when the run is complete.
    public var request: Request? {
        switch stage {
        case .root:
            Request(
                file: "\(root.metadata.version &+ 1).root.json", maximumBytes: RoleName.root.maximumBytes,
                mayBeMissing: true)
        case .timestamp: request(for: .timestamp, version: nil, length: nil)
        case .snapshot(let timestamp):
            request(for: .snapshot, version: timestamp.snapshotVersion, length: timestamp.snapshot.length)
        case .targets(_, let snapshot):
            request(
                for: .targets, version: snapshot.files[SnapshotRole.targetsFile]?.version,
                length: snapshot.files[SnapshotRole.targetsFile]?.length)
        case .done: nil
        }
    }

    private func request(for role: RoleName, version: Int64?, length: Int64?) -> Request {
        let prefix = root.hasConsistentSnapshots ? version.map { "\($0)." } ?? "" : ""
        let limit = min(Int64(role.maximumBytes), length ?? .max)
        return Request(file: "\(prefix)\(role.rawValue).json", maximumBytes: Int(limit), mayBeMissing: false)
    }

    /// Takes the bytes of the file that `request` names, `nil` where there is none.
    public mutating func receive(_ bytes: [UInt8]?) throws(MetadataError) {
        guard let request else { return }
        guard let bytes else {
            guard request.mayBeMissing else { throw .missing(file: request.file) }
            // The last of the roots is the one that must not have expired. §5.3.10
            try root.metadata.checkExpiry(now)
            stage = .timestamp
            return
        }
        switch stage {
        case .root: try follow(bytes, request.file)
        case .timestamp: stage = .snapshot(try timestamp(bytes, request.file))
        case .snapshot(let timestamp): stage = .targets(timestamp, try snapshot(bytes, request.file, timestamp))
        case .targets(let timestamp, let snapshot):
            let targets = try targets(bytes, request.file, snapshot)
            stage = .done(
                TrustedRepository(root: root, timestamp: timestamp, snapshot: snapshot, targets: targets))
        case .done: break
        }
    }

    /// The whole run over files in hand: `files` answers a name of the metadata folder, `nil` where there is no such file.
    public mutating func run(over files: (String) -> [UInt8]?) throws(MetadataError) -> TrustedRepository {
        while let request { try receive(files(request.file)) }
        guard case .done(let repository) = stage else { throw .missing(file: "targets.json") }
        return repository
    }

    // MARK: The roles

    /// §5.3: the next root is signed by the keys of this one and by its own, and is the next version.
    private mutating func follow(_ bytes: [UInt8], _ file: String) throws(MetadataError) {
        guard rootsFollowed < Self.maximumRoots else { throw .tooManyRoots(limit: Self.maximumRoots) }
        let next = try RootRole(bytes, file: file)
        try root.verify(next.metadata)
        try next.verify(next.metadata)
        let expected = root.metadata.version &+ 1
        guard next.metadata.version == expected else {
            throw .wrongVersion(role: .root, expected: expected, found: next.metadata.version)
        }
        root = next
        rootsFollowed += 1
    }

    /// §5.4
    private func timestamp(_ bytes: [UInt8], _ file: String) throws(MetadataError) -> TimestampRole {
        let metadata = try Metadata(bytes, file: file, role: .timestamp)
        try root.verify(metadata)
        var timestamp = try TimestampRole(metadata)
        if let trusted = trustedTimestamp {
            guard metadata.version >= trusted.metadata.version else {
                throw .rollback(of: file, trusted: trusted.metadata.version, found: metadata.version)
            }
            guard timestamp.snapshotVersion >= trusted.snapshotVersion else {
                throw .rollback(
                    of: "snapshot.json", trusted: trusted.snapshotVersion, found: timestamp.snapshotVersion)
            }
            // One version is one file: of two that differ the first stays. §5.4.3.1
            if metadata.version == trusted.metadata.version { timestamp = trusted }
        }
        try timestamp.metadata.checkExpiry(now)
        return timestamp
    }

    /// §5.5
    private func snapshot(
        _ bytes: [UInt8], _ file: String, _ timestamp: TimestampRole
    ) throws(MetadataError) -> SnapshotRole {
        try timestamp.snapshot.verify(bytes, file: file)
        let metadata = try Metadata(bytes, file: file, role: .snapshot)
        try root.verify(metadata)
        guard metadata.version == timestamp.snapshotVersion else {
            throw .wrongVersion(role: .snapshot, expected: timestamp.snapshotVersion, found: metadata.version)
        }
        let snapshot = try SnapshotRole(metadata)
        for (name, facts) in trustedSnapshot?.files ?? [:] {
            let file = String(decoding: name, as: UTF8.self)
            guard let found = snapshot.files[name]?.version, let trusted = facts.version else {
                throw .withdrawn(file: file)
            }
            guard found >= trusted else { throw .rollback(of: file, trusted: trusted, found: found) }
        }
        try metadata.checkExpiry(now)
        return snapshot
    }

    /// §5.6
    private func targets(
        _ bytes: [UInt8], _ file: String, _ snapshot: SnapshotRole
    ) throws(MetadataError) -> TargetsRole {
        guard let facts = snapshot.files[SnapshotRole.targetsFile], let version = facts.version else {
            throw snapshot.metadata.malformed("it does not list targets.json")
        }
        try facts.verify(bytes, file: file)
        let metadata = try Metadata(bytes, file: file, role: .targets)
        try root.verify(metadata)
        guard metadata.version == version else {
            throw .wrongVersion(role: .targets, expected: version, found: metadata.version)
        }
        try metadata.checkExpiry(now)
        return try TargetsRole(metadata)
    }

    // MARK: What an earlier run found

    /// What was trusted binds only while the keys of now vouch for it: after a role's keys were changed, an attacker who had
    /// the old ones and counted far ahead must not keep the new ones out. §5.3.11
    private var trustedTimestamp: TimestampRole? {
        previous.flatMap { (try? root.verify($0.timestamp.metadata)) == nil ? nil : $0.timestamp }
    }

    private var trustedSnapshot: SnapshotRole? {
        previous.flatMap { (try? root.verify($0.snapshot.metadata)) == nil ? nil : $0.snapshot }
    }
}
