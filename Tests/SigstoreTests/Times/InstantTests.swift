// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Sigstore

@Suite("An instant")
struct InstantTests {
    static let texts: [(text: String, seconds: Int64, nanoseconds: UInt32)] = [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1969-12-31T23:59:59Z", -1, 0),
        ("2000-02-29T12:00:00Z", 951_825_600, 0),
        ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
        ("2021-03-07T03:20:29.000Z", 1_615_087_229, 0),
        ("2022-12-31T23:59:59.999Z", 1_672_531_199, 999_000_000),
        ("2022-12-31T23:59:59.000000001Z", 1_672_531_199, 1),
        ("2022-12-31T23:59:59.5Z", 1_672_531_199, 500_000_000),
        ("2025-06-12T12:02:20+00:00", 1_749_729_740, 0),
        ("2025-06-12T12:02:20-00:00", 1_749_729_740, 0),
        ("2025-06-12T14:32:20+02:30", 1_749_729_740, 0),
        ("2025-06-12T00:02:20.25-12:00", 1_749_729_740, 250_000_000),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
    ]

    @Test("is read from RFC 3339", arguments: texts)
    func isRead(text: String, seconds: Int64, nanoseconds: UInt32) throws {
        let instant = try #require(Instant(rfc3339: text))
        #expect(instant.seconds == seconds)
        #expect(instant.nanoseconds == nanoseconds)
        #expect(Instant(rfc3339: instant.description) == instant)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "Z", "2025", "2025-06-12", "2025-06-12T12:02:20", "2025-06-12t12:02:20Z", "2025-06-12T12:02:20z",
            "2025-06-12 12:02:20Z", "2025-06-12T12:02Z", "2025-6-12T12:02:20Z", "20250612T120220Z",
            "2025-06-12T12:02:20ZZ", " 2025-06-12T12:02:20Z", "2025-06-12T12:02:20Z\n", "+025-06-12T12:02:20Z",
            "-001-06-12T12:02:20Z", "12025-06-12T12:02:20Z", "0000-12-31T00:00:00Z", "2025-00-12T12:02:20Z",
            "2025-13-12T12:02:20Z", "2025-06-00T12:02:20Z", "2025-06-31T12:02:20Z", "2025-02-29T12:02:20Z",
            "1900-02-29T12:02:20Z", "2100-02-29T12:02:20Z", "2025-06-12T24:00:00Z", "2025-06-12T12:60:20Z",
            "2016-12-31T23:59:60Z", "2025-06-12T12:02:20.Z", "2025-06-12T12:02:20,5Z",
            "2025-06-12T12:02:20.1234567890Z", "2025-06-12T12:02:20.-1Z", "2025-06-12T12:02:20+24:00",
            "2025-06-12T12:02:20+00:60", "2025-06-12T12:02:20+0000", "2025-06-12T12:02:20+00",
            "2025-06-12T12:02:20+00:00Z", "2025-06-12T12:02:2０Z", "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ])
    func isNotRead(text: String) { #expect(Instant(rfc3339: text) == nil) }

    @Test("is the same as the C library's, and is written as it is read", arguments: 0..<200 as Range<UInt64>)
    func agrees(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<50 {
            let seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
            let nanoseconds = UInt32.random(in: 0..<1_000_000_000, using: &random)
            let instant = try #require(Instant(seconds: seconds, nanoseconds: nanoseconds))
            var time = time_t(seconds)
            var parts = tm()
            #expect(gmtime_r(&time, &parts) != nil)
            let again = Instant(
                year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
                hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec),
                nanoseconds: nanoseconds)
            #expect(again == instant)
            #expect(Instant(rfc3339: instant.description) == instant)
        }
    }

    @Test("is of the years 1 to 9999, and has fewer than 10^9 nanoseconds")
    func range() {
        #expect(Instant(seconds: -62_135_596_800) != nil)
        #expect(Instant(seconds: -62_135_596_801) == nil)
        #expect(Instant(seconds: 253_402_300_799, nanoseconds: 999_999_999) != nil)
        #expect(Instant(seconds: 253_402_300_800) == nil)
        #expect(Instant(seconds: 0, nanoseconds: 1_000_000_000) == nil)
        #expect(Instant(seconds: .max) == nil)
        #expect(Instant(seconds: .min) == nil)
        #expect(Instant(milliseconds: .max) == nil)
        #expect(Instant(milliseconds: 1_672_531_199_999) == Instant(rfc3339: "2022-12-31T23:59:59.999Z"))
    }

    @Test("is ordered by seconds, then by nanoseconds, also before 1970")
    func order() throws {
        let ordered = try [
            "0001-01-01T00:00:00Z", "1969-12-31T23:59:58.9Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.1Z",
            "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z", "1970-01-01T00:00:00.1Z", "2025-01-01T00:00:00Z",
        ].map { try #require(Instant(rfc3339: $0)) }
        #expect(ordered.shuffled().sorted() == ordered)
    }

    @Test("is in a period at both of its ends, and not a nanosecond before or after")
    func period() throws {
        let start = try #require(Instant(rfc3339: "2025-01-01T00:00:00Z"))
        let end = try #require(Instant(rfc3339: "2025-06-12T12:02:20Z"))
        let period = try #require(ValidityPeriod(start: start, end: end))
        #expect(period.contains(start))
        #expect(period.contains(end))
        #expect(!period.contains(try #require(Instant(rfc3339: "2024-12-31T23:59:59.999999999Z"))))
        #expect(!period.contains(try #require(Instant(rfc3339: "2025-06-12T12:02:20.000000001Z"))))
        #expect(ValidityPeriod(start: end, end: start) == nil)
        #expect(try #require(ValidityPeriod(start: start, end: nil)).contains(end))
    }
}
