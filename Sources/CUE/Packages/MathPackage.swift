// SPDX-License-Identifier: Apache-2.0

/// `math`: what is exact in decimals, or the same in every binary arithmetic of IEEE 754.
enum MathPackage {
    static let path = "math"
    static let package = Package(
        path, functions: rounding + decimal + binary, constants: constants,
        // Long series, whose last digits are their implementation's own.
        unsupported: [
            "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "Cbrt", "Cos", "Cosh", "Erf", "Erfc",
            "Erfcinv", "Erfinv", "Exp", "Exp2", "Expm1", "Gamma", "Hypot", "J0", "J1", "Jacobi", "Jn", "Log",
            "Log10", "Log1p", "Log2", "Sin", "Sinh", "Tan", "Tanh", "Y0", "Y1", "Yn",
        ])

    private static let constants: [String: BuiltinValue] = [
        "E": "2.71828182845904523536028747135266249775724709369995957496696763",
        "Pi": "3.14159265358979323846264338327950288419716939937510582097494459",
        "Phi": "1.61803398874989484820458683436563811772030917980576286213544861",
        "Sqrt2": "1.41421356237309504880168872420969807856967187537694807317667974",
        "SqrtE": "1.64872127070012814684865078781416357165377610071014801157507931",
        "SqrtPi": "1.77245385090551602729816748334114518279754945612238712821380779",
        "SqrtPhi": "1.27201964951406896425242246173749149171560804184009624861664038",
        "Ln2": "0.693147180559945309417232121458176568075500134360255254120680009",
        "Log2E": "1.442695040888963407359924681001892137426645954152985934135449408",
        "Ln10": "2.3025850929940456840179914546843642076011014886287729760333278",
        "Log10E": "0.43429448190325182765112891891660508229439700580366656611445378",
        "MaxExp": "2147483647", "MinExp": "-2147483648", "MaxPrec": "4294967295", "MaxBase": "62",
        "ToNearestEven": "0", "ToNearestAway": "1", "ToZero": "2", "AwayFromZero": "3", "ToNegativeInf": "4",
        "ToPositiveInf": "5", "Below": "-1", "Exact": "0", "Above": "1",
    ].compactMapValues { Number(json: $0).map(BuiltinValue.number) }

    private static let rounding: [Builtin] = [
        Builtin(path, "Floor", [.number], .int) { (call) throws(BuiltinError) in
            try whole(call) { !$1 && $0.isNegative ? -1 : 0 }
        },
        Builtin(path, "Ceil", [.number], .int) { (call) throws(BuiltinError) in
            try whole(call) { !$1 && !$0.isNegative ? 1 : 0 }
        },
        round("Trunc", .down),
        round("Round", .halfUp),
        round("RoundToEven", .halfEven),
    ]

    private static func round(_ name: String, _ rounding: Number.Rounding) -> Builtin {
        Builtin(path, name, [.number], .int) { (call) throws(BuiltinError) in
            let number = try call.number(0)
            return .number(try call.compute { () throws(NumberError) in try number.integral(rounding).value })
        }
    }

    private static func whole(
        _ call: BuiltinCall, _ step: (_ number: Number, _ isExact: Bool) -> Int
    ) throws(BuiltinError) -> BuiltinValue {
        let number = try call.number(0)
        // CUE computes these two with its precision, and gives 0 beyond it.
        guard number.adjustedExponent < NumberLimits.precision - 1 else {
            throw call.unsupported("a number of more than \(NumberLimits.precision - 1) digits before the point")
        }
        return .number(
            try call.compute { () throws(NumberError) in
                let (value, isExact) = try number.integral(.down)
                return try Number.exactSum(value, Number(step(number, isExact)))
            })
    }

    private static let decimal: [Builtin] = [
        Builtin(path, "MultipleOf", [.number, .number], .bool) { (call) throws(BuiltinError) in
            let (number, factor) = (try call.number(0), try call.number(1))
            return .bool(
                try call.compute { () throws(NumberError) in try number.dividedBy(factor) }.isIntegral)
        },
        Builtin(path, "Abs", [.number], .number) { (call) throws(BuiltinError) in
            let number = try call.number(0)
            return try call.decimal { () throws(NumberError) in try number.magnitude.rounded() }
        },
        Builtin(path, "Copysign", [.number, .number], .number) { (call) throws(BuiltinError) in
            let (number, other) = (try call.number(0), try call.number(1))
            return try call.decimal { () throws(NumberError) in number.withSign(of: other) }
        },
        Builtin(path, "Dim", [.number, .number], .number) { (call) throws(BuiltinError) in
            let (left, right) = (try call.number(0), try call.number(1))
            return try call.decimal { () throws(NumberError) in
                let difference = try left.subtracting(right)
                return difference.isNegative ? .zero : difference
            }
        },
        Builtin(path, "Signbit", [.number], .bool) { (call) throws(BuiltinError) in
            .bool(try call.number(0).isNegative)
        },
        Builtin(path, "Pow", [.number, .number], .number) { (call) throws(BuiltinError) in
            try power(of: call.number(0), to: call.number(1), call)
        },
        Builtin(path, "Pow10", [.int], .number) { (call) throws(BuiltinError) in
            let exponent = try call.int(0, type: "int32", range: Int(Int32.min)...Int(Int32.max))
            return try call.decimal { () throws(NumberError) in
                try Number(isInteger: false, isNegative: false, coefficient: Magnitude(1), exponent: exponent)
            }
        },
    ]

    /// By squaring, with ten digits more than the result has.
    private static func power(
        of base: Number, to exponent: Number, _ call: BuiltinCall
    ) throws(BuiltinError) -> BuiltinValue {
        if base.isZero {
            guard exponent.sign != 0 else { throw call.failure("invalid operation") }
            guard exponent.sign > 0 else { throw call.unsupported("a result that is no finite number") }
            return .int(0)
        }
        guard exponent.isIntegral else {
            if base.isNegative { throw call.failure("invalid operation") }
            throw call.unsupported("an exponent that is no integer")
        }
        /// Beyond it every power but those of numbers next to 1 is beyond CUE's exponents.
        let limit = 1 << 31
        guard let times = exponent.int, times.magnitude <= limit else {
            throw call.unsupported("an exponent beyond \(limit)")
        }
        return try call.decimal { () throws(NumberError) in
            let precision = max(NumberLimits.precision, base.coefficient.digitCount) + 10
            var result = Number(1)
            var square = base
            var rest = times.magnitude
            while rest > 0 {
                if rest & 1 == 1 { result = try result.product(square, precision: precision) }
                rest >>= 1
                if rest > 0 { square = try square.product(square, precision: precision) }
            }
            if times < 0 { result = try Number(1).quotient(result, precision: precision) }
            return try result.rounded()
        }
    }

    private static let binary: [Builtin] = [
        double("Sqrt") { $0.squareRoot() },
        double("Logb") { $0 == 0 ? -.infinity : Double($0.exponent) },
        Builtin(path, "Ilogb", [.number], .int) { (call) throws(BuiltinError) in
            let value = try call.double(0)
            // Go's answer for it.
            return .int(value == 0 ? Int(Int32.min) : Int(value.exponent))
        },
        Builtin(path, "Mod", [.number, .number], .number) { (call) throws(BuiltinError) in
            try result(try call.double(0).truncatingRemainder(dividingBy: try call.double(1)), call)
        },
        Builtin(path, "Remainder", [.number, .number], .number) { (call) throws(BuiltinError) in
            try result(try call.double(0).remainder(dividingBy: try call.double(1)), call)
        },
        Builtin(path, "Ldexp", [.number, .int], .number) { (call) throws(BuiltinError) in
            let (fraction, exponent) = (try call.double(0), try call.int(1))
            // Twice the range of the exponents of 64 bits.
            return try result(
                Double(sign: .plus, exponent: min(max(exponent, -4_200), 4_200), significand: fraction), call)
        },
    ]

    private static func double(_ name: String, _ body: @escaping @Sendable (Double) -> Double) -> Builtin {
        Builtin(path, name, [.number], .number) { (call) throws(BuiltinError) in
            try result(body(try call.double(0)), call)
        }
    }

    private static func result(_ double: Double, _ call: BuiltinCall) throws(BuiltinError) -> BuiltinValue {
        guard double.isFinite else { throw call.unsupported("a result that is no finite number") }
        return .number(try call.compute { () throws(NumberError) in try Number(double) })
    }
}
