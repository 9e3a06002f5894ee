// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// A class of Unicode as it was named, and what was made of it.
    struct UnicodeClassName: Hashable {
        let name: [UInt8]
        let isNegative: Bool
        let isFolded: Bool
    }

    /// `[…]`, as one set.
    mutating func parseClass() throws(RegularExpressionError) -> ScalarSet {
        let start = position
        position += 1
        let isNegative = peek() == UInt8(ascii: "^")
        if isNegative { position += 1 }
        var ranges: [ScalarRange] = []
        // The first may be a `]` that closes nothing.
        var isFirst = true
        while isFirst || peek() != UInt8(ascii: "]") {
            isFirst = false
            if let named = try parseNamedClass() {
                try count(ranges: named.ranges.count)
                ranges += named.ranges
                continue
            }
            if peek() == UInt8(ascii: "\\"), let set = try parseClassEscape() {
                try count(ranges: set.ranges.count)
                ranges += set.ranges
                continue
            }
            let rangeStart = position
            let first = try parseClassScalar(of: start)
            var last = first
            // A hyphen before the closing bracket is but a hyphen.
            if peek() == UInt8(ascii: "-"), let next = peek(1), next != UInt8(ascii: "]") {
                position += 1
                last = try parseClassScalar(of: start)
                if last < first { throw error(.reversedRange, from: rangeStart, to: position) }
            }
            let range = ScalarRange(first, last)
            try count(ranges: 1)
            ranges.append(range)
            if flags.contains(.foldCase) {
                let before = ranges.count
                CaseFolding.appendEquivalents(of: range, to: &ranges)
                try count(ranges: ranges.count - before)
            }
        }
        position += 1
        let set = ScalarSet(ranges)
        return isNegative ? set.inverted : set
    }

    private mutating func parseClassScalar(of start: Int) throws(RegularExpressionError) -> UInt32 {
        guard let byte = peek() else { throw error(.missingClosingBracket, from: start) }
        return byte == UInt8(ascii: "\\") ? try parseEscape() : nextScalar()
    }

    /// `[:alpha:]` or `[:^alpha:]`; nil where no such thing begins.
    private mutating func parseNamedClass() throws(RegularExpressionError) -> ScalarSet? {
        guard peek() == UInt8(ascii: "["), peek(1) == UInt8(ascii: ":"), peek(2) != nil else { return nil }
        let start = position
        var end = position + 2
        while end + 1 < text.count, !(text[end] == UInt8(ascii: ":") && text[end + 1] == UInt8(ascii: "]")) {
            end += 1
        }
        guard end + 1 < text.count else { return nil }
        var name = text[(start + 2)..<end]
        let isNegative = name.first == UInt8(ascii: "^")
        if isNegative { name.removeFirst() }
        guard let set = ASCIIClass.posix(String(decoding: name, as: UTF8.self)) else {
            throw error(.unknownNamedClass, from: start, to: end + 2)
        }
        position = end + 2
        return finished(set, isNegative: isNegative)
    }

    /// `\d`, `\pL`, `\p{Greek}` and their like; nil where another escape begins.
    mutating func parseClassEscape() throws(RegularExpressionError) -> ScalarSet? {
        guard let letter = peek(1) else { return nil }
        if letter == UInt8(ascii: "p") || letter == UInt8(ascii: "P") { return try parseUnicodeClass() }
        // A large letter is the same class, negated.
        guard isLetterOrDigit(letter), let set = ASCIIClass.perl(letter | 0x20) else { return nil }
        position += 2
        return finished(set, isNegative: letter & 0x20 == 0)
    }

    private mutating func parseUnicodeClass() throws(RegularExpressionError) -> ScalarSet {
        let start = position
        var isNegative = peek(1) == UInt8(ascii: "P")
        position += 2
        guard let byte = peek() else { throw error(.unknownUnicodeClass, from: start) }
        var name: ArraySlice<UInt8>
        if byte == UInt8(ascii: "{") {
            guard let end = text[position...].firstIndex(of: UInt8(ascii: "}")) else {
                throw error(.unknownUnicodeClass, from: start)
            }
            name = text[(position + 1)..<end]
            position = end + 1
        } else {
            let first = position
            _ = nextScalar()
            name = text[first..<position]
        }
        if name.first == UInt8(ascii: "^") {
            isNegative.toggle()
            name.removeFirst()
        }
        let key = UnicodeClassName(name: Array(name), isNegative: isNegative, isFolded: flags.contains(.foldCase))
        if let known = unicodeClasses[key] { return known }
        guard let set = UnicodeClass.set(named: name) else {
            throw error(.unknownUnicodeClass, from: start, to: position)
        }
        let finished = finished(set, isNegative: isNegative)
        unicodeClasses[key] = finished
        return finished
    }

    /// Folding comes before negation: without case, `\P{Lu}` holds no letter that has a large form.
    private func finished(_ set: ScalarSet, isNegative: Bool) -> ScalarSet {
        let folded = flags.contains(.foldCase) ? set.folded : set
        return isNegative ? folded.inverted : folded
    }
}
