// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

/// SplitMix64: the same mutations in each run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

private let seeds = [
    #"{"a":[1,-2.5e+10,true,false,null,"x"],"b":{"c":{},"d":[]}}"#, #"["\u00e9\ud83d\ude00\n\\\"",""]"#,
    #" { "k" : [ [ [ ] ] ] , "l" : -0 } "#, "[\"é😀\u{7f}\",1e400,0.1,12345678901234567890]",
    #"{"kind":"Pod","spec":{"containers":[{"name":"a","image":"q.io/a:b"}]}}"#, "\"\"", "0", "[]",
].map { Array($0.utf8) }

func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
    let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "0", "-", "e", ".", "true", "\"a\":", "\u{e9}",
    ]
    var text = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0...text.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0 where place < text.count: text[place] = UInt8.random(in: 0...255, using: &generator)
        case 1 where place < text.count: text.remove(at: place)
        case 2: text.insert(contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &generator)].utf8, at: place)
        case 3: text.removeLast(text.count - place)
        default: text.insert(contentsOf: text.prefix(place), at: place)
        }
    }
    return text
}

/// A value written again from what its accessors say.
private func write(_ value: JSONValue, to writer: inout JSONWriter) {
    switch value.kind {
    case .object:
        writer.object { writer in
            for (name, member, _) in value.members {
                writer.name(name)
                write(member, to: &writer)
            }
        }
    case .array: writer.array { writer in for element in value.elements { write(element, to: &writer) } }
    case .string: writer.string(value.string ?? "")
    case .number: writer.raw((value.numberText ?? "").utf8)
    case .bool: writer.bool(value.bool ?? false)
    case .null: writer.null()
    }
}

@Suite("JSON under mutation")
struct JSONFuzzTests {
    @Test("whatever is read is written and read again to the same text", arguments: 0..<4)
    func roundTrip(slice: Int) throws {
        var generator = SeededGenerator(state: UInt64(slice) &* 104_729 &+ 17)
        var accepted = 0
        for _ in 0..<5_000 {
            let text = mutated(&generator)
            guard let document = try? JSONDocument(parsing: text) else { continue }
            accepted += 1
            var first = JSONWriter()
            write(document.root, to: &first)
            let again = try JSONDocument(parsing: first.bytes)
            var second = JSONWriter()
            write(again.root, to: &second)
            if first.bytes != second.bytes {
                Issue.record("\(String(decoding: text, as: UTF8.self)) is not stable")
                return
            }
            _ = again.root.position
        }
        #expect(accepted > 100)
    }

    @Test("Python's reader accepts what we accept, and nothing else but what we are stricter about")
    func pythonAgrees() async throws {
        guard let python = Tool.find("python3") else {
            skip("needs python3")
            return
        }
        var generator = SeededGenerator(state: 4_242)
        var texts: [[UInt8]] = []
        while texts.count < 4_000 {
            // One text a line: hex keeps every byte.
            texts.append(mutated(&generator))
        }
        let folder = try TemporaryDirectory()
        let lines = texts.map { bytes in bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let input = try folder.write(lines.joined(separator: "\n") + "\n", to: "texts")
        let result = try await Command(python, ["-c", Self.script, input]).run()
        try #require(result.succeeded, "\(result.errorText)")
        let answers = Array(result.stdout.filter { $0 == UInt8(ascii: "1") || $0 == UInt8(ascii: "0") })
        try #require(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            let accepted = failure(text) == nil
            if accepted != (answer == UInt8(ascii: "1")) {
                Issue.record("\(String(decoding: text, as: UTF8.self)): \(failure(text)?.description ?? "read")")
            }
        }
    }

    /// Python's reader with the strictness that ours has: UTF-8, no NaN, no duplicate names, no lone surrogates.
    private static let script = """
        import json, sys
        def pairs(items):
            names = [name for name, _ in items]
            if len(set(names)) != len(names): raise ValueError("duplicate")
            return dict(items)
        def constant(word): raise ValueError(word)
        def check(value):
            if isinstance(value, str): value.encode("utf-8")
            elif isinstance(value, list):
                for item in value: check(item)
            elif isinstance(value, dict):
                for name, item in value.items(): check(name); check(item)
        for line in open(sys.argv[1]):
            try:
                text = bytes.fromhex(line.strip()).decode("utf-8")
                check(json.loads(text, object_pairs_hook=pairs, parse_constant=constant))
                print(1)
            except (ValueError, RecursionError):
                print(0)
        """
}
