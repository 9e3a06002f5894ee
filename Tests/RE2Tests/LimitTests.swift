// SPDX-License-Identifier: Apache-2.0
import RE2
import Testing

@Suite("Patterns and texts that are made to be costly")
struct LimitTests {
    private static func refusal(_ pattern: String) -> RegularExpressionError.Reason? {
        let reading = Result { () throws(RegularExpressionError) in try RegularExpression(pattern) }
        return if case .failure(let error) = reading { error.reason } else { nil }
    }

    @Test(
        "a text that backtracking never finishes takes at most program times text",
        arguments: [
            ("^(a+)+$", "a", "b", false), ("(a|a)*b", "a", "", false), ("(x+x+)+y", "x", "", false),
            ("(a*)*c", "a", "", false), ("((a*)*)*$", "a", "b", true), ("(a?){30}a{30}$", "a", "b", false),
            ("^(([a-z])+.)+[A-Z]([a-z])+$", "a", "", false), ("(.*)(.*)(.*)(.*)[^a]$", "a", "", false),
            ("(?:(?:(?:a{1,2}){1,2}){1,2})*b", "aa", "", false), ("^(?:a|ab|b)*$", "ab", "c", false),
            ("\\b(\\w+\\b\\s?)+$", "word ", "!", false), ("(é|è)*ê", "é", "", false),
        ])
    func linear(pattern: String, unit: String, end: String, matches: Bool) throws {
        let expression = try RegularExpression(pattern)
        func steps(_ bytes: Int) -> Int {
            let text = Array(String(repeating: unit, count: bytes / unit.utf8.count).utf8) + Array(end.utf8)
            #expect(expression.matches(text) == matches)
            let slow = expression.matchesWithoutCache(text)
            #expect(slow.matches == matches)
            #expect(slow.steps <= (text.count + 1) * expression.programSize)
            return slow.steps
        }
        let few = steps(2_500)
        let many = steps(50_000)
        // Twenty times the text, about twenty times the steps.
        #expect(many <= few * 21)
        #expect(expression.cachedBytes <= 262_144)
    }

    @Test("the cache of states stays within its bound, and the answer is the same beyond it")
    func cacheIsBounded() throws {
        // The automaton of this one has more than 16,000 states.
        let expression = try RegularExpression("[a-m][a-z]{14}$")
        var generator = PatternGenerator(seed: 5)
        let noise = (0..<20_000).map { _ in UInt8(ascii: "a") + UInt8(generator.next() % 26) }
        for end in [UInt8(ascii: "a"), UInt8(ascii: "z")] {
            var text = noise
            text[text.count - 15] = end
            #expect(expression.matches(text) == (end == UInt8(ascii: "a")))
            #expect(expression.cachedBytes > 100_000)
            #expect(expression.cachedBytes <= 262_144)
        }
    }

    @Test("one expression is matched by many tasks at once")
    func concurrentUse() async throws {
        let expression = try RegularExpression("^(?:[a-z]+-)*[0-9]+$")
        let answers = await withTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    (0..<200).allSatisfy { round in
                        expression.matches("ab-cd-\(task)\(round)") && !expression.matches("ab-cd-\(round)x")
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: true, count: 16))
    }

    @Test("a small pattern that would become a large program is refused")
    func sizeBombs() throws {
        let largestCount = RegularExpressionError.Reason.invalidRepeatCount(limit: 1_000)
        let tooLarge = RegularExpressionError.Reason.programTooLarge(limit: 20_000)
        #expect(Self.refusal("((a{1000}){1000}){1000}") == largestCount)
        #expect(Self.refusal("(a{10}){101}") == largestCount)
        #expect(Self.refusal("(a{10}){100}") == nil)
        #expect(Self.refusal("a{1001}") == largestCount)
        #expect(Self.refusal("a{1000}") == nil)
        #expect(Self.refusal("a{2,1}") == largestCount)
        #expect(Self.refusal("a{99999999999999999999}") == largestCount)
        #expect(Self.refusal("(?:\(String(repeating: "a", count: 20))){1000}") == tooLarge)
        #expect(Self.refusal("(?:\(String(repeating: "a", count: 19))){1000}") == nil)
        #expect(Self.refusal(String(repeating: "a{1000}", count: 20)) == tooLarge)
        #expect(Self.refusal("(((x{1000}){0}){1000})") == nil)
    }

    @Test("a pattern is 32,768 bytes long and not one more")
    func patternLength() {
        #expect(Self.refusal(String(repeating: "|", count: 32_768)) == .programTooLarge(limit: 20_000))
        #expect(Self.refusal("[" + String(repeating: "a", count: 32_766) + "]") == nil)
        #expect(Self.refusal("[" + String(repeating: "a", count: 32_767) + "]") == .patternTooLong(limit: 32_768))
    }

    @Test("groups that capture are nested a thousand levels deep, the others until they cost too much")
    func nesting() {
        func nested(_ open: String, _ close: String, _ levels: Int) -> String {
            String(repeating: open, count: levels) + "a" + String(repeating: close, count: levels)
        }
        #expect(Self.refusal(nested("(", ")", 999)) == nil)
        #expect(Self.refusal(nested("(", ")", 1_000)) == .nestedTooDeeply(limit: 1_000))
        #expect(Self.refusal(nested("(?:", ")", 8_000)) == nil)
        #expect(Self.refusal(nested("(?:", ")*", 999)) == nil)
        #expect(Self.refusal(nested("(?:", ")*", 1_000)) == .nestedTooDeeply(limit: 1_000))
        #expect(Self.refusal(nested("(?:a", "b)", 1_000)) == nil)
        #expect(Self.refusal(nested("(?:|", ")", 1_000)) == nil)
        // What is inside would be copied outwards, level by level.
        #expect(Self.refusal(nested("(?:a", "b)", 5_000)) == .nestedTooDeeply(limit: 1_000))
        #expect(Self.refusal(nested("(?:|", ")", 6_000)) == .nestedTooDeeply(limit: 1_000))
        #expect(Self.refusal(String(repeating: "(", count: 32_768)) == .missingClosingParenthesis)
        #expect(Self.refusal(String(repeating: "(?:", count: 10_000)) == .missingClosingParenthesis)
    }

    @Test("large classes of characters are kept once, and bounded where they differ")
    func classes() throws {
        #expect(Self.refusal(String(repeating: "\\pL", count: 10_000)) == nil)
        let many = try RegularExpression("^" + String(repeating: "\\pL", count: 1_000))
        #expect(many.matches(String(repeating: "é", count: 1_000)))
        #expect(!many.matches(String(repeating: "é", count: 999) + "1"))
        let different = (0..<2_600).map { "[\\pL\\x{\(String($0, radix: 16))}]" }.joined()
        #expect(Self.refusal(different) == .classesTooLarge)
        #expect(Self.refusal(String(different.prefix(9_999)) + "]") == nil)
        // More symbols than the cache can tell apart: matched without it.
        let symbols = (0..<600).map { String(Unicode.Scalar(UInt32(0x4E00 + $0 * 2)) ?? "?") }
        let alphabet = try RegularExpression("^" + symbols.map { $0 + "x?" }.joined() + "$")
        #expect(alphabet.matches(symbols.joined()))
        #expect(!alphabet.matches(symbols.joined() + "y"))
        #expect(alphabet.cachedBytes == 0)
    }

    @Test("ten thousand alternatives are one set or one program within the bound")
    func alternatives() throws {
        #expect(try RegularExpression(String(repeating: "a|", count: 10_000) + "b").programSize == 2)
        #expect(Self.refusal(String(repeating: "ab|", count: 10_000)) == .programTooLarge(limit: 20_000))
        let names = (0..<2_000).map { "acme/app\($0)" }
        let expression = try RegularExpression("^(?:" + names.prefix(1_200).joined(separator: "|") + ")$")
        #expect(expression.matches("acme/app1199"))
        #expect(!expression.matches("acme/app1200"))
        #expect(!expression.matches("acme/app11990"))
    }
}
