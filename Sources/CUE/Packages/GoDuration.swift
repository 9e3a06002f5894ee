// SPDX-License-Identifier: Apache-2.0

/// Go's durations: nanoseconds in 64 bits, written like `1h15m30.918s`.
enum GoDuration {
    /// Nanoseconds of each unit.
    private static let units: [String: UInt64] = [
        "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
        "h": 3_600_000_000_000,
    ]

    struct Malformed: Error, Hashable, Sendable {
        /// In Go's words.
        let message: String
    }

    static func parse(_ text: String) throws(Malformed) -> Int {
        let invalid = Malformed(message: "time: invalid duration \(quoted(text))")
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { throw invalid }
        /// The magnitude of the least.
        let limit: UInt64 = 1 << 63
        var total: UInt64 = 0
        while !rest.isEmpty {
            let whole = digits(&rest)
            var fraction: ArraySlice<UInt8> = []
            if rest.first == UInt8(ascii: ".") {
                rest.removeFirst()
                fraction = digits(&rest)
            }
            guard !whole.isEmpty || !fraction.isEmpty else { throw invalid }
            let name = rest.prefix { $0 != UInt8(ascii: ".") && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0) }
            guard !name.isEmpty else {
                throw Malformed(message: "time: missing unit in duration \(quoted(text))")
            }
            rest = rest.dropFirst(name.count)
            let unitName = String(decoding: name, as: UTF8.self)
            guard let unit = units.first(where: { $0.key.utf8.elementsEqual(name) })?.value else {
                throw Malformed(message: "time: unknown unit \(quoted(unitName)) in duration \(quoted(text))")
            }
            guard let value = value(of: whole, limit: limit), value <= limit / unit else { throw invalid }
            var nanoseconds = value * unit
            nanoseconds += part(fraction, of: unit)
            guard nanoseconds <= limit, total <= limit - nanoseconds else { throw invalid }
            total += nanoseconds
        }
        if isNegative { return total == limit ? Int.min : -Int(total) }
        guard let value = Int(exactly: total) else { throw invalid }
        return value
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    private static func value(of digits: ArraySlice<UInt8>, limit: UInt64) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            guard value <= limit / 10 else { return nil }
            value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
            guard value <= limit else { return nil }
        }
        return value
    }

    /// Digits beyond those that fit 63 bits are dropped, and the rest is computed in binary, as in Go.
    private static func part(_ digits: ArraySlice<UInt8>, of unit: UInt64) -> UInt64 {
        var value: UInt64 = 0
        var scale = 1.0
        for digit in digits {
            guard value <= UInt64(Int.max) / 10 else { break }
            let next = value * 10 + UInt64(digit - UInt8(ascii: "0"))
            guard next <= 1 << 63 else { break }
            value = next
            scale *= 10
        }
        return UInt64(exactly: (Double(value) * (Double(unit) / scale)).rounded(.towardZero)) ?? 0
    }

    static func format(_ nanoseconds: Int) -> String {
        guard nanoseconds != 0 else { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let value = nanoseconds.magnitude
        if value < 1_000 { return "\(sign)\(value)ns" }
        if value < 1_000_000 { return sign + decimal(value, digits: 3) + "µs" }
        if value < 1_000_000_000 { return sign + decimal(value, digits: 6) + "ms" }
        let minutes = value / 60_000_000_000
        let seconds = decimal(value % 60_000_000_000, digits: 9) + "s"
        if minutes == 0 { return sign + seconds }
        if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
        return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }

    private static func decimal(_ value: UInt, digits: Int) -> String {
        let scale = (0..<digits).reduce(UInt(1)) { scale, _ in scale * 10 }
        var fraction = String(value % scale)
        fraction = String(repeating: "0", count: digits - fraction.utf8.count) + fraction
        while fraction.utf8.last == UInt8(ascii: "0") { fraction.removeLast() }
        return String(value / scale) + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// As Go's `time` package quotes what it was given: what is no printable ASCII byte by byte.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar.value >= 0x80 || scalar.value < 0x20 {
                for byte in String(scalar).utf8 { quoted += "\\x" + Unicode.Scalar(byte).hexadecimal(digits: 2) }
            } else {
                if scalar == "\"" || scalar == "\\" { quoted += "\\" }
                quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
