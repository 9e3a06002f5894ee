// SPDX-License-Identifier: Apache-2.0

extension Number {
    /// The nearest binary number of 64 bits; `nil` where the value is beyond its range at either end.
    var double: Double? {
        if isZero { return 0 }
        guard let value = Double("\(coefficient.text)e\(exponent)"), value.isFinite, value != 0 else { return nil }
        return isNegative ? -value : value
    }

    /// The shortest decimal that reads back as `double`, a float of CUE; throws for infinities and what is no number.
    init(_ double: Double) throws(NumberError) {
        guard double.isFinite else { throw .malformed("the result is no finite number") }
        let text = "\(double.magnitude)"
        let parts = text.split(separator: "e", maxSplits: 1)
        let mantissa = parts.first.map(String.init) ?? "0"
        let digits = mantissa.utf8.filter { $0 != UInt8(ascii: ".") }
        let point = mantissa.utf8.firstIndex(of: UInt8(ascii: "."))
        let places = point.map { mantissa.utf8.distance(from: $0, to: mantissa.utf8.endIndex) - 1 } ?? 0
        guard let coefficient = Magnitude(digits: digits) else { throw .malformed("the result is no number") }
        let zeros = coefficient.trailingZeros
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        try self.init(
            isInteger: false, isNegative: double.sign == .minus,
            coefficient: coefficient.shifted(right: zeros).quotient,
            exponent: coefficient.isZero ? 0 : exponent - places + zeros)
    }
}
