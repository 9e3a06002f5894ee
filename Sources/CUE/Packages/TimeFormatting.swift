// SPDX-License-Identifier: Apache-2.0

extension TimeLayout {
    /// The time as this layout writes it.
    func format(_ time: CivilTime) -> String {
        let fields = time.fields
        var text: [UInt8] = []
        for part in parts {
            text += part.prefix
            if let element = part.element { text += Self.text(of: element, time, fields).utf8 }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func text(of element: Element, _ time: CivilTime, _ fields: CivilTime.Fields) -> String {
        switch element {
        case .longMonth: name(months, fields.month - 1)
        case .month: String(name(months, fields.month - 1).prefix(3))
        case .numericMonth: padded(fields.month, 0)
        case .zeroMonth: padded(fields.month, 2)
        case .longWeekday: name(weekdays, fields.weekday)
        case .weekday: String(name(weekdays, fields.weekday).prefix(3))
        case .day: padded(fields.day, 0)
        case .spacedDay: spaced(fields.day, 2)
        case .zeroDay: padded(fields.day, 2)
        case .spacedYearDay: spaced(fields.yearDay, 3)
        case .zeroYearDay: padded(fields.yearDay, 3)
        case .hour: padded(fields.hour, 2)
        case .hour12: padded(fields.hour % 12 == 0 ? 12 : fields.hour % 12, 0)
        case .zeroHour12: padded(fields.hour % 12 == 0 ? 12 : fields.hour % 12, 2)
        case .minute: padded(fields.minute, 0)
        case .zeroMinute: padded(fields.minute, 2)
        case .second: padded(fields.second, 0)
        case .zeroSecond: padded(fields.second, 2)
        case .longYear: padded(fields.year, 4)
        case .year: padded(max(0, fields.year) % 100, 2)
        case .upperHalf: fields.hour >= 12 ? "PM" : "AM"
        case .lowerHalf: fields.hour >= 12 ? "pm" : "am"
        case .zoneName: time.zone.isEmpty ? offsetText(time.offset, .minutes) : time.zone
        case .offset(true, _) where time.offset == 0: "Z"
        case .offset(_, let offset): offsetText(time.offset, offset)
        case .exactFraction(let digits, let separator):
            String(Unicode.Scalar(separator)) + fraction(time.nanosecond, digits)
        case .trimmedFraction(let digits, let separator):
            trimmed(fraction(time.nanosecond, digits), separator)
        }
    }

    private static func name(_ names: [String], _ at: Int) -> String {
        names.indices.contains(at) ? names[at] : ""
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value.magnitude)
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func spaced(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: " ", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func offsetText(_ offset: Int, _ form: Offset) -> String {
        let (hours, minutes, seconds) = (abs(offset) / 3_600, abs(offset) / 60 % 60, abs(offset) % 60)
        // Go takes the sign from the whole minutes.
        let sign = offset / 60 < 0 ? "-" : "+"
        let colon = form == .colonMinutes || form == .colonSeconds ? ":" : ""
        var text = sign + padded(hours, 2)
        if form != .hours { text += colon + padded(minutes, 2) }
        if form == .seconds || form == .colonSeconds { text += colon + padded(seconds, 2) }
        return text
    }

    /// Digits beyond the ninth are 0.
    private static func fraction(_ nanosecond: Int, _ digits: Int) -> String {
        let nine = padded(nanosecond, 9)
        return String(nine.prefix(digits)) + String(repeating: "0", count: max(0, digits - 9))
    }

    private static func trimmed(_ digits: String, _ separator: UInt8) -> String {
        var digits = digits
        while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
        return digits.isEmpty ? "" : String(Unicode.Scalar(separator)) + digits
    }
}
