// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CUE

@Suite("CUE's notation")
struct SyntaxTests {
    @Test(
        "what is read, and what one change makes unreadable",
        arguments: [
            ("a: 1", "a: "), ("a: {b: 1}", "a: {b: 1"), ("a: [1, 2]", "a: [1, 2"), ("a: [1, ...int]", "a: [...int, 1]"),
            ("a: b: c: 1", "a: b c: 1"), ("a: 1, b: 2", "a: 1; b: 2"), ("a?: 1", "a?1: 1"), ("a!: 1", "a!!: 1"),
            (#"a: "x""#, #"a: "x"#), (#"a: "\u00e9""#, #"a: "\u00g9""#), (##"a: #"\q"#"##, #"a: "\q""#),
            ("a: \"\"\"\n  x\n  \"\"\"", "a: \"\"\"\n x\n  \"\"\""), ("a: 0x1F", "a: 0x"), ("a: 10", "a: 010"),
            ("a: 1.5", "a: 1.5.5"), ("a: 1_000", "a: 1__000"),
            ("import \"strings\"\na: strings.ToUpper(\"x\")", "a: 1\nimport \"strings\""),
            ("package p\na: 1", "package 1\na: 1"), ("a: int @x(y)", "a: int @x"), ("// only this", "/* not this */"),
            ("if true {a: 1}", "if true a: 1"), ("for x in [1] {\"k\\(x)\": x}", "for x [1] {\"k\\(x)\": x}"),
            ("[string]: int", "[string: int"), ("X=a: int\nb: X", "X=a\nb: X"),
            ("let x = 1\na: x", "let x: 1\na: x & ("),
        ])
    func pairs(good: String, bad: String) {
        let answer = Answer(policy: good, document: "{}")
        #expect(answer.verdict == "pass", "\(good): \(answer.error)")
        let other = Answer(policy: bad, document: "{}")
        #expect(other.verdict == "compile_error", "\(bad): \(other.verdict)")
    }

    @Test(
        "what is not supported is refused by name, with its line",
        arguments: [
            ("@experiment(aliasv2)\na~X: int\nb: X", "aliasv2"), ("a: {...int}", "typed ellipsis"),
            ("import \"example.com/x\"\na: x.y", "example.com/x"), ("[string]~X: 1", "aliasv2"),
            ("@experiment(explicitopen)\na: 1", "explicitopen"), ("x: [1]\na: 3*x", "multiplication of lists"),
        ])
    func unsupported(policy: String, name: String) {
        do throws(CUECompileError) {
            _ = try CUEPolicy(compiling: Array(policy.utf8))
            Issue.record("\(policy) is read")
        } catch {
            #expect(error.isUnsupported)
            #expect(error.message.contains(name), "\(error.message)")
            #expect(error.line >= 1 && error.column >= 1)
        }
    }

    @Test("an error tells its line and column")
    func place() {
        do throws(CUECompileError) {
            _ = try CUEPolicy(compiling: Array("a: 1\nb: {\n  c: nope\n}".utf8))
            Issue.record("a reference to nothing is read")
        } catch {
            #expect((error.line, error.column) == (3, 6))
            #expect(error.message == "b.c: reference \"nope\" not found")
        }
    }

    @Test(
        "names that mean nothing, or are never used, are refused",
        arguments: [
            ("a: b", "a: reference \"b\" not found"), ("let x = 1\na: 2", "unreferenced alias or let clause x"),
            ("import \"strings\"\na: 2", "imported and not used: \"strings\""),
            ("import \"nosuch\"\na: nosuch.X", "builtin package \"nosuch\" undefined"),
            ("a: {b: 1}\nc: b", "c: reference \"b\" not found"),
        ])
    func names(policy: String, message: String) {
        #expect(Answer(policy: policy, document: "{}").error == message)
    }
}
