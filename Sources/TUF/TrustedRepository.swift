// SPDX-License-Identifier: Apache-2.0

/// A repository whose metadata has been verified from a trusted root to the list of targets; only `Refresh` makes one.
public struct TrustedRepository: Sendable {
    let root: RootRole
    let timestamp: TimestampRole
    let snapshot: SnapshotRole
    private let targetsRole: TargetsRole

    init(root: RootRole, timestamp: TimestampRole, snapshot: SnapshotRole, targets: TargetsRole) {
        self.root = root
        self.timestamp = timestamp
        self.snapshot = snapshot
        targetsRole = targets
    }

    /// The top-level targets, in the order of the list.
    public var targets: [TargetFile] { targetsRole.targets }

    /// The version of each role.
    public var versions: [RoleName: Int64] {
        [
            .root: root.metadata.version, .timestamp: timestamp.metadata.version,
            .snapshot: snapshot.metadata.version, .targets: targetsRole.metadata.version,
        ]
    }

    /// When the first of the roles expires, in seconds since 1970.
    public var expires: Int64 {
        min(
            root.metadata.expires, timestamp.metadata.expires, snapshot.metadata.expires,
            targetsRole.metadata.expires)
    }

    /// The target of that name; `nil` where it is not listed at the top level.
    public func target(_ name: String) -> TargetFile? {
        targets.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Where the target's bytes can lie below the folder of targets, first choice first.
    public func paths(of target: TargetFile) throws(MetadataError) -> [String] {
        try target.paths(hasConsistentSnapshots: root.hasConsistentSnapshots)
    }

    /// The bytes of a target, of exactly the length and the hashes that are listed. `files` answers a path below the folder
    /// of targets, `nil` where there is no such file.
    public func contents(
        of target: TargetFile, from files: (String) -> [UInt8]?
    ) throws(MetadataError) -> [UInt8] {
        for path in try paths(of: target) {
            guard let bytes = files(path) else { continue }
            try target.verify(bytes)
            return bytes
        }
        throw .missing(file: target.name)
    }
}
