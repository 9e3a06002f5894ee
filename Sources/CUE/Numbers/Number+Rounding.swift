// SPDX-License-Identifier: Apache-2.0

extension Number {
    /// Which way a value goes that lies between two of the digits kept.
    enum Rounding: Sendable {
        /// Halves away from zero; CUE's arithmetic.
        case halfUp
        case halfEven
        /// Towards zero.
        case down

        func raises(_ kept: Magnitude, dropping dropped: Magnitude.Dropped) -> Bool {
            switch self {
            case .halfUp: dropped.digit >= 5
            case .halfEven: dropped.digit > 5 || dropped.digit == 5 && (dropped.hasRest || kept.isOdd)
            case .down: false
            }
        }
    }

    /// A result cut to `precision` significant digits.
    static func rounded(
        isInteger: Bool, isNegative: Bool, coefficient: Magnitude, exponent: Int,
        precision: Int = NumberLimits.precision
    ) throws(NumberError) -> Number {
        let excess = coefficient.digitCount - precision
        guard excess > 0 else {
            return try Number(
                isInteger: isInteger, isNegative: isNegative, coefficient: coefficient, exponent: exponent)
        }
        let (kept, dropped) = coefficient.shifted(right: excess)
        guard Rounding.halfUp.raises(kept, dropping: dropped) else {
            return try Number(
                isInteger: isInteger, isNegative: isNegative, coefficient: kept, exponent: exponent + excess)
        }
        let raised = kept.adding(Magnitude(1))
        let isLonger = raised.digitCount > precision
        return try Number(
            isInteger: isInteger, isNegative: isNegative,
            coefficient: isLonger ? raised.shifted(right: 1).quotient : raised,
            exponent: exponent + excess + (isLonger ? 1 : 0))
    }

    /// The same cut to CUE's precision.
    func rounded(precision: Int = NumberLimits.precision) throws(NumberError) -> Number {
        try Number.rounded(
            isInteger: isInteger, isNegative: isNegative, coefficient: coefficient, exponent: exponent,
            precision: precision)
    }

    /// An int near the value, and whether it is the value.
    func integral(_ rounding: Rounding) throws(NumberError) -> (value: Number, isExact: Bool) {
        guard exponent < 0 else { return (try expanded().asKind(isInteger: true), true) }
        let (kept, dropped) = coefficient.shifted(right: -exponent)
        let whole = rounding.raises(kept, dropping: dropped) ? kept.adding(Magnitude(1)) : kept
        return (
            try Number(
                isInteger: true, isNegative: isNegative && !whole.isZero, coefficient: whole, exponent: 0),
            dropped.isZero
        )
    }

    /// Whether there is nothing after the point.
    var isIntegral: Bool {
        exponent >= 0 || isZero || coefficient.trailingZeros >= -exponent
    }

    /// As a function of CUE's standard packages returns a decimal: an int where the value is integral.
    func asResult() throws(NumberError) -> Number {
        guard isIntegral else { return asKind(isInteger: false) }
        // Too long to write out: the kind alone, as the value stays what it is.
        guard exponent <= 0 || coefficient.digitCount + exponent <= NumberLimits.digits else {
            throw .tooLarge(digits: NumberLimits.digits)
        }
        return try integral(.down).value
    }
}
