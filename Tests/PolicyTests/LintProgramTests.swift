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
            ("predicate: {\n  \"a b\": string\n  c!: 1\n  d?: e: 1\n}", ["predicate", "predicate.a b", "predicate.c"]),
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

    /// One authority with an attestation under this text.
    private func overStatement(_ text: String, concrete: Bool = false) throws -> [PolicyProblem] {
        let document = try Source(
            authorities: """
                  authorities:
                  - name: only
                    key: {data: \(Keys.block(indentation: 14).yamlString)}
                    ctlog: {}
                    requireSignature: true
                    attestations:
                    - name: a
                      predicateType: https://acme.example/v1
                      policy:
                        type: cue
                        concrete: \(concrete)
                        data: \(quoted(text))

                """
        ).document
        #expect(document.policy != nil, "\(document.errors)")
        return document.warnings
    }

    @Test(
        "a policy that a statement without content satisfies is told by the fields that it does not demand",
        arguments: [
            ("predicate: bomFormat: \"CycloneDX\"", "predicate.bomFormat"),
            ("subject: [_, ...]\npredicate: {a?: 1, b: 1}", "does not demand predicate.b"),
            ("predicate: {builder: id: =~\"^x$\", version: >1}", "predicate.builder, predicate.version"),
            (
                "predicate: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1}",
                "predicate.g, predicate.h and 2 more"
            ),
        ])
    func undemanded(_ text: String, _ fields: String) throws {
        let warning = try #require(try overStatement(text).first)
        #expect(warning.code == .cueUndemanded && warning.message.hasSuffix(fields), "\(warning)")
        #expect(warning.path == "spec.authorities[0].attestations[0].policy.data")
        #expect(warning.advice.contains("concrete: true"))
    }

    @Test(
        "one without content, or with optional content alone, is not",
        arguments: [
            "predicate: bomFormat?: \"CycloneDX\"", "predicate: string\nsubject: [_, ...]",
            "predicateType: \"https://acme.example/v1\"",
            "predicate: #B\n#B: {bomFormat: \"CycloneDX\"}\npredicateType: \"https://other.example\"",
        ])
    func demanded(_ text: String) throws {
        #expect(try overStatement(text).isEmpty)
    }

    @Test("one that is concrete demands what has no value of its own, and is told where it has")
    func concrete() throws {
        #expect(try overStatement("predicate: id: =~\"^x$\"", concrete: true).isEmpty)
        #expect(try overStatement("predicate: id!: \"x\"", concrete: true).isEmpty)
        let warning = try #require(try overStatement("predicate: id: \"x\"", concrete: true).first)
        #expect(warning.code == .cueUndemanded && warning.advice.hasPrefix("a document"), "\(warning)")
        #expect(!warning.advice.contains("concrete: true") && warning.advice.contains("name!:"))
    }

    private func overAuthorities(_ text: String, _ switches: String = "") throws -> [LintCode?] {
        let document = try Source(
            authorities: "  authorities: [{static: {action: pass}}]\n",
            rest: "  policy: {type: cue, data: \(quoted(text))\(switches)}\n"
        ).document
        #expect(document.policy != nil, "\(document.errors)")
        return document.warnings.map(\.code)
    }

    @Test("a policy over authorities is told what it is not shown, and what it does not demand")
    func authorities() throws {
        let text = "spec: serviceAccount: \"default\""
        #expect(try overAuthorities(text) == [.cueInputNotIncluded, .cueUndemanded])
        #expect(try overAuthorities(text, ", includeSpec: true") == [.cueUndemanded])
        #expect(try overAuthorities("spec: volumes: [...{name: string}]", ", includeSpec: true").isEmpty)
        #expect(try overAuthorities("typemeta: kind: \"Pod\"", ", includeSpec: true").first == .cueInputNotIncluded)
        #expect(try overAuthorities("x: spec: 1").isEmpty)
    }
}
