// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CUE

/// A policy, a document that fits, and one that differs in one thing and does not, with the reason.
@Suite("CUE's language")
struct LanguageTests {
    private static func check(_ policy: String, _ good: String, _ bad: String, _ reason: String) {
        let answer = Answer(policy: policy, document: good)
        #expect(answer.verdict == "pass", "\(policy) with \(good): \(answer.verdict) \(answer.error)")
        let other = Answer(policy: policy, document: bad)
        #expect(other.verdict == "conflict", "\(policy) with \(bad): \(other.verdict) \(other.error)")
        #expect(other.error == reason, "\(policy) with \(bad)")
    }

    @Test(
        "structs, definitions and fields",
        arguments: [
            ("a: b: \"x\"", #"{"a": {"b": "x"}}"#, #"{"a": {"b": "y"}}"#, #"a.b: conflicting values "y" and "x""#),
            ("#D: {x: int}\na: #D", #"{"a": {"x": 1}}"#, #"{"a": {"y": 1}}"#, "a.y: field not allowed"),
            (
                "#D: {x: int, ...}\na: #D", #"{"a": {"y": 1}}"#, #"{"a": {"x": "1"}}"#,
                #"a.x: conflicting values "1" and int (mismatched types string and int)"#
            ),
            (
                "#D: {x: {y: int}}\na: #D & {x: _}", #"{"a": {"x": {"y": 1}}}"#, #"{"a": {"x": {"z": 1}}}"#,
                "a.x.z: field not allowed"
            ),
            (
                "#A: {x: int}\na: {#A, y: int}", #"{"a": {"x": 1, "y": 2}}"#, #"{"a": {"x": 1, "z": 2}}"#,
                "a.z: field not allowed"
            ),
            ("a: close({b?: int})", #"{"a": {"b": 1}}"#, #"{"a": {"c": 1}}"#, "a.c: field not allowed"),
            ("_h: \"x\"\na: _h", #"{"_h": "y", "a": "x"}"#, #"{"a": "y"}"#, #"a: conflicting values "x" and "y""#),
            ("a?: int", "{}", #"{"a": "x"}"#, #"a: conflicting values int and "x" (mismatched types int and string)"#),
            ("a!: int", "{}", #"{"a": "x"}"#, #"a: conflicting values int and "x" (mismatched types int and string)"#),
            (
                "a: [=~\"^x\"]: int", #"{"a": {"x1": 1, "y": "s"}}"#, #"{"a": {"x1": "s"}}"#,
                #"a.x1: conflicting values "s" and int (mismatched types string and int)"#
            ),
            (
                "a: [N=string]: {name: N}", #"{"a": {"k": {"name": "k"}}}"#, #"{"a": {"k": {"name": "l"}}}"#,
                #"a.k.name: conflicting values "k" and "l""#
            ),
            ("a: {(\"b\" + \"c\"): 1}", #"{"a": {"bc": 1}}"#, #"{"a": {"bc": 2}}"#, "a.bc: conflicting values 1 and 2"),
            ("{a: 1}\n{b: 2}", #"{"a": 1, "b": 2}"#, #"{"a": 1, "b": 3}"#, "b: conflicting values 3 and 2"),
            ("a: {5, #m: 1}", #"{"a": 5}"#, #"{"a": 6}"#, "a: conflicting values 6 and 5"),
        ])
    func structs(policy: String, good: String, bad: String, reason: String) {
        Self.check(policy, good, bad, reason)
    }

    @Test(
        "lists, disjunctions and bounds",
        arguments: [
            (
                "a: [int, ...string]", #"{"a": [1, "x"]}"#, #"{"a": [1, 2]}"#,
                "a.1: conflicting values 2 and string (mismatched types int and string)"
            ),
            ("a: [1, 2]", #"{"a": [1, 2]}"#, #"{"a": [1]}"#, "a: incompatible list lengths (1 and 2)"),
            (
                "a: \"x\" | \"y\"", #"{"a": "y"}"#, #"{"a": "z"}"#,
                "a: 2 errors in empty disjunction: (and 2 more errors)"
            ),
            ("a: *1 | int\nb: \"\\(a)\"", #"{"b": "1"}"#, #"{"b": "2"}"#, #"b: conflicting values "1" and "2""#),
            (
                "a: *1 | int\nb: a", #"{"b": 7}"#, #"{"b": "7"}"#,
                "b: 2 errors in empty disjunction: (and 2 more errors)"
            ),
            ("a: >5 & <10", #"{"a": 7}"#, #"{"a": 10}"#, "a: invalid value 10 (out of bound <10)"),
            ("a: !=0", #"{"a": 1}"#, #"{"a": 0.0}"#, "a: invalid value 0.0 (out of bound !=0)"),
            ("a: uint8", #"{"a": 255}"#, #"{"a": 256}"#, "a: invalid value 256 (out of bound <=255)"),
            (
                "a: <\"2030-01-01T00:00:00Z\"", #"{"a": "2029-12-31T23:59:59Z"}"#, #"{"a": "2030-01-01T00:00:00Z"}"#,
                #"a: invalid value "2030-01-01T00:00:00Z" (out of bound <"2030-01-01T00:00:00Z")"#
            ),
            (
                "a: =~\"^v[0-9]+$\"", #"{"a": "v1"}"#, #"{"a": "xv1"}"#,
                #"a: invalid value "xv1" (out of bound =~"^v[0-9]+$")"#
            ),
            ("a: !~\"^v\"", #"{"a": "x"}"#, #"{"a": "v"}"#, #"a: invalid value "v" (out of bound !~"^v")"#),
            (
                "a: 9007199254740993", #"{"a": 9007199254740993}"#, #"{"a": 9007199254740992}"#,
                "a: conflicting values 9007199254740992 and 9007199254740993"
            ),
            (
                "a: int", #"{"a": 1}"#, #"{"a": 1.0}"#,
                "a: conflicting values int and 1.0 (mismatched types int and float)"
            ),
            (
                "a: null | string", #"{"a": null}"#, #"{"a": 0}"#,
                "a: 2 errors in empty disjunction: (and 2 more errors)"
            ),
        ])
    func constraints(policy: String, good: String, bad: String, reason: String) {
        Self.check(policy, good, bad, reason)
    }

    @Test(
        "references, arithmetic and comprehensions",
        arguments: [
            (
                "a: b\nb: string", #"{"a": "x", "b": "x"}"#, #"{"a": "x", "b": "y"}"#,
                #"a: conflicting values "y" and "x""#
            ),
            ("x: int\na: x + 1", #"{"x": 1, "a": 2}"#, #"{"x": 1, "a": 3}"#, "a: conflicting values 2 and 3"),
            (
                "a: 6/2", #"{"a": 3.0}"#, #"{"a": 3}"#,
                "a: conflicting values 3 and 3.0 (mismatched types int and float)"
            ),
            (
                "let x = y\ny: int\na: {b: x}", #"{"y": 1, "a": {"b": 1}}"#, #"{"y": 1, "a": {"b": 2}}"#,
                "a.b: conflicting values 1 and 2"
            ),
            (
                "s: {p: bool, if p {n: 1}}", #"{"s": {"p": false, "n": 2}}"#, #"{"s": {"p": true, "n": 2}}"#,
                "s.n: conflicting values 1 and 2"
            ),
            (
                "l: [...int]\nbig: [for v in l if v > 5 {v}]", #"{"l": [1, 6], "big": [6]}"#,
                #"{"l": [1, 6], "big": [7]}"#,
                "big.0: conflicting values 6 and 7"
            ),
            (
                "l: [...int]\nbig: [for v in l if v > 5 {v}]\nbig: []", #"{"l": [1]}"#, #"{"l": [6]}"#,
                "big: incompatible list lengths (0 and 1)"
            ),
            (
                "s: {[string]: int}\nt: {for k, v in s let w = v * 2 {(k): w}}", #"{"s": {"x": 2}, "t": {"x": 4}}"#,
                #"{"s": {"x": 2}, "t": {"x": 5}}"#, "t.x: conflicting values 4 and 5"
            ),
            (
                "x: {y?: int}\na: x.y == _|_", #"{"x": {}, "a": true}"#, #"{"x": {"y": 1}, "a": true}"#,
                "a: conflicting values false and true"
            ),
            ("a: len(l)\nl: [...]", #"{"l": [1, 2], "a": 2}"#, #"{"l": [1], "a": 2}"#, "a: conflicting values 1 and 2"),
            ("a: and([int, >5])", #"{"a": 6}"#, #"{"a": 5}"#, "a: invalid value 5 (out of bound >5)"),
            (
                "l: [...string]\na: or(l)", #"{"l": ["p", "q"], "a": "p"}"#, #"{"l": ["p", "q"], "a": "r"}"#,
                "a: 2 errors in empty disjunction: (and 2 more errors)"
            ),
            (
                "import \"list\"\na: list.MinItems(1)", #"{"a": [1]}"#, #"{"a": []}"#,
                "a: invalid value [] (does not satisfy list.MinItems(1)): len(list) < MinItems(1) (0 < 1)"
            ),
            (
                "import \"struct\"\na: struct.MaxFields(1)", #"{"a": {"x": 1}}"#, #"{"a": {"x": 1, "y": 2}}"#,
                "a: invalid value {x:1,y:2} (does not satisfy struct.MaxFields(1)): len(fields) > MaxFields(1) (2 > 1)"
            ),
            (
                "import \"time\"\na: time.Time", #"{"a": "2024-01-01T00:00:00Z"}"#, #"{"a": "2024-01-01"}"#,
                #"a: invalid value "2024-01-01" (does not satisfy time.Time): error in call to time.Time: invalid time "2024-01-01""#
            ),
            (
                "import \"strings\"\na: strings.MinRunes(2)", #"{"a": "éé"}"#, #"{"a": "é"}"#,
                #"a: invalid value "é" (does not satisfy strings.MinRunes(2))"#
            ),
        ])
    func computations(policy: String, good: String, bad: String, reason: String) {
        Self.check(policy, good, bad, reason)
    }

    @Test(
        "what a definition closes stays closed, whichever way it is reached",
        arguments: [
            (
                "#A: {a: int}\n#B: {#A, b: int}\nx: #B", #"{"x": {"a": 1, "b": 2}}"#, #"{"x": {"a": 1, "c": 2}}"#,
                "x.c: field not allowed"
            ),
            (
                "x: {#A, #B}\n#A: {a: int}\n#B: {b: int}", #"{"x": {"a": 1, "b": 2}}"#, #"{"x": {"c": 3}}"#,
                "x.c: field not allowed"
            ),
            ("x: #A.b\n#A: b: {c: int}", #"{"x": {"c": 1}}"#, #"{"x": {"d": 1}}"#, "x.d: field not allowed"),
            (
                "#D: {a?: {b: int}}\nx: #D", #"{"x": {"a": {"b": 1}}}"#, #"{"x": {"a": {"c": 1}}}"#,
                "x.a.c: field not allowed"
            ),
            (
                "#D: {[string]: {b: int}}\nx: #D", #"{"x": {"k": {"b": 1}}}"#, #"{"x": {"k": {"c": 1}}}"#,
                "x.k.c: field not allowed"
            ),
            ("#D: {[\"p\" | \"q\"]: int}\na: #D", #"{"a": {"p": 1}}"#, #"{"a": {"r": 1}}"#, "a.r: field not allowed"),
            ("#A: {if true {z: int}}\nx: #A", #"{"x": {"z": 1}}"#, #"{"x": {"y": 1}}"#, "x.y: field not allowed"),
            ("#A: {(k): int}\nk: \"p\"\nx: #A", #"{"x": {"p": 1}}"#, #"{"x": {"q": 1}}"#, "x.q: field not allowed"),
            (
                "#C: {a: _, b: int}\nx: #C", #"{"x": {"a": {"q": 1}}}"#, #"{"x": {"c": {"q": 1}}}"#,
                "x.c: field not allowed"
            ),
            (
                "#D: {x: int}\na: [...#D]", #"{"a": [{"x": 1}]}"#, #"{"a": [{"x": 1}, {"y": 2}]}"#,
                "a.1.y: field not allowed"
            ),
        ])
    func closedness(policy: String, good: String, bad: String, reason: String) {
        Self.check(policy, good, bad, reason)
    }

    @Test(
        "a contradiction in the policy is an error for every document",
        arguments: ["a: 1\na: 2", "a: 1 & \"x\"", "#U: {x: 1 & 2}\na: 1", "a: >5 & <3", "a: {x: 1} & [1]", "a: _|_"])
    func contradictions(policy: String) {
        #expect(Answer(policy: policy, document: "{}").verdict == "compile_error")
    }

    @Test("a field that is not there fails only where concrete values are asked for")
    func concrete() {
        let policy = "predicate: {builder: id: string, run!: int}"
        let whole = #"{"predicate": {"builder": {"id": "x"}, "run": 1}}"#
        #expect(Answer(policy: policy, document: #"{"predicate": {}}"#).verdict == "pass")
        #expect(
            Answer(policy: policy, document: #"{"predicate": {}}"#, demanding: .concreteValues).verdict == "conflict")
        #expect(Answer(policy: policy, document: whole, demanding: .concreteValues).verdict == "pass")
        #expect(
            Answer(policy: policy, document: #"{"predicate": {"builder": {"id": "x"}}}"#, demanding: .concreteValues)
                .error
                == "predicate.run: field is required but not present")
    }

    @Test(
        "every field that the policy names can be demanded, whatever its value",
        arguments: [
            ("predicate: id: \"x\"", #"{"predicate": {"id": "x"}}"#, #"{"predicate": {}}"#, "predicate.id"),
            ("a: [{b: 1}, ...]", #"{"a": [{"b": 1}, 2]}"#, #"{"a": [{}]}"#, "a.0.b"),
            ("a: b: c: int | *1", #"{"a": {"b": {"c": 2}}}"#, #"{"a": {"d": 2}}"#, "a.b"),
            ("a: *{k: \"r\"} | {k: \"d\", x: int}", #"{"a": {"k": "r"}}"#, #"{"a": {}}"#, "a.k"),
            ("a: #A\n#A: {x: 1, y?: 2}\n_h: 1", #"{"a": {"x": 1}}"#, #"{"a": {"y": 2}}"#, "a.x"),
        ])
    func demanded(_ policy: String, _ whole: String, _ lacking: String, _ path: String) {
        #expect(Answer(policy: policy, document: whole, demanding: .fields).verdict == "pass")
        let answer = Answer(policy: policy, document: lacking, demanding: .fields)
        #expect(answer.verdict == "conflict")
        #expect(answer.error.contains("\(path): field is required but not present"), "\(answer.error)")
    }

    @Test("conflicts are listed in the order of the fields, each once")
    func order() {
        let answer = Answer(policy: "a: 1\nb: 2\nc: a", document: #"{"c": 3, "b": 3, "a": 3}"#)
        #expect(answer.error == "a: conflicting values 3 and 1 (and 2 more errors)")
    }
}
