// SPDX-License-Identifier: Apache-2.0

/// A moment in UTC. Always an argument or a proof here, never read from a clock.
public struct Instant: Hashable, Sendable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds; negative before.
    public let seconds: Int64
    /// 0 ..< 1,000,000,000, counted forwards from `seconds`.
    public let nanoseconds: UInt32

    /// `nil` unless there are fewer than 10^9 nanoseconds and the year is 1 to 9999, as in every format that is read.
    public init?(seconds: Int64, nanoseconds: UInt32 = 0) {
        guard Self.range.contains(seconds), nanoseconds < 1_000_000_000 else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Milliseconds since 1970, as a signed certificate timestamp counts. RFC 6962 §3.2.
    init?(milliseconds: UInt64) {
        guard let seconds = Int64(exactly: milliseconds / 1000) else { return nil }
        self.init(seconds: seconds, nanoseconds: UInt32(milliseconds % 1000) * 1_000_000)
    }

    /// The beginning of the year 1.
    public static let earliest = Instant(trusted: range.lowerBound)
    /// After everything that ends.
    public static let latest = Instant(trusted: range.upperBound)

    private init(trusted seconds: Int64) {
        self.seconds = seconds
        nanoseconds = 0
    }

    /// The year 1 to the end of the year 9999.
    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    public static func < (one: Instant, other: Instant) -> Bool {
        (one.seconds, one.nanoseconds) < (other.seconds, other.nanoseconds)
    }
}

extension Instant {
    /// The date and time of the Gregorian calendar; `nil` where there is no such day or time. Second 60 is refused: the
    /// formats that are read count without leap seconds.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, nanoseconds: UInt32 = 0) {
        guard 1...9999 ~= year, 1...12 ~= month, 0...23 ~= hour, 0...59 ~= minute, 0...59 ~= second,
            1...Self.days(in: month, of: year) ~= day
        else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        self.init(seconds: Int64(days * 86_400 + hour * 3_600 + minute * 60 + second), nanoseconds: nanoseconds)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Counts from 0000-03-01, so that the leap day is the last of its year; every argument is in range.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    /// Reads `2025-01-31T23:59:59[.fraction](Z|±hh:mm)`, RFC 3339 §5.6, as protobuf's JSON mapping writes a Timestamp.
    /// `nil` for anything else, and for more than nine digits of fraction.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19])
        else { return nil }
        var rest = bytes[19...]
        var nanoseconds: UInt32 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            guard 1...9 ~= digits.count, let value = number(digits) else { return nil }
            nanoseconds = UInt32(value)
            for _ in digits.count..<9 { nanoseconds *= 10 }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = Self.offset(rest),
            let local = Instant(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                nanoseconds: nanoseconds)
        else { return nil }
        self.init(seconds: local.seconds - Int64(offset), nanoseconds: nanoseconds)
    }

    /// Seconds that the local time is ahead of UTC.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        let text = Array(text)
        if text == [UInt8(ascii: "Z")] { return 0 }
        guard text.count == 6, text[3] == UInt8(ascii: ":"), let hours = number(text[1..<3]),
            let minutes = number(text[4..<6]), hours < 24, minutes < 60
        else { return nil }
        switch text[0] {
        case UInt8(ascii: "+"): return hours * 3_600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3_600 + minutes * 60)
        default: return nil
        }
    }
}

/// A number of at most nine decimal digits, nothing else.
func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard 1...9 ~= digits.count else { return nil }
    var value = 0
    for digit in digits {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}

extension Instant: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many digits of fraction as are needed.
    public var description: String {
        let days = Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
        let time = Int(seconds) - days * 86_400
        // From 0000-03-01 on, in eras of 400 years.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(time / 3_600, 2)):"
        text += "\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
        if nanoseconds > 0 {
            var fraction = padded(Int(nanoseconds), 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "Z"
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
