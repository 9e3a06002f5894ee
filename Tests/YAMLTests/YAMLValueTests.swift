// SPDX-License-Identifier: Apache-2.0
import JSON
import Testing
import YAML

/// The JSON of the only document in a text.
func json(_ yaml: String) throws -> String {
    let documents = try YAMLDocument.parse(Array(yaml.utf8))
    try #require(documents.count == 1)
    return String(decoding: documents[0].text, as: UTF8.self)
}

func failure(_ yaml: [UInt8], limits: JSONLimits = .default) -> YAMLError? {
    do throws(YAMLError) {
        _ = try YAMLDocument.parse(yaml, limits: limits)
        return nil
    } catch {
        return error
    }
}

func failure(_ yaml: String, limits: JSONLimits = .default) -> YAMLError? { failure(Array(yaml.utf8), limits: limits) }

@Suite("YAML values")
struct YAMLValueTests {
    @Test(
        "a plain scalar means what Kubernetes' tools take it for",
        arguments: [
            ("yes", "true"), ("On", "true"), ("y", "true"), ("TRUE", "true"), ("no", "false"), ("off", "false"),
            ("N", "false"), ("yEs", #""yEs""#), ("truth", #""truth""#), ("~", "null"), ("Null", "null"),
            ("nULL", #""nULL""#), ("0", "0"), ("-0", "0"), ("+7", "7"), ("1_000", "1000"), ("012", "10"),
            ("0o17", "15"), ("0x1F", "31"), ("-0x1f", "-31"), ("0b101", "5"), ("09", "9"), ("08.50", "8.50"),
            ("18446744073709551615", "18446744073709551615"), ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
            ("123456789012345678901234567890", "123456789012345678901234567890"), ("1.0", "1.0"), (".5", "0.5"),
            ("-.5e3", "-0.5e3"), ("1.", "1"), ("1e3", "1e3"), ("1E+03", "1e+03"), ("0.1", "0.1"), ("1e", #""1e""#),
            ("1e+", #""1e+""#), (".", #"".""#), ("+", #""+""#), ("-", "[null]"), ("0x", #""0x""#), ("0xg", #""0xg""#),
            ("0b2", #""0b2""#), ("1:30", #""1:30""#), ("1.2.3", #""1.2.3""#), ("2001-12-14", #""2001-12-14""#),
            ("2001-12-14T21:59:43Z", #""2001-12-14T21:59:43Z""#), ("_1", #""_1""#), ("._5", #""._5""#),
            ("v1.2", #""v1.2""#), ("a b", #""a b""#), ("\"yes\"", #""yes""#), ("'1'", #""1""#), ("! 1", #""1""#),
            ("!!str 1", #""1""#), ("!!int '1'", "1"), ("!!float 1", "1"), ("!!bool 'on'", "true"),
            ("!!null ''", "null"), ("|\n  a\n  b\n", #""a\nb\n""#), (">-\n  a\n  b\n", #""a b""#),
            ("\"\\u00e9\\t\\x01\\0\"", #""é\t\u0001\u0000""#), ("\"a\\/b\"", #""a/b""#), ("é", #""é""#),
        ])
    func plainScalars(_ yaml: String, _ expected: String) throws {
        #expect(try json(yaml) == expected)
    }

    @Test(
        "collections of both styles are read",
        arguments: [
            ("a: 1\nb: [x, {c: d}]\n", #"{"a":1,"b":["x",{"c":"d"}]}"#), ("- a\n-\n- - b\n", #"["a",null,["b"]]"#),
            ("{}", "{}"), ("[]", "[]"), ("{a, b: }", #"{"a":null,"b":null}"#), ("!!map {a: !!seq [1]}", #"{"a":[1]}"#),
            ("? a\n: b", #"{"a":"b"}"#), (#"{"a": [1, true, "x"]}"#, #"{"a":[1,true,"x"]}"#),
            ("{\t\"a\":\t1}", #"{"a":1}"#),
            ("yes: 1\n1: 2\n'': 3\n\"<<\": 4", #"{"yes":1,"1":2,"":3,"<<":4}"#), ("!!str true: 1", #"{"true":1}"#),
        ])
    func collections(_ yaml: String, _ expected: String) throws {
        #expect(try json(yaml) == expected)
    }

    @Test(
        "an alias is what its anchor is, with what it had when it was named",
        arguments: [
            ("a: &x {k: 1}\nb: *x", #"{"a":{"k":1},"b":{"k":1}}"#), ("[&a 1, *a, &a 2, *a]", "[1,1,2,2]"),
            ("&k key: *k", #"{"key":"key"}"#), ("[&e , *e]", "[null,null]"),
            ("- &a [1]\n- &b [*a, *a]\n- *b", "[[1],[[1],[1]],[[1],[1]]]"),
        ])
    func aliases(_ yaml: String, _ expected: String) throws {
        #expect(try json(yaml) == expected)
    }

    @Test("a stream gives its documents, without those that are empty")
    func documents() throws {
        let text = "\u{feff}# comment\n---\na: 1\n---\n---\n# nothing\n--- ~\n...\n--- b\n"
        let documents = try YAMLDocument.parse(Array(text.utf8))
        #expect(documents.map { String(decoding: $0.text, as: UTF8.self) } == [#"{"a":1}"#, "null", #""b""#])
        #expect(try YAMLDocument.parse([]).isEmpty)
        #expect(try YAMLDocument.parse(Array("# only a comment\n".utf8)).isEmpty)
        #expect(try YAMLDocument.parse([0xEF, 0xBB, 0xBF]).isEmpty)
    }

    @Test("anchors end with their document")
    func anchorsAreLocal() {
        #expect(failure("&a 1\n--- *a\n")?.reason == .unknownAlias("a"))
    }

    @Test("every value and name knows its line and column")
    func positions() throws {
        let text = "\u{feff}# c\nspec:\n  images:\n    - glob: \"é\"\n      mode: x\n---\nk: [1, {z: 2}]\n"
        let documents = try YAMLDocument.parse(Array(text.utf8))
        let root = documents[0].root
        #expect(root.position == SourcePosition(line: 2, column: 1))
        let image = try #require(root["spec"]?["images"]?[0])
        #expect(image.position == SourcePosition(line: 4, column: 7))
        #expect(image["glob"]?.position == SourcePosition(line: 4, column: 13))
        #expect(image["mode"]?.position == SourcePosition(line: 5, column: 13))
        let names = image.members.map { $0.nameValue.position }
        #expect(names == [SourcePosition(line: 4, column: 7), SourcePosition(line: 5, column: 7)])
        let second = documents[1].root
        #expect(second["k"]?[1]?["z"]?.position == SourcePosition(line: 7, column: 12))
    }

    @Test("what comes by an alias has the place of its anchor's value")
    func aliasPositions() throws {
        let root = try YAMLDocument.parse(Array("a: &x\n  k: 1\nb: *x\n".utf8))[0].root
        #expect(root["b"]?["k"]?.position == SourcePosition(line: 2, column: 6))
    }
}
