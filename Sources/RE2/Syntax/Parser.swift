// SPDX-License-Identifier: Apache-2.0

/// Reads a pattern into a tree, as `regexp/syntax` of Go 1.27 does with the flags of `regexp.Compile`.
///
/// Groups are kept on a stack of our own, so that no depth of nesting takes the thread's.
struct Parser {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let foldCase = Flags(rawValue: 1)
        static let multiLine = Flags(rawValue: 2)
        static let dotMatchesLineFeed = Flags(rawValue: 4)
        static let reluctant = Flags(rawValue: 8)
    }

    /// A group that is open, or the pattern itself.
    private struct Group {
        /// The byte of its parenthesis.
        let offset: Int
        let captures: Bool
        /// The flags to go on with after it.
        let outerFlags: Flags
        var alternatives: [Node] = []
        var items: [Node] = []
    }

    let text: [UInt8]
    var position = 0
    var flags: Flags = []
    var sets = ScalarSets()
    /// The ranges of all classes written so far; see `PatternLimits.classRanges`.
    var classRanges = 0
    /// Where dots stand that are not repeated: bytes from the beginning.
    private(set) var singleDots: [Int] = []
    /// Sets of Unicode classes that were named before, by the name as it was written.
    var unicodeClasses: [UnicodeClassName: ScalarSet] = [:]
    private var literals: [UInt64: Int] = [:]
    /// See `PatternLimits.copiedNodes`.
    private var copiedNodes = 0
    private var groups = [Group(offset: 0, captures: false, outerFlags: [])]

    init(pattern: String) throws(RegularExpressionError) {
        guard pattern.utf8.count <= PatternLimits.patternBytes else {
            throw RegularExpressionError(
                .patternTooLong(limit: PatternLimits.patternBytes), offset: 0, fragment: String(pattern.prefix(40)))
        }
        text = Array(pattern.utf8)
    }

    /// The byte `distance` after the next one; nil at the end.
    func peek(_ distance: Int = 0) -> UInt8? {
        position + distance < text.count ? text[position + distance] : nil
    }

    /// The next character, which there must be.
    mutating func nextScalar() -> UInt32 {
        let (scalar, width) = ScalarReader.scalar(in: text.span, at: position)
        position += width
        return scalar
    }

    func error(_ reason: RegularExpressionError.Reason, from start: Int, to end: Int? = nil) -> RegularExpressionError {
        let fragment = String(decoding: text[min(start, text.count)..<(end ?? text.count)], as: UTF8.self)
        return RegularExpressionError(reason, offset: start, fragment: String(fragment.prefix(40)))
    }

    mutating func parse() throws(RegularExpressionError) -> Node {
        // The end of the repetition that was read last.
        var afterRepetition: Int?
        while let byte = peek() {
            let start = position
            switch byte {
            case UInt8(ascii: "("):
                if peek(1) == UInt8(ascii: "?") {
                    try parseGroupOrFlags()
                } else {
                    position += 1
                    openGroup(at: start, captures: true)
                }
            case UInt8(ascii: "|"):
                position += 1
                try closeAlternative()
            case UInt8(ascii: ")"):
                guard groups.count > 1 else { throw error(.unexpectedClosingParenthesis, from: start, to: start + 1) }
                position += 1
                try closeGroup()
            case UInt8(ascii: "^"):
                position += 1
                try append(.assertion(flags.contains(.multiLine) ? .beginningOfLine : .beginningOfText))
            case UInt8(ascii: "$"):
                position += 1
                try append(.assertion(flags.contains(.multiLine) ? .endOfLine : .endOfText))
            case UInt8(ascii: "."):
                position += 1
                singleDots.append(start)
                try append(set: flags.contains(.dotMatchesLineFeed) ? .all : .allButLineFeed)
            case UInt8(ascii: "["):
                try append(set: try parseClass())
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
                guard let counts = try parseCounts() else {
                    position += 1
                    try append(literal: UInt32(byte))
                    break
                }
                try repeatLast(counts, from: start, isRepeated: afterRepetition == start)
                afterRepetition = position
            case UInt8(ascii: "\\"):
                try parseBackslash()
            default:
                try append(literal: nextScalar())
            }
        }
        if groups.count > 1 { throw error(.missingClosingParenthesis, from: groups[groups.count - 1].offset) }
        return try closedNode(groups[0])
    }

    // MARK: Groups

    mutating func openGroup(at offset: Int, captures: Bool) {
        groups.append(Group(offset: offset, captures: captures, outerFlags: flags))
    }

    private mutating func closeAlternative() throws(RegularExpressionError) {
        let last = groups.count - 1
        let node = try concatenation(groups[last].items)
        groups[last].items = []
        groups[last].alternatives.append(node)
    }

    private mutating func closeGroup() throws(RegularExpressionError) {
        guard let group = groups.popLast() else { return }
        let node = try closedNode(group)
        flags = group.outerFlags
        try append(group.captures ? .group(node) : node)
    }

    private mutating func closedNode(_ group: Group) throws(RegularExpressionError) -> Node {
        let alternatives = try merged(group.alternatives + [try concatenation(group.items)])
        try count(copiesOf: alternatives)
        return try checked(.alternation(alternatives))
    }

    /// The same alternatives with each run of single characters as one set: no order matters between those.
    private mutating func merged(_ alternatives: [Node]) throws(RegularExpressionError) -> [Node] {
        guard alternatives.count > 1 else { return alternatives }
        var merged: [Node] = []
        var run: [Int] = []
        for (index, node) in alternatives.enumerated() {
            if let number = node.setNumber { run.append(number) }
            let isLast = index + 1 == alternatives.count
            guard isLast || node.setNumber == nil || alternatives[index + 1].setNumber == nil else { continue }
            if run.count > 1 {
                let distinct = Set(run).sorted()
                let ranges = distinct.flatMap { sets.all[$0].ranges }
                try count(ranges: ranges.count)
                merged.append(.set(sets.number(of: ScalarSet(ranges)), isLiteral: false))
            } else {
                merged.append(node)
            }
            run = []
        }
        return merged
    }

    private mutating func concatenation(_ items: [Node]) throws(RegularExpressionError) -> Node {
        try count(copiesOf: items)
        return try checked(.concatenation(items))
    }

    // MARK: Items

    mutating func append(_ node: Node) throws(RegularExpressionError) {
        groups[groups.count - 1].items.append(try checked(node))
    }

    mutating func append(set: ScalarSet) throws(RegularExpressionError) {
        try append(.set(sets.number(of: set), isLiteral: false))
    }

    /// A character that stands for itself, or for what folds together with it.
    mutating func append(literal scalar: UInt32) throws(RegularExpressionError) {
        let isFolded = flags.contains(.foldCase)
        let key = UInt64(scalar) << 1 | (isFolded ? 1 : 0)
        let number: Int
        if let known = literals[key] {
            number = known
        } else {
            let set = ScalarSet([ScalarRange(scalar, scalar)])
            number = sets.number(of: isFolded ? set.folded : set)
            literals[key] = number
        }
        try append(.set(number, isLiteral: true))
    }

    private mutating func repeatLast(
        _ counts: Counts, from start: Int, isRepeated: Bool
    ) throws(RegularExpressionError) {
        if isRepeated { throw error(.repeatedRepetition, from: start, to: position) }
        let last = groups.count - 1
        guard let item = groups[last].items.popLast() else { throw error(.nothingToRepeat, from: start, to: position) }
        let node = Node.repetition(
            item, minimum: counts.minimum, maximum: counts.maximum, isGreedy: counts.isGreedy,
            isCounted: counts.isCounted)
        // Go looks at the product only where a count is more than 1.
        let isLimited = counts.isCounted && (counts.minimum > 1 || (counts.maximum ?? 0) > 1)
        if isLimited && node.repetitions > PatternLimits.repetitions {
            throw error(.invalidRepeatCount(limit: PatternLimits.repetitions), from: start, to: position)
        }
        groups[last].items.append(try checked(node))
        if singleDots.last == start - 1 { singleDots.removeLast() }
    }

    /// The node, if it is within the limits.
    private func checked(_ node: Node) throws(RegularExpressionError) -> Node {
        if node.height > PatternLimits.height {
            throw error(.nestedTooDeeply(limit: PatternLimits.height), from: 0)
        }
        if node.size > PatternLimits.instructions {
            throw error(.programTooLarge(limit: PatternLimits.instructions), from: 0)
        }
        return node
    }

    private mutating func count(copiesOf nodes: [Node]) throws(RegularExpressionError) {
        guard nodes.count > 1 else { return }
        copiedNodes += nodes.reduce(0) { $0 + $1.copiedNodes }
        if copiedNodes > PatternLimits.copiedNodes {
            throw error(.nestedTooDeeply(limit: PatternLimits.height), from: 0)
        }
    }

    mutating func count(ranges: Int) throws(RegularExpressionError) {
        classRanges += ranges
        if classRanges > PatternLimits.classRanges { throw error(.classesTooLarge, from: 0) }
    }
}
