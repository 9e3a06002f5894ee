// SPDX-License-Identifier: Apache-2.0
import CRE2

/// RE2 itself, as the system's library has it.
enum Judge {
    enum Verdict: Equatable {
        case refused
        case noMatch
        case match(Range<Int>)
    }

    static func verdict(on pattern: String, _ text: [UInt8]) -> Verdict {
        var begin = 0
        var end = 0
        let answer = Array(pattern.utf8).withUnsafeBytes { pattern in
            text.withUnsafeBytes { text in
                cre2_search(
                    pattern.baseAddress?.assumingMemoryBound(to: CChar.self), pattern.count,
                    text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, &begin, &end)
            }
        }
        return answer < 0 ? .refused : answer == 0 ? .noMatch : .match(begin..<end)
    }
}

/// Patterns and texts out of a seed, the same on every machine.
struct PatternGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// splitmix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private mutating func one<Value>(of values: [Value]) -> Value {
        values[Int(next() % UInt64(values.count))]
    }

    private static let atoms = [
        "a", "b", "c", "A", "B", "k", "s", "é", "ß", "σ", "1", "_", " ", "-", "\\.", ".", "\\n", "\\x{e9}", "\\x41",
        "\\d",
        "\\D", "\\w", "\\W", "\\s", "\\S", "[ab]", "[^ab]", "[a-c]", "[^\\d]", "[[:alpha:]]", "[[:^upper:]]",
        "[\\w-]", "[^\\n]", "[\\s\\S]", "\\pL", "\\PL", "\\p{Lu}", "\\P{Ll}", "\\p{Greek}", "[^\\p{Latin}]",
        "\\Qa.b\\E",
        "ab", "ba", "aab",
    ]
    private static let assertions = ["^", "$", "\\b", "\\B", "\\A", "\\z", "(?m:^)", "(?m:$)", ""]
    private static let repetitions = [
        "*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{0,1}", "{1,3}", "{2,}", "{0,}?", "{1,2}?",
    ]
    private static let groups = ["(", "(?:", "(?i:", "(?s:", "(?m:", "(?U:", "(?P<n>", "(?-s:", "(?i-m:"]
    private static let letters = Array(" aabbbccABkKsS1_-.\nxéÉßẞσςΣ\u{212A}\u{17F}日e\u{301}").map(String.init)

    mutating func pattern(depth: Int = 4) -> String {
        switch next() % (depth == 0 ? 3 : 10) {
        case 0, 1: return one(of: Self.atoms)
        case 2: return one(of: Self.assertions) + one(of: Self.atoms) + one(of: Self.assertions)
        case 3, 4:
            let open = one(of: Self.groups)
            // A name may stand only once in a pattern of the judge.
            let inner = open == "(?P<n>" ? one(of: Self.atoms) : pattern(depth: depth - 1)
            return open + inner + ")" + one(of: Self.repetitions)
        case 5: return one(of: Self.atoms) + one(of: Self.repetitions)
        case 6: return pattern(depth: depth - 1) + "|" + pattern(depth: depth - 1)
        case 7: return "(" + pattern(depth: depth - 1) + "|" + one(of: ["", pattern(depth: depth - 1)]) + ")"
        default: return pattern(depth: depth - 1) + pattern(depth: depth - 1)
        }
    }

    mutating func text() -> String {
        (0..<(next() % 14)).map { _ in one(of: Self.letters) }.joined()
    }

    /// Anything that looks like a pattern, most of it wrong.
    mutating func soup() -> String {
        let pieces =
            [
                "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "\\", "^", "-", ":", "<", ">", "P", ",", "2", "{2,1}",
                "é",
            ]
            + Self.atoms + Self.groups
        return (0..<(next() % 9)).map { _ in one(of: pieces) }.joined()
    }
}
