// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing
import YAML

private func at(_ line: Int, _ column: Int) -> SourcePosition { SourcePosition(line: line, column: column) }

@Suite("YAML that is refused")
struct HostileYAMLTests {
    private static let refusals: [(String, YAMLError.Reason, SourcePosition, twin: String)] = [
        ("a: 1\nb: 2\na: 3\n", .duplicateKey("a", first: at(1, 1)), at(3, 1), "a: 1\nb: 2\nc: 3\n"),
        ("x:\n  k: 1\n  \"\\x6b\": 2\n", .duplicateKey("k", first: at(2, 3)), at(3, 3), "x:\n  k: 1\n  \"\\x6c\": 2\n"),
        ("{a: 1, 'a': 2}", .duplicateKey("a", first: at(1, 2)), at(1, 8), "{a: 1, 'A': 2}"),
        ("a: &b {x: 1}\nc:\n  <<: *b\n", .mergeKey, at(3, 3), "a: &b {x: 1}\nc:\n  \"<<\": *b\n"),
        ("? [a]\n: b\n", .keyIsNoScalar, at(1, 3), "? a\n: b\n"),
        ("? {a: 1}\n: b\n", .keyIsNoScalar, at(1, 3), "? a\n: b\n"),
        ("- &a k\n- *a : 1\n", .keyIsNoScalar, at(2, 3), "- &a k\n- k : *a\n"),
        ("~: 1\n", .emptyKey, at(1, 1), "'~': 1\n"),
        ("null: 1\n", .emptyKey, at(1, 1), "nul: 1\n"),
        ("!!int 1: 1\n", .unsupportedTag("tag:yaml.org,2002:int"), at(1, 1), "!!str 1: 1\n"),
        ("a: *b\n", .unknownAlias("b"), at(1, 4), "a: &b 1\n"),
        ("a: &b [*b]\n", .aliasInsideItself("b"), at(1, 8), "a: [&b 1, *b]\n"),
        ("a: &b {c: *b}\n", .aliasInsideItself("b"), at(1, 11), "a: {d: &b 1, c: *b}\n"),
        ("a: !Ref x\n", .unsupportedTag("!Ref"), at(1, 4), "a: ! x\n"),
        ("a: !!binary eA==\n", .unsupportedTag("tag:yaml.org,2002:binary"), at(1, 4), "a: !!str eA==\n"),
        ("a: !!timestamp 2001-01-01\n", .unsupportedTag("tag:yaml.org,2002:timestamp"), at(1, 4), "a: 2001-01-01\n"),
        ("!!set {a}\n", .unsupportedTag("tag:yaml.org,2002:set"), at(1, 1), "!!map {a}\n"),
        ("!!omap [a: 1]\n", .unsupportedTag("tag:yaml.org,2002:omap"), at(1, 1), "!!seq [a: 1]\n"),
        ("%TAG ! tag:evil,1:\n---\n!x 1\n", .unsupportedTag("tag:evil,1:x"), at(3, 1), "%TAG ! tag:evil,1:\n---\n1\n"),
        ("a: !!int x\n", .valueUnlikeTag("tag:yaml.org,2002:int"), at(1, 4), "a: !!int 1\n"),
        ("a: !!int 1.5\n", .valueUnlikeTag("tag:yaml.org,2002:int"), at(1, 4), "a: !!float 1.5\n"),
        ("a: .inf\n", .unrepresentableNumber(".inf"), at(1, 4), "a: '.inf'\n"),
        ("a: -.INF\n", .unrepresentableNumber("-.INF"), at(1, 4), "a: -.IN\n"),
        ("a: .NaN\n", .unrepresentableNumber(".NaN"), at(1, 4), "a: .NAn\n"),
        ("a: 1e400\n", .unrepresentableNumber("1e400"), at(1, 4), "a: 1e300\n"),
        (
            "a: 0x10000000000000000\n", .unrepresentableNumber("0x10000000000000000"), at(1, 4),
            "a: 0x1000000000000000\n"
        ),
        (
            "a: -0x8000000000000001\n", .unrepresentableNumber("-0x8000000000000001"), at(1, 4),
            "a: -0x8000000000000000\n"
        ),
    ]

    @Test("what JSON cannot say, or what could mean two things, is refused at its place", arguments: refusals)
    func refusal(_ text: String, _ reason: YAMLError.Reason, _ position: SourcePosition, twin: String) {
        #expect(failure(text) == YAMLError(reason, at: position))
        #expect(failure(twin) == nil)
    }

    @Test("names that only normalisation makes equal are two names")
    func normalisation() throws {
        #expect(try json("\"\\u00e9\": 1\n\"e\\u0301\": 2\n").utf8.count == "{\"\u{e9}\":1,\"e\u{301}\":2}".utf8.count)
    }

    @Test(
        "broken syntax is refused with a line",
        arguments: [
            ("a:\n\tb: 1\n", 2), ("a: [1, 2\n", 2), ("a: \"x\n", 2), ("a: b: c\n", 1), ("{a: 1]\n", 1),
            ("a: 1\n b: 2\n", 2),
            ("%YAML 3.0\n--- a\n", 1), ("a: 'x\n\n---\n", 3), ("\"\\ud800\"", 1), ("\"\\ud83d\\ude00\"", 1), ("!<x", 1),
            ("a: |\n\tx\n", 2), ("&a &b c", 1), ("@a", 1), ("- a\nb: c\n", 2),
        ])
    func syntax(_ text: String, _ line: Int) {
        let error = failure(text)
        guard case .syntax = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.position.line == line)
    }

    @Test(
        "bytes that are no UTF-8, and control characters, are refused with their place",
        arguments: [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x00], [0x07], [0x7F], [0xE2, 0x82],
            [0xFF, 0xFE, 0x61, 0x00],
        ] as [[UInt8]])
    func encoding(_ bytes: [UInt8]) {
        let error = failure(Array("a: 1\nb: ".utf8) + bytes + [0x0A])
        #expect(error?.reason == .invalidUTF8)
        #expect(error?.position.line == 2)
        #expect(4...5 ~= error?.position.column ?? 0)
    }

    @Test("other encodings are not looked for")
    func otherEncodings() {
        let utf16: [UInt8] = [0xFF, 0xFE, 0x61, 0x00, 0x3A, 0x00, 0x20, 0x00, 0x31, 0x00]
        #expect(failure(utf16)?.reason == .invalidUTF8)
    }

    @Test("a billion laughs are cut short")
    func billionLaughs() {
        var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let limit = YAMLDocument.maximumAliasedValues
        #expect(failure(text)?.reason == .tooManyAliasedValues(limit: limit))
    }

    @Test("one long value named many times is cut short by its bytes")
    func longAliases() {
        let text = "- &a " + String(repeating: "x", count: 1 << 20) + "\n" + String(repeating: "- *a\n", count: 100)
        #expect(failure(text)?.reason == .tooLarge(limit: 16 << 20))
    }

    @Test("aliases do not hide depth")
    func deepAliases() {
        let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 6, maximumValues: 1000)
        let text = "- &a [[1]]\n- &b [[*a]]\n- [[*b]]\n"
        #expect(failure(text, limits: limits)?.reason == .tooDeep(limit: 6))
        #expect(failure("- &a [[1]]\n- &b [[*a]]\n- *b\n", limits: limits) == nil)
    }

    @Test(
        "deep nesting is refused in every style",
        arguments: ["[", "{a: ", "- ", "? ", "[? "])
    func depth(_ opening: String) {
        let error = failure(String(repeating: opening, count: 100_000))
        switch error?.reason {
        case .tooDeep, .keyIsNoScalar, .syntax: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("the greatest depth that is allowed is read")
    func greatestDepth() {
        let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 50, maximumValues: 1000)
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(failure(nested(50), limits: limits) == nil)
        #expect(failure(nested(51), limits: limits)?.reason == .tooDeep(limit: 50))
    }

    @Test("size and number of values are bounded")
    func limits() {
        let limits = JSONLimits(maximumBytes: 20, maximumDepth: 5, maximumValues: 5)
        #expect(failure("[1, 2, 3, 4]", limits: limits) == nil)
        #expect(failure("[1, 2, 3, 4, 5]", limits: limits)?.reason == .tooManyValues(limit: 5))
        #expect(failure("{a: 1, b: 2}", limits: limits) == nil)
        #expect(failure("{a: 1, b: 2, c: }", limits: limits)?.reason == .tooManyValues(limit: 5))
        #expect(failure("\"aaaaaaaaaaaaaaaaaaa\"", limits: limits)?.reason == .tooLarge(limit: 20))
        #expect(failure("\"\\0\\0\\0\\0\"", limits: limits)?.reason == .tooLarge(limit: 20))
    }

    @Test("directives that libyaml would compare with each other are few")
    func tagDirectives() {
        func text(_ count: Int) -> String { (0..<count).map { "%TAG !a\($0)! b:\n" }.joined() + "--- x\n" }
        #expect(failure(text(64)) == nil)
        #expect(failure(text(65)) == YAMLError(.tooManyTagDirectives(limit: 64), at: at(65, 1)))
        #expect(failure(text(100_000))?.reason == .tooManyTagDirectives(limit: 64))
        #expect(failure("a: |\n" + String(repeating: "  %TAG\n", count: 100)) == nil)
    }

    @Test("twenty thousand keys, and anchors, take time in proportion")
    func manyKeys() {
        let keys = (0..<20_000).map { "k\($0): &a\($0) 1\n" }.joined()
        let clock = ContinuousClock()
        let time = clock.measure { #expect(failure(keys) == nil) }
        #expect(time < .seconds(60))
        #expect(failure(keys + "k7: 1\n")?.reason == .duplicateKey("k7", first: at(8, 1)))
    }

    private static let policyIndex = "data/cluster-image-policies/index.json"

    @Test("every recorded manifest and policy is read")
    func recordedFiles() throws {
        guard SharedFolder.root != nil else {
            skip("needs ../shared/data")
            return
        }
        // Some were never YAML; the record says which.
        let index = try JSONDocument(parsing: try #require(SharedFolder.bytes(Self.policyIndex))).root
        let unreadable = index.elements.filter { $0["derived"]?.string?.contains("YAML does not parse") == true }
            .compactMap { $0["file"]?.string }
        #expect(!unreadable.isEmpty)
        var read = 0
        for path in yamlFiles(below: "data") {
            guard let bytes = SharedFolder.bytes(path) else { continue }
            read += 1
            let error = failure(bytes)
            let isUnreadable = unreadable.contains { path.hasSuffix("/" + $0) }
            if (error != nil) != isUnreadable {
                Issue.record("\(path): \(error?.description ?? "read")")
            }
        }
        #expect(read > 50)
    }

    private func yamlFiles(below root: String) -> [String] {
        SharedFolder.names(in: root).flatMap { name in
            let path = "\(root)/\(name)"
            if name.hasSuffix(".yaml") || name.hasSuffix(".yml") { return [path] }
            // Folders have no dot at these depths, but for versions.
            return name.contains(".json") || name.contains(".pem") ? [] : yamlFiles(below: path)
        }
    }
}
