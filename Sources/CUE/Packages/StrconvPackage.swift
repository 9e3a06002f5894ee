// SPDX-License-Identifier: Apache-2.0

/// `strconv`: numbers, truth values and quoted text to strings and back.
enum StrconvPackage {
    static let path = "strconv"
    static let package = Package(
        path, functions: numbers + formatting + quoting, constants: ["IntSize": .int(64)],
        // CUE's own quotes, which the evaluator reads.
        unsupported: ["Unquote"])

    private static let numbers: [Builtin] = [
        Builtin(path, "ParseBool", [.string], .bool) { (call) throws(BuiltinError) in
            let text = try call.string(0)
            switch text {
            case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
            case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
            default: throw syntax("ParseBool", text, call)
            }
        },
        Builtin(path, "ParseInt", [.string, .int, .int], .int) { (call) throws(BuiltinError) in
            let (text, bits) = (try call.string(0), try call.int(2))
            guard bits >= 0 else { throw range("ParseInt", text, call) }
            let value = try integer(text, radix: try call.int(1), function: "ParseInt", call)
            guard bits > 0 else { return .number(value) }
            // Of -2^(n-1), one less than the bits of its magnitude.
            let magnitude = value.isNegative ? value.coefficient.difference(from: Magnitude(1)) : value.coefficient
            guard magnitude.bitCount < bits else { throw range("ParseInt", text, call) }
            return .number(value)
        },
        Builtin(path, "ParseUint", [.string, .int, .int], .int) { (call) throws(BuiltinError) in
            let (text, bits) = (try call.string(0), try call.int(2))
            guard bits >= 0 else { throw range("ParseUint", text, call) }
            let value = try integer(text, radix: try call.int(1), function: "ParseUint", call)
            guard !value.isNegative, bits == 0 || value.coefficient.bitCount <= bits else {
                throw range("ParseUint", text, call)
            }
            return .number(value)
        },
        Builtin(path, "Atoi", [.string], .int) { (call) throws(BuiltinError) in
            .number(try integer(try call.string(0), radix: 10, function: "Atoi", call))
        },
        Builtin(path, "ParseFloat", [.string, .int], .number) { (call) throws(BuiltinError) in
            try float(try call.string(0), bits: try call.int(1), call)
        },
    ]

    private static func syntax(_ function: String, _ text: String, _ call: BuiltinCall) -> BuiltinError {
        call.failure("strconv.\(function): parsing \(GoQuoting.quoted(text)): invalid syntax")
    }

    private static func range(_ function: String, _ text: String, _ call: BuiltinCall) -> BuiltinError {
        call.failure("strconv.\(function): parsing \(GoQuoting.quoted(text)): value out of range")
    }

    /// A sign and digits of bases 2 to 36. Base 0, where a prefix tells, and the wider bases are not supported.
    private static func integer(
        _ text: String, radix: Int, function: String, _ call: BuiltinCall
    ) throws(BuiltinError) -> Number {
        guard (2...36).contains(radix) else { throw call.unsupported("the base \(radix)") }
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let digits = isNegative || text.utf8.first == UInt8(ascii: "+") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty else { throw syntax(function, text, call) }
        var value = Magnitude.zero
        for byte in digits {
            guard let digit = digit(byte), digit < radix else { throw syntax(function, text, call) }
            value = value.multiplied(by: UInt32(radix), adding: UInt32(digit))
            guard value.digitCount <= NumberLimits.digits else {
                throw call.unsupported("a number of more than \(NumberLimits.digits) digits")
            }
        }
        return try call.compute { () throws(NumberError) in
            try Number(
                isInteger: true, isNegative: isNegative && !value.isZero, coefficient: value, exponent: 0)
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// Decimal notation alone; hexadecimal floats, infinities and NaN are not supported.
    private static func float(_ text: String, bits: Int, _ call: BuiltinCall) throws(BuiltinError) -> BuiltinValue {
        let unsigned = text.utf8.first.map { "+-".utf8.contains($0) } ?? false ? text.dropFirst() : text[...]
        let lowered = unsigned.lowercased()
        if lowered.hasPrefix("0x") || lowered.hasPrefix("inf") || lowered == "nan" {
            throw call.unsupported("hexadecimal floats, infinities and NaN")
        }
        guard unsigned.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || ".eE+-".utf8.contains($0) }),
            Number(literal: lowered.first?.isNumber == true || lowered.first == "." ? lowered : "x") != nil
                || isLongDecimal(lowered)
        else { throw syntax("ParseFloat", text, call) }
        // Go takes 32 for itself and everything else for 64.
        guard let value = bits == 32 ? Float(text).map(Double.init) : Double(text) else {
            throw call.unsupported("this number")
        }
        guard value.isFinite else { throw range("ParseFloat", text, call) }
        return .number(try call.compute { () throws(NumberError) in try Number(value) })
    }

    /// Decimals that Go reads and CUE's literals do not have: zeros in front, exponents beyond all bounds.
    private static func isLongDecimal(_ text: String) -> Bool {
        let parts = text.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        let isDigit = { (byte: UInt8) in UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard mantissa.count <= 2, mantissa.contains(where: { !$0.isEmpty }),
            mantissa.allSatisfy({ $0.utf8.allSatisfy(isDigit) })
        else { return false }
        guard parts.count == 2 else { return true }
        let exponent = parts[1].utf8.first.map { "+-".utf8.contains($0) } ?? false ? parts[1].dropFirst() : parts[1]
        return !exponent.isEmpty && exponent.utf8.allSatisfy(isDigit)
    }

    private static let formatting: [Builtin] = [
        Builtin(path, "FormatBool", [.bool], .string) { (call) throws(BuiltinError) in
            .string(try call.bool(0) ? "true" : "false")
        },
        format("FormatInt"), format("FormatUint"),
        Builtin(path, "FormatFloat", [.number, .int, .int, .int], .string) { (call) throws(BuiltinError) in
            let format = UInt8(truncatingIfNeeded: try call.unsigned(1, type: "byte", limit: 255))
            let (value, precision, bits) = (try call.double(0), try call.int(2), try call.int(3))
            guard precision < 0, bits == 64 else {
                throw call.unsupported("a precision other than -1, or other than 64 bits")
            }
            let number = try call.compute { () throws(NumberError) in try Number(value) }
            switch format {
            case UInt8(ascii: "f"): return .string(plain(number))
            case UInt8(ascii: "e"): return .string(scientific(number, "e"))
            case UInt8(ascii: "E"): return .string(scientific(number, "E"))
            case UInt8(ascii: "g"), UInt8(ascii: "G"):
                // As many digits as there are, but for exponents from 21 on.
                let isLarge = number.adjustedExponent < -4 || number.adjustedExponent >= 21
                guard isLarge, !number.isZero else { return .string(plain(number)) }
                return .string(scientific(number, format == UInt8(ascii: "g") ? "e" : "E"))
            default: throw call.unsupported("this format")
            }
        },
    ]

    private static func format(_ name: String) -> Builtin {
        Builtin(path, name, [.int, .int], .string) { (call) throws(BuiltinError) in
            let (number, radix) = (try call.integer(0), try call.int(1))
            guard (2...62).contains(radix) else { throw call.unsupported("the base \(radix)") }
            let digits = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
            var text = number.coefficient.digits(radix: UInt32(radix)).map { digits[Int($0)] }
            if text.isEmpty { text = [UInt8(ascii: "0")] }
            if number.isNegative { text.append(UInt8(ascii: "-")) }
            return .string(utf8: text.reversed())
        }
    }

    private static func plain(_ number: Number) -> String {
        let digits = number.coefficient.text
        let sign = number.isNegative ? "-" : ""
        if number.exponent >= 0 {
            return sign + digits + String(repeating: "0", count: number.isZero ? 0 : number.exponent)
        }
        let missing = -number.exponent - digits.utf8.count
        if missing >= 0 { return sign + "0." + String(repeating: "0", count: missing) + digits }
        return sign + digits.dropLast(-number.exponent) + "." + digits.suffix(-number.exponent)
    }

    private static func scientific(_ number: Number, _ mark: String) -> String {
        let digits = number.coefficient.text
        let exponent = number.isZero ? 0 : number.adjustedExponent
        let power = String(exponent.magnitude)
        return (number.isNegative ? "-" : "") + digits.prefix(1)
            + (digits.utf8.count > 1 ? "." + digits.dropFirst() : "")
            + mark + (exponent < 0 ? "-" : "+") + (power.utf8.count < 2 ? "0" : "") + power
    }

    private static let quoting: [Builtin] = [
        quote("Quote", .printable), quote("QuoteToASCII", .ascii), quote("QuoteToGraphic", .graphic),
        quoteRune("QuoteRune", .printable), quoteRune("QuoteRuneToASCII", .ascii),
        quoteRune("QuoteRuneToGraphic", .graphic),
        Builtin(path, "IsPrint", [.int], .bool) { (call) throws(BuiltinError) in
            .bool(try scalar(call)?.isPrintable ?? false)
        },
        Builtin(path, "IsGraphic", [.int], .bool) { (call) throws(BuiltinError) in
            .bool(try scalar(call)?.isGraphic ?? false)
        },
    ]

    private static func quote(_ name: String, _ plain: GoQuoting.Plain) -> Builtin {
        Builtin(path, name, [.string], .string) { (call) throws(BuiltinError) in
            .string(GoQuoting.quoted(try call.string(0), plain: plain))
        }
    }

    private static func quoteRune(_ name: String, _ plain: GoQuoting.Plain) -> Builtin {
        Builtin(path, name, [.int], .string) { (call) throws(BuiltinError) in
            .string(GoQuoting.quoted(try scalar(call) ?? "\u{FFFD}", plain: plain))
        }
    }

    /// `nil` for a number that stands for no character.
    private static func scalar(_ call: BuiltinCall) throws(BuiltinError) -> Unicode.Scalar? {
        UInt32(exactly: try call.int(0, type: "rune", range: Int(Int32.min)...Int(Int32.max)))
            .flatMap(Unicode.Scalar.init)
    }
}
