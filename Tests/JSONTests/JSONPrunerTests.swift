// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import JSON

@Suite("Parts of JSON that comes in pieces")
struct JSONPrunerTests {
    private static func pruned(
        _ text: [UInt8], _ parts: JSONParts, by length: Int, depth: Int = 200, keeping limit: Int = 1 << 20
    ) throws(JSONPruner.Failure) -> [UInt8] {
        var pruner = JSONPruner(parts, maximumDepth: depth, keeping: limit)
        var at = 0
        while at < text.count {
            let end = min(text.count, at + length)
            pruner.read(Array(text[at..<end]))
            at = end
        }
        return try pruner.finish()
    }

    private static func pruned(_ text: String, _ parts: JSONParts) throws -> String {
        let text = Array(text.utf8)
        let whole = try pruned(text, parts, by: max(1, text.count))
        for length in 1...max(1, text.count) {
            #expect(try pruned(text, parts, by: length) == whole, "in pieces of \(length)")
        }
        return String(decoding: whole, as: UTF8.self)
    }

    @Test(
        "what is named is kept as it was written, and nothing else",
        arguments: [
            (#"{"a":1,"b":2}"#, JSONParts.members(["a": .all]), #"{"a":1}"#),
            (#"{"a":1,"b":2}"#, .members(["b": .all]), #"{"b":2}"#),
            (#"{"a":1,"b":2}"#, .members(["c": .all]), "{}"),
            (#"{"a":1,"b":2}"#, .members([:]), "{}"),
            (#" {"a" : 1 , "b":2} "#, .all, #"{"a" : 1 , "b":2}"#),
            (#"{"a":1}"#, .nothing, "null"),
            (
                #"{"a":{"x":{"y":[1,{"z":2}]},"w":"s"},"b":[{"a":1}]}"#, .members(["a": .members(["x": .all])]),
                #"{"a":{"x":{"y":[1,{"z":2}]}}}"#
            ),
            // What is no object is kept whole.
            (#"{"a":[{"b":1,"c":2}]}"#, .members(["a": .members(["b": .all])]), #"{"a":[{"b":1,"c":2}]}"#),
            (#"{"a":"x"}"#, .members(["a": .members(["b": .all])]), #"{"a":"x"}"#),
            (#"{"a":null}"#, .members(["a": .members([:])]), #"{"a":null}"#),
            (#"[{"a":1}]"#, .members(["a": .all]), #"[{"a":1}]"#),
            ("-1.5e+10", .members(["a": .all]), "-1.5e+10"),
            // By what a name says, however it is written.
            (#"{"\u0061":1,"a\n":2}"#, .members(["a": .all]), #"{"\u0061":1}"#),
            (#"{"a\n":2,"a":1}"#, .members(["a\n": .all]), #"{"a\n":2}"#),
            (#"{"é":1}"#, .members(["\u{e9}": .all]), #"{"é":1}"#),
            (
                #"{"\ud83d\ude00":1,"b":"\ud83d\ude00"}"#, .members(["😀": .all, "b": .all]),
                #"{"\ud83d\ude00":1,"b":"\ud83d\ude00"}"#
            ),
            // Twice is kept twice, for the strict reader to refuse.
            (#"{"a":1,"a":2}"#, .members(["a": .all]), #"{"a":1,"a":2}"#),
            (#"{"a":{"b":1,"b":2},"c":3}"#, .members(["a": .members(["b": .all])]), #"{"a":{"b":1,"b":2}}"#),
        ])
    func keeps(text: String, parts: JSONParts, kept: String) throws {
        #expect(try Self.pruned(text, parts) == kept)
    }

    @Test("A member that is kept and stands twice is refused by the reader, however it is escaped")
    func duplicates() throws {
        let kept = try Self.pruned(#"{"a":1,"b":{},"\u0061":2}"#, .members(["a": .all]))
        #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(kept.utf8)) }
    }

    @Test("Whatever is wrong in what is passed over is wrong")
    func malformed() {
        for text in [
            "", " ", "{", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,"#, #"{"a":1,}"#, "[1,]", "[1 2]", "[01]", "[-]",
            "[1.]", "[1e]",
            "[1e+]", "[+1]", "tru", "[truE]", "nulll", "[\"\u{1}\"]", #"["\x"]"#, #"["\u12g4"]"#, #"["\ud800"]"#,
            #"["\ud800x"]"#, #"["\ud800\n"]"#, #"["\ud800\u0041"]"#, #"["\ud800\ud800"]"#, #"["\udc00"]"#, "[\"", "1 1",
            "{}{}",
            "{1:2}", "{\"a\" 1}", "[:]", "]", "}", "[}", "{]", "\u{feff}{}",
        ] {
            for parts in [JSONParts.nothing, .all, .members([:])] {
                for length in [1, 2, 3, 64] {
                    #expect(throws: JSONPruner.Failure.self, "\(text)") {
                        try Self.pruned(Array(text.utf8), parts, by: length)
                    }
                }
            }
        }
        for bytes: [UInt8] in [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
        ] {
            let text = Array("\"".utf8) + bytes + Array("\"".utf8)
            #expect(throws: JSONPruner.Failure.self) { try Self.pruned(text, .nothing, by: 1) }
        }
    }

    @Test("No more is kept, and nothing is nested deeper, than is allowed")
    func limits() throws {
        let text = Array(#"{"a":"0123456789","b":[[[1]]]}"#.utf8)
        let kept = Array(#"{"a":"0123456789"}"#.utf8)
        #expect(try Self.pruned(text, .members(["a": .all]), by: 4, keeping: kept.count) == kept)
        #expect(throws: JSONPruner.Failure.keepsTooMuch(limit: kept.count - 1)) {
            try Self.pruned(text, .members(["a": .all]), by: 4, keeping: kept.count - 1)
        }
        #expect(try Self.pruned(text, .members(["a": .all]), by: 4, depth: 4) == kept)
        #expect(throws: JSONPruner.Failure.self) {
            try Self.pruned(text, .members(["a": .all]), by: 4, depth: 3)
        }
    }

    @Test("It takes what the reader takes, but for duplicates that nobody reads", arguments: 0..<4)
    func differential(slice: Int) {
        var generator = SeededGenerator(state: UInt64(slice) &* 7_919 &+ 3)
        for _ in 0..<5_000 {
            let text = mutated(&generator)
            let length = Int.random(in: 1...8, using: &generator)
            let kept = try? Self.pruned(text, .all, by: length)
            let parts = try? Self.pruned(text, .members(["a": .members(["c": .all]), "k": .all]), by: length)
            let read: JSONDocument?
            do throws(JSONError) {
                read = try JSONDocument(parsing: text)
            } catch {
                if case .duplicateKey = error.reason { continue }
                read = nil
            }
            let isSame = (read == nil) == (kept == nil) && (read == nil) == (parts == nil)
            let isWhole = read.map { Array($0.root.rawText) == kept } ?? true
            let isReadable = parts.map { (try? JSONDocument(parsing: $0)) != nil } ?? true
            if !isSame || !isWhole || !isReadable {
                Issue.record("\(String(decoding: text, as: UTF8.self)) in pieces of \(length)")
                return
            }
            guard let read, read.root.kind == .object, let parts, let root = try? JSONDocument(parsing: parts).root
            else { continue }
            #expect(read.root["k"].map { Array($0.rawText) } == root["k"].map { Array($0.rawText) })
        }
    }

    @Test("The union of parts is all that either names")
    func union() {
        let one = JSONParts.members(["a": .all, "b": .members(["x": .all])])
        let other = JSONParts.members(["b": .members(["y": .nothing]), "c": .all])
        #expect(
            one.union(other) == .members(["a": .all, "b": .members(["x": .all, "y": .nothing]), "c": .all]))
        #expect(one.union(.all) == .all && one.union(.nothing) == one && JSONParts.nothing.union(one) == one)
        #expect(one.union(other).contains(one) && !one.contains(other) && JSONParts.all.contains(one))
        #expect(!one.contains(.all) && one.contains(.nothing))
    }
}
