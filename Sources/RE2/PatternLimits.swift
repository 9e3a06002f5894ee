// SPDX-License-Identifier: Apache-2.0

/// How large a pattern and what is made of it may be.
enum PatternLimits {
    /// Bytes of a pattern. Ours: hundreds of repositories in one alternation take a tenth of it.
    static let patternBytes = 32_768
    /// The largest count in `x{n,m}`, and the largest product of the counts of nested repetitions. Go's.
    static let repetitions = 1_000
    /// Levels of the syntax tree; groups that do not capture count for nothing. Go's.
    static let height = 1_000
    /// Nodes that are copied when groups that do not capture become part of what is around them. Ours: two thousand
    /// levels of them, or a quarter of a second.
    static let copiedNodes = 4_000_000
    /// Instructions of a program. Ours: twenty times the longest repetition; Go allows 3.3 million.
    static let instructions = 20_000
    /// Ranges written by all character classes together. Ours: 8 MB; Go allows sixteen times as many.
    static let classRanges = 1_000_000
    /// Bytes of the cache of states of one expression. Ours: some hundred states of an everyday pattern take 64 KB.
    static let cachedBytes = 262_144
    /// How often the cache may run full within one text before the text is matched without it. Ours.
    static let cacheFlushes = 4
    /// Sets of characters times ranges that are looked at to find out which characters need not be told apart. Ours: a
    /// few milliseconds.
    static let classificationWork = 1_000_000
}
