// SPDX-License-Identifier: Apache-2.0

/// A log entry as a bundle tells it. Members that a signature covers stand twice: here as told, and in `promise` or the
/// proof's `checkpoint` as signed; change one of them for a lie, both for something that is properly signed.
public struct LogEntryTemplate: Sendable {
    /// The `kind` of `kindVersion`, as told.
    public var kind: String
    /// The `version` of `kindVersion`, as told.
    public var version: String
    /// The canonical JSON that is the log's leaf.
    public var body: [UInt8]
    /// The id of the log.
    public var logID: [UInt8]
    /// The index in all shards of the log together.
    public var logIndex: Int64
    /// Seconds from 1970; `nil` where the log has no clock, as Rekor v2.
    public var integratedTime: Int64?
    /// The signed entry timestamp; `nil` leaves it out.
    public var promise: PromiseTemplate?
    /// The inclusion proof; `nil` leaves it out.
    public var proof: InclusionProofTemplate?

    /// An entry without promise and proof.
    public init(body: LogBody, logID: [UInt8], logIndex: Int64) {
        kind = body.kind
        version = body.version
        self.body = body.bytes
        self.logID = logID
        self.logIndex = logIndex
    }

    /// Moves the entry to another time, and signs that.
    public mutating func integrate(at time: TestTime) {
        integratedTime = time.seconds
        promise?.integratedTime = time.seconds
    }

    /// A `TransparencyLogEntry` of a bundle.
    public func json() throws -> JSONTree {
        var tree: JSONTree = [
            "logIndex": .int64(logIndex), "logId": ["keyId": .base64(logID)],
            "kindVersion": ["kind": .string(kind), "version": .string(version)],
        ]
        if let integratedTime { tree["integratedTime"] = .int64(integratedTime) }
        if let promise { tree["inclusionPromise"] = ["signedEntryTimestamp": .base64(try promise.minted())] }
        if let proof { tree["inclusionProof"] = try proof.json() }
        tree["canonicalizedBody"] = .base64(body)
        return tree
    }

    /// The answer of Rekor v1's REST interface to a look-up: an object of one entry, by its UUID.
    public func restJSON(treeID: Int64) throws -> JSONTree {
        var tree = try legacyJSON()["Payload"]
        var proven: JSONTree = .object([])
        if let promise { proven["signedEntryTimestamp"] = .base64(try promise.minted()) }
        if let proof {
            proven["inclusionProof"] = [
                "checkpoint": .string(try proof.checkpoint?.text() ?? ""),
                "hashes": .array(proof.hashes.map { .string(MintedText.hex($0)) }),
                "logIndex": .integer(proof.logIndex), "rootHash": .string(MintedText.hex(proof.rootHash)),
                "treeSize": .integer(proof.treeSize),
            ]
        }
        tree["verification"] = proven
        return .object([.init(uuid(treeID: treeID), tree)])
    }

    /// Rekor v1's name of the entry: the shard's number and the leaf's hash, in hex.
    public func uuid(treeID: Int64) -> String {
        MintedText.hex(MintedText.bigEndian(UInt64(bitPattern: treeID), bytes: 8) + MerkleTree.leafHash(body))
    }

    /// The `dev.sigstore.cosign/bundle` annotation of a legacy signature.
    public func legacyJSON() throws -> JSONTree {
        [
            "SignedEntryTimestamp": .base64(try promise?.minted() ?? []),
            "Payload": [
                "body": .base64(body), "integratedTime": .integer(integratedTime ?? 0),
                "logIndex": .integer(logIndex), "logID": .string(MintedText.hex(logID)),
            ],
        ]
    }
}

/// A signed entry timestamp of Rekor v1 before it is signed.
public struct PromiseTemplate: Sendable {
    /// The leaf that is promised.
    public var body: [UInt8]
    /// Seconds from 1970.
    public var integratedTime: Int64
    /// The id of the log.
    public var logID: [UInt8]
    /// The index in all shards together.
    public var logIndex: Int64
    /// The log's key.
    public var key: AuthorityKey
    /// How the key signs; `nil` is over SHA-256, or pure Ed25519.
    public var scheme: AuthorityKey.Scheme?
    /// Bytes put in place of the signature.
    public var signature: [UInt8]?

    /// A log's promise about an entry as it stands.
    public init(_ entry: LogEntryTemplate, integratedTime: Int64, key: AuthorityKey) {
        body = entry.body
        self.integratedTime = integratedTime
        logID = entry.logID
        logIndex = entry.logIndex
        self.key = key
    }

    /// The canonical JSON that is signed.
    public var signedBytes: [UInt8] {
        let tree: JSONTree = [
            "body": .base64(body), "integratedTime": .integer(integratedTime),
            "logID": .string(MintedText.hex(logID)), "logIndex": .integer(logIndex),
        ]
        return tree.canonicalBytes
    }

    /// The signature.
    public func minted() throws -> [UInt8] {
        try signature ?? key.sign(signedBytes, scheme ?? (key.kind == .ed25519 ? .ed25519 : .hashed(.sha256)))
    }
}

/// An inclusion proof as a bundle tells it.
public struct InclusionProofTemplate: Sendable {
    /// The index in this shard's tree.
    public var logIndex: Int64
    /// The root, as told.
    public var rootHash: [UInt8]
    /// The size of the tree, as told.
    public var treeSize: Int64
    /// The siblings, lowest first.
    public var hashes: [[UInt8]]
    /// `nil` leaves it out.
    public var checkpoint: CheckpointTemplate?

    /// A proof with these members.
    public init(
        logIndex: Int64, rootHash: [UInt8], treeSize: Int64, hashes: [[UInt8]], checkpoint: CheckpointTemplate?
    ) {
        self.logIndex = logIndex
        self.rootHash = rootHash
        self.treeSize = treeSize
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// An `InclusionProof` of a bundle.
    public func json() throws -> JSONTree {
        var tree: JSONTree = [
            "logIndex": .int64(logIndex), "rootHash": .base64(rootHash), "treeSize": .int64(treeSize),
            "hashes": .array(hashes.map { .base64($0) }),
        ]
        if let checkpoint { tree["checkpoint"] = ["envelope": .string(try checkpoint.text())] }
        return tree
    }
}
