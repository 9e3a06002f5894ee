// SPDX-License-Identifier: Apache-2.0
import JSON
import Testing

struct JSONPrefixTests {
    static func uid(_ text: String, maximumBytes: Int = 64) -> String? {
        JSONPrefix.string(at: ["request", "uid"], in: Array(text.utf8), maximumBytes: maximumBytes)
    }

    static let found: [(String, String)] = [
        (#"{"request":{"uid":"u""#, "u"),
        (#" { "a" : [ {"uid":"x"}, "}" ] , "request" : { "b" : {"uid":"y"} , "uid" : "u" , "#, "u"),
        (#"{"request":{"a":"\"}","uid":"\u0075\n"}"#, "u\n"),
        (#"{"request":{"a":-1.5e3,"b":true,"c":null,"uid":"u"}}"#, "u"),
        (#"{"request":null,"request":{"uid":"u"}}"#, "u"),
        (#"{"request":{},"request":{"uid":"u"}}"#, "u"),
        (#"{"request":{"uid":"u"},"request":{"uid":"v"}}"#, "u"),
        (#"{"requ\u0065st":{"uid":"u"}}"#, "u"),
        (#"{"request":{"uid":7,"uid":"u"}}"#, "u"),
        (#"{"request":{"uid":"u","object":{{{{"#, "u"),
    ]

    @Test("A string is found as soon as its quotation mark closes", arguments: found)
    func finds(text: String, expected: String) {
        #expect(Self.uid(text) == expected)
    }

    static let missing: [String] = [
        "", " ", "{", "[", "null", #""request""#, #"{"request":{"uid":"u"#, #"{"request":{"uid":7}}"#,
        #"{"request":{"x":{"uid":"u"}}}"#, #"{"uid":"u"}"#, #"{"request":"uid"}"#, #"{"request":["uid","u"]}"#,
        #"{"x":"{\"request\":{\"uid\":\"u\"}}"}"#, #"{"x":{"request":{"uid":"u"}}}"#, #"{"request":{"uid":"\ud800"}}"#,
        #"{"request" {"uid":"u"}}"#, #"{request:{"uid":"u"}}"#, #"[{"request":{"uid":"u"}}]"#, "}", #"{}}"#,
        #"{"request":{}},"request":{"uid":"u"}"#,
    ]

    @Test("What is not there, or is elsewhere, is not found", arguments: missing)
    func findsNothing(text: String) {
        #expect(Self.uid(text) == nil)
    }

    @Test("A string longer than asked is not found, and one byte less is")
    func bounded() {
        let text = #"{"request":{"uid":"12345678"}}"#
        #expect(Self.uid(text, maximumBytes: 8) == "12345678")
        #expect(Self.uid(text, maximumBytes: 7) == nil)
        #expect(JSONPrefix.string(at: [], in: Array(text.utf8), maximumBytes: 8) == nil)
    }

    @Test("Whatever the bytes are, the search ends")
    func anyBytes() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"{}[]",:\ru0 "#.utf8) + [0xFF, 0x00, 0xC3]
        let start = Array(#"{"request":{"uid":"u"},"a":[1,{"b":"c"}]}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = start
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[at] = alphabet.randomElement(using: &generator) ?? 0
            }
            let found = JSONPrefix.string(at: ["request", "uid"], in: bytes, maximumBytes: 64)
            // A text that can be read as a whole yields what reading it yields.
            if let root = try? JSONDocument(parsing: bytes).root {
                #expect(found == root["request"]?["uid"]?.string, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test("Depth costs no memory and no stack")
    func deep() {
        let text = #"{"a":"# + String(repeating: "[", count: 1 << 20)
        #expect(Self.uid(text) == nil)
        #expect(Self.uid(text + String(repeating: "]", count: 1 << 20) + #","request":{"uid":"u""#) == "u")
    }
}
