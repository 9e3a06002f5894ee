// SPDX-License-Identifier: Apache-2.0

/// Size and root of a tree that a log has signed.
struct SignedTree {
    private let proven: (size: Int64, root: [UInt8])
    /// How many leaves there are.
    var size: Int64 { proven.size }
    /// 32 bytes.
    var root: [UInt8] { proven.root }

    fileprivate init(size: Int64, root: [UInt8]) { proven = (size, root) }
}

extension Checkpoint {
    /// Lines of one note that are the log's own, each of which costs a check. A log signs a tree once; ours, so that a good
    /// line, repeated in each of 32 entries as often as there may be lines, is not a thousand checks.
    static let maximumOwnSignatures = 4

    /// The tree, where at least one line is the log's own and every line that claims to be is; lines by others, such as
    /// witnesses, are nobody's here and say nothing. C2SP signed-note, "Verification".
    func tree(of log: TransparencyLog, _ design: RekorDesign) throws(LogError) -> SignedTree {
        let name: String
        switch design {
        case .v1:
            // `host - tree`, where trust material knows the host by another name or by none: the key decides.
            guard let host = shardedHost else { throw .checkpointOrigin(found: excerpt(origin)) }
            name = host
        case .v2:
            name = log.origin
            guard !name.isEmpty, origin.isExactly(name) else { throw .checkpointOrigin(found: excerpt(origin)) }
        }
        let keyHash = log.checkpointKeyHash(design)
        let own = signatures.filter { $0.name.isExactly(name) && $0.keyHash == keyHash }
        guard !own.isEmpty else { throw .checkpointUnsigned }
        guard own.count <= Self.maximumOwnSignatures else {
            throw .checkpointUnreadable("it has more than \(Self.maximumOwnSignatures) signatures by its log")
        }
        for signature in own {
            guard log.key.isValid(signature.bytes, over: signedText, scheme: log.scheme) else {
                throw .checkpointSignature
            }
        }
        return SignedTree(size: treeSize, root: rootHash)
    }

    /// The host of a Rekor v1 origin, `host - digits`; `nil` for every other origin.
    private var shardedHost: String? {
        guard let separator = origin.firstRange(of: " - ") else { return nil }
        let host = origin[..<separator.lowerBound]
        let tree = origin[separator.upperBound...]
        guard !host.isEmpty, !tree.isEmpty, tree.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        return String(host)
    }
}
