// SPDX-License-Identifier: Apache-2.0
@testable import Sigstore

/// What logs have signed: the texts of the seeds.
private let signed: Set<[UInt8]> = Set(
    Minted.seeds("checkpoint").compactMap { _, bytes in (try? Checkpoint(bytes))?.signedText })

/// A checkpoint, or after a control character a path in a tree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCheckpoint(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    if let first = input.first, first < 0x20 {
        fuzzPath(input.dropFirst())
        return 0
    }
    let checkpoint: Checkpoint
    do throws(LogError) { checkpoint = try Checkpoint(input) } catch {
        _ = "\(error)\(error.code)"
        return 0
    }
    // All of a note is read, and nothing of it in two ways.
    var written = checkpoint.signedText + [0x0A]
    for signature in checkpoint.signatures {
        written += Array("\u{2014} \(signature.name) \(Base64.encode(signature.keyHash + signature.bytes))\n".utf8)
    }
    precondition(written == input)
    precondition(checkpoint.treeSize >= 0 && checkpoint.rootHash.count == 32)
    for log in Minted.trust.logs {
        for design in [RekorDesign.v1, .v2] {
            do throws(LogError) {
                let tree = try checkpoint.tree(of: log, design)
                precondition(signed.contains(checkpoint.signedText) && tree.size == checkpoint.treeSize)
            } catch { _ = "\(error)\(error.code)" }
        }
    }
    return 0
}

/// Eight bytes of index, eight of size, a leaf, and siblings: the root is that of the algorithm as RFC 9162 §2.1.3.2
/// writes it down, step by step.
private func fuzzPath(_ input: ArraySlice<UInt8>) {
    guard input.count >= 48 else { return }
    func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        Int64(bitPattern: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
    let index = number(input.prefix(8))
    let size = number(input.dropFirst(8).prefix(8))
    let leaf = Array(input.dropFirst(16).prefix(32))
    var siblings: [[UInt8]] = []
    var rest = input.dropFirst(48)
    while !rest.isEmpty {
        siblings.append(Array(rest.prefix(32)))
        rest = rest.dropFirst(32)
    }
    let proof = InclusionProof(leafIndex: index, treeSize: size, rootHash: leaf, siblings: siblings, checkpoint: "")
    let found = try? proof.root(leaf: leaf, size: size)
    precondition(found == root(index, size, leaf, siblings))
    if let found {
        let told = InclusionProof(
            leafIndex: index, treeSize: size, rootHash: found, siblings: siblings, checkpoint: "")
        precondition((try? told.root(leaf: leaf, size: size)) == found)
    }
}

private func root(_ index: Int64, _ size: Int64, _ leaf: [UInt8], _ siblings: [[UInt8]]) -> [UInt8]? {
    guard index >= 0, index < size, siblings.allSatisfy({ $0.count == 32 }) else { return nil }
    var node = index
    var last = size - 1
    var hash = leaf
    for sibling in siblings {
        guard last != 0 else { return nil }
        if node & 1 == 1 || node == last {
            hash = TreeHash.node(sibling, hash)
            while node & 1 == 0, node != 0 {
                node >>= 1
                last >>= 1
            }
        } else {
            hash = TreeHash.node(hash, sibling)
        }
        node >>= 1
        last >>= 1
    }
    return last == 0 ? hash : nil
}
