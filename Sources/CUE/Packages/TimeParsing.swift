// SPDX-License-Identifier: Apache-2.0

/// Why a text is no time of a layout, in Go's words.
enum TimeError: Error, Hashable, Sendable {
    case malformed(String)
    /// Go has an answer, and we do not; what it is about.
    case unsupported(String)
}

extension TimeLayout {
    /// Reads the whole of `value` as this layout says, as Go's `time.Parse`; UTC where nothing names a zone. `layout` is
    /// the text that this was made from.
    func parse(_ value: String, layout: String) throws(TimeError) -> CivilTime {
        var reader = TimeReader(value: value, layout: layout)
        for (at, part) in parts.enumerated() {
            try reader.skip(part.prefix)
            guard let element = part.element else { break }
            let following = at + 1 < parts.count && parts[at + 1].prefix.isEmpty ? parts[at + 1].element : nil
            try reader.read(element, text: part.text, following: following)
        }
        return try reader.time()
    }
}

/// The state of reading one time.
private struct TimeReader {
    private struct Malformed: Error {}

    let value: String
    let layout: String
    private var rest: ArraySlice<UInt8>
    private var year = 0
    private var month: Int?
    private var day: Int?
    private var yearDay: Int?
    private var hour = 0
    private var minute = 0
    private var second = 0
    private var nanosecond = 0
    private var isAfternoon = false
    private var isMorning = false
    private var isUTC = false
    private var offset: Int?
    private var zone: String?
    private var outOfRange: String?

    init(value: String, layout: String) {
        self.value = value
        self.layout = layout
        rest = Array(value.utf8)[...]
    }

    // MARK: Errors

    private func mismatch(_ value: ArraySlice<UInt8>, _ element: [UInt8]) -> TimeError {
        .malformed(
            "parsing time \(quoted(self.value)) as \(quoted(layout)): cannot parse "
                + "\(quoted(String(decoding: value, as: UTF8.self))) as "
                + quoted(String(decoding: element, as: UTF8.self)))
    }

    private func failure(_ reason: String) -> TimeError { .malformed("parsing time \(quoted(value)): \(reason)") }

    private func quoted(_ text: String) -> String { GoDuration.quoted(text) }

    // MARK: Pieces

    mutating func skip(_ prefix: [UInt8]) throws(TimeError) {
        var prefix = prefix[...]
        let whole = Array(prefix)
        while let byte = prefix.first {
            if byte == UInt8(ascii: " ") {
                guard rest.isEmpty || rest.first == byte else { throw mismatch(rest, whole) }
                prefix = prefix.drop { $0 == UInt8(ascii: " ") }
                rest = rest.drop { $0 == UInt8(ascii: " ") }
                continue
            }
            guard rest.first == byte else { throw mismatch(rest, whole) }
            prefix.removeFirst()
            rest.removeFirst()
        }
    }

    mutating func read(
        _ element: TimeLayout.Element, text: [UInt8], following: TimeLayout.Element?
    ) throws(TimeError) {
        let hold = rest
        do throws(Malformed) {
            try read(element, following: following)
        } catch {
            if let outOfRange { throw failure("\(outOfRange) out of range") }
            throw mismatch(hold, text)
        }
        if case .zoneName = element, zone == "?" { throw .unsupported("a zone written as an offset from GMT") }
        if let outOfRange { throw failure("\(outOfRange) out of range") }
    }

    private mutating func read(
        _ element: TimeLayout.Element, following: TimeLayout.Element?
    ) throws(Malformed) {
        switch element {
        case .year:
            let two = try signed(try take(2))
            year = two + (two >= 69 ? 1_900 : 2_000)
        case .longYear:
            guard isDigit(0) else { throw Malformed() }
            year = try signed(try take(4))
        case .month: month = try name(TimeLayout.months.map { String($0.prefix(3)) }) + 1
        case .longMonth: month = try name(TimeLayout.months) + 1
        case .numericMonth, .zeroMonth:
            let number = try number(isFixed: element == .zeroMonth)
            if !(1...12).contains(number) { outOfRange = "month" }
            month = number
        case .weekday: _ = try name(TimeLayout.weekdays.map { String($0.prefix(3)) })
        case .longWeekday: _ = try name(TimeLayout.weekdays)
        case .day, .spacedDay, .zeroDay:
            if element == .spacedDay, rest.first == UInt8(ascii: " ") { rest.removeFirst() }
            day = try number(isFixed: element == .zeroDay)
        case .spacedYearDay, .zeroYearDay:
            for _ in 0..<2 where element == .spacedYearDay && rest.first == UInt8(ascii: " ") { rest.removeFirst() }
            yearDay = try threeDigits(isFixed: element == .zeroYearDay)
        case .hour:
            hour = try number(isFixed: false)
            if hour >= 24 { outOfRange = "hour" }
        case .hour12, .zeroHour12:
            hour = try number(isFixed: element == .zeroHour12)
            if hour > 12 { outOfRange = "hour" }
        case .minute, .zeroMinute:
            minute = try number(isFixed: element == .zeroMinute)
            if minute >= 60 { outOfRange = "minute" }
        case .second, .zeroSecond: try readSecond(isFixed: element == .zeroSecond, following: following)
        case .upperHalf: try readHalf("AM", "PM")
        case .lowerHalf: try readHalf("am", "pm")
        case .offset(let isISO, let form):
            if isISO, rest.first == UInt8(ascii: "Z") {
                rest.removeFirst()
                isUTC = true
            } else {
                try readOffset(form)
            }
        case .zoneName: try readZone()
        case .exactFraction(let digits, _):
            guard rest.count > digits else { throw Malformed() }
            try readFraction(digits)
        case .trimmedFraction:
            guard isSeparator, isDigit(1) else { return }
            try readFraction(rest.dropFirst().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count)
        }
    }

    private mutating func take(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private func byte(_ offset: Int) -> UInt8? {
        let at = rest.startIndex + offset
        return rest.indices.contains(at) ? rest[at] : nil
    }

    private func isDigit(_ offset: Int) -> Bool {
        byte(offset).map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
    }

    private var isSeparator: Bool { rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: ",") }

    /// A few digits, with a sign perhaps.
    private func signed(_ text: ArraySlice<UInt8>) throws(Malformed) -> Int {
        guard let number = Int(String(decoding: text, as: UTF8.self)) else { throw Malformed() }
        return number
    }

    /// One digit or two; two where it is fixed.
    private mutating func number(isFixed: Bool) throws(Malformed) -> Int {
        guard isDigit(0), isDigit(1) || !isFixed else { throw Malformed() }
        return try signed(try take(isDigit(1) ? 2 : 1))
    }

    private mutating func threeDigits(isFixed: Bool) throws(Malformed) -> Int {
        let count = (0..<3).first { !isDigit($0) } ?? 3
        guard count == 3 || count > 0 && !isFixed else { throw Malformed() }
        return try signed(try take(count))
    }

    /// The position of the name that stands here, letters of either case.
    private mutating func name(_ names: [String]) throws(Malformed) -> Int {
        let at = names.firstIndex { name in
            rest.count >= name.utf8.count
                && zip(rest, name.utf8).allSatisfy { found, wanted in
                    found == wanted
                        || found | 0x20 == wanted | 0x20 && UInt8(ascii: "a")...UInt8(ascii: "z") ~= found | 0x20
                }
        }
        guard let at else { throw Malformed() }
        rest = rest.dropFirst(names[at].utf8.count)
        return at
    }

    private mutating func readSecond(
        isFixed: Bool, following: TimeLayout.Element?
    ) throws(Malformed) {
        second = try number(isFixed: isFixed)
        if second >= 60 {
            outOfRange = "second"
            return
        }
        // A fraction is read here too where the layout has none next.
        guard isSeparator, isDigit(1) else { return }
        switch following {
        case .exactFraction, .trimmedFraction: return
        default: try readFraction(rest.dropFirst().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count)
        }
    }

    /// The separator and so many digits, of which nine count.
    private mutating func readFraction(_ digits: Int) throws(Malformed) {
        guard isSeparator else { throw Malformed() }
        let text = try take(digits + 1).dropFirst()
        guard text.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { throw Malformed() }
        var value = 0
        for at in 0..<9 {
            let index = text.startIndex + at
            value = value * 10 + (text.indices.contains(index) ? Int(text[index] - UInt8(ascii: "0")) : 0)
        }
        nanosecond = value
    }

    private mutating func readHalf(_ morning: String, _ afternoon: String) throws(Malformed) {
        let text = String(decoding: try take(2), as: UTF8.self)
        if text == afternoon {
            isAfternoon = true
        } else if text == morning {
            isMorning = true
        } else {
            throw Malformed()
        }
    }

    private mutating func readOffset(_ form: TimeLayout.Offset) throws(Malformed) {
        let hasColon = form == .colonMinutes || form == .colonSeconds
        let sign = try take(1)
        var fields: [Int] = []
        let count =
            switch form {
            case .hours: 1
            case .minutes, .colonMinutes: 2
            case .seconds, .colonSeconds: 3
            }
        for at in 0..<count {
            if at > 0, hasColon { guard try take(1).first == UInt8(ascii: ":") else { throw Malformed() } }
            guard isDigit(0), isDigit(1) else { throw Malformed() }
            fields.append(try signed(try take(2)))
        }
        fields += [0, 0]
        if fields[0] > 24 { outOfRange = "time zone offset hour" }
        if fields[1] > 60 { outOfRange = "time zone offset minute" }
        if fields[2] > 60 { outOfRange = "time zone offset second" }
        let seconds = (fields[0] * 60 + fields[1]) * 60 + fields[2]
        switch sign.first {
        case UInt8(ascii: "+"): offset = seconds
        case UInt8(ascii: "-"): offset = -seconds
        default: throw Malformed()
        }
    }

    /// An abbreviation says nothing of the offset: such a time counts as UTC's, as in Go where the zone is not the
    /// machine's own. Offsets behind GMT, and bare ones, are not supported.
    private mutating func readZone() throws(Malformed) {
        let text = String(decoding: rest.prefix(5), as: UTF8.self)
        if text.hasPrefix("UTC") {
            rest = rest.dropFirst(3)
            isUTC = true
            return
        }
        guard rest.count >= 3 else { throw Malformed() }
        if text.hasPrefix("ChST") || text.hasPrefix("MeST") { return try zone(4) }
        if text.hasPrefix("GMT"), byte(3) != UInt8(ascii: "+"), byte(3) != UInt8(ascii: "-") { return try zone(3) }
        if text.hasPrefix("GMT") || text.hasPrefix("+") || text.hasPrefix("-") {
            zone = "?"
            return
        }
        let letters = rest.prefix(6).prefix { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }.count
        switch letters {
        case 3: try zone(3)
        case 4 where byte(3) == UInt8(ascii: "T") || text.hasPrefix("WITA"): try zone(4)
        case 5 where byte(4) == UInt8(ascii: "T"): try zone(5)
        default: throw Malformed()
        }
    }

    private mutating func zone(_ length: Int) throws(Malformed) {
        zone = String(decoding: try take(length), as: UTF8.self)
    }

    // MARK: The whole

    mutating func time() throws(TimeError) -> CivilTime {
        guard rest.isEmpty else {
            throw failure("extra text: \(quoted(String(decoding: rest, as: UTF8.self)))")
        }
        if isAfternoon, hour < 12 {
            hour += 12
        } else if isMorning, hour == 12 {
            hour = 0
        }
        try settleYearDay()
        let (month, day) = (month ?? 1, day ?? 1)
        guard day >= 1, day <= CivilTime.days(inMonth: month, of: year) else { throw failure("day out of range") }
        let seconds =
            CivilTime.days(year, month, day) * CivilTime.secondsOfDay + hour * 3_600 + minute * 60 + second
        let ahead = isUTC ? 0 : offset ?? 0
        let name = isUTC || ahead == 0 && zone == nil ? "UTC" : zone ?? ""
        guard
            let time = CivilTime(seconds: seconds - ahead, nanosecond: nanosecond, offset: ahead, zone: name)
        else { throw .unsupported("the year \(year)") }
        return time
    }

    private mutating func settleYearDay() throws(TimeError) {
        guard let yearDay else { return }
        guard yearDay >= 1, yearDay <= (CivilTime.isLeap(year) ? 366 : 365) else {
            throw failure("day-of-year out of range")
        }
        var (found, rest) = (1, yearDay)
        while rest > CivilTime.days(inMonth: found, of: year) {
            rest -= CivilTime.days(inMonth: found, of: year)
            found += 1
        }
        if let month, month != found { throw failure("day-of-year does not match month") }
        if let day, day != rest { throw failure("day-of-year does not match day") }
        (month, day) = (found, rest)
    }
}
