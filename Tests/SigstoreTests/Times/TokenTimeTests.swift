// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Sigstore

@Suite("A time in a token")
struct TokenTimeTests {
    @Test(
        "is read to the nanosecond",
        arguments: [
            ("20250612120220Z", "2025-06-12T12:02:20Z"),
            ("20250612120220.5Z", "2025-06-12T12:02:20.5Z"),
            ("20250612120220.000000001Z", "2025-06-12T12:02:20.000000001Z"),
            ("20250612120220.999999999Z", "2025-06-12T12:02:20.999999999Z"),
            ("20240229235959Z", "2024-02-29T23:59:59Z"),
            ("00010101000000Z", "0001-01-01T00:00:00Z"),
            ("99991231235959Z", "9999-12-31T23:59:59Z"),
        ])
    func isRead(text: String, instant: String) throws {
        let expected = try #require(Instant(rfc3339: instant))
        #expect(Instant(generalizedTime: text.utf8) == expected)
    }

    @Test(
        "is not read in any other form, nor finer than that",
        arguments: [
            "", "Z", "2025061212022Z", "202506121202Z", "20250612120220", "20250612120220+0000", "20250612120220.Z",
            "20250612120220.0Z", "20250612120220.50Z", "20250612120220.0000000001Z", "20250612120220,5Z",
            "20250612120220.5", "20250612120220ZZ", "2025061212022 Z", "20250631120220Z", "20250612246060Z",
            "20161231235960Z", "00000101000000Z", "20250229000000Z", "-0250612120220Z", "250612120220Z",
            "20250612120220.000000000000000000000000000000000000000000000000000000000000000000000000000000001Z",
        ])
    func isNotRead(text: String) {
        #expect(Instant(generalizedTime: text.utf8) == nil)
    }

    @Test("of signing has two digits of year from 1950 to 2049")
    func utc() {
        #expect(Instant(utcTime: "490101000000Z".utf8) == Instant(rfc3339: "2049-01-01T00:00:00Z"))
        #expect(Instant(utcTime: "500101000000Z".utf8) == Instant(rfc3339: "1950-01-01T00:00:00Z"))
        #expect(Instant(generalizedTime: "490101000000Z".utf8) == nil)
        for text in ["4901010000Z", "490101000000.5Z", "490101000000", "20490101000000Z", "490101000000+0000"] {
            #expect(Instant(utcTime: text.utf8) == nil)
        }
    }
}
