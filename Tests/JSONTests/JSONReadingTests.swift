// SPDX-License-Identifier: Apache-2.0
import JSON
import Testing

func failure(_ text: [UInt8], limits: JSONLimits = .default) -> JSONError? {
    do throws(JSONError) {
        _ = try JSONDocument(parsing: text, limits: limits)
        return nil
    } catch {
        return error
    }
}

func failure(_ text: String, limits: JSONLimits = .default) -> JSONError? { failure(Array(text.utf8), limits: limits) }

func root(_ text: String) throws -> JSONValue { try JSONDocument(parsing: Array(text.utf8)).root }

@Suite("JSON texts")
struct JSONReadingTests {
    private static let refusals: [(String, JSONError.Reason, Int, twin: String)] = [
        ("", .unexpectedEnd, 0, "0"),
        (" ", .unexpectedEnd, 1, " 0"),
        ("{", .unexpectedEnd, 1, "{}"),
        ("[1", .unexpectedEnd, 2, "[1]"),
        ("[1,", .unexpectedEnd, 3, "[1,2]"),
        ("[1,]", .unexpectedByte(0x5D), 3, "[1,1]"),
        ("[,1]", .unexpectedByte(0x2C), 1, "[ 1]"),
        ("[1 2]", .unexpectedByte(0x32), 3, "[1,2]"),
        ("[1}", .unexpectedByte(0x7D), 2, "[1]"),
        (#"{"a":1]"#, .unexpectedByte(0x5D), 6, #"{"a":1}"#),
        (#"{"a":1,}"#, .unexpectedByte(0x7D), 7, #"{"a":1 }"#),
        (#"{"a" 1}"#, .unexpectedByte(0x31), 5, #"{"a":1}"#),
        (#"{"a"}"#, .unexpectedByte(0x7D), 4, #"{"a":0}"#),
        (#"{a:1}"#, .unexpectedByte(0x61), 1, #"{"a":1}"#),
        (#"{1:1}"#, .unexpectedByte(0x31), 1, #"{"1":1}"#),
        (#"{"a":1,"b":2,"a":3}"#, .duplicateKey("a"), 13, #"{"a":1,"b":2,"c":3}"#),
        (#"{"a":1,"\u0061":2}"#, .duplicateKey("a"), 7, #"{"a":1,"\u0062":2}"#),
        (#"{"x":{"/":1,"\/":2}}"#, .duplicateKey("/"), 12, #"{"x":{"/":1},"\/":2}"#),
        (#"{"":1,"":2}"#, .duplicateKey(""), 6, #"{"":1," ":2}"#),
        (#"{"k:{\"n\"}":1,"k:{\"n\"}":2}"#, .duplicateKey(#"k:{"n"}"#), 15, #"{"k:{\"n\"}":1,"k:{\"m\"}":2}"#),
        (#"{"a\"b":1,"a\u0022b":2}"#, .duplicateKey(#"a"b"#), 10, #"{"a\"b":1,"a\u0023b":2}"#),
        (#"{"a\u0022b":1,"a\"b":2}"#, .duplicateKey(#"a"b"#), 14, #"{"a\u0022b":1,"a\\b":2}"#),
        (#"{"a\\b":1,"a\\b":2}"#, .duplicateKey(#"a\b"#), 10, #"{"a\\b":1,"a\\\\b":2}"#),
        (#"{"a\\b":1,"x":0,"a\u005cb":2}"#, .duplicateKey(#"a\b"#), 16, #"{"a\\b":1,"a\u005c\u005cb":2}"#),
        (#"{"\\u0061":1,"\\u0061":2}"#, .duplicateKey(#"\u0061"#), 13, #"{"\\u0061":1,"a":2,"\u0062":3}"#),
        (#"{"\ud83d\ude00":1,"😀":2}"#, .duplicateKey("😀"), 18, #"{"\ud83d\ude01":1,"😀":2}"#),
        ("1 2", .trailingData, 2, "12"),
        ("{}{}", .trailingData, 2, "[{},{}]"),
        ("null\0", .trailingData, 4, "null\n"),
        ("\u{feff}1", .unexpectedByte(0xEF), 0, " 1"),
        ("\u{a0}1", .unexpectedByte(0xC2), 0, "\t1"),
        ("\u{b}1", .unexpectedByte(0x0B), 0, "\r1"),
        ("tru", .unexpectedEnd, 3, "true"),
        ("nulL", .unexpectedByte(0x4C), 3, "null"),
        ("True", .unexpectedByte(0x54), 0, "true"),
        ("NaN", .unexpectedByte(0x4E), 0, "0"),
        ("'a'", .unexpectedByte(0x27), 0, "\"a\""),
        ("/**/1", .unexpectedByte(0x2F), 0, "1"),
        ("01", .invalidNumber, 0, "10"),
        ("-", .invalidNumber, 0, "-1"),
        ("-01", .invalidNumber, 0, "-0.1"),
        ("1.", .invalidNumber, 0, "1.0"),
        ("1.e3", .invalidNumber, 0, "1.0e3"),
        ("1e", .invalidNumber, 0, "1e1"),
        ("1e+", .invalidNumber, 0, "1e+1"),
        ("+1", .unexpectedByte(0x2B), 0, "1"),
        (".5", .unexpectedByte(0x2E), 0, "0.5"),
        ("0x10", .trailingData, 1, "010".replacing("010", with: "10")),
        ("1_000", .trailingData, 1, "1000"),
        ("-Infinity", .invalidNumber, 0, "-1"),
        (#""a"#, .unexpectedEnd, 2, #""a""#),
        (#""\"#, .unexpectedEnd, 2, #""\\""#),
        (#""\a""#, .invalidEscape, 1, #""\b""#),
        (#""\u12""#, .invalidEscape, 1, #""\u1200""#),
        (#""\u123g""#, .invalidEscape, 1, #""\u123f""#),
        (#""\ud800""#, .loneSurrogate, 1, #""\ud7ff""#),
        (#""\udc00""#, .loneSurrogate, 1, #""\ue000""#),
        (#""\ud800\u0041""#, .loneSurrogate, 1, #""\ud800\udc41""#),
        (#""\ud800\ud800""#, .loneSurrogate, 1, #""\ud800\udfff""#),
        (#""\ude00\ud83d""#, .loneSurrogate, 1, #""\ud83d\ude00""#),
        (#""\ud83dx""#, .loneSurrogate, 1, #""\ud83d\ude00x""#),
        ("\"\n\"", .controlCharacter, 1, #""\n""#),
        ("\"\u{0}\"", .controlCharacter, 1, #""\u0000""#),
        ("\"\u{1f}\"", .controlCharacter, 1, "\"\u{20}\u{7f}\""),
    ]

    @Test("a text that breaks a rule is refused for it, and its twin one change away is read", arguments: refusals)
    func refusal(_ text: String, _ reason: JSONError.Reason, _ offset: Int, twin: String) {
        let error = failure(text)
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
        #expect(failure(twin) == nil)
    }

    @Test(
        "bytes that are no UTF-8 are refused in strings and names",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0xF0, 0x9F, 0x98], [0xFE], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        #expect(failure(Array("\"a".utf8) + bytes + Array("\"".utf8)) == JSONError(.invalidUTF8, at: 2))
        #expect(failure(Array("{\"".utf8) + bytes + Array("\":1}".utf8)) == JSONError(.invalidUTF8, at: 2))
        #expect(failure(Array("\"".utf8) + bytes)?.reason == .invalidUTF8)
    }

    @Test(
        "every well-formed length of UTF-8 is read, at the edges of its range",
        arguments: [
            "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{10ffff}",
        ])
    func validUTF8(_ text: String) throws {
        #expect(try root("\"\(text)\"").string == text)
    }

    @Test(
        "numbers keep their text",
        arguments: [
            "0", "-0", "1e400", "0.1", "12345678901234567890", "1E-7", "-1.50e+10", "0.30000000000000004",
            "1" + String(repeating: "0", count: 400),
        ])
    func numbers(_ text: String) throws {
        #expect(try root("[\(text)]")[0]?.numberText == text)
    }

    @Test("integers are those that are written so and fit into 64 bits")
    func integers() throws {
        #expect(try root("9223372036854775807").integer == .max)
        #expect(try root("-9223372036854775808").integer == .min)
        #expect(try root("9223372036854775808").integer == nil)
        #expect(try root("1.0").integer == nil)
        #expect(try root("1e2").integer == nil)
        #expect(try root("\"1\"").integer == nil)
        #expect(try root("\"-12\"").integerOrDecimalString == -12)
        #expect(try root("\"+12\"").integerOrDecimalString == nil)
        #expect(try root("\"\"").integerOrDecimalString == nil)
    }

    @Test("names that only normalisation makes equal are two names")
    func normalisation() throws {
        let object = try root("{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(object["\u{e9}"]?.integer == 1)
        #expect(object["e\u{301}"]?.integer == 2)
        #expect(try root(#"{"e\u0301":2}"#)["\u{e9}"] == nil)
    }

    @Test("strings say what their escapes mean")
    func escapes() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0000\u00e9\u20ac\ud83d\ude00\uFFFF""#
        #expect(try root(text).string == "\"\\/\u{8}\u{c}\n\r\t\0é€😀\u{ffff}")
    }

    @Test("depth is bounded exactly, in every kind of nesting", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func depth(_ open: String, _ close: String) {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
        }
        #expect(failure(nested(200)) == nil)
        #expect(failure(nested(201))?.reason == .tooDeep(limit: 200))
        #expect(failure(String(repeating: open, count: 1_000_000))?.reason == .tooDeep(limit: 200))
    }

    @Test("bytes and values are bounded exactly")
    func limits() {
        let limits = JSONLimits(maximumBytes: 13, maximumDepth: 2, maximumValues: 5)
        #expect(failure(#"{"a":1,"b":2}"#, limits: limits) == nil)
        #expect(failure(#"{"a":1,"b":2} "#, limits: limits) == JSONError(.tooLarge(limit: 13), at: 13))
        #expect(failure("[1,2,3,4]", limits: limits) == nil)
        #expect(failure("[1,2,3,4,5]", limits: limits)?.reason == .tooManyValues(limit: 5))
    }

    @Test("a hundred thousand names take time in proportion, and the one that repeats is found")
    func manyNames() {
        let names = (0..<100_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(failure("{\(names)}") == nil)
        #expect(failure("{\(names),\"k4711\":1}")?.reason == .duplicateKey("k4711"))
        #expect(failure("{\(names),\"\\u006b99999\":1}")?.reason == .duplicateKey("k99999"))
    }

    @Test(
        "a repeated name is found whatever its length, its place and the number of others, and a name that differs is not one",
        arguments: 0...20)
    func namesOfAllLengths(length: Int) {
        let name = String("abcdefghijklmnopqrstu".prefix(length))
        for others in [0, 1, 7, 31, 32, 40] {
            for space in 0..<9 {
                let start = String(repeating: " ", count: space) + "{" + (0..<others).map { "\"\($0)!\":0," }.joined()
                #expect(failure("\(start)\"\(name)\":1,\"\(name)\":2}")?.reason == .duplicateKey(name))
                // Those of equal length differ in one byte, wherever it stands.
                for at in name.indices {
                    let other = name[..<at] + "_" + name[name.index(after: at)...]
                    #expect(failure("\(start)\"\(name)\":1,\"\(other)\":2}") == nil)
                }
                #expect(failure("\(start)\"\(name)\":1,\"x\(name)\":2}") == nil)
            }
        }
    }

    @Test("a hundred thousand times the same name is one error")
    func manyDuplicates() {
        let clock = ContinuousClock()
        let time = clock.measure {
            let names = String(repeating: "\"k\":0,", count: 100_000)
            #expect(failure("{\(names)\"x\":0}")?.reason == .duplicateKey("k"))
        }
        #expect(time < .seconds(60))
    }

    @Test("errors are told without what a terminal would obey")
    func descriptions() {
        let error = failure("{\"\\u001b[31m\u{202e}\":1,\"\\u001b[31m\u{202e}\":2}")
        #expect(error?.description == #"duplicate key "\u{1b}[31m\u{202e}" at byte 19"#)
        #expect(JSONError.Reason.duplicateKey(String(repeating: "x", count: 500)).description.count < 120)
    }
}
