// SPDX-License-Identifier: Apache-2.0
import JSON
import Testing

@testable import TUF

@Suite("Values in metadata")
struct MetadataValueTests {
    @Test(
        "canonical JSON sorts members by code point and escapes only quotation mark and backslash",
        arguments: [
            (#"{"b":1,"a":[true,null,"x\ny"]}"#, "{\"a\":[true,null,\"x\ny\"],\"b\":1}"),
            (#"{"\u00e9":1,"z":2,"Z":3,"":4}"#, #"{"":4,"Z":3,"z":2,"é":1}"#),
            (#""\u0022\\\/\t""#, "\"\\\"\\\\/\t\""), ("-0", "0"), ("9223372036854775807", "9223372036854775807"),
            (#"{"\ud83d\ude00":1,"\uffee":2}"#, "{\"\u{FFEE}\":2,\"\u{1F600}\":1}"),
        ])
    func canonical(_ text: String, _ expected: String) throws {
        let root = try JSONDocument(parsing: Array(text.utf8)).root
        #expect(CanonicalJSON.bytes(of: root) == Array(expected.utf8))
    }

    @Test(
        "a number that is not whole has no canonical form", arguments: ["1.0", "1e3", "9223372036854775808", "[0.5]"])
    func numbers(_ text: String) throws {
        #expect(CanonicalJSON.bytes(of: try JSONDocument(parsing: Array(text.utf8)).root) == nil)
    }

    @Test(
        "times are read as RFC 3339 writes them",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:30:45Z", 951_827_445),
            ("2021-12-18T13:28:12.99008-06:00", 1_639_855_692), ("1969-12-31T23:59:59Z", -1),
        ])
    func times(_ text: String, _ seconds: Int64) {
        #expect(UTCTime.seconds(text) == seconds)
        #expect(UTCTime.seconds(UTCTime.text(of: seconds)) == seconds)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2020-01-01", "2020-01-01T00:00:00", "2020-02-30T00:00:00Z", "2020-01-01T24:00:00Z",
            "2020-01-01 00:00:00Z", "2020-01-01T00:00:60Z", "2020-01-01T00:00:00.Z", "2020-01-01T00:00:00+1:00",
            "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01",
        ])
    func noTimes(_ text: String) {
        #expect(UTCTime.seconds(text) == nil)
    }

    @Test(
        "an error is one sentence that shows what is strange",
        arguments: [
            (MetadataError.missing(file: "timestamp.json"), "timestamp.json is missing in the repository"),
            (.expired(role: .root, at: 0), "root.json has expired, at 1970-01-01T00:00:00Z"),
            (
                .unsigned(role: .targets, valid: 1, threshold: 3),
                "targets.json is signed by 1 of the 3 keys that it needs"
            ),
            (.unsafeName("a b\n"), "\"a b\\u{a}\" is no path of a target"),
        ])
    func sentences(_ error: MetadataError, _ sentence: String) {
        #expect("\(error)" == sentence)
    }
}
