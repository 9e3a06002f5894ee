// SPDX-License-Identifier: Apache-2.0

/// A regular expression in the dialect of Go's `regexp` package (the syntax of RE2), compiled once and matched in time
/// linear in the text: no backtracking, no lookaround, no backreferences.
///
/// It sees bytes as UTF-8 and nothing else: no grapheme clusters, no canonical equivalence, no case folding unless the
/// pattern asks for it with `(?i)`. `.` is any character but a line feed, and `$` is the end of the text alone unless
/// `(?m)` is on. A search is not anchored: a pattern that is to cover the whole text says so with `^` and `$`.
///
/// Two are equal if their patterns have the same bytes.
public struct RegularExpression: Sendable {
    /// The text it was made from.
    public let pattern: String
    /// Every match begins at the beginning of the text, whichever alternative matches.
    public let hasFixedBeginning: Bool
    /// Every match ends at the end of the text, whichever alternative matches.
    public let hasFixedEnd: Bool
    /// Where dots stand that match exactly one character, whichever: bytes from the beginning of the pattern. An escaped
    /// dot, one in a class and one with a repetition after it are none of them.
    public let singleDots: [Int]
    private let program: Program

    /// Compiles `pattern`, which is at most 32,768 bytes long; throws where Go refuses it, or where it would need more
    /// than `PatternLimits` allow.
    public init(_ pattern: String) throws(RegularExpressionError) {
        var parser = try Parser(pattern: pattern)
        let root = try parser.parse()
        self.pattern = pattern
        hasFixedBeginning = root.hasFixedBeginning
        hasFixedEnd = root.hasFixedEnd
        singleDots = parser.singleDots
        program = Program(root: root, sets: parser.sets.all)
    }

    /// Whether any part of the text matches.
    public func matches(_ text: String) -> Bool {
        program.matches(text.utf8.span)
    }

    /// Whether any part of the text matches; each byte that is no part of valid UTF-8 counts as one U+FFFD.
    public func matches(_ utf8: [UInt8]) -> Bool {
        program.matches(utf8.span)
    }

    /// The bytes of the leftmost match and, of those that begin there, the one that Perl would have found; bytes that
    /// are no valid UTF-8 as in `matches`.
    public func firstMatch(in utf8: [UInt8]) -> Range<Int>? {
        var matcher = ThreadedMatcher(program: program)
        return matcher.firstMatch(in: utf8.span)
    }

    /// The same answer as `matches` without the cache of states, and how many instructions that took: what the slow
    /// way costs is at most program times text.
    package func matchesWithoutCache(_ utf8: [UInt8]) -> (matches: Bool, steps: Int) {
        var matcher = ThreadedMatcher(program: program)
        return (matcher.matches(utf8.span), matcher.steps)
    }

    /// How many instructions the compiled program has.
    package var programSize: Int { program.instructions.count }

    /// How many bytes the cache of states holds now; at most `PatternLimits.cachedBytes`.
    package var cachedBytes: Int { program.cachedBytes }
}

extension RegularExpression: Hashable {
    public static func == (left: RegularExpression, right: RegularExpression) -> Bool {
        left.pattern.utf8.elementsEqual(right.pattern.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in pattern.utf8 { hasher.combine(byte) }
        hasher.combine(pattern.utf8.count)
    }
}
