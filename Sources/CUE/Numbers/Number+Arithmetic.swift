// SPDX-License-Identifier: Apache-2.0

/// CUE computes with `NumberLimits.precision` digits and rounds halves away from zero, integers included.
extension Number {
    func adding(_ other: Number) throws(NumberError) -> Number { try sum(other, isSubtracted: false) }
    func subtracting(_ other: Number) throws(NumberError) -> Number { try sum(other, isSubtracted: true) }

    private func sum(_ other: Number, isSubtracted: Bool) throws(NumberError) -> Number {
        let otherIsNegative = other.isNegative != isSubtracted
        let isInteger = isInteger && other.isInteger
        let (left, right, exponent) = Self.aligned(self, other)
        var isNegative = isNegative
        let coefficient: Magnitude
        if isNegative == otherIsNegative {
            coefficient = left.adding(right)
        } else {
            coefficient = left.difference(from: right)
            if coefficient.isZero {
                isNegative = false
            } else if left < right {
                isNegative.toggle()
            }
        }
        return try Number.rounded(
            isInteger: isInteger, isNegative: isNegative, coefficient: coefficient, exponent: exponent)
    }

    /// Both coefficients at one exponent. Where one number lies so far above the other that the rounded sum sees of the
    /// lower one only that it is there, a 1 below the digits that count stands for it: 1E+90000 + 1 stays short.
    private static func aligned(_ left: Number, _ right: Number) -> (Magnitude, Magnitude, exponent: Int) {
        if left.exponent == right.exponent { return (left.coefficient, right.coefficient, left.exponent) }
        if left.exponent < right.exponent {
            let (high, low, exponent) = aligned(right, left)
            return (low, high, exponent)
        }
        let gap = left.exponent - right.exponent
        let lowDigits = right.coefficient.digitCount
        /// Room for the digits that count, the one that decides on rounding, and the 1.
        let margin = NumberLimits.precision + 3
        if left.isZero {
            // The sum is the lower number.
            return (.zero, right.coefficient, right.exponent)
        }
        if gap < lowDigits + margin {
            return (left.coefficient.shifted(left: gap), right.coefficient, right.exponent)
        }
        return (
            left.coefficient.shifted(left: margin), right.isZero ? .zero : Magnitude(1), left.exponent - margin
        )
    }

    func multiplying(_ other: Number) throws(NumberError) -> Number {
        try product(other, precision: NumberLimits.precision)
    }

    func product(_ other: Number, precision: Int) throws(NumberError) -> Number {
        try Number.rounded(
            isInteger: isInteger && other.isInteger, isNegative: isNegative != other.isNegative,
            coefficient: coefficient.multiplied(by: other.coefficient), exponent: exponent + other.exponent,
            precision: precision)
    }

    /// `/`: a float whatever goes in, without zeros at its end but one after the point.
    func dividedBy(_ other: Number) throws(NumberError) -> Number {
        try quotient(other, precision: NumberLimits.precision).reducedKeepingFloat()
    }

    func quotient(_ other: Number, precision: Int) throws(NumberError) -> Number {
        guard !other.isZero else { throw isZero ? .divisionOfZeroByZero : .divisionByZero }
        let isNegative = isNegative != other.isNegative
        let shift = exponent - other.exponent
        if isZero {
            return try Number(isInteger: false, isNegative: isNegative, coefficient: .zero, exponent: shift)
        }
        // Scaled so that the quotient has exactly the digits asked for.
        var dividend = coefficient
        var divisor = other.coefficient
        var places = divisor.digitCount - dividend.digitCount
        if places > 0 {
            dividend = dividend.shifted(left: places)
        } else {
            divisor = divisor.shifted(left: -places)
        }
        if dividend < divisor {
            dividend = dividend.shifted(left: 1)
            places += 1
        }
        dividend = dividend.shifted(left: precision - 1)
        var (quotient, remainder) = dividend.divided(by: divisor)
        if remainder.multiplied(by: 2, adding: 0) >= divisor { quotient = quotient.adding(Magnitude(1)) }
        return try Number(
            isInteger: false, isNegative: isNegative, coefficient: quotient,
            exponent: shift - places - (precision - 1))
    }

    /// Zeros at the end go, but a number that had places after the point keeps one: 3.000 becomes 3.0.
    private func reducedKeepingFloat() throws(NumberError) -> Number {
        if isZero {
            return try Number(
                isInteger: isInteger, isNegative: false, coefficient: .zero, exponent: exponent < 0 ? -1 : 0)
        }
        let zeros = coefficient.trailingZeros
        let keepsOne = exponent < 0 && exponent + zeros >= 0
        let dropped = keepsOne ? zeros - 1 : zeros
        return try Number(
            isInteger: isInteger, isNegative: isNegative,
            coefficient: dropped < 0
                ? coefficient.shifted(left: -dropped) : coefficient.shifted(right: dropped).quotient,
            exponent: exponent + dropped)
    }

    /// The division of integers that rounds so that the rest is not negative (Euclid).
    func div(_ other: Number) throws(NumberError) -> Number {
        let (quotient, remainder) = try wholeDivision(other)
        guard remainder.isNegative, !remainder.isZero else { return quotient }
        return try Number.exactSum(quotient, Number(other.isNegative ? 1 : -1))
    }

    /// The rest of `div`, from 0.
    func mod(_ other: Number) throws(NumberError) -> Number {
        let remainder = try wholeDivision(other).remainder
        guard remainder.isNegative, !remainder.isZero else { return remainder }
        return try Number.exactSum(remainder, other.magnitude.expanded())
    }

    /// The division of integers towards zero.
    func quo(_ other: Number) throws(NumberError) -> Number { try wholeDivision(other).quotient }

    /// The rest of `quo`, with the sign of the dividend.
    func rem(_ other: Number) throws(NumberError) -> Number { try wholeDivision(other).remainder }

    private func wholeDivision(
        _ other: Number
    ) throws(NumberError) -> (quotient: Number, remainder: Number) {
        guard isInteger, other.isInteger else { throw .notInteger }
        guard !other.isZero else { throw .divisionByZero }
        let (quotient, remainder) = try expanded().coefficient.divided(by: other.expanded().coefficient)
        return (
            try Number(
                isInteger: true, isNegative: isNegative != other.isNegative && !quotient.isZero,
                coefficient: quotient, exponent: 0),
            try Number(
                isInteger: true, isNegative: isNegative && !remainder.isZero, coefficient: remainder, exponent: 0)
        )
    }

    /// The same value with the exponent 0; for a number without places after the point.
    func expanded() throws(NumberError) -> Number {
        if exponent == 0 || isZero {
            return try Number(isInteger: isInteger, isNegative: isNegative, coefficient: coefficient, exponent: 0)
        }
        guard exponent > 0 else { throw .notInteger }
        guard coefficient.digitCount + exponent <= NumberLimits.digits else {
            throw .tooLarge(digits: NumberLimits.digits)
        }
        return try Number(
            isInteger: isInteger, isNegative: isNegative, coefficient: coefficient.shifted(left: exponent),
            exponent: 0)
    }

    /// The sum of two integers of exponent 0, unrounded.
    static func exactSum(_ left: Number, _ right: Number) throws(NumberError) -> Number {
        if left.isNegative == right.isNegative {
            return try Number(
                isInteger: true, isNegative: left.isNegative,
                coefficient: left.coefficient.adding(right.coefficient), exponent: 0)
        }
        let rest = left.coefficient.difference(from: right.coefficient)
        let isNegative = left.coefficient < right.coefficient ? right.isNegative : left.isNegative
        return try Number(
            isInteger: true, isNegative: isNegative && !rest.isZero, coefficient: rest, exponent: 0)
    }
}
