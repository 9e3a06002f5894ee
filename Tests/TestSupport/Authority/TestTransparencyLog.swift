// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A Rekor log in memory: a real Merkle tree, real checkpoints, and for version 1 signed entry timestamps.
public final class TestTransparencyLog: Sendable {
    /// The two designs of Rekor.
    public enum Generation: Hashable, Sendable {
        /// With a clock: signed entry timestamps, `host - treeID` origins.
        case v1
        /// Tiles: checkpoints only.
        case v2
    }

    /// Which design it is.
    public let generation: Generation
    /// The log's key.
    public let key: AuthorityKey
    /// The host name, which is also the name that signs checkpoints.
    public let host: String
    /// The shard's number, part of a v1 checkpoint's origin.
    public let treeID: Int64
    /// How many entries older shards hold: global index = local index + offset.
    public let indexOffset: Int64
    private let tree: Mutex<MerkleTree>

    /// A new log. `key` lets shards share one; `seeded` leaves of no one's are in it first.
    public init(
        _ generation: Generation, key: AuthorityKey? = nil, host: String? = nil,
        treeID: Int64 = 1_193_050_959_916_656_506, indexOffset: Int64? = nil, seeded: Int = 5
    ) throws {
        self.generation = generation
        self.key = try key ?? AuthorityKey(generation == .v1 ? .p256 : .ed25519)
        self.host = host ?? (generation == .v1 ? "rekor.sigstore.test" : "log2024-1.rekor.sigstore.test")
        self.treeID = treeID
        self.indexOffset = indexOffset ?? (generation == .v1 ? 1_000_000 : 0)
        var filled = MerkleTree()
        for _ in 0..<seeded { _ = filled.append(leafHash: MintedText.random(32)) }
        tree = Mutex(filled)
    }

    /// `https://` and the host.
    public var url: String { "https://" + host }

    /// The first line of its checkpoints.
    public var origin: String { generation == .v1 ? "\(host) - \(treeID)" : host }

    /// The log's id: SHA-256 of the SubjectPublicKeyInfo, but the note's key id where an Ed25519 or RSA key signs for a
    /// log of version 2.
    public var id: [UInt8] {
        let name = Array(host.utf8) + [0x0A]
        switch (generation, key.kind) {
        case (.v2, .ed25519): return MintedHash.sha256(name + [0x01] + key.rawPublicKey)
        case (.v2, .rsa2048), (.v2, .rsa3072), (.v2, .rsa4096):
            return MintedHash.sha256(name + [0xFF] + Array("PKIX-RSA-PKCS#1v1.5".utf8) + key.publicKeyDER)
        default: return key.fingerprint
        }
    }

    /// How many leaves there are.
    public var size: Int { tree.withLock { $0.leaves.count } }

    /// Adds leaves of no one's.
    public func grow(by count: Int) {
        tree.withLock { tree in for _ in 0..<count { _ = tree.append(leafHash: MintedText.random(32)) } }
    }

    /// Adds an entry; answers its local index.
    @discardableResult
    public func append(_ body: [UInt8]) -> Int { tree.withLock { $0.append(body) } }

    /// The log's own signature line.
    public var checkpointSignature: CheckpointTemplate.Signature {
        .init(name: host, keyHash: Array(id.prefix(4)), kind: .log(key))
    }

    /// The checkpoint of the first `size` leaves; of all where none is named.
    public func checkpoint(size: Int? = nil) -> CheckpointTemplate {
        let (size, root) = tree.withLock { tree in
            let size = size ?? tree.leaves.count
            return (size, tree.root(size: size))
        }
        return CheckpointTemplate(origin: origin, size: size, root: root, signatures: [checkpointSignature])
    }

    /// The proof of a leaf in the tree of the first `size` leaves; of all where none is named.
    public func proof(of index: Int, size: Int? = nil) -> InclusionProofTemplate {
        let (size, root, path) = tree.withLock { tree in
            let size = size ?? tree.leaves.count
            return (size, tree.root(size: size), tree.inclusionPath(index: index, size: size))
        }
        return InclusionProofTemplate(
            logIndex: Int64(index), rootHash: root, treeSize: Int64(size), hashes: path,
            checkpoint: checkpoint(size: size))
    }

    /// Adds the body and tells the entry: with a promise of that time where the log has a clock, and a proof.
    public func entry(_ body: LogBody, at time: TestTime) -> LogEntryTemplate {
        let index = append(body.bytes)
        var entry = LogEntryTemplate(body: body, logID: id, logIndex: Int64(index) + indexOffset)
        entry.proof = proof(of: index)
        if generation == .v1 {
            entry.integratedTime = time.seconds
            entry.promise = PromiseTemplate(entry, integratedTime: time.seconds, key: key)
        }
        return entry
    }
}
