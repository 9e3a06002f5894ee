// SPDX-License-Identifier: Apache-2.0
import RE2
import Testing

/// RE2 and Go share one syntax and one rule of preference; where the two differ is left out and named.
@Suite("Regular expressions as RE2 judges them")
struct JudgeTests {
    @Test("random patterns match the same bytes of random texts", arguments: [1, 2, 3, 4] as [UInt64])
    func matchesTheSameBytes(seed: UInt64) {
        var generator = PatternGenerator(seed: seed)
        var matches = 0
        for _ in 0..<600 {
            let pattern = generator.pattern()
            let expression = Result { () throws(RegularExpressionError) in try RegularExpression(pattern) }
            for _ in 0..<3 {
                let text = Array(generator.text().utf8)
                switch (Judge.verdict(on: pattern, text), expression) {
                case (.refused, .failure): break
                case (.refused, .success):
                    #expect(Self.isRefusedByTheJudgeAlone(pattern), "\(pattern) is refused by the judge")
                case (_, .failure(let error)): Issue.record("\(error)")
                case (.noMatch, .success(let expression)):
                    #expect(expression.firstMatch(in: text) == nil, "\(pattern) on \(text)")
                    #expect(!expression.matches(text), "\(pattern) on \(text)")
                case (.match(let span), .success(let expression)):
                    matches += 1
                    #expect(expression.firstMatch(in: text) == span, "\(pattern) on \(text)")
                    #expect(expression.matches(text), "\(pattern) on \(text)")
                    #expect(!expression.hasFixedBeginning || span.lowerBound == 0, "\(pattern)")
                    #expect(!expression.hasFixedEnd || span.upperBound == text.count, "\(pattern)")
                }
            }
        }
        #expect(matches > 500)
    }

    /// Of two groups with one name the judge refuses the second; Go keeps both.
    private static func isRefusedByTheJudgeAlone(_ pattern: String) -> Bool {
        pattern.split(separator: "(?P<n>", omittingEmptySubsequences: false).count > 2
    }

    @Test("what is no pattern is refused by both", arguments: [11, 12] as [UInt64])
    func refusesTheSame(seed: UInt64) {
        var generator = PatternGenerator(seed: seed)
        var refused = 0
        for _ in 0..<3_000 {
            let pattern = generator.soup()
            let isRefused = (try? RegularExpression(pattern)) == nil
            // `(?<` begins a name in Go alone.
            if pattern.contains("(?<") || Self.isRefusedByTheJudgeAlone(pattern) { continue }
            let isRefusedByTheJudge = Judge.verdict(on: pattern, []) == .refused
            #expect(isRefused == isRefusedByTheJudge, "\(pattern)")
            if isRefused { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    /// The judge's edition of Unicode is 14; of the characters that were there then, two have had a large form since.
    @Test(
        "without case, the same characters are equal",
        arguments: [
            "k", "S", "é", "ß", "σ", "µ", "Å", "ǆ", "θ", "ᾳ", "ﬀ", "ı", "İ", "Ⴀ", "Ꭰ", "𐐀", "[a-z]", "\\p{Lu}", "[^k]",
        ])
    func foldsTheSame(pattern: String) throws {
        let pattern = "(?i)^\(pattern)$"
        let expression = try RegularExpression(pattern)
        for value in [
            0x20...0x5FF, 0x10A0...0x10FF, 0x13A0...0x13FD, 0x1C80...0x1C88, 0x1E00...0x217F, 0xAB70...0xABBF,
            0xFB00...0xFB06, 0x10400...0x1044F,
        ] as [ClosedRange<UInt32>] {
            for scalar in value.compactMap(Unicode.Scalar.init)
            where scalar.properties.age.map({ $0.major < 14 }) == true && !"ƛɤ".unicodeScalars.contains(scalar) {
                let text = Array(String(scalar).utf8)
                let isMatch = Judge.verdict(on: pattern, text) == .match(0..<text.count)
                #expect(expression.matches(text) == isMatch, "\(pattern) on U+\(String(scalar.value, radix: 16))")
            }
        }
    }

    @Test("bytes that are no UTF-8 are characters of their own, as Go has it")
    func invalidBytes() throws {
        // The judge takes such bytes for no characters at all, so these are Go's answers.
        let any = try RegularExpression("^.$")
        #expect(any.matches([0xFF]))
        #expect(!any.matches([0xC3, 0x28]))
        #expect(!any.matches([0xED, 0xA0, 0x80]))
        #expect(try RegularExpression("^...$").matches([0xED, 0xA0, 0x80]))
        #expect(try RegularExpression("^.{4}$").matches([0xF4, 0x90, 0x80, 0x80]))
        #expect(try RegularExpression("^\\x{FFFD}{2}$").matches([0xC0, 0x80]))
        #expect(try RegularExpression("a.b").firstMatch(in: [0x80, 0x61, 0xE2, 0x62]) == 1..<4)
        #expect(!(try RegularExpression("^[^\\x{FFFD}]").matches([0xE2, 0x82])))
        #expect(try RegularExpression("^[^a]$").matches([0xF0]))
    }
}
