// SPDX-License-Identifier: Apache-2.0
import JSON
import Testing

@Suite("JSON values")
struct JSONValueTests {
    private let text = #" {"a" : [1, "x", {"b":null}], "c":true, "\u0064": {}, "e": []} "#

    @Test("members and elements are reached by name and position")
    func access() throws {
        let value = try root(text)
        #expect(value.kind == .object)
        #expect(value.count == 4)
        #expect(value["a"]?.count == 3)
        #expect(value["a"]?[0]?.integer == 1)
        #expect(value["a"]?[1]?.string == "x")
        #expect(value["a"]?[2]?["b"]?.isNull == true)
        #expect(value["c"]?.bool == true)
        #expect(value["d"]?.kind == .object)
        #expect(value["d"]?.count == 0)
        #expect(value["e"]?.count == 0)
        #expect(value["e"]?.elements.map(\.kind).isEmpty == true)
        #expect(value.members.map(\.name) == ["a", "c", "d", "e"])
    }

    @Test("a member is found by its whole name, however that is written")
    func names() throws {
        let value = try root(##"{"":1,"ab":2,"a":3,"\u0061bc":4,"é":5,"a\"":6,"nested":{"a":7}}"##)
        for (name, number) in [("", 1), ("ab", 2), ("a", 3), ("abc", 4), ("é", 5), ("a\"", 6)] {
            #expect(value[name]?.integer == Int64(number), "\(name)")
        }
        for name in ["b", "abcd", "\\u0061bc", "e\u{301}", "A"] { #expect(value[name] == nil, "\(name)") }
        #expect(value["nested"]?["a"]?.integer == 7)
    }

    @Test("what is not there, or is of another kind, is nil")
    func absence() throws {
        let value = try root(text)
        #expect(value["b"] == nil)
        #expect(value["a"]?[3] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["a"]?["a"] == nil)
        #expect(value[0] == nil)
        #expect(value["c"]?.string == nil)
        #expect(value["c"]?.integer == nil)
        #expect(value["a"]?[0]?.bool == nil)
        #expect(value["a"]?.members.map(\.name).isEmpty == true)
        #expect(value.elements.map(\.kind).isEmpty)
        #expect(value["c"]?.count == 0)
    }

    @Test("a value gives its own text back")
    func rawText() throws {
        let value = try root(text)
        func raw(_ value: JSONValue?) -> String { String(decoding: value?.rawText ?? [], as: UTF8.self) }
        #expect(raw(value["a"]) == #"[1, "x", {"b":null}]"#)
        #expect(raw(value["a"]?[1]) == #""x""#)
        #expect(raw(value["d"]) == "{}")
        #expect(raw(value) == text.dropFirst().dropLast())
        let name = try #require(value.members.map(\.nameValue)[2] as JSONValue?)
        #expect(raw(name) == #""\u0064""#)
        #expect(value["a"]?[1].map { String(decoding: $0.raw, as: UTF8.self) } == "x")
    }

    @Test("a place is line and column in characters, a string's at its quotation mark")
    func positions() throws {
        let value = try root("{\n  \"é\": [\"ü\", 1]\n}")
        #expect(value.position == SourcePosition(line: 1, column: 1))
        #expect(value["é"]?.position == SourcePosition(line: 2, column: 8))
        #expect(value["é"]?[0]?.position == SourcePosition(line: 2, column: 9))
        #expect(value["é"]?[1]?.position == SourcePosition(line: 2, column: 14))
        #expect(value.members.map { $0.nameValue.position } == [SourcePosition(line: 2, column: 3)])
    }

    @Test("the writer's text is read back as it was meant")
    func writer() throws {
        let hostile = "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}é😀\u{2028}\u{feff}"
        var writer = JSONWriter()
        writer.object {
            $0.member("text", hostile)
            $0.member(hostile, true)
            $0.member("number", Int64.min)
            $0.member("big", UInt64.max)
            $0.member("list", ["a", "b"])
            $0.member("empty", [])
            $0.member("nested", object: { $0.member("x", array: { $0.null() }) })
            $0.name("raw")
            $0.raw(Array("[1e400]".utf8))
        }
        let value = try JSONDocument(parsing: writer.bytes).root
        #expect(value["text"]?.string == hostile)
        #expect(value[hostile]?.bool == true)
        #expect(value["number"]?.integer == .min)
        #expect(value["big"]?.numberText == "18446744073709551615")
        #expect(value["list"]?.elements.map(\.string) == ["a", "b"])
        #expect(value["empty"]?.count == 0)
        #expect(value["nested"]?["x"]?[0]?.isNull == true)
        #expect(value["raw"]?[0]?.numberText == "1e400")
    }
}
