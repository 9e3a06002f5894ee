// SPDX-License-Identifier: Apache-2.0

/// A Merkle tree of RFC 6962 §2.1, over the hashes of its leaves.
public struct MerkleTree: Sendable {
    /// The hashes of the leaves.
    public private(set) var leaves: [[UInt8]] = []

    /// An empty tree.
    public init() {}

    /// SHA-256(0x00 ‖ entry).
    public static func leafHash(_ entry: [UInt8]) -> [UInt8] { MintedHash.sha256([0] + entry) }

    /// SHA-256(0x01 ‖ left ‖ right).
    public static func nodeHash(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] { MintedHash.sha256([1] + left + right) }

    /// Adds an entry; answers its index.
    public mutating func append(_ entry: [UInt8]) -> Int { append(leafHash: Self.leafHash(entry)) }

    /// Adds a leaf by its hash, so that a tree can be filled with entries that nobody needs; answers its index.
    public mutating func append(leafHash: [UInt8]) -> Int {
        leaves.append(leafHash)
        return leaves.count - 1
    }

    /// The root of the first `size` leaves.
    public func root(size: Int) -> [UInt8] { root(0..<min(size, leaves.count)) }

    /// The siblings from a leaf up to the root of the first `size` leaves, lowest first.
    public func inclusionPath(index: Int, size: Int) -> [[UInt8]] { path(index, 0..<min(size, leaves.count)) }

    private func root(_ range: Range<Int>) -> [UInt8] {
        guard range.count > 1 else { return range.first.map { leaves[$0] } ?? MintedHash.sha256([]) }
        let middle = range.lowerBound + split(range.count)
        return Self.nodeHash(root(range.lowerBound..<middle), root(middle..<range.upperBound))
    }

    private func path(_ index: Int, _ range: Range<Int>) -> [[UInt8]] {
        guard range.count > 1 else { return [] }
        let middle = range.lowerBound + split(range.count)
        return index < middle
            ? path(index, range.lowerBound..<middle) + [root(middle..<range.upperBound)]
            : path(index, middle..<range.upperBound) + [root(range.lowerBound..<middle)]
    }

    /// The largest power of two below the count.
    private func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }
}
