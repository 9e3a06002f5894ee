// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy
import Testing

@testable import Admission

/// The words of an answer: their bounds, and what of the outside may stand in them.
struct MessageTests {
    static func statement(_ index: Int, detail: String) -> Statement {
        Statement(
            headline: "failed policy: p\(index)", paths: ["spec.containers[\(index)].image"], image: "r.io/web",
            details: [detail])
    }

    @Test(
        "Text is cut after a word, to so many scalars",
        arguments: [
            ("short", 10, "short"), ("exactly ten", 11, "exactly ten"), ("one two three", 9, "one two…"),
            ("unbreakable", 5, "unbr…"), ("a unbreakable", 8, "a unbre…"), ("x", 0, ""), ("", 3, ""), ("ab", 1, "…"),
        ])
    func cut(text: String, limit: Int, expected: String) {
        #expect(PlainText.cut(text, to: limit) == expected)
        #expect(PlainText.cut(text, to: limit).unicodeScalars.count <= max(0, limit))
    }

    @Test(
        "What a terminal would act on is written out",
        arguments: [
            ("a\u{1B}[31mb", "a\\u{1b}[31mb"), ("a\nb", "a\\u{a}b"), ("\u{202E}txt", "\\u{202e}txt"),
            ("\u{2028}", "\\u{2028}"), ("a\u{A0}b", "a\\u{a0}b"), ("\u{E000}", "\\u{e000}"), ("naïve é", "naïve é"),
        ])
    func escaped(text: String, expected: String) {
        #expect(PlainText.escaped(text, limit: 100) == expected)
    }

    @Test("In a name everything outside ASCII is written out")
    func name() {
        #expect(PlainText.name("r.io/w\u{435}b") == "r.io/w\\u{435}b")
        #expect(PlainText.name(String(repeating: "a", count: 9999)).unicodeScalars.count == 512)
    }

    @Test("A denial has a bound, and says how much it leaves out")
    func denial() {
        let statements = (0..<500).map { Self.statement($0, detail: String(repeating: "word ", count: 100)) }
        let text = DenialMessage.text(AtLeastOne(statements[0], Array(statements[1...])), at: .validate)
        #expect(text.unicodeScalars.count <= DenialMessage.maximumLength)
        #expect(text.hasPrefix("validation failed: failed policy: p0: spec.containers[0].image\nr.io/web word"))
        #expect(text.split(separator: "\n").last?.hasPrefix("… and ") == true)
    }

    @Test("One endless statement does not hide the next")
    func longStatement() {
        let text = DenialMessage.text(
            AtLeastOne(
                Self.statement(0, detail: String(repeating: "x", count: 100_000)), [Self.statement(1, detail: "y")]),
            at: .mutate)
        #expect(text.hasPrefix("mutation failed: "))
        #expect(text.hasSuffix("failed policy: p1: spec.containers[1].image\nr.io/web y"))
    }

    @Test("Warnings are lines that the API server neither cuts nor drops")
    func warnings() {
        let statements = (0..<500).map {
            Self.statement($0, detail: "because\n\u{7}" + String(repeating: " of this", count: 60))
        }
        let lines = WarningLines.lines(statements)
        #expect(lines.allSatisfy { $0.unicodeScalars.count < 256 })
        #expect(lines.reduce(0) { $0 + $1.unicodeScalars.count } <= 4096)
        #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } })
        #expect(lines.last?.hasPrefix("… and ") == true)
        #expect(Set(lines).count == lines.count)
    }

    @Test("A sentence that fits only without its image loses the image, not its end")
    func warningWithoutImage() {
        let detail = String(repeating: "x", count: 240) + " end"
        let statement = Statement(headline: "h", paths: ["p"], image: "r.io/a/long/name", details: [detail])
        #expect(WarningLines.lines([statement]) == ["h: p", detail])
    }

    @Test("Many places are counted, not listed")
    func manyPaths() {
        let statement = Statement(headline: "h", paths: (10..<40).map { "p\($0)" }, image: "", details: [])
        let text = DenialMessage.text(AtLeastOne(statement), at: .validate)
        #expect(text.hasSuffix("p25 and 14 more"))
    }

    @Test("Words of a policy cannot break out of their line")
    func policyWords() async {
        let reason = DenialReason(.staticFail, "disallowed by static policy: x\nvalidation succeeded\u{202E}")
        let reply = await review(
            Review().text,
            ScriptedVerifier(otherwise: .judged(("p\nq", .enforce, .denied(AtLeastOne(reason))))))
        #expect(reply.message.split(separator: "\n").count == 2)
        #expect(reply.message.contains("x\\u{a}validation succeeded\\u{202e}"))
    }
}
