// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// RFC 6962 §2.1 word by word: recursion over ranges, no arithmetic on bits.
private final class NaiveTree {
    let leaves: [[UInt8]]
    private var known: [Range<Int>: [UInt8]] = [:]

    init(size: Int) { leaves = (0..<size).map { MintedHash.sha256([0x00] + Array("leaf \($0)".utf8)) } }

    func root(_ range: Range<Int>) -> [UInt8] {
        if range.count == 1 { return leaves[range.lowerBound] }
        if let known = known[range] { return known }
        let middle = range.lowerBound + Self.split(range.count)
        let hash = MintedHash.sha256(
            [0x01] + root(range.lowerBound..<middle) + root(middle..<range.upperBound))
        known[range] = hash
        return hash
    }

    func path(to index: Int, in range: Range<Int>) -> [[UInt8]] {
        if range.count == 1 { return [] }
        let middle = range.lowerBound + Self.split(range.count)
        return index < middle
            ? path(to: index, in: range.lowerBound..<middle) + [root(middle..<range.upperBound)]
            : path(to: index, in: middle..<range.upperBound) + [root(range.lowerBound..<middle)]
    }

    private static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }
}

@Suite("An inclusion path")
struct InclusionPathTests {
    private func path(_ index: Int64, _ siblings: [[UInt8]]) -> InclusionProof {
        InclusionProof(leafIndex: index, treeSize: 0, rootHash: [], siblings: siblings, checkpoint: "")
    }

    @Test("leads every leaf of every tree of up to 130 to the root, and no damaged one")
    func everyTree() throws {
        for size in 1...130 {
            let tree = NaiveTree(size: size)
            let root = tree.root(0..<size)
            for index in 0..<size {
                let leaf = tree.leaves[index]
                let siblings = tree.path(to: index, in: 0..<size)
                func found(_ index: Int, _ leaf: [UInt8], _ siblings: [[UInt8]]) -> [UInt8]? {
                    try? path(Int64(index), siblings).root(leaf: leaf, size: Int64(size))
                }
                #expect(found(index, leaf, siblings) == root)
                var other = leaf
                other[size % 32] ^= 1
                #expect(found(index, other, siblings) != root)
                #expect(found(index, leaf, siblings + [leaf]) == nil)
                #expect(found(size, leaf, siblings) == nil)
                if !siblings.isEmpty {
                    #expect(found(index, leaf, Array(siblings.dropLast())) == nil)
                    #expect(found(index ^ 1, leaf, siblings) != root)
                    var damaged = siblings
                    damaged[index % siblings.count][index % 32] ^= 0x80
                    #expect(found(index, leaf, damaged) != root)
                    #expect(siblings.count == 1 || found(index, leaf, siblings.reversed()) != root)
                }
            }
        }
    }

    @Test("of the largest trees is computed without a trap")
    func largest() throws {
        let node = [UInt8](repeating: 7, count: 32)
        func count(_ index: Int64, _ size: Int64, _ siblings: Int) -> LogError? {
            do {
                _ = try path(index, Array(repeating: node, count: siblings)).root(leaf: node, size: size)
                return nil
            } catch {
                return error
            }
        }
        #expect(count(0, .max, 63) == nil)
        #expect(count(0, .max, 62) == .siblingCount(62, required: 63))
        #expect(count(.max - 1, .max, 62) == nil)
        #expect(count(.max - 1, .max, 63) == .siblingCount(63, required: 62))
        #expect(count(.max, .max, 63) == .indexBeyondTree(index: .max, size: .max))
        #expect(count(1 << 62, .max, 63) == nil)
        #expect(count(0, 1, 0) == nil)
        #expect(count(0, 0, 0) == .indexBeyondTree(index: 0, size: 0))
        #expect(count(0, -1, 0) == .indexBeyondTree(index: 0, size: -1))
        #expect(count(0, .min, 0) == .indexBeyondTree(index: 0, size: .min))
        #expect(count(-1, 5, 3) == .negativeIndex)
        #expect(count(.min, .max, 3) == .negativeIndex)
        #expect(count(0, .max, 64) == .siblingCount(64, required: 63))
        #expect(count(0, .max, 100_000) == .siblingCount(100_000, required: 63))
    }

    @Test("has hashes of 32 bytes", arguments: [0, 31, 33, 64])
    func hashLength(length: Int) {
        #expect(throws: LogError.unreadable("a hash of its inclusion proof has not 32 bytes")) {
            try path(0, [[UInt8](repeating: 0, count: length)]).root(
                leaf: [UInt8](repeating: 0, count: 32), size: 2)
        }
    }

    @Test("counts with the size and the root that the log signed, whatever is told beside them")
    func signedTree() throws {
        for kind in [SigningOptions.EntryKind.hashedrekord001, .hashedrekord002] {
            var size = try MintedEntry(kind)
            size.template.proof?.treeSize += 1
            #expect(try size.refusal() == .otherTree("size"))
            var root = try MintedEntry(kind)
            root.template.proof?.rootHash[31] ^= 1
            #expect(try root.refusal() == .otherTree("root"))
            // An older checkpoint of the same log: signed, and of a tree without the entry.
            var older = try MintedEntry(kind)
            older.template.proof?.checkpoint = older.log.checkpoint(size: 5)
            #expect(try older.refusal() == .otherTree("size"))
            older.template.proof?.treeSize = 5
            #expect(try older.refusal() == .otherTree("root"))
            older.template.proof?.rootHash = MintedText.random(32)
            #expect(try older.refusal() == .otherTree("root"))
        }
    }

    @Test("holds in trees that grew after the entry")
    func grown() throws {
        for kind in [SigningOptions.EntryKind.dsse001, .dsse002] {
            var minted = try MintedEntry(kind)
            for _ in 0..<9 {
                minted.log.grow(by: 7)
                minted.template.proof = minted.log.proof(of: 5)
                #expect(try minted.check()?.isIncluded == true)
                minted.template.proof = minted.log.proof(of: 4)
                if kind == .dsse002 { minted.template.logIndex = 4 }
                #expect(try minted.refusal() == .notIncluded)
                if kind == .dsse002 { minted.template.logIndex = 5 }
            }
        }
    }

    @Test("of a negative or too large position is refused")
    func position() throws {
        var minted = try MintedEntry(.hashedrekord001)
        minted.template.proof?.logIndex = -1
        #expect(try minted.refusal() == .negativeIndex)
        minted.template.proof?.logIndex = 6
        #expect(try minted.refusal() == .indexBeyondTree(index: 6, size: 6))
        minted.template.proof?.logIndex = .max
        #expect(try minted.refusal() == .indexBeyondTree(index: .max, size: 6))
    }
}
