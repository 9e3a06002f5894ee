// SPDX-License-Identifier: Apache-2.0

/// A repository of The Update Framework (TUF 1.0) with real keys, as an owner's tools write it. It is the independent writer
/// to the reader in `TUF`, and shares no code with it.
///
///     var repository = try TestUpdateRepository()
///     repository.targets["trusted_root.json"] = .init(bytes)
///     let files = try repository.files()
public struct TestUpdateRepository: Sendable {
    /// One of the four top-level roles.
    public enum Role: String, CaseIterable, Sendable {
        case root, timestamp, snapshot, targets
    }

    /// Who signs for a role, and what its next file says.
    public struct Signing: Sendable {
        /// The keys that the root names.
        public var keys: [AuthorityKey]
        /// How many of them must sign.
        public var threshold = 1
        /// The keys that do sign; those that the root names where it is `nil`.
        public var signers: [AuthorityKey]?
        /// The version.
        public var version: Int64 = 1
        /// RFC 3339.
        public var expires = "2030-01-01T00:00:00Z"
        /// Changes what is signed, before it is.
        public var alter: @Sendable (inout JSONTree) -> Void = { _ in }
        /// Changes the whole file after it was signed.
        public var alterFile: @Sendable (inout JSONTree) -> Void = { _ in }
    }

    /// A target's bytes and what its owner says about them.
    public struct Target: Sendable {
        /// The bytes.
        public var bytes: [UInt8]
        /// `custom`.
        public var custom: JSONTree?

        /// A target.
        public init(_ bytes: [UInt8], custom: JSONTree? = nil) {
            self.bytes = bytes
            self.custom = custom
        }
    }

    /// The roles.
    public var roles: [Role: Signing]
    /// By name.
    public var targets: [String: Target] = [:]
    /// Whether file names carry versions and hashes.
    public var isConsistent = true
    /// Whether timestamp and snapshot give length and hashes.
    public var tellsHashes = true
    /// The roots that have been published, by file name.
    public private(set) var roots: [String: [UInt8]] = [:]

    /// A time at which nothing made here has expired: 2026-06-01T00:00:00Z.
    public static let time: Int64 = 1_780_272_000

    /// A repository with a key of its own for each role, and a published root.
    public init(_ kind: AuthorityKey.Kind = .ed25519) throws {
        roles = [:]
        for role in Role.allCases { roles[role] = Signing(keys: [try AuthorityKey(kind)]) }
        try publishRoot()
    }

    /// A role's signing.
    public subscript(role: Role) -> Signing {
        get { roles[role] ?? Signing(keys: []) }
        set { roles[role] = newValue }
    }

    /// The root that a client starts with.
    public var firstRoot: [UInt8] { roots["1.root.json"] ?? [] }

    /// Signs the root as it is now, and puts it among the published ones under its version.
    public mutating func publishRoot(alsoSignedBy others: [AuthorityKey] = []) throws {
        var keys: [JSONTree.Member] = []
        var named: [JSONTree.Member] = []
        for role in Role.allCases {
            let signing = self[role]
            for key in signing.keys {
                let id = Self.identifier(key)
                if !keys.contains(where: { $0.name == id }) { keys.append(.init(id, Self.description(key))) }
            }
            named.append(
                .init(
                    role.rawValue,
                    [
                        "keyids": .array(signing.keys.map { .string(Self.identifier($0)) }),
                        "threshold": .integer(Int64(signing.threshold)),
                    ]))
        }
        let members: [JSONTree.Member] = [
            .init("consistent_snapshot", .bool(isConsistent)), .init("keys", .object(keys)),
            .init("roles", .object(named)),
        ]
        roots["\(self[.root].version).root.json"] = try file(.root, members, others)
    }

    /// Moves on to the next root: its version is one more, and those who could sign the one before sign it too, unless a
    /// test says otherwise.
    public mutating func rotate(signedByOldKeys: Bool = true, _ change: (inout TestUpdateRepository) throws -> Void)
        throws
    {
        let old = self[.root].keys
        try change(&self)
        self[.root].version += 1
        try publishRoot(alsoSignedBy: signedByOldKeys ? old : [])
    }

    /// Every file by its path: metadata at the top, targets in `targets/`.
    public func files() throws -> [String: [UInt8]] {
        var files = roots
        let listed = targets.sorted { $0.key < $1.key }.map { name, target -> JSONTree.Member in
            var facts: JSONTree = ["length": .integer(Int64(target.bytes.count)), "hashes": Self.hashes(target.bytes)]
            if let custom = target.custom { facts["custom"] = custom }
            return .init(name, facts)
        }
        let targetsFile = try file(.targets, [.init("targets", .object(listed))])
        let snapshotFile = try file(
            .snapshot, [.init("meta", .object([.init("targets.json", facts(targetsFile, self[.targets].version))]))])
        let timestampFile = try file(
            .timestamp, [.init("meta", .object([.init("snapshot.json", facts(snapshotFile, self[.snapshot].version))]))]
        )
        files["timestamp.json"] = timestampFile
        files[(isConsistent ? "\(self[.snapshot].version)." : "") + "snapshot.json"] = snapshotFile
        files[(isConsistent ? "\(self[.targets].version)." : "") + "targets.json"] = targetsFile
        for (name, target) in targets {
            let slash = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
            let prefix = isConsistent ? MintedText.hex(MintedHash.sha256(target.bytes)) + "." : ""
            files["targets/\(name[..<slash])\(prefix)\(name[slash...])"] = target.bytes
        }
        return files
    }

    private func facts(_ file: [UInt8], _ version: Int64) -> JSONTree {
        var facts: JSONTree = ["version": .integer(version)]
        if tellsHashes {
            facts["length"] = .integer(Int64(file.count))
            facts["hashes"] = Self.hashes(file)
        }
        return facts
    }

    private static func hashes(_ bytes: [UInt8]) -> JSONTree {
        [
            "sha256": .string(MintedText.hex(MintedHash.sha256(bytes))),
            "sha512": .string(MintedText.hex(MintedHash.sha512(bytes))),
        ]
    }

    private func file(
        _ role: Role, _ members: [JSONTree.Member], _ others: [AuthorityKey] = []
    ) throws -> [UInt8] {
        let signing = self[role]
        var signed = JSONTree.object(
            [
                .init("_type", .string(role.rawValue)), .init("spec_version", "1.0.31"),
                .init("version", .integer(signing.version)), .init("expires", .string(signing.expires)),
            ] + members)
        signing.alter(&signed)
        let message = Self.canonical(signed)
        let signers = (signing.signers ?? signing.keys) + others
        let signatures = try signers.map { key -> JSONTree in
            let signature = try key.sign(message, key.keyDetails.contains("RSA") ? .pss(.sha256) : nil)
            return [
                "keyid": .string(Self.identifier(key)), "sig": .string(MintedText.hex(signature)),
            ]
        }
        var file: JSONTree = ["signatures": .array(signatures), "signed": signed]
        signing.alterFile(&file)
        return file.bytes
    }

    /// What signatures are over: members by name, and of the characters of a string only `"` and `\` escaped.
    private static func canonical(_ tree: JSONTree) -> [UInt8] {
        switch tree {
        case .object(let members):
            let written = members.sorted { $0.name < $1.name }
                .map { quoted($0.name) + Array(":".utf8) + canonical($0.value) }
            return Array("{".utf8) + Array(written.joined(separator: Array(",".utf8))) + Array("}".utf8)
        case .array(let values):
            return Array("[".utf8) + Array(values.map(canonical).joined(separator: Array(",".utf8))) + Array("]".utf8)
        case .string(let text): return quoted(text)
        default: return tree.bytes
        }
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var quoted = Array("\"".utf8)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { quoted.append(UInt8(ascii: "\\")) }
            quoted.append(byte)
        }
        return quoted + Array("\"".utf8)
    }

    private static func description(_ key: AuthorityKey) -> JSONTree {
        let (type, scheme, text) =
            switch key.kind {
            case .ed25519: ("ed25519", "ed25519", MintedText.hex(key.rawPublicKey))
            case .p256: ("ecdsa", "ecdsa-sha2-nistp256", key.publicKeyPEM)
            case .p384: ("ecdsa", "ecdsa-sha2-nistp384", key.publicKeyPEM)
            case .p521: ("ecdsa", "ecdsa-sha2-nistp521", key.publicKeyPEM)
            case .rsa2048, .rsa3072, .rsa4096: ("rsa", "rsassa-pss-sha256", key.publicKeyPEM)
            }
        return [
            "keytype": .string(type), "scheme": .string(scheme), "keyval": ["public": .string(text)],
            "x-owner": "who \"keeps\" it \\ where",
        ]
    }

    /// What the root calls a key.
    public static func identifier(_ key: AuthorityKey) -> String {
        MintedText.hex(MintedHash.sha256(canonical(description(key))))
    }
}
