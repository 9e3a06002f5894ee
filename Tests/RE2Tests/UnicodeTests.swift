// SPDX-License-Identifier: Apache-2.0
import RE2
import Testing

@Suite("Classes of Unicode")
struct UnicodeTests {
    /// The name of each general category, as the standard library has it.
    private static func name(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "?"
        }
    }

    @Test("the general categories are those of the standard library")
    func categories() throws {
        var expressions: [Unicode.GeneralCategory: RegularExpression] = [:]
        var scalars = 0
        // Plane 0 to 3 and what is assigned in plane 14; a neighbour of each change of category.
        var previous: Unicode.GeneralCategory?
        for span in [0...0x33FFF, 0xDFFF0...0xE01FF, 0xEFFF0...0x10FFFF] as [ClosedRange<UInt32>] {
            for scalar in span.lazy.compactMap(Unicode.Scalar.init) {
                let category = scalar.properties.generalCategory
                defer { previous = category }
                guard category != previous || scalar.value < 0x600,
                    scalar.properties.age.map({ $0.major <= 17 }) ?? true
                else { continue }
                scalars += 1
                for candidate in Set([category, previous ?? category]) {
                    let expression =
                        try expressions[candidate] ?? RegularExpression("^\\p{\(Self.name(candidate))}$")
                    expressions[candidate] = expression
                    #expect(expression.matches(String(scalar)) == (candidate == category), "U+\(scalar.value)")
                }
            }
        }
        #expect(scalars > 4_500)
    }

    @Test(
        "classes are found by every name that Go knows, in any case",
        arguments: [
            ("L", "é", "1"), ("l", "é", "1"), ("Letter", "é", "1"), ("uppercase_letter", "É", "é"),
            ("Uppercase Letter", "É", "é"),
            ("LC", "ǅ", "ª"), ("Cased-Letter", "a", "日"), ("C", "\u{378}", "a"), ("Cn", "\u{378}", "a"),
            ("Assigned", "a", "\u{378}"),
            ("Any", "\u{378}", ""), ("ASCII", "\u{7F}", "\u{80}"), ("ascii", "a", "é"), ("digit", "١", "a"),
            ("punct", "!", "a"),
            ("Greek", "α", "a"), ("GREEK", "α", "a"), ("Old_Italic", "\u{10300}", "a"),
            ("old italic", "\u{10300}", "a"),
            ("Latin", "ſ", "α"), ("Han", "日", "あ"), ("Hiragana", "あ", "ア"), ("Cyrillic", "ж", "x"),
            ("Common", "1", "a"),
            ("Inherited", "\u{301}", "e"), ("Sidetic", "\u{10940}", "a"), ("Arabic", "ع", "א"), ("Sc", "€", "+"),
        ])
    func names(name: String, member: String, other: String) throws {
        #expect(try RegularExpression("^\\p{\(name)}$").matches(member))
        #expect(try !RegularExpression("^\\p{\(name)}$").matches(other))
        #expect(try !RegularExpression("^\\P{\(name)}$").matches(member))
        #expect(try RegularExpression("^[^\\P{\(name)}]$").matches(member))
        #expect(try RegularExpression("^\\P{^\(name)}$").matches(member))
    }

    @Test(
        "names that are almost those of a class are refused",
        arguments: [
            "Greekish", "Ltn", "IsGreek", "Script=Greek", "sc=Greek", "Latn", "Alphabetic", "White_Space", "", "^",
            "Unknown", "Zzzz", "Q",
        ])
    func unknownNames(name: String) {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression("\\p{\(name)}") }
        #expect(error?.reason == .unknownUnicodeClass)
    }

    @Test(
        "a class folds before it is negated",
        arguments: [
            ("\\p{Lu}", "a", true), ("\\P{Lu}", "a", false), ("\\P{Lu}", "ª", true), ("[\\p{Lt}]", "ǆ", true),
            ("[^\\p{Lt}]", "Ǆ", false), ("\\p{Greek}", "µ", true), ("\\P{Greek}", "\u{2126}", false),
            ("\\p{ASCII}", "\u{17F}", true), ("\\x{390}", "\u{1FD3}", true), ("ﬅ", "ﬆ", true), ("ı", "I", false),
            ("İ", "i", false),
        ])
    func folding(pattern: String, text: String, matches: Bool) throws {
        #expect(try RegularExpression("(?i)^\(pattern)$").matches(text) == matches)
    }
}
