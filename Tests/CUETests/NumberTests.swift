// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CUE

@Suite("Numbers")
struct NumberTests {
    private func number(_ literal: String) throws -> Number {
        literal.hasPrefix("-")
            ? -(try Number(readingLiteral: String(literal.dropFirst()))) : try Number(readingLiteral: literal)
    }

    @Test(
        "a literal is read with its kind and printed as CUE prints it",
        arguments: [
            ("0", "0", true), ("1_000", "1000", true), ("0x1F", "31", true), ("0X_ff", "255", true),
            ("0b101", "5", true), ("0o17", "15", true), ("1Ki", "1024", true), ("1.5K", "1500", true),
            ("1.5M", "1500000", true), ("1.5Ki", "1536", true), ("0.5K", "500", true),
            ("2Pi", "2251799813685248", true),
            ("1.0", "1.0", false), ("1.50", "1.50", false), (".5", "0.5", false), ("1.", "1", false),
            ("1e3", "1E+3", false), ("1.5e3", "1.5E+3", false), ("1E-7", "1E-7", false), ("1e-6", "0.000001", false),
            ("0.0", "0.0", false), ("00.5", "0.5", false), ("12e1", "1.2E+2", false), ("0e0", "0", false),
            ("9007199254740993", "9007199254740993", true), ("1e400", "1E+400", false),
            ("0.30000000000000004", "0.30000000000000004", false), ("1e+05", "1E+5", false),
        ])
    func literals(_ text: String, _ printed: String, _ isInteger: Bool) throws {
        let number = try Number(readingLiteral: text)
        #expect(number.description == printed)
        #expect(number.isInteger == isInteger)
    }

    @Test(
        "what is no literal is refused",
        arguments: [
            "", "_1", "1_", "1__0", "01", "0_1", "08", "0x", "0xg", "0b2", "0b", "0o8", "0B1", "0O7", "1e", "1e+",
            "1.5e", "1x", "1.2.3", ".", "1.0001K", "1KB", "1ki", "1E3K", "0K", "1Mib", "--1", "-1", "+1", "1 ", "١",
            "1e1000000", "1e100001", "1e400000000", "1e-400000000", "1e99999999999999999999",
        ])
    func malformed(_ text: String) {
        #expect(Number(literal: text) == nil)
    }

    @Test(
        "a number of JSON is read as it is written",
        arguments: [
            ("0", "0", true), ("-0", "0", true), ("-0.0", "0.0", false), ("-5", "-5", true), ("1.00", "1.00", false),
            ("10e-1", "1.0", false), ("1E+02", "1E+2", false), ("1E3", "1E+3", false), ("-1.5e-9", "-1.5E-9", false),
        ])
    func json(_ text: String, _ printed: String, _ isInteger: Bool) throws {
        let number = try Number(readingJSON: text)
        #expect(number.description == printed)
        #expect(number.isInteger == isInteger)
    }

    @Test(
        "what only CUE writes is no number of JSON",
        arguments: ["", "-", "1_0", "0x1", "1K", ".5", "1.", "1.e3", "+1", "01", "1e", "--1", "NaN", "1e400000000"])
    func noJSON(_ text: String) {
        #expect(Number(json: text) == nil)
    }

    @Test("a number longer than the bound is refused, one of that length is not")
    func digits() {
        let longest = String(repeating: "9", count: NumberLimits.digits)
        #expect(Number(literal: longest) != nil)
        #expect(Number(literal: longest + "9") == nil)
        #expect(throws: NumberError.tooLarge(digits: NumberLimits.digits)) { try Number(readingLiteral: longest + "9") }
        #expect(Number(literal: "0x" + String(repeating: "f", count: NumberLimits.digits)) == nil)
    }

    @Test(
        "values are compared, not kinds or spellings",
        arguments: [
            ("1", "1.0", 0), ("1e3", "1000", 0), ("0", "0.00", 0), ("1.50", "1.5", 0), ("1e100000", "1e-100000", 1),
            ("-1", "1", -1), ("-2", "-1", -1), ("0.1", "0.10000000000000000000000000000000000000001", -1),
            ("-1e5", "-99999", -1), ("1e400", "9e399", 1),
        ])
    func comparison(_ left: String, _ right: String, _ order: Int) throws {
        let (left, right) = (try number(left), try number(right))
        #expect(left.compared(to: right).signum() == order)
        #expect(right.compared(to: left).signum() == -order)
        #expect((left == right) == (order == 0))
        if order == 0 { #expect(left.hashValue == right.hashValue) }
    }

    @Test(
        "sums, differences and products have CUE's digits",
        arguments: [
            ("0.1", "+", "0.2", "0.3", false), ("1", "+", "1", "2", true), ("1", "+", "1.0", "2.0", false),
            ("1.50", "*", "2", "3.00", false), ("1", "-", "1", "0", true), ("0.3", "-", "0.3", "0.0", false),
            ("1e100000", "+", "1", "1.000000000000000000000000000000000E+100000", false),
            ("1e50", "-", "1e-50", "1.000000000000000000000000000000000E+50", false),
            ("1e3", "+", "0.0", "1000.0", false), ("0.0", "+", "1e3", "1000.0", false),
            ("9999999999999999999999999999999999", "+", "1", "1.000000000000000000000000000000000E+34", true),
            (
                "99999999999999999999", "*", "99999999999999999999", "9.999999999999999999800000000000000E+39", true
            ),
            ("-1", "*", "0", "-0", true), ("5", "*", "-3", "-15", true),
        ])
    func arithmetic(_ left: String, _ operation: String, _ right: String, _ printed: String, _ isInteger: Bool) throws {
        let (left, right) = (try number(left), try number(right))
        let result =
            switch operation {
            case "+": try left.adding(right)
            case "-": try left.subtracting(right)
            default: try left.multiplying(right)
            }
        #expect(result.description == printed)
        #expect(result.isInteger == isInteger)
    }

    @Test(
        "a quotient is a float of 34 digits without zeros at its end",
        arguments: [
            ("6", "2", "3.0"), ("7", "2", "3.5"), ("1", "3", "0.3333333333333333333333333333333333"),
            ("2", "3", "0.6666666666666666666666666666666667"), ("100", "1", "1.0E+2"), ("0", "5", "0"),
            ("-1", "8", "-0.125"), ("1e3", "10", "1.0E+2"), ("1", "1e7", "1E-7"), ("0.0", "5", "0.0"),
        ])
    func quotient(_ left: String, _ right: String, _ printed: String) throws {
        let quotient = try number(left).dividedBy(number(right))
        #expect(quotient.description == printed)
        #expect(!quotient.isInteger)
    }

    @Test("division by zero is an error of its own")
    func divisionByZero() throws {
        #expect(throws: NumberError.divisionByZero) { try Number(1).dividedBy(.zero) }
        #expect(throws: NumberError.divisionOfZeroByZero) { try Number.zero.dividedBy(.zero) }
        for operation in [Number.div, Number.mod, Number.quo, Number.rem] {
            #expect(throws: NumberError.divisionByZero) { try operation(Number(1))(.zero) }
            #expect(throws: NumberError.notInteger) { try operation(Number(1))(try number("1.0")) }
        }
    }

    @Test(
        "integers are divided towards zero and after Euclid",
        arguments: [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3), (0, 5), (1, 1), (-1, 3), (5, 7), (-5, 7)])
    func integerDivision(_ left: Int, _ right: Int) throws {
        let (dividend, divisor) = (Number(left), Number(right))
        var (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
        #expect(try dividend.quo(divisor).int == quotient)
        #expect(try dividend.rem(divisor).int == remainder)
        if remainder < 0 {
            quotient += right > 0 ? -1 : 1
            remainder += abs(right)
        }
        #expect(try dividend.div(divisor).int == quotient)
        #expect(try dividend.mod(divisor).int == remainder)
    }

    @Test("small integers compute as Int does")
    func randomIntegers() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let shift = Int.random(in: 1...62, using: &random)
            let left = Int.random(in: Int.min...Int.max, using: &random) >> shift
            let right = Int.random(in: Int.min...Int.max, using: &random) >> Int.random(in: 1...62, using: &random)
            let (first, second) = (Number(left), Number(right))
            #expect(try first.adding(second).int == left + right)
            #expect(try first.subtracting(second).int == left - right)
            let (product, over) = left.multipliedReportingOverflow(by: right)
            if !over, String(product.magnitude).utf8.count <= NumberLimits.precision {
                #expect(try first.multiplying(second).int == product)
            }
            #expect((first < second) == (left < right))
            guard right != 0 else { continue }
            #expect(try first.quo(second).int == left / right)
            #expect(try first.rem(second).int == left % right)
        }
    }

    @Test("long integers divide so that quotient times divisor plus rest is the dividend")
    func longDivision() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let left = Self.magnitude(&random, digits: 1...200)
            let right = Self.magnitude(&random, digits: 1...100)
            guard !right.isZero else { continue }
            let (quotient, remainder) = left.divided(by: right)
            #expect(remainder < right)
            #expect(quotient.multiplied(by: right).adding(remainder) == left)
            let power = Int.random(in: 0...210, using: &random)
            let (kept, dropped) = left.shifted(right: power)
            let rest = left.difference(from: kept.shifted(left: power))
            #expect(dropped.isZero == rest.isZero)
            #expect(
                (dropped.digit >= 5)
                    == (power > 0 && rest.multiplied(by: 2, adding: 0) >= Magnitude(1).shifted(left: power)))
        }
    }

    /// Runs of 0 and of 9 are likely: they are what estimates of quotients go wrong on.
    private static func magnitude(_ random: inout SystemRandomNumberGenerator, digits: ClosedRange<Int>) -> Magnitude {
        var text: [UInt8] = []
        let count = Int.random(in: digits, using: &random)
        while text.count < count {
            let run = Int.random(in: 1...30, using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0: text += [UInt8](repeating: UInt8(ascii: "0"), count: run)
            case 1: text += [UInt8](repeating: UInt8(ascii: "9"), count: run)
            default: for _ in 0..<run { text.append(UInt8.random(in: 0x30...0x39, using: &random)) }
            }
        }
        return Magnitude(digits: text.prefix(count)) ?? .zero
    }

    @Test("what is printed reads back as the same number and prints the same")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let number = try Number(
                isInteger: false, isNegative: Bool.random(using: &random),
                coefficient: Self.magnitude(&random, digits: 1...40), exponent: Int.random(in: -60...60, using: &random)
            )
            let text = number.description
            let read = try Number(readingJSON: text)
            #expect(read == number)
            if !number.isZero { #expect(read.description == text) }
        }
    }

    @Test(
        "binary numbers take their shortest decimal",
        arguments: [
            (2.0, "2"), (100.0, "1E+2"), (0.1, "0.1"), (2.0.squareRoot(), "1.4142135623730951"), (1e300, "1E+300"),
            (-1.5, "-1.5"), (0, "0"), (123456789, "123456789"), (1.5e10, "1.5E+10"),
        ])
    func binary(_ double: Double, _ printed: String) throws {
        let number = try Number(double)
        #expect(number.description == printed)
        #expect(number.double == double)
    }

    @Test("no finite binary number stands for what is beyond its range")
    func noBinary() throws {
        #expect(try number("1e400").double == nil)
        #expect(try number("1e-400").double == nil)
        #expect(throws: NumberError.self) { try Number(Double.infinity) }
        #expect(throws: NumberError.self) { try Number(Double.nan) }
    }

    @Test(
        "rounding to integers",
        arguments: [
            ("2.5", 3, 2, 2), ("-2.5", -3, -2, -2), ("3.5", 4, 4, 3), ("-2.9", -3, -3, -2), ("0.05", 0, 0, 0),
            ("1e2", 100, 100, 100), ("2.50", 3, 2, 2), ("2.5000001", 3, 3, 2), ("0.5", 1, 0, 0),
        ])
    func integral(_ text: String, _ halfUp: Int, _ halfEven: Int, _ down: Int) throws {
        let number = try number(text)
        #expect(try number.integral(.halfUp).value.int == halfUp)
        #expect(try number.integral(.halfEven).value.int == halfEven)
        #expect(try number.integral(.down).value.int == down)
    }

    @Test("hostile exponents and squares end quickly, with an error or a number")
    func hostile() throws {
        let large = try number("1e100000")
        #expect(throws: NumberError.exponent(limit: NumberLimits.exponent)) { try large.multiplying(large) }
        #expect(throws: NumberError.tooLarge(digits: NumberLimits.digits)) { try large.integral(.down) }
        var square = try number("1.000000001")
        for _ in 0..<30 { square = try square.multiplying(square) }
        #expect(square.coefficient.digitCount <= NumberLimits.precision)
        let long = try number(String(repeating: "9", count: NumberLimits.digits))
        #expect(try long.multiplying(long).coefficient.digitCount <= NumberLimits.precision)
        #expect(try long.quo(long).int == 1)
        #expect(try long.mod(Number(7)).int != nil)
        #expect(large.int == nil)
        #expect(try number("1e100000").subtracting(try number("1e-100000")) == large)
    }

    @Test("Int's bounds are read and written")
    func bounds() throws {
        #expect(Number(Int.min).int == Int.min)
        #expect(Number(Int.max).int == Int.max)
        #expect(try number("9223372036854775808").int == nil)
        #expect(try (-number("9223372036854775809")).int == nil)
        #expect(try number("12.0").int == 12)
        #expect(try number("12.5").int == nil)
    }
}
