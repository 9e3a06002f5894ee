// SPDX-License-Identifier: Apache-2.0
import JSON

/// The tags that YAML's core schema has, written out.
enum CoreTag {
    private static let prefix = "tag:yaml.org,2002:"
    static let string = prefix + "str"
    static let bool = prefix + "bool"
    static let int = prefix + "int"
    static let float = prefix + "float"
    static let null = prefix + "null"
    static let mapping = prefix + "map"
    static let sequence = prefix + "seq"
    static let merge = prefix + "merge"
    /// `!`, which keeps a scalar a string.
    static let nonSpecific = "!"
}

/// What a scalar without quotation marks means, as sigs.k8s.io/yaml reads it (YAML 1.1's words and numbers): `yes` and
/// `off` are booleans, `012` and `0o12` are octal, `1_000` is a thousand, dates are strings.
enum PlainScalar {
    private enum Value {
        case null
        case bool(Bool)
        /// JSON text.
        case int([UInt8])
        case float([UInt8])
        case unrepresentable
        case string
    }

    /// The JSON text of a scalar; throws where there is none.
    static func json(
        _ text: [UInt8], isPlain: Bool, tag: String?, at position: SourcePosition
    ) throws(YAMLError) -> [UInt8] {
        switch tag {
        case CoreTag.string, CoreTag.nonSpecific: return string(text)
        case nil: if !isPlain { return string(text) }
        case CoreTag.bool, CoreTag.int, CoreTag.float, CoreTag.null: break
        case .some(let tag): throw YAMLError(.unsupportedTag(tag), at: position)
        }
        switch (value(text), tag) {
        case (.null, nil), (.null, CoreTag.null): return Array("null".utf8)
        case (.bool(let bool), nil), (.bool(let bool), CoreTag.bool): return Array("\(bool)".utf8)
        case (.int(let json), nil), (.int(let json), CoreTag.int), (.int(let json), CoreTag.float): return json
        case (.float(let json), nil), (.float(let json), CoreTag.float): return json
        case (.string, nil): return string(text)
        case (.unrepresentable, _):
            throw YAMLError(.unrepresentableNumber(String(decoding: text, as: UTF8.self)), at: position)
        case (_, let tag): throw YAMLError(.valueUnlikeTag(tag ?? ""), at: position)
        }
    }

    static func isNull(_ text: [UInt8]) -> Bool {
        if case .null = value(text) { true } else { false }
    }

    /// Text as a JSON string.
    static func string(_ text: [UInt8]) -> [UInt8] {
        var writer = JSONWriter()
        writer.string(String(decoding: text, as: UTF8.self))
        return writer.bytes
    }

    private static func value(_ text: [UInt8]) -> Value {
        guard let first = text.first else { return .null }
        switch first {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return number(text)
        default:
            // Longer than any word of the table.
            guard text.count <= 5 else { return .string }
            switch String(decoding: text, as: UTF8.self) {
            case "~", "null", "Null", "NULL": return .null
            case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
            case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
            default: return .string
            }
        }
    }

    // MARK: Numbers

    private static func number(_ text: [UInt8]) -> Value {
        if text.count <= 5 {
            switch String(decoding: text, as: UTF8.self) {
            case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
                return .unrepresentable
            default: break
            }
        }
        let plain = text.first == UInt8(ascii: ".") ? text : text.filter { $0 != UInt8(ascii: "_") }
        var digits = plain[...]
        var sign: [UInt8] = []
        if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") {
            if digits.removeFirst() == UInt8(ascii: "-") { sign = [UInt8(ascii: "-")] }
        }
        return radixInteger(digits, sign: sign) ?? decimal(digits, sign: sign) ?? .string
    }

    /// `0x1F`, `0b101`, `0o17`, `017`; `nil` for anything else.
    private static func radixInteger(_ text: ArraySlice<UInt8>, sign: [UInt8]) -> Value? {
        guard text.count > 1, text.first == UInt8(ascii: "0"), let mark = text.dropFirst().first else { return nil }
        let radix: UInt64
        var digits = text.dropFirst(2)
        switch mark | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default:
            radix = 8
            digits = text.dropFirst()
        }
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        var isTooLarge = false
        for byte in digits {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            isTooLarge = isTooLarge || overflow || carry
            value = sum
        }
        if isTooLarge || (!sign.isEmpty && value > 1 << 63) { return .unrepresentable }
        return .int((value == 0 ? [] : sign) + Array(String(value).utf8))
    }

    /// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` as JSON writes it, with the digits as they are; else `nil`.
    private static func decimal(_ text: ArraySlice<UInt8>, sign: [UInt8]) -> Value? {
        func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        var rest = text
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction: ArraySlice<UInt8>?
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let digits = rest.prefix(while: isDigit)
            rest = rest.dropFirst(digits.count)
            fraction = digits
        }
        guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
        var exponent: [UInt8] = []
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            exponent = [UInt8(ascii: "e")]
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                exponent.append(sign)
                rest = rest.dropFirst()
            }
            let digits = rest.prefix(while: isDigit)
            guard !digits.isEmpty else { return nil }
            exponent += digits
            rest = rest.dropFirst(digits.count)
        }
        guard rest.isEmpty else { return nil }
        let isInteger = fraction == nil && exponent.isEmpty
        let significant = whole.drop { $0 == UInt8(ascii: "0") }
        var json = isInteger && significant.isEmpty ? [] : sign
        json += significant.isEmpty ? [UInt8(ascii: "0")] : Array(significant)
        if let fraction, !fraction.isEmpty { json += [UInt8(ascii: ".")] + fraction }
        json += exponent
        // JSON would hold the text, but no reader of it the number.
        guard let number = Double(String(decoding: json, as: UTF8.self)), number.isFinite else {
            return .unrepresentable
        }
        return isInteger ? .int(json) : .float(json)
    }
}
