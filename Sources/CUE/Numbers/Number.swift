// SPDX-License-Identifier: Apache-2.0

/// A number of CUE, int or float: coefficient times a power of ten, as it was written.
///
/// `==` and `<` compare values, so that 1 equals 1.0; the kind is told by `isInteger`. An integer that arithmetic had to
/// round to `NumberLimits.precision` digits has an exponent above 0, as in CUE.
struct Number: Sendable {
    /// int (1), not float (1.0).
    var isInteger: Bool
    /// Also told of 0, where arithmetic makes a negative one.
    private(set) var isNegative: Bool
    private(set) var coefficient: Magnitude
    /// Of ten; 0 or more for an integer.
    private(set) var exponent: Int

    /// Checked against `NumberLimits`.
    init(
        isInteger: Bool, isNegative: Bool, coefficient: Magnitude, exponent: Int
    ) throws(NumberError) {
        guard (-NumberLimits.exponent...NumberLimits.exponent).contains(exponent),
            (-NumberLimits.exponent...NumberLimits.exponent).contains(exponent + coefficient.digitCount - 1)
        else { throw .exponent(limit: NumberLimits.exponent) }
        guard coefficient.digitCount <= NumberLimits.digits else { throw .tooLarge(digits: NumberLimits.digits) }
        self.init(
            unchecked: isInteger, isNegative: isNegative, coefficient: coefficient, exponent: exponent)
    }

    private init(unchecked isInteger: Bool, isNegative: Bool, coefficient: Magnitude, exponent: Int) {
        self.isInteger = isInteger
        self.isNegative = isNegative
        self.coefficient = coefficient
        self.exponent = exponent
    }

    init(_ int: Int) {
        self.init(
            unchecked: true, isNegative: int < 0, coefficient: Magnitude(UInt64(int.magnitude)), exponent: 0)
    }

    static let zero = Number(0)

    var isZero: Bool { coefficient.isZero }
    /// -1, 0 or 1.
    var sign: Int { isZero ? 0 : isNegative ? -1 : 1 }
    /// The exponent of ten of the first digit; of 0, its last written digit.
    var adjustedExponent: Int { exponent + coefficient.digitCount - 1 }

    /// The value, if it is integral, of either kind, and fits.
    var int: Int? {
        if isZero { return 0 }
        guard adjustedExponent < 19 else { return nil }
        let whole: Magnitude
        if exponent >= 0 {
            whole = coefficient.shifted(left: exponent)
        } else {
            let (quotient, dropped) = coefficient.shifted(right: -exponent)
            guard dropped.isZero else { return nil }
            whole = quotient
        }
        guard let word = whole.word else { return nil }
        if isNegative { return word == UInt64(Int.max) + 1 ? Int.min : Int(exactly: word).map { -$0 } }
        return Int(exactly: word)
    }

    /// As CUE negates: 0 has no sign afterwards.
    static prefix func - (number: Number) -> Number {
        var negated = number
        negated.isNegative = number.isZero ? false : !number.isNegative
        return negated
    }

    /// Without sign, unrounded.
    var magnitude: Number {
        var magnitude = self
        magnitude.isNegative = false
        return magnitude
    }

    /// With the other's sign, also that of a negative 0.
    func withSign(of other: Number) -> Number {
        var signed = self
        signed.isNegative = other.isNegative
        return signed
    }

    func asKind(isInteger: Bool) -> Number {
        var kind = self
        kind.isInteger = isInteger
        return kind
    }
}

extension Number: Comparable, Hashable {
    static func == (left: Number, right: Number) -> Bool { left.compared(to: right) == 0 }
    static func < (left: Number, right: Number) -> Bool { left.compared(to: right) < 0 }

    /// Below, equal to or above 0 as the values are ordered.
    func compared(to other: Number) -> Int {
        if sign != other.sign { return sign - other.sign }
        if sign == 0 { return 0 }
        let ahead = isNegative ? -1 : 1
        if adjustedExponent != other.adjustedExponent {
            return adjustedExponent < other.adjustedExponent ? -ahead : ahead
        }
        // The first digits stand at the same place, so that what is shifted stays as short as the longer of the two.
        let shift = exponent - other.exponent
        let left = shift > 0 ? coefficient.shifted(left: shift) : coefficient
        let right = shift < 0 ? other.coefficient.shifted(left: -shift) : other.coefficient
        return left == right ? 0 : left < right ? -ahead : ahead
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(sign)
        guard !isZero else { return }
        let zeros = coefficient.trailingZeros
        hasher.combine(coefficient.shifted(right: zeros).quotient)
        hasher.combine(exponent + zeros)
    }
}

extension Number: CustomStringConvertible {
    /// As CUE prints it: plain unless the exponent is above 0 or the value is far below 1 (1, 1.50, 1E+3, 1E-7).
    var description: String {
        let digits = coefficient.text
        let prefix = isNegative ? "-" : ""
        // A 0 with places after the point shows them, down to 10^-2000.
        let shown = isZero && (-2_000..<0).contains(exponent) ? digits.utf8.count - exponent : digits.utf8.count
        if exponent <= 0, exponent + shown - 1 >= -6 { return prefix + plainText(digits) }
        let adjusted = exponent + digits.utf8.count - 1
        var text = prefix + digits.prefix(1)
        if digits.utf8.count > 1 { text += "." + digits.dropFirst() }
        return text + "E" + (adjusted < 0 ? "-" : "+") + String(adjusted.magnitude)
    }

    private func plainText(_ digits: String) -> String {
        guard exponent < 0 else { return digits }
        let missing = -exponent - digits.utf8.count
        if missing >= 0 { return "0." + String(repeating: "0", count: missing) + digits }
        return digits.dropLast(-exponent) + "." + digits.suffix(-exponent)
    }
}
