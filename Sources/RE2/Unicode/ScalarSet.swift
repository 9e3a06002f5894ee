// SPDX-License-Identifier: Apache-2.0

/// Code points from `first` to `last`, both included; surrogates may be among them and match nothing.
struct ScalarRange: Hashable, Sendable {
    /// The highest code point of Unicode.
    static let highest: UInt32 = 0x10FFFF

    var first: UInt32
    var last: UInt32

    init(_ first: UInt32, _ last: UInt32) {
        self.first = first
        self.last = last
    }
}

/// A set of code points: ranges in order, with a gap between any two.
struct ScalarSet: Hashable, Sendable {
    private(set) var ranges: [ScalarRange]

    static let all = ScalarSet([ScalarRange(0, ScalarRange.highest)])
    static let lineFeed = ScalarSet([ScalarRange(0x0A, 0x0A)])
    static let allButLineFeed = lineFeed.inverted

    /// The union of ranges in any order.
    init(_ unordered: [ScalarRange]) {
        guard unordered.count > 1 else {
            ranges = unordered
            return
        }
        ranges = []
        for range in unordered.sorted(by: { $0.first < $1.first }) {
            // `last` is far below the highest UInt32.
            if let last = ranges.indices.last, range.first <= ranges[last].last + 1 {
                ranges[last].last = max(ranges[last].last, range.last)
            } else {
                ranges.append(range)
            }
        }
    }

    var inverted: ScalarSet {
        var gaps: [ScalarRange] = []
        gaps.reserveCapacity(ranges.count + 1)
        var next: UInt32 = 0
        for range in ranges {
            if range.first > next { gaps.append(ScalarRange(next, range.first - 1)) }
            next = range.last + 1
        }
        if next <= ScalarRange.highest { gaps.append(ScalarRange(next, ScalarRange.highest)) }
        return ScalarSet(gaps)
    }

    /// With every character that simple case folding makes equal to one in the set.
    var folded: ScalarSet {
        var more = ranges
        for range in ranges { CaseFolding.appendEquivalents(of: range, to: &more) }
        return more.count == ranges.count ? self : ScalarSet(more)
    }
}

/// The distinct sets of a pattern, numbered in the order in which they came up.
struct ScalarSets {
    private(set) var all: [ScalarSet] = []
    private var numbers: [ScalarSet: Int] = [:]

    mutating func number(of set: ScalarSet) -> Int {
        if let known = numbers[set] { return known }
        let number = all.count
        all.append(set)
        numbers[set] = number
        return number
    }
}
