// SPDX-License-Identifier: Apache-2.0
import RE2
import Testing

@Suite("Where texts begin, end and differ")
struct TextTests {
    @Test(
        "a line feed is no end of the text unless the pattern says so",
        arguments: [
            ("^a$", "a", true), ("^a$", "a\n", false), ("^a\\z", "a\n", false), ("^a$", "b\na", false),
            ("^a$", "a\nb", false),
            ("(?m)^a$", "a\n", true), ("(?m)^a$", "b\na\nc", true), ("(?m)\\Aa\\z", "a\n", false),
            ("(?m:^a)$", "b\na", true),
            ("^a.b$", "a\nb", false), ("^a.b$", "a\rb", true), ("^a..b$", "a\r\nb", false),
            ("(?s)^a..b$", "a\r\nb", true),
            ("^a[^x]b$", "a\nb", true), ("(?m)^$", "a\r\n\r\nb", false), ("(?m)^$", "a\n\nb", true),
            ("^a.b$", "a\u{2028}b", true),
            ("^a.b$", "a\u{85}b", true), ("\\bab\\b", "x-ab.", true), ("\\bab\\b", "éab", true),
            ("\\bab\\b", "_ab", false),
        ])
    func lineFeeds(pattern: String, text: String, matches: Bool) throws {
        let expression = try RegularExpression(pattern)
        #expect(expression.matches(text) == matches)
        #expect(expression.matches(Array(text.utf8)) == matches)
    }

    @Test("characters are scalars: nothing is composed, decomposed or taken together")
    func noCanonicalEquivalence() throws {
        let composed = try RegularExpression("^\u{E9}$")
        #expect(composed.matches("\u{E9}"))
        #expect(!composed.matches("e\u{301}"))
        #expect(try RegularExpression("^e").matches("e\u{301}"))
        #expect(try !RegularExpression("^.$").matches("e\u{301}"))
        #expect(try RegularExpression("^..$").matches("\r\u{301}"))
        #expect(try RegularExpression("^.$").matches("👍"))
        #expect(try RegularExpression("^..$").matches("🇩🇪"))
        #expect(try !RegularExpression("^K$").matches("\u{212A}"))
    }

    @Test("two expressions are equal if the bytes of their patterns are")
    func equality() throws {
        let composed = try RegularExpression("\u{E9}")
        let decomposed = try RegularExpression("e\u{301}")
        #expect(composed.pattern == decomposed.pattern)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, try RegularExpression("\u{E9}")]).count == 2)
        #expect(try composed == RegularExpression("\u{E9}"))
    }

    @Test(
        "an identity is the one that the pattern describes, and no other",
        arguments: [
            ("https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.22.333", true),
            ("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3", true),
            ("https://github.com/acme/app/.github/workflows/a/b@c.yml@refs/tags/v1.2.3", true),
            ("https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.2.3\n", false),
            ("https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.2.3-rc1", false),
            ("https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main", false),
            ("https://github.com/acme-evil/app/.github/workflows/release.yaml@refs/tags/v1.2.3", false),
            ("https://github.com/acme/a/b/.github/workflows/release.yaml@refs/tags/v1.2.3", false),
            ("https://githubXcom/acme/app/.github/workflows/release.yaml@refs/tags/v1.2.3", false),
            ("https://github.com/ACME/app/.github/workflows/release.yaml@refs/tags/v1.2.3", false),
            ("https://evil.io/?https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.2.3", false),
            ("https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v１.2.3", false),
            ("x\nhttps://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.2.3", false),
        ])
    func identities(identity: String, matches: Bool) throws {
        let pattern =
            #"^https://github\.com/acme/[^/]+/\.github/workflows/.*\.ya?ml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+$"#
        let expression = try RegularExpression(pattern)
        #expect(expression.matches(identity) == matches)
        #expect(expression.hasFixedBeginning && expression.hasFixedEnd)
    }

    @Test("a pattern without anchors matches anywhere")
    func unanchored() throws {
        let expression = try RegularExpression("https://github.com/acme/")
        #expect(expression.matches("https://evil.example/?https://githubXcom/acme/app"))
        #expect(!expression.hasFixedBeginning && !expression.hasFixedEnd)
        #expect(try RegularExpression("").matches(""))
        #expect(try RegularExpression("").matches("anything"))
    }

    @Test(
        "whether every match is at a fixed place",
        arguments: [
            ("^a$", true, true), ("\\Aa\\z", true, true), ("^a", true, false), ("a$", false, true),
            ("(?m)^a$", false, false),
            ("^a|b$", false, false), ("^(?:a|b)$", true, true), ("^a$|^b$", true, true), ("(^a|^b)c$", true, true),
            ("(?:^a)?b$", false, true), ("(?:^a)*b", false, false), ("(?:^a)+b", true, false),
            ("(?:^a){2,}", true, false),
            ("(?:^a){0,2}", false, false), ("a*^b", true, false), ("a$b*", false, true), ("(?i)^A$", true, true),
            ("^", true, false),
            ("^.*a.*$", true, true), ("(|^)a$", false, true), ("[^a]", false, false), ("\\^a\\$", false, false),
            ("\\ba\\b", false, false),
            ("(?m)\\A^a$\\z", true, true), ("(?m:^)a(?-m:$)", false, true),
        ])
    func fixedPlaces(pattern: String, beginning: Bool, end: Bool) throws {
        let expression = try RegularExpression(pattern)
        #expect(expression.hasFixedBeginning == beginning)
        #expect(expression.hasFixedEnd == end)
    }

    @Test(
        "where dots stand that match one character each",
        arguments: [
            ("a.b", [1]), (".", [0]), ("a\\.b", []), ("[.]", []), (".*a.+b.?c.{2}d.*?", []), ("a.{x", [1]),
            ("\\Qa.b\\E.", [7]), ("é.é", [2]), ("(a.|.b)*..", [2, 4, 8, 9]), ("..*", [0]), ("(?s).", [4]),
        ])
    func singleDots(pattern: String, offsets: [Int]) throws {
        #expect(try RegularExpression(pattern).singleDots == offsets)
    }
}
