// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Policy

@Suite("Lint of policies in CUE")
struct LintProgramTests {
    @Test(
        "the labels of a text are read off it, to the second level",
        arguments: [
            ("predicate: {a: 1, b: {c: 2}}", ["predicate", "predicate.a", "predicate.b"]),
            ("predicate: Data: \"x\"", ["predicate", "predicate.Data"]),
            ("predicate: {\n  \"a b\"?: string\n  c!: 1\n}", ["predicate", "predicate.a b", "predicate.c"]),
            ("// x: 1\npredicate: {a: \"b: 1\"} // y: 2", ["predicate", "predicate.a"]),
            ("import (\n  \"list\"\n)\npredicate: x: [...{y: 1}]", ["predicate", "predicate.x"]),
            ("predicate: {a: b: 1} & {c: 1}", ["predicate", "predicate.a", "predicate.c"]),
            ("predicate: {a: 1} | {d: 1}\ne: 1", ["predicate", "predicate.a", "predicate.d", "e"]),
            ("#D: {a: 1}\n_h: b: 1\nlet x = {c: 1}\np: #D", ["p"]),
            ("if true {predicate: a: 1}", ["predicate", "predicate.a"]),
            ("a: \"\"\"\n  b: 1\n  \"\"\"\nc: 1", ["a", "c"]),
            ("a: \"x\\\": y\"\nb: 1", ["a", "b"]),
            ("a: !=1\nb: =~\"x\"", ["a", "b"]), ("a: {", ["a"]), ("}]) a: 1", []), ("\"", []), ("", []),
        ])
    func outline(_ text: String, _ paths: [String]) {
        #expect(CUEOutline(text).paths.map { $0.joined(separator: ".") } == paths)
    }

    @Test("whether a field is given a value, or only the elements of its lists are")
    func values() {
        #expect(CUEOutline("spec: serviceAccount: \"default\"").fixesValue(below: "spec"))
        #expect(CUEOutline("spec: {a: {b: =~\"x\"}}").fixesValue(below: "spec"))
        #expect(!CUEOutline("spec: containers: [...{name: \"x\"}]").fixesValue(below: "spec"))
        #expect(!CUEOutline("spec: {volumes: [...#Volume]}\nx: 1").fixesValue(below: "spec"))
        #expect(!CUEOutline("metadata: {}").fixesValue(below: "metadata"))
    }
}
