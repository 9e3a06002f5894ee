// SPDX-License-Identifier: Apache-2.0

/// What stands between two characters rather than for one.
enum Assertion: UInt8, Sendable {
    case beginningOfText
    case endOfText
    case beginningOfLine
    case endOfLine
    case wordBoundary
    case noWordBoundary
}

/// A part of a pattern with what must be known of it before it is compiled.
struct Node {
    indirect enum Kind {
        case empty
        /// One character of the set with this number. A literal character is a set of one.
        case set(Int, isLiteral: Bool)
        case assertion(Assertion)
        case group(Node)
        case concatenation([Node])
        case alternation([Node])
        /// `maximum` is nil without bound; both are at most `PatternLimits.repetitions`.
        case repetition(Node, minimum: Int, maximum: Int?, isGreedy: Bool)
    }

    let kind: Kind
    /// Levels of the tree below and including this one.
    let height: Int
    /// Instructions that it compiles to, or a few more.
    let size: Int
    /// The largest product of the counts of repetitions nested within each other.
    let repetitions: Int
    /// It matches without consuming anything, somewhere.
    let canBeEmpty: Bool
    let hasFixedBeginning: Bool
    let hasFixedEnd: Bool

    private init(
        _ kind: Kind, height: Int = 1, size: Int, repetitions: Int = 1, canBeEmpty: Bool,
        hasFixedBeginning: Bool = false, hasFixedEnd: Bool = false
    ) {
        self.kind = kind
        self.height = height
        self.size = size
        self.repetitions = repetitions
        self.canBeEmpty = canBeEmpty
        self.hasFixedBeginning = hasFixedBeginning
        self.hasFixedEnd = hasFixedEnd
    }

    static var empty: Node { Node(.empty, size: 0, canBeEmpty: true) }

    static func set(_ number: Int, isLiteral: Bool) -> Node {
        Node(.set(number, isLiteral: isLiteral), size: 1, canBeEmpty: false)
    }

    static func assertion(_ assertion: Assertion) -> Node {
        Node(
            .assertion(assertion), size: 1, canBeEmpty: true, hasFixedBeginning: assertion == .beginningOfText,
            hasFixedEnd: assertion == .endOfText)
    }

    static func group(_ inner: Node) -> Node {
        Node(
            .group(inner), height: inner.height + 1, size: inner.size, repetitions: inner.repetitions,
            canBeEmpty: inner.canBeEmpty, hasFixedBeginning: inner.hasFixedBeginning, hasFixedEnd: inner.hasFixedEnd)
    }

    /// One after the other. What is at a fixed place in any of them is so in all: nothing comes before the beginning.
    static func concatenation(_ parts: [Node]) -> Node {
        guard parts.count != 1 else { return parts[0] }
        var items: [Node] = []
        for part in parts {
            if case .concatenation(let inner) = part.kind { items += inner } else { items.append(part) }
        }
        guard !items.isEmpty else { return .empty }
        return Node(
            .concatenation(items),
            // A string of literals is one level, as in Go.
            height: items.allSatisfy(\.isLiteral) ? 1 : 1 + (items.map(\.height).max() ?? 0),
            size: items.reduce(0) { $0 + $1.size },
            repetitions: items.map(\.repetitions).max() ?? 1,
            canBeEmpty: items.allSatisfy(\.canBeEmpty),
            hasFixedBeginning: items.contains(where: \.hasFixedBeginning),
            hasFixedEnd: items.contains(where: \.hasFixedEnd))
    }

    /// The first that leads to a match.
    static func alternation(_ parts: [Node]) -> Node {
        guard parts.count != 1 else { return parts[0] }
        var items: [Node] = []
        for part in parts {
            if case .alternation(let inner) = part.kind { items += inner } else { items.append(part) }
        }
        return Node(
            .alternation(items),
            height: 1 + (items.map(\.height).max() ?? 0),
            // Between two alternatives stand a split and a jump.
            size: items.reduce(0) { $0 + $1.size + 2 },
            repetitions: items.map(\.repetitions).max() ?? 1,
            canBeEmpty: items.contains(where: \.canBeEmpty),
            hasFixedBeginning: items.allSatisfy(\.hasFixedBeginning),
            hasFixedEnd: items.allSatisfy(\.hasFixedEnd))
    }

    static func repetition(_ inner: Node, minimum: Int, maximum: Int?, isGreedy: Bool, isCounted: Bool) -> Node {
        let count = isCounted ? maximum ?? minimum : 0
        let copies = maximum ?? max(minimum, 1)
        return Node(
            .repetition(inner, minimum: minimum, maximum: maximum, isGreedy: isGreedy),
            height: inner.height + 1,
            size: copies * inner.size + (maximum.map { $0 - minimum } ?? 2) + 1,
            repetitions: isCounted && maximum == 0 ? 1 : max(count, 1) * inner.repetitions,
            canBeEmpty: minimum == 0 || inner.canBeEmpty,
            hasFixedBeginning: minimum > 0 && inner.hasFixedBeginning,
            hasFixedEnd: minimum > 0 && inner.hasFixedEnd)
    }

    /// How many nodes are copied when this one becomes part of another of its kind.
    var copiedNodes: Int {
        switch kind {
        case .concatenation(let items), .alternation(let items): items.count
        default: 0
        }
    }

    private var isLiteral: Bool {
        if case .set(_, isLiteral: true) = kind { true } else { false }
    }

    /// The number of the set, if it is a set and nothing else.
    var setNumber: Int? {
        if case .set(let number, _) = kind { number } else { nil }
    }
}
