// SPDX-License-Identifier: Apache-2.0
import Crypto

/// Version 4 of how requests to Amazon's services are signed (IAM User Guide, "Create a signed AWS API request"), for
/// requests without query.
struct AmazonSignature: Sendable {
    struct Keys: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
        let identifier: String
        let secret: String
        let sessionToken: String

        var description: String { "(keys)" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// A second of universal time.
    struct Time: Hashable, Sendable {
        /// `20150830`.
        let day: String
        /// `20150830T123600Z`.
        let text: String

        /// - Parameter seconds: since 1970; years 1970 to 9999.
        init(seconds: Int64) {
            let seconds = min(max(seconds, 0), 253_402_300_799)
            let (year, month, day) = Self.date(ofDay: seconds / 86_400)
            let second = seconds % 86_400
            self.day = Self.digits(year, 4) + Self.digits(month, 2) + Self.digits(day, 2)
            text =
                self.day + "T" + Self.digits(second / 3600, 2) + Self.digits(second / 60 % 60, 2)
                + Self.digits(second % 60, 2) + "Z"
        }

        private static func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }

        /// The Gregorian calendar, in years that begin in March so that a leap day is the last of one.
        private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
            let shifted = day + 719_468
            let era = shifted / 146_097
            let dayOfEra = shifted % 146_097
            let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
            let month = (5 * dayOfYear + 2) / 153
            let isNextYear = month >= 10
            return (
                era * 400 + year + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
                dayOfYear - (153 * month + 2) / 5 + 1
            )
        }
    }

    let keys: Keys
    let region: String
    let service: String
    let time: Time

    /// The value of the `Authorization` header; all of `headers` are signed.
    func authorization(method: String, path: String, headers: [(String, String)], body: [UInt8]) -> String {
        let sorted = headers.map { ($0.0.lowercased(), $0.1) }.sorted { $0.0 < $1.0 }
        let names = sorted.map(\.0).joined(separator: ";")
        let request =
            ([method, path, ""] + sorted.map { "\($0.0):\($0.1)" } + ["", names, Self.hex(SHA256.hash(data: body))])
            .joined(separator: "\n")
        let scope = "\(time.day)/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", time.text, scope, Self.hex(SHA256.hash(data: Array(request.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(keys.secret)".utf8)
        for part in [time.day, region, service, "aws4_request", text] {
            key = Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: SymmetricKey(data: key)))
        }
        return "AWS4-HMAC-SHA256 Credential=\(keys.identifier)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(Self.hex(key))"
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
