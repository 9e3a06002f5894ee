// SPDX-License-Identifier: Apache-2.0

/// When a request is sent again, and how long after. All of it inside the caller's deadline.
public struct RetryPolicy: Hashable, Sendable {
    /// Attempts after the first.
    public var retries = 2
    /// Before the first retry; doubled for each further one, and shortened by up to half at random so that replicas do not
    /// knock together.
    public var firstDelay = Duration.milliseconds(200)

    public init() {}

    private static let transientStatuses: Set<Int> = [429, 502, 503, 504]

    func isTransient(_ status: Int) -> Bool { Self.transientStatuses.contains(status) }

    /// How long to wait. What the other side asked for is honoured where it is the longer one; a wait beyond the deadline
    /// means giving up now.
    func delay(beforeRetry number: Int, retryAfter: Duration?) -> Duration {
        let doubled = firstDelay * (1 << max(0, min(number - 1, 10)))
        let jittered = doubled * Double.random(in: 0.5...1)
        return max(jittered, retryAfter ?? .zero)
    }
}

/// `Retry-After`: seconds, or a date. RFC 9110 §10.2.3.
enum RetryAfter {
    /// Longer waits are as good as none; it also keeps sums from overflowing.
    private static let maximumSeconds: Int64 = 86_400

    /// The wait that is asked for; `now` is in seconds since 1970, for the form that is a date.
    static func parse(_ value: String, now: Int64) -> Duration? {
        let text = value.trimmingSpaces()
        if !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) {
            return .seconds(min(Int64(text) ?? maximumSeconds, maximumSeconds))
        }
        return secondsSince1970(httpDate: text).map { .seconds(min(max(0, $0 - now), maximumSeconds)) }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be sent. RFC 9110 §5.6.7.
    static func secondsSince1970(httpDate text: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].utf8.last == UInt8(ascii: ","), words[5] == "GMT",
            let day = number(words[1], 1...31, digits: 2), let month = months.firstIndex(of: String(words[2])),
            let year = number(words[3], 1970...9999, digits: 4)
        else { return nil }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 0...23, digits: 2),
            let minute = number(clock[1], 0...59, digits: 2), let second = number(clock[2], 0...60, digits: 2)
        else { return nil }
        return (days(year, Int64(month) + 1, day) * 24 + hour) * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>, digits: Int) -> Int64? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let value = Int64(text), range.contains(value)
        else { return nil }
        return value
    }

    /// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that leap days come last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return shifted / 400 * 146_097 + dayOfEra - 719_468
    }
}

extension String {
    fileprivate func trimmingSpaces() -> String {
        let start = drop { $0 == " " || $0 == "\t" }
        var end = start
        while let last = end.last, last == " " || last == "\t" { end.removeLast() }
        return String(end)
    }
}
