// SPDX-License-Identifier: Apache-2.0

extension Number {
    /// A number as CUE's grammar writes it, without sign: `1_000`, `0x1F`, `0b1`, `0o7`, `1.5K`, `1Ki`, `1e3`, `.5`.
    init?(literal: String) {
        do throws(NumberError) { self = try Number(readingLiteral: literal) } catch { return nil }
    }

    /// A number of a JSON text; int without point and exponent. A negative 0 loses its sign, as in CUE.
    init?(json: String) {
        do throws(NumberError) { self = try Number(readingJSON: json) } catch { return nil }
    }

    /// As `init(literal:)`, telling why not.
    init(readingLiteral literal: String) throws(NumberError) {
        var scanner = NumberScanner(text: Array(literal.utf8))
        self = try scanner.number()
    }

    /// As `init(json:)`, telling why not. RFC 8259 §6.
    init(readingJSON json: String) throws(NumberError) {
        var text = Substring(json)
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        if isNegative { text = text.dropFirst() }
        let bytes = Array(text.utf8)
        let isDigit = { (byte: UInt8?) in byte.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false }
        // What CUE's literals have beyond JSON's: separators, multipliers, bases, points at either end.
        guard isDigit(bytes.first), isDigit(bytes.last),
            bytes.allSatisfy({ isDigit($0) || "+-.eE".utf8.contains($0) })
        else { throw .malformed("invalid JSON number") }
        for (at, byte) in bytes.enumerated() where byte == UInt8(ascii: ".") {
            guard at + 1 < bytes.count, isDigit(bytes[at + 1]) else { throw .malformed("invalid JSON number") }
        }
        var scanner = NumberScanner(text: bytes)
        let number = try scanner.number()
        self = isNegative ? -number : number
    }
}

/// Reads one literal from its beginning to its end.
private struct NumberScanner {
    let text: [UInt8]
    var at = 0

    init(text: [UInt8]) { self.text = text }

    private var byte: UInt8? { at < text.count ? text[at] : nil }

    private func illegal(_ what: String) -> NumberError { .malformed("illegal \(what)") }

    mutating func number() throws(NumberError) -> Number {
        guard let first = byte else { throw .malformed("invalid number \"\"") }
        // Digits alone bound the text; a prefix, a sign and an exponent are the rest.
        guard text.count <= 8 * NumberLimits.digits else { throw .tooLarge(digits: NumberLimits.digits) }
        if first == UInt8(ascii: "0"), at + 1 < text.count {
            switch text[at + 1] {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): return try integer(radix: 16, "hexadecimal number")
            case UInt8(ascii: "b"): return try integer(radix: 2, "binary number")
            case UInt8(ascii: "o"): return try integer(radix: 8, "octal number")
            default: break
            }
        }
        return try decimal()
    }

    /// Digits with a single `_` between or before them, none at the end.
    private mutating func digits(radix: UInt8) throws(NumberError) -> [UInt8] {
        var digits: [UInt8] = []
        var last: UInt8 = 0
        while let byte, byte == UInt8(ascii: "_") || (Self.value(of: byte).map { $0 < radix } ?? false) {
            if byte != UInt8(ascii: "_") {
                digits.append(byte)
            } else if last == byte {
                throw illegal("'_' in number")
            }
            last = byte
            at += 1
        }
        if last == UInt8(ascii: "_") { throw illegal("'_' in number") }
        return digits
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private mutating func integer(radix: UInt8, _ name: String) throws(NumberError) -> Number {
        at += 2
        let digits = try digits(radix: radix)
        guard !digits.isEmpty, at == text.count else { throw illegal(name) }
        var value = Magnitude.zero
        for digit in digits {
            value = value.multiplied(by: UInt32(radix), adding: UInt32(Self.value(of: digit) ?? 0))
            guard value.digitCount <= NumberLimits.digits else { throw .tooLarge(digits: NumberLimits.digits) }
        }
        return try Number(isInteger: true, isNegative: false, coefficient: value, exponent: 0)
    }

    private mutating func decimal() throws(NumberError) -> Number {
        var whole: [UInt8] = []
        var fraction: [UInt8] = []
        var isFloat = false
        if byte != UInt8(ascii: ".") {
            guard byte != UInt8(ascii: "_") else { throw illegal("number start") }
            whole = try digits(radix: 10)
            guard !whole.isEmpty else { throw illegal("number start") }
        }
        if byte == UInt8(ascii: ".") {
            isFloat = true
            at += 1
            fraction = try digits(radix: 10)
            guard !whole.isEmpty || !fraction.isEmpty else { throw illegal("fraction") }
        }
        guard let coefficient = Magnitude(digits: whole + fraction) else { throw illegal("number") }
        if let multiplier = multiplier() {
            // 0.5K is 500, and 0K is the number 0 with a name behind it.
            guard at == text.count, whole.first != UInt8(ascii: "0") || isFloat else { throw illegal("number") }
            return try multiplied(coefficient, places: fraction.count, by: multiplier)
        }
        var exponent = 0
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            isFloat = true
            at += 1
            exponent = try exponentDigits()
        }
        guard at == text.count else { throw illegal("number") }
        if whole.count > 1, whole.first == UInt8(ascii: "0"), !isFloat { throw illegal("integer number") }
        return try Number(
            isInteger: !isFloat, isNegative: false, coefficient: coefficient, exponent: exponent - fraction.count)
    }

    private mutating func exponentDigits() throws(NumberError) -> Int {
        let isNegative = byte == UInt8(ascii: "-")
        if isNegative || byte == UInt8(ascii: "+") { at += 1 }
        let digits = try digits(radix: 10).drop { $0 == UInt8(ascii: "0") }
        guard text[at - 1] != UInt8(ascii: "+"), text[at - 1] != UInt8(ascii: "-"),
            Self.value(of: text[at - 1]).map({ $0 < 10 }) ?? false
        else { throw illegal("exponent") }
        // Seven digits are beyond every exponent that is admitted.
        guard digits.count < 7 else { throw .exponent(limit: NumberLimits.exponent) }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return isNegative ? -value : value
    }

    private mutating func multiplier() -> Number? {
        guard let byte, let power = "KMGTP".utf8.firstIndex(of: byte) else { return nil }
        let steps = "KMGTP".utf8.distance(from: "KMGTP".utf8.startIndex, to: power) + 1
        at += 1
        let isBinary = self.byte == UInt8(ascii: "i")
        if isBinary { at += 1 }
        return Number((0..<steps).reduce(1) { value, _ in value * (isBinary ? 1_024 : 1_000) })
    }

    /// An int, where it is one: `1.5K` is 1500, and `1.0001K` is none.
    private func multiplied(
        _ coefficient: Magnitude, places: Int, by multiplier: Number
    ) throws(NumberError) -> Number {
        let value = try Number(isInteger: false, isNegative: false, coefficient: coefficient, exponent: -places)
        let (integer, isExact) = try value.multiplying(multiplier).integral(.halfUp)
        guard isExact else { throw .malformed("number cannot be represented as int") }
        return integer
    }
}
