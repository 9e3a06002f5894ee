// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// How often the item before is repeated.
    struct Counts {
        var minimum: Int
        /// Nil without bound.
        var maximum: Int?
        var isGreedy: Bool
        /// Written in braces.
        var isCounted: Bool
    }

    /// The repetition that begins here, with the `?` after it; nil if the brace here is but a brace.
    mutating func parseCounts() throws(RegularExpressionError) -> Counts? {
        let start = position
        var counts: Counts
        switch peek() {
        case UInt8(ascii: "*"): counts = Counts(minimum: 0, maximum: nil, isGreedy: true, isCounted: false)
        case UInt8(ascii: "+"): counts = Counts(minimum: 1, maximum: nil, isGreedy: true, isCounted: false)
        case UInt8(ascii: "?"): counts = Counts(minimum: 0, maximum: 1, isGreedy: true, isCounted: false)
        default:
            guard let braces = parseBraces() else {
                position = start
                return nil
            }
            let largest = max(braces.minimum, braces.maximum ?? 0)
            guard largest <= PatternLimits.repetitions, braces.minimum <= braces.maximum ?? Int.max else {
                throw error(.invalidRepeatCount(limit: PatternLimits.repetitions), from: start, to: position)
            }
            counts = Counts(minimum: braces.minimum, maximum: braces.maximum, isGreedy: true, isCounted: true)
            position -= 1
        }
        position += 1
        if flags.contains(.reluctant) { counts.isGreedy.toggle() }
        if peek() == UInt8(ascii: "?") {
            position += 1
            counts.isGreedy.toggle()
        }
        return counts
    }

    /// `{n}`, `{n,}` or `{n,m}`; nil if it is none of these.
    private mutating func parseBraces() -> (minimum: Int, maximum: Int?)? {
        position += 1
        guard let minimum = parseNumber() else { return nil }
        var maximum: Int? = minimum
        if peek() == UInt8(ascii: ",") {
            position += 1
            if peek() == UInt8(ascii: "}") {
                maximum = nil
            } else {
                guard let number = parseNumber() else { return nil }
                maximum = number
            }
        }
        guard peek() == UInt8(ascii: "}") else { return nil }
        position += 1
        return (minimum, maximum)
    }

    /// Decimal digits without a leading zero; any number beyond 10^8 comes out as one that is too large anyway.
    private mutating func parseNumber() -> Int? {
        func digit(_ byte: UInt8?) -> Int? {
            guard let byte, (0x30...0x39).contains(byte) else { return nil }
            return Int(byte) - 0x30
        }
        guard let first = digit(peek()), !(first == 0 && digit(peek(1)) != nil) else { return nil }
        var number = 0
        while let next = digit(peek()) {
            number = min(number * 10 + next, 100_000_000)
            position += 1
        }
        return number
    }
}
