// SPDX-License-Identifier: Apache-2.0

/// Which of many patterns may match a name, without trying them all: a superset of those that do, each at most once.
///
/// A name is looked up in two ways. By its beginning: the distinct literal prefixes of the patterns lie sorted, and each
/// knows the longest other one that it begins with. Every prefix of a name is a prefix of the last one that is not
/// greater than the name, so one binary search and a walk from prefix to shorter prefix finds them all. And by its runs
/// of literal bytes: of patterns that share a prefix with many others (as all that begin with a wildcard do) each is
/// filed under the rarest run of its own, and every run of the name is looked up.
struct GlobIndex: Sendable {
    private struct Node: Sendable {
        let prefix: [UInt8]
        /// The longest shorter prefix that this one begins with; `nil` where there is none.
        var parent: Int?
        /// Patterns with this prefix that are tried by it alone.
        var patterns: [Int] = []
    }

    /// So few patterns of one prefix are tried as fast as their runs are looked up.
    private static let fewPatterns = 8

    /// In order of prefix.
    private let nodes: [Node]
    private let runs: LiteralRuns

    /// Patterns are known by their position.
    init(_ patterns: [GlobPattern]) {
        let byPrefix = Dictionary(grouping: patterns.indices) { patterns[$0].prefix }
        var nodes = byPrefix.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { Node(prefix: $0) }
        var filed: [Int] = []
        var open: [Int] = []
        for at in nodes.indices {
            while let last = open.last, !nodes[at].prefix.starts(with: nodes[last].prefix) { open.removeLast() }
            nodes[at].parent = open.last
            open.append(at)
            let own = byPrefix[nodes[at].prefix] ?? []
            guard own.count > Self.fewPatterns else {
                nodes[at].patterns = own
                continue
            }
            nodes[at].patterns = own.filter { !LiteralRuns.canFile(patterns[$0]) }
            filed += own.filter { LiteralRuns.canFile(patterns[$0]) }
        }
        self.nodes = nodes
        runs = LiteralRuns(filed, of: patterns)
    }

    /// Calls `body` with every pattern that may match the name.
    func forEachCandidate(for name: [UInt8], _ body: (Int) -> Void) {
        var at = lastNode(notAfter: name)
        while let node = at {
            if name.starts(with: nodes[node].prefix) { nodes[node].patterns.forEach(body) }
            at = nodes[node].parent
        }
        runs.forEachCandidate(for: name, body)
    }

    /// Calls `body` with every pattern that may match a name that begins so, whatever follows.
    func forEachCandidate(beginning stem: [UInt8], _ body: (Int) -> Void) {
        var at = lastNode(notAfter: stem)
        // What is longer than the stem begins after it, and what the stem begins with is among the parents.
        var longer = (at ?? -1) + 1
        while let node = at {
            if stem.starts(with: nodes[node].prefix) { nodes[node].patterns.forEach(body) }
            at = nodes[node].parent
        }
        while longer < nodes.count, nodes[longer].prefix.starts(with: stem) {
            nodes[longer].patterns.forEach(body)
            longer += 1
        }
        runs.all.forEach(body)
    }

    /// The last prefix that is not greater than the name.
    private func lastNode(notAfter name: [UInt8]) -> Int? {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = low + (high - low) / 2
            if name.lexicographicallyPrecedes(nodes[middle].prefix) { high = middle } else { low = middle + 1 }
        }
        return low > 0 ? low - 1 : nil
    }
}

/// Patterns filed under a run of literal bytes that every name they match holds.
private struct LiteralRuns: Sendable {
    /// Bytes of a run: as many as a pattern offers.
    private static let lengths = [8, 4, 2]

    private struct Length: Sendable {
        let bytes: Int
        var patterns: [UInt64: [Int]] = [:]
    }

    private var byLength: [Length] = []
    let all: [Int]

    /// Whether the part of a pattern after its prefix has a run that is long enough.
    static func canFile(_ pattern: GlobPattern) -> Bool {
        pattern.literalRuns.contains { $0.count >= 2 }
    }

    /// - Parameter filed: positions in `patterns`; all of them can be filed.
    init(_ filed: [Int], of patterns: [GlobPattern]) {
        all = filed
        var left = filed
        for length in Self.lengths {
            let keys = left.map { Self.keys(patterns[$0], length) }
            var count: [UInt64: Int] = [:]
            for key in keys.joined() { count[key, default: 0] += 1 }
            var one = Length(bytes: length)
            var short: [Int] = []
            for (pattern, keys) in zip(left, keys) {
                // The rarest, and among equals always the same.
                guard let key = keys.min(by: { (count[$0] ?? 0, $0) < (count[$1] ?? 0, $1) }) else {
                    short.append(pattern)
                    continue
                }
                one.patterns[key, default: []].append(pattern)
            }
            if !one.patterns.isEmpty { byLength.append(one) }
            left = short
        }
    }

    func forEachCandidate(for name: [UInt8], _ body: (Int) -> Void) {
        for one in byLength {
            var seen: Set<UInt64> = []
            Self.forEachKey(name[...], one.bytes) { key in
                guard let patterns = one.patterns[key], seen.insert(key).inserted else { return }
                patterns.forEach(body)
            }
        }
    }

    private static func keys(_ pattern: GlobPattern, _ length: Int) -> Set<UInt64> {
        var keys: Set<UInt64> = []
        for run in pattern.literalRuns { forEachKey(run[...], length) { keys.insert($0) } }
        return keys
    }

    /// Every stretch of so many bytes (at most 8), as a number.
    private static func forEachKey(_ bytes: ArraySlice<UInt8>, _ length: Int, _ body: (UInt64) -> Void) {
        let mask = length < 8 ? (UInt64(1) << (8 * UInt64(length))) - 1 : UInt64.max
        var key: UInt64 = 0
        var count = 0
        for byte in bytes {
            key = (key << 8 | UInt64(byte)) & mask
            count += 1
            if count >= length { body(key) }
        }
    }
}

extension GlobPattern {
    /// The literal bytes between wildcards, after the prefix.
    fileprivate var literalRuns: [[UInt8]] {
        var runs: [[UInt8]] = [[]]
        for token in rest {
            if case .byte(let byte) = token {
                runs[runs.count - 1].append(byte)
            } else if runs.last?.isEmpty == false {
                runs.append([])
            }
        }
        return runs
    }
}
