// SPDX-License-Identifier: Apache-2.0

/// How large a number may be.
enum NumberLimits {
    /// Significant digits of what arithmetic gives: CUE's own.
    static let precision = 34
    /// The exponent of ten of a number's first digit is at most this far from 0: CUE's own.
    static let exponent = 100_000
    /// Decimal digits of a number. Ours: people write some tens; the slowest operation on two of this length takes some
    /// milliseconds.
    static let digits = 10_000
}

/// Why there is no number.
enum NumberError: Error, Hashable, Sendable {
    /// It is no number in CUE's notation; half a sentence says why.
    case malformed(String)
    case divisionByZero
    case divisionOfZeroByZero
    /// An operation on integers was asked of something else.
    case notInteger
    /// The first digit's exponent of ten is beyond `NumberLimits.exponent`.
    case exponent(limit: Int)
    /// More digits than `NumberLimits.digits`.
    case tooLarge(digits: Int)
}

extension NumberError: CustomStringConvertible {
    /// As CUE puts it, where CUE says something.
    var description: String {
        switch self {
        case .malformed(let reason): reason
        case .divisionByZero: "division by zero"
        case .divisionOfZeroByZero: "division undefined"
        case .notInteger: "an operation on integers is given another number"
        case .exponent(let limit): "the exponent of a number is beyond \(limit)"
        case .tooLarge(let digits): "a number has more than \(digits) digits"
        }
    }
}
