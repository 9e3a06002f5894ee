// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSON
import Testing

@testable import CUE

@Suite("Bounds of CUE")
struct LimitTests {
    private static func chain(_ count: Int, reversed: Bool) -> String {
        let links = (1..<count).map { "a\($0): a\($0 - 1) & _" }
        return ((reversed ? links.reversed() : links) + ["a0: int"]).joined(separator: "\n")
    }

    @Test("a bound that is reached is no pass")
    func exceeded() {
        #expect(CUEVerdict.exceeded("steps") != .pass)
    }

    @Test(
        "what is nested too deeply is refused by name",
        arguments: [
            String(repeating: "a: {", count: 2_000) + String(repeating: "}", count: 2_000),
            "a: " + String(repeating: "(", count: 40_000) + "1" + String(repeating: ")", count: 40_000),
            "a: " + String(repeating: "[", count: 40_000),
            "a: " + String(repeating: "-", count: 40_000) + "1",
            "a: " + String(repeating: "a: ", count: 40_000) + "1",
            "a: b" + String(repeating: ".b", count: 40_000) + "\nb: _",
            "a: \"" + String(repeating: "\\(\"", count: 2_000),
            String(repeating: "if true {", count: 2_000),
        ])
    func nesting(policy: String) {
        let answer = Answer(policy: policy, document: "{}")
        #expect(answer.verdict == "unsupported", "\(answer.error.prefix(100))")
    }

    @Test("what is nested as deeply as is let in is evaluated")
    func nestedWithin() {
        let policy = String(repeating: "a: {", count: 80) + String(repeating: "}", count: 80)
        #expect(Answer(policy: policy, document: "{}").verdict == "pass")
    }

    @Test("chains of references end, in either order", arguments: [false, true])
    func chains(reversed: Bool) {
        let policy = Self.chain(200, reversed: reversed)
        #expect(Answer(policy: policy, document: #"{"a0": 1, "a199": 1}"#).verdict == "pass")
        #expect(Answer(policy: policy, document: #"{"a0": 1, "a199": 2}"#).verdict == "conflict")
        let long = Answer(policy: Self.chain(5_000, reversed: reversed), document: #"{"a0": 1, "a4999": 2}"#)
        #expect(long.verdict != "pass" && long.verdict != "compile_error")
    }

    @Test(
        "what grows without measure stops",
        arguments: [
            (0..<24).map { "a: {f\($0): 1 | 2} | {g\($0): int}" }.joined(separator: "\n"),
            "import \"list\"\na: [for i in list.Range(0, 3000, 1) for j in list.Range(0, 3000, 1) {i * j}]",
            "import \"list\"\na: len(list.Range(0, 1000000000, 1))",
            "import \"strings\"\na: len(strings.Repeat(\"x\", 1000000000000))",
            "a: 1000000000000 * \"ab\"",
            "s0: \"hahahaha\"\n" + (1..<40).map { "s\($0): \"\\(s\($0 - 1))\\(s\($0 - 1))\"" }.joined(separator: "\n"),
            (0..<30).map { "x\($0): [x\($0 + 1) & _, x\($0 + 1) & _]" }.joined(separator: "\n") + "\nx30: [1, 1]",
            "a: {b: a & {c: 1}}", "#X: {n: #X & {...}}\nx: #X",
        ])
    func growth(policy: String) {
        let answer = Answer(policy: policy, document: "{}")
        #expect(["unsupported", "compile_error", "exceeded"].contains(answer.verdict), "\(answer.error.prefix(100))")
    }

    @Test("a structure without end is a conflict, and one that the document ends is none")
    func structuralCycles() {
        #expect(Answer(policy: "a: {b: a}", document: "{}").error == "a.b: structural cycle")
        #expect(Answer(policy: "a: [a]", document: "{}").error == "a.0: structural cycle")
        #expect(Answer(policy: "a: {x: b}\nb: {y: a}", document: "{}").verdict == "compile_error")
        let list = "#N: {v: int, next?: #N}\nn: #N"
        #expect(Answer(policy: list, document: #"{"n": {"v": 1, "next": {"v": 2}}}"#).verdict == "pass")
        #expect(Answer(policy: list, document: #"{"n": {"v": 1, "next": {"v": "2"}}}"#).verdict == "conflict")
    }

    @Test("a small stack of whoever asks is enough")
    func smallStack() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 256 << 10)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { _ in
                let policy = String(repeating: "a: ", count: 200) + "#N\n#N: {next: #N | null}"
                let answer = Answer(policy: policy, document: "{}")
                return answer.verdict == "pass" ? UnsafeMutableRawPointer(bitPattern: 1) : nil
            }, nil)
        #expect(status == 0)
        var result: UnsafeMutableRawPointer?
        pthread_join(thread, &result)
        #expect(result == UnsafeMutableRawPointer(bitPattern: 1))
    }
}
