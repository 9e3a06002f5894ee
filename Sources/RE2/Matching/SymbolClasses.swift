// SPDX-License-Identifier: Apache-2.0

/// Characters in classes that no set and no assertion of a program tells apart; each class is a symbol, numbered from 0.
struct SymbolClasses: Sendable {
    /// The symbol of each character of ASCII; 128 of them.
    let ascii: [UInt8]
    /// A character of each symbol.
    let representatives: [UInt32]
    /// Where characters of another symbol begin, in order, from 0.
    private let boundaries: [UInt32]
    /// The symbol from each boundary on.
    private let symbols: [UInt8]

    var count: Int { representatives.count }

    /// Nil if there were more than 255, or to find out would be too much work.
    init?(sets: [ScalarSet], usesLines: Bool, usesWords: Bool) {
        var sets = sets
        if usesLines { sets.append(.lineFeed) }
        if usesWords { sets.append(ASCIIClass.word) }
        let rangeCount = sets.reduce(0) { $0 + $1.ranges.count }
        // Both are below `PatternLimits.classRanges` and 20,000, so the product is no overflow.
        guard rangeCount * 2 * sets.count <= PatternLimits.classificationWork else { return nil }
        var all: [UInt32] = [0]
        all.reserveCapacity(rangeCount * 2 + 1)
        for set in sets {
            for range in set.ranges {
                all.append(range.first)
                if range.last < ScalarRange.highest { all.append(range.last + 1) }
            }
        }
        all.sort()
        var boundaries: [UInt32] = []
        for boundary in all where boundaries.last != boundary { boundaries.append(boundary) }

        // All are one class at first; each set then divides every class into what it holds and what it does not.
        var classes = Array(repeating: 0, count: boundaries.count)
        var count = 1
        for set in sets {
            var renumbered = Array(repeating: -1, count: count * 2)
            var next = 0
            var index = 0
            for (place, boundary) in boundaries.enumerated() {
                while index < set.ranges.count, set.ranges[index].last < boundary { index += 1 }
                let isIn = index < set.ranges.count && set.ranges[index].first <= boundary
                let key = classes[place] * 2 + (isIn ? 1 : 0)
                if renumbered[key] < 0 {
                    renumbered[key] = next
                    next += 1
                }
                classes[place] = renumbered[key]
            }
            count = next
            if count > 255 { return nil }
        }
        var representatives = Array(repeating: UInt32(0), count: count)
        for (place, boundary) in boundaries.enumerated().reversed() { representatives[classes[place]] = boundary }
        self.representatives = representatives
        self.boundaries = boundaries
        symbols = classes.map { UInt8(truncatingIfNeeded: $0) }
        var ascii: [UInt8] = []
        var place = 0
        for scalar in 0..<UInt32(0x80) {
            while place + 1 < boundaries.count, boundaries[place + 1] <= scalar { place += 1 }
            ascii.append(symbols[place])
        }
        self.ascii = ascii
    }

    func symbol(of scalar: UInt32) -> Int {
        var low = 0
        var high = boundaries.count
        while low < high {
            let middle = (low + high) / 2
            if boundaries[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        // The first boundary is 0, so `low` is at least 1.
        return Int(symbols[low - 1])
    }
}
