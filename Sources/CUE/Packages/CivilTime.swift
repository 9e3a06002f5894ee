// SPDX-License-Identifier: Apache-2.0

/// An instant as a clock at some offset shows it, in the calendar that Go uses: the Gregorian one, at all times.
struct CivilTime: Hashable, Sendable {
    /// Since 1970-01-01T00:00:00Z.
    let seconds: Int
    /// From 0, under 10^9.
    let nanosecond: Int
    /// Seconds that the clock is ahead of UTC.
    let offset: Int
    /// Of the zone; empty where only its offset is known.
    let zone: String

    /// Years whose instants are computed. Ours: what is written has four digits.
    static let years = -9_999...99_999

    static let secondsOfDay = 86_400

    /// The fields as the clock shows them.
    struct Fields: Hashable, Sendable {
        var year: Int
        var month: Int
        var day: Int
        var hour: Int
        var minute: Int
        var second: Int
        /// From 1.
        var yearDay: Int
        /// From Sunday, 0.
        var weekday: Int
    }

    /// `nil` beyond `years`.
    init?(seconds: Int, nanosecond: Int, offset: Int = 0, zone: String = "UTC") {
        let limit = 3_200_000_000_000
        guard (-limit...limit).contains(seconds), (0..<1_000_000_000).contains(nanosecond),
            (-limit...limit).contains(offset)
        else { return nil }
        self.seconds = seconds
        self.nanosecond = nanosecond
        self.offset = offset
        self.zone = zone
        guard Self.years.contains(fields.year) else { return nil }
    }

    var fields: Fields {
        let local = seconds + offset
        let day = Self.floored(local, by: Self.secondsOfDay)
        let second = local - day * Self.secondsOfDay
        // Years from March on, in cycles of 400: the leap day is a year's last.
        let shifted = day + 719_468
        let era = Self.floored(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return Fields(
            year: year, month: month, day: dayOfYear - (153 * marchMonth + 2) / 5 + 1, hour: second / 3_600,
            minute: second / 60 % 60, second: second % 60, yearDay: day - Self.days(year, 1, 1) + 1,
            weekday: Self.modulo(day + 4, 7))
    }

    /// Days from 1970-01-01 to a day of the calendar; `month` is from 1 to 12.
    static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = floored(shifted, by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Of a month from 1 to 12; 0 for another.
    static func days(inMonth month: Int, of year: Int) -> Int {
        guard (1...12).contains(month) else { return 0 }
        return month == 2 && isLeap(year) ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    private static func floored(_ value: Int, by divisor: Int) -> Int {
        (value - modulo(value, divisor)) / divisor
    }

    private static func modulo(_ value: Int, _ divisor: Int) -> Int {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
