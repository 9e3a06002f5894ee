// SPDX-License-Identifier: Apache-2.0

/// Go's layouts: the reference time, Mon Jan 2 15:04:05 MST 2006, written as times are to be written.
struct TimeLayout: Sendable {
    enum Element: Hashable, Sendable {
        case longMonth, month, numericMonth, zeroMonth
        case longWeekday, weekday
        case day, spacedDay, zeroDay, spacedYearDay, zeroYearDay
        case hour, hour12, zeroHour12, minute, zeroMinute, second, zeroSecond
        case longYear, year
        case upperHalf, lowerHalf
        case zoneName
        /// `Z` stands for UTC where `isISO`.
        case offset(isISO: Bool, Offset)
        /// So many digits after the point or comma.
        case exactFraction(Int, separator: UInt8)
        case trimmedFraction(Int, separator: UInt8)
    }

    enum Offset: Hashable, Sendable {
        case hours, minutes, colonMinutes, seconds, colonSeconds
    }

    struct Part: Hashable, Sendable {
        /// What stands before the element as it is.
        var prefix: [UInt8]
        /// `nil` at the end.
        var element: Element?
        /// The element as the layout writes it.
        var text: [UInt8]
    }

    /// The last has no element.
    let parts: [Part]

    init(_ layout: String) {
        let bytes = Array(layout.utf8)
        var parts: [Part] = []
        var start = 0
        var at = 0
        while at < bytes.count {
            if let (element, skipped, length) = Self.element(in: bytes[at...]) {
                let first = at + skipped
                parts.append(
                    Part(
                        prefix: Array(bytes[start..<first]), element: element,
                        text: Array(bytes[first..<(first + length)])))
                at = first + length
                start = at
            } else {
                at += 1
            }
        }
        parts.append(Part(prefix: Array(bytes[start...]), element: nil, text: []))
        self.parts = parts
    }

    /// The element that begins there, if any, after bytes to skip, and its length.
    private static func element(in text: ArraySlice<UInt8>) -> (Element, skipped: Int, length: Int)? {
        for (spelling, element) in spellings where text.starts(with: spelling.utf8) {
            return (element, 0, spelling.utf8.count)
        }
        let byte = { (offset: Int) -> UInt8? in
            text.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex)
                .flatMap { $0 < text.endIndex ? text[$0] : nil }
        }
        switch byte(0) {
        case UInt8(ascii: "J") where text.starts(with: "Jan".utf8):
            if text.starts(with: "January".utf8) { return (.longMonth, 0, 7) }
            return isLowercase(byte(3)) ? nil : (.month, 0, 3)
        case UInt8(ascii: "M") where text.starts(with: "Mon".utf8):
            if text.starts(with: "Monday".utf8) { return (.longWeekday, 0, 6) }
            return isLowercase(byte(3)) ? nil : (.weekday, 0, 3)
        case UInt8(ascii: "_") where text.starts(with: "_2".utf8):
            // "_2006" is a literal '_' before a year.
            if text.starts(with: "_2006".utf8) { return (.longYear, 1, 4) }
            return (.spacedDay, 0, 2)
        case UInt8(ascii: "."), UInt8(ascii: ","):
            guard let separator = byte(0), let digit = byte(1), digit == UInt8(ascii: "0") || digit == UInt8(ascii: "9")
            else { return nil }
            let digits = text.dropFirst().prefix { $0 == digit }.count
            if let next = byte(digits + 1), UInt8(ascii: "0")...UInt8(ascii: "9") ~= next { return nil }
            let element: Element =
                digit == UInt8(ascii: "0")
                ? .exactFraction(digits, separator: separator) : .trimmedFraction(digits, separator: separator)
            return (element, 0, digits + 1)
        default: return nil
        }
    }

    private static func isLowercase(_ byte: UInt8?) -> Bool {
        byte.map { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 } ?? false
    }

    /// Longer spellings before those that they begin with.
    private static let spellings: [(String, Element)] = [
        ("MST", .zoneName), ("002", .zeroYearDay), ("01", .zeroMonth), ("02", .zeroDay), ("03", .zeroHour12),
        ("04", .zeroMinute), ("05", .zeroSecond), ("06", .year), ("15", .hour), ("1", .numericMonth),
        ("2006", .longYear), ("2", .day), ("__2", .spacedYearDay), ("3", .hour12), ("4", .minute), ("5", .second),
        ("PM", .upperHalf), ("pm", .lowerHalf),
        ("-070000", .offset(isISO: false, .seconds)), ("-07:00:00", .offset(isISO: false, .colonSeconds)),
        ("-0700", .offset(isISO: false, .minutes)), ("-07:00", .offset(isISO: false, .colonMinutes)),
        ("-07", .offset(isISO: false, .hours)),
        ("Z070000", .offset(isISO: true, .seconds)), ("Z07:00:00", .offset(isISO: true, .colonSeconds)),
        ("Z0700", .offset(isISO: true, .minutes)), ("Z07:00", .offset(isISO: true, .colonMinutes)),
        ("Z07", .offset(isISO: true, .hours)),
    ]

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    static let rfc3339Nano = TimeLayout("2006-01-02T15:04:05.999999999Z07:00")
}
