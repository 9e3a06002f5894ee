// SPDX-License-Identifier: Apache-2.0
import RE2
import Testing

@Suite("What a pattern may hold")
struct SyntaxTests {
    @Test(
        "what Go refuses is refused with a reason and a place",
        arguments: [
            ("a(?=b)", .lookahead, 1, "(?="), ("a(?!b)", .lookahead, 1, "(?!"), ("(?<=a)b", .lookbehind, 0, "(?<=a)b"),
            ("(?<!a)b", .lookbehind, 0, "(?<!a)b"), ("(?>a)", .atomicGroup, 0, "(?>"), ("(?#a)", .comment, 0, "(?#"),
            ("(?x)a", .unknownGroup, 0, "(?x"), ("(?i", .unknownGroup, 0, "(?i"), ("(?-)a", .unknownGroup, 0, "(?-)"),
            ("(?P=n)", .unknownGroup, 0, "(?P"), ("(?R)", .unknownGroup, 0, "(?R"),
            ("(?P<a", .invalidGroupName, 0, "(?P<a"),
            ("(?P<a-b>c)", .invalidGroupName, 0, "(?P<a-b>"), ("(?<>c)", .invalidGroupName, 0, "(?<>"),
            ("(a)\\1", .backreference, 3, "\\1"), ("\\k<n>", .backreference, 0, "\\k"),
            ("\\8", .backreference, 0, "\\8"),
            ("\\C", .anyByte, 0, "\\C"), ("é\\Z", .unknownEscape, 2, "\\Z"), ("\\h", .unknownEscape, 0, "\\h"),
            ("\\é", .unknownEscape, 0, "\\é"), ("\\u0041", .unknownEscape, 0, "\\u"),
            ("\\x4", .unknownEscape, 0, "\\x4"),
            ("\\x{110000}", .unknownEscape, 0, "\\x{110000"), ("\\x{}", .unknownEscape, 0, "\\x{}"),
            ("[\\b]", .unknownEscape, 1, "\\b"), ("a\\E", .unknownEscape, 1, "\\E"),
            ("a\\", .trailingBackslash, 1, "\\"),
            ("a**", .repeatedRepetition, 2, "*"), ("a++", .repeatedRepetition, 2, "+"),
            ("a*+", .repeatedRepetition, 2, "+"),
            ("a{2}{3}", .repeatedRepetition, 4, "{3}"), ("a???", .repeatedRepetition, 3, "?"),
            ("*a", .nothingToRepeat, 0, "*"), ("(|+)", .nothingToRepeat, 2, "+"), ("\\Q\\E?", .nothingToRepeat, 4, "?"),
            ("a{1001}", .invalidRepeatCount(limit: 1_000), 1, "{1001}"),
            ("(a", .missingClosingParenthesis, 0, "(a"), ("a)", .unexpectedClosingParenthesis, 1, ")"),
            ("[a", .missingClosingBracket, 0, "[a"), ("x[]", .missingClosingBracket, 1, "[]"),
            ("[z-a]", .reversedRange, 1, "z-a"),
            ("[[:wordy:]]", .unknownNamedClass, 1, "[:wordy:]"),
            ("\\p{Klingon}", .unknownUnicodeClass, 0, "\\p{Klingon}"),
            ("\\pX", .unknownUnicodeClass, 0, "\\pX"), ("[\\p{Lu]", .unknownUnicodeClass, 1, "\\p{Lu]"),
            ("\\p", .unknownUnicodeClass, 0, "\\p"),
        ] as [(String, RegularExpressionError.Reason, Int, String)])
    func refused(pattern: String, reason: RegularExpressionError.Reason, offset: Int, fragment: String) {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
        #expect(error?.fragment == fragment)
    }

    @Test("a refusal says which construct it is about, and why")
    func description() {
        let lookahead = #expect(throws: RegularExpressionError.self) { try RegularExpression("^a(?!b)$") }
        #expect(
            lookahead?.description
                == "the regular expression is refused at byte 2, '(?!': lookahead is not supported: RE2 has "
                + "none because it runs in linear time")
        let large = #expect(throws: RegularExpressionError.self) { try RegularExpression("(?:a{30}){33}{2}") }
        #expect(large?.reason == .repeatedRepetition)
        let long = #expect(throws: RegularExpressionError.self) {
            try RegularExpression(String(repeating: "é", count: 20_000))
        }
        #expect(long?.description == "the regular expression is longer than 32768 bytes")
        #expect(long?.fragment.count == 40)
    }

    @Test(
        "escapes, classes, groups and flags stand for what they stand for in Go",
        arguments: [
            ("\\x41\\x{42}\\103\\0", "ABC\0", "ABC0"), ("\\a\\f\\t\\n\\r\\v", "\u{7}\u{C}\t\n\r\u{B}", "afтnrv"),
            ("\\.\\_\\-\\/\\\"", "._-/\"", "x_-/\""), ("\\Qa.(\\E+", "a.((", "ab((("), ("\\Qab\\E+", "abb", "abab"),
            ("[]a]+", "]a", "b"), ("[^]a]", "b", "]"), ("[a-]+", "a-", "b"), ("[--/]+", "-./", "0"),
            ("[a\\]b]+", "]", "\\"),
            ("[[:digit:][:upper:]]+", "A1", "a"), ("[[:^digit:]]", "a", "1"), ("[[:word:]]", "_", "-"),
            ("[:alpha:]+", "alp:", "z"),
            ("[[.a.]]", "a]", "b]"), ("\\d\\D\\s\\S\\w\\W", "1a bc-", "aa bc-"), ("\\d", "1", "١"), ("\\w", "e", "é"),
            ("\\s", "\u{C}", "\u{B}"),
            ("[[:space:]]", "\u{B}", "\u{A0}"), ("a{,2}", "a{,2}", "aa"), ("a{02}", "a{02}", "aa"),
            ("a{2", "a{2", "aa"), ("x{2,3}", "xxx", "xxxx"),
            ("(?P<year>\\d)(?<month>\\d)(?P<year>a)", "12a", "12b"), ("(?i)aé", "AÉ", "AE"), ("(?i:a)b", "Ab", "AB"),
            ("a(?i)b|c", "C", "A"),
            ("(?i)a(?-i)b", "Ab", "aB"), ("(?:a|(?i)b)c", "Bc", "BC"), ("(?s).", "\n", "ab"), ("(?s-s).", "\r", "\n"),
            ("(?i)[^k]", "a", "\u{212A}"), ("(?i)\\x{df}", "ẞ", "ss"), ("(?i)[[:^lower:]]", "1", "A"),
            ("(?i)\\P{Lu}", "1", "a"),
            ("a|b|", "", "c"), ("()", "", "a"), ("^*a", "a", "b"), ("(?i)ǆ", "ǅ", "dž"),
        ])
    func accepted(pattern: String, matching: String, other: String) throws {
        let expression = try RegularExpression("^(?:\(pattern))$")
        #expect(expression.matches(matching))
        #expect(!expression.matches(other))
    }

    @Test("a quotation goes to the end where nothing closes it")
    func openQuotation() throws {
        #expect(try RegularExpression("^\\Qa.\\").matches("a.\\"))
        #expect(try !RegularExpression("^\\Qa.\\").matches("ab\\"))
    }

    @Test(
        "of several matches the leftmost is found, and the one that Perl prefers",
        arguments: [
            ("a+", "baac", 1..<3), ("a+?", "baac", 1..<2), ("(?U)a+", "baac", 1..<2), ("(?U)a+?", "baac", 1..<3),
            ("a|ab", "ab", 0..<1),
            ("ab|a", "ab", 0..<2), ("(a|ab)(c|bcd)", "abcd", 0..<4), ("(a*)*", "baa", 0..<0), ("(|a)*", "aa", 0..<0),
            ("(|a)+", "aa", 0..<0),
            ("(a|)+", "aab", 0..<2), ("x*", "axx", 0..<0), ("\\b\\w+$", "one two", 4..<7),
            ("(?m)^b$", "a\nb\nc", 2..<3), ("b??c|b", "bc", 0..<2),
            ("a{2,3}", "aaaa", 0..<3), ("a{2,3}?", "aaaa", 0..<2), ("é", "aé", 1..<3), (".$", "aé", 1..<3),
            ("$", "ab", 2..<2),
        ])
    func preference(pattern: String, text: String, span: Range<Int>) throws {
        #expect(try RegularExpression(pattern).firstMatch(in: Array(text.utf8)) == span)
    }
}
