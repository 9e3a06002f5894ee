// SPDX-License-Identifier: Apache-2.0

/// The hashes of a log's tree, all SHA-256. RFC 6962 §2.1.
enum TreeHash {
    /// Of an entry.
    static func leaf(_ entry: [UInt8]) -> [UInt8] { HashAlgorithm.sha256.hash([0x00] + entry) }

    /// Of two nodes beside each other.
    static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] { HashAlgorithm.sha256.hash([0x01] + left + right) }

    static let length = 32
}

extension InclusionProof {
    /// Hashes of a path: one per level of a tree under 2^63 leaves.
    static let maximumSiblings = 63

    /// Throws unless the leaf is in the signed tree, at the place that the proof tells. What the proof says of size and
    /// root is signed by nobody and has to be what the checkpoint says.
    func check(leaf: [UInt8], in tree: SignedTree) throws(LogError) {
        guard treeSize == tree.size else { throw .otherTree("size") }
        guard rootHash == tree.root else { throw .otherTree("root") }
        guard try root(leaf: leaf, size: tree.size) == tree.root else { throw .notIncluded }
    }

    /// The root to which the path leads. RFC 9162 §2.1.3.2, in the form that counts steps beforehand: below the height
    /// at which the paths of this leaf and of the last one meet, a sibling stands on either side; above it, on the left
    /// only, once for each bit of the index that is set.
    func root(leaf: [UInt8], size: Int64) throws(LogError) -> [UInt8] {
        guard leafIndex >= 0 else { throw .negativeIndex }
        guard leafIndex < size else { throw .indexBeyondTree(index: leafIndex, size: size) }
        guard siblings.count <= Self.maximumSiblings else {
            throw .siblingCount(siblings.count, required: Self.maximumSiblings)
        }
        guard siblings.allSatisfy({ $0.count == TreeHash.length }) else {
            throw .unreadable("a hash of its inclusion proof has not \(TreeHash.length) bytes")
        }
        // 0 <= index < size, so nothing below wraps and no shift is as wide as the type.
        let index = UInt64(leafIndex)
        let inner = UInt64.bitWidth - (index ^ UInt64(size - 1)).leadingZeroBitCount
        let border = (inner < UInt64.bitWidth ? index >> UInt64(inner) : 0).nonzeroBitCount
        guard siblings.count == inner + border else { throw .siblingCount(siblings.count, required: inner + border) }
        var hash = leaf
        for (level, sibling) in siblings.enumerated() {
            let isLeft = level < inner && (index >> UInt64(level)) & 1 == 0
            hash = isLeft ? TreeHash.node(hash, sibling) : TreeHash.node(sibling, hash)
        }
        return hash
    }
}
