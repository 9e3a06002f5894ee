// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Registry

@Suite struct ChallengeTests {
    @Test(
        "Challenges are read whatever their order, spacing, case and quoting",
        arguments: [
            ("Basic", [Challenge(scheme: "basic", parameters: [:])]),
            ("BASIC realm=\"r\"", [Challenge(scheme: "basic", parameters: ["realm": "r"])]),
            (
                "Bearer realm=\"https://a.example/token\",service=\"s\",scope=\"repository:x:pull,push\"",
                [
                    Challenge(
                        scheme: "bearer",
                        parameters: [
                            "realm": "https://a.example/token", "service": "s", "scope": "repository:x:pull,push",
                        ])
                ]
            ),
            (
                "Bearer  Service = s , REALM = \"a\\\"b\\\\c\"",
                [Challenge(scheme: "bearer", parameters: ["service": "s", "realm": "a\"b\\c"])]
            ),
            (
                "Negotiate abc==, Basic realm=x, ,Bearer realm=y",
                [
                    Challenge(scheme: "negotiate", parameters: [:]),
                    Challenge(scheme: "basic", parameters: ["realm": "x"]),
                    Challenge(scheme: "bearer", parameters: ["realm": "y"]),
                ]
            ),
            (
                "Negotiate, Bearer realm=\"a, Basic realm=b\"",
                [
                    Challenge(scheme: "negotiate", parameters: [:]),
                    Challenge(scheme: "bearer", parameters: ["realm": "a, Basic realm=b"]),
                ]
            ),
        ])
    func reads(value: String, challenges: [Challenge]) { #expect(Challenge.parse([value]) == challenges) }

    @Test(
        "What is ambiguous or cut off is no challenge",
        arguments: [
            "", ",", "realm=x", "=x", "Bearer realm=\"open", "Bearer realm=", "Bearer realm=a,realm=b",
            "Bearer realm=\"a\\", "\"Bearer\" realm=x",
        ])
    func refuses(value: String) {
        #expect(Challenge.parse([value]).allSatisfy { $0.parameters.isEmpty })
    }

    @Test("Several headers are read in order, and at most eight challenges of at most 16 KiB")
    func bounds() {
        #expect(Challenge.parse(["Basic", "Bearer realm=x"]).map(\.scheme) == ["basic", "bearer"])
        #expect(Challenge.parse(Array(repeating: "Basic", count: 20)).count == 8)
        #expect(Challenge.parse(["Bearer realm=\"\(String(repeating: "a", count: 16 << 10))\"", "Basic"]).count == 1)
    }

    @Test(
        "The next page is the link whose relation is next",
        arguments: [
            ("</v2/x/referrers/y?n=2>; rel=\"next\"", "/v2/x/referrers/y?n=2"), ("</a>;rel=next", "/a"),
            ("</a>; rel=prev, </b>; title=\"x, y\"; REL=\"last next\"", "/b"), ("</a>; rel=\"prev\"", nil),
            ("</a>", nil), ("", nil), ("/a; rel=next", nil), ("</a; rel=next", nil), ("</a>; rel=\"next", nil),
        ])
    func link(value: String, target: String?) { #expect(LinkHeader.next([value]) == target) }

    @Test(
        "Retry-After is read as seconds or as a date",
        arguments: [
            ("0", Duration.zero), ("120", .seconds(120)), (" 7 ", .seconds(7)),
            ("99999999999999999999", .seconds(86_400)), ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", .zero), ("Mon, 06 Nov 2094 08:48:00 GMT", .seconds(86_400)),
            ("-1", nil), ("1.5", nil), ("", nil), ("soon", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
            ("Sun, 6 Nov 1994 08:49:37 GMT", nil),
        ])
    func retryAfter(value: String, duration: Duration?) {
        #expect(RetryAfter.parse(value, now: 784_111_740) == duration)
    }

    @Test(
        "Dates are counted from 1970 in the Gregorian calendar",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Int64(0)), ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800), ("Fri, 31 Dec 1999 12:00:00 GMT", 946_641_600),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ])
    func dates(text: String, seconds: Int64) { #expect(RetryAfter.secondsSince1970(httpDate: text) == seconds) }
}
