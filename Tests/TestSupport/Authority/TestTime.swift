// SPDX-License-Identifier: Apache-2.0

/// An instant that a test names, to the millisecond; a literal counts seconds from 1970.
public struct TestTime: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    /// Milliseconds from 1970-01-01T00:00:00Z.
    public var milliseconds: Int64

    /// The instant so many milliseconds from 1970.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The instant so many seconds from 1970.
    public init(seconds: Int64) { milliseconds = seconds * 1000 }

    /// The instant so many seconds from 1970.
    public init(integerLiteral seconds: Int64) { self.init(seconds: seconds) }

    /// An instant of the calendar, in UTC.
    public init(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0) {
        // Days from the civil calendar, with years that begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        self.init(seconds: Int64(days * 86_400 + hour * 3600 + minute * 60 + second))
    }

    /// Whole seconds from 1970, rounded down.
    public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

    /// The instant so many seconds later.
    public func adding(seconds: Int64) -> TestTime { TestTime(milliseconds: milliseconds + seconds * 1000) }

    /// The instant so many milliseconds later.
    public func adding(milliseconds: Int64) -> TestTime { TestTime(milliseconds: self.milliseconds + milliseconds) }

    /// Earlier.
    public static func < (left: TestTime, right: TestTime) -> Bool { left.milliseconds < right.milliseconds }

    /// `2024-06-01T12:00:00Z`, with `.123` where there is a fraction. RFC 3339.
    public var rfc3339: String {
        let part = calendar
        return "\(padded(part.year, 4))-\(padded(part.month))-\(padded(part.day))T\(padded(part.hour))"
            + ":\(padded(part.minute)):\(padded(part.second))\(fraction)Z"
    }

    /// `.123`, without trailing zeros; empty where there is no fraction.
    public var fraction: String {
        let thousandths = Int(milliseconds - seconds * 1000)
        guard thousandths != 0 else { return "" }
        var text = padded(thousandths, 3)
        while text.hasSuffix("0") { text.removeLast() }
        return "." + text
    }

    /// `20240601120000Z`, the text of a GeneralizedTime, with a fraction where there is one.
    public var generalizedText: String {
        let part = calendar
        return "\(padded(part.year, 4))\(shortDate(part))\(fraction)Z"
    }

    /// UTCTime until 2049, GeneralizedTime after it. RFC 5280 §4.1.2.5.
    public var x509: [UInt8] {
        let part = calendar
        guard part.year < 2050 else { return ASN1Writer.node(0x18, Array(generalizedText.utf8)) }
        return ASN1Writer.node(0x17, Array("\(padded(part.year % 100))\(shortDate(part))Z".utf8))
    }

    private typealias Calendar = (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)

    private func shortDate(_ part: Calendar) -> String {
        [part.month, part.day, part.hour, part.minute, part.second].map { padded($0) }.joined()
    }

    private var calendar: Calendar {
        let days = Int(seconds.floorDivided(by: 86_400))
        let ofDay = Int(seconds) - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1,
            ofDay / 3600, ofDay / 60 % 60, ofDay % 60
        )
    }
}

private func padded(_ number: Int, _ width: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }
}
