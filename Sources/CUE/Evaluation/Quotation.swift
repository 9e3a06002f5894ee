// SPDX-License-Identifier: Apache-2.0

/// Strings and bytes as CUE prints them.
enum Quotation {
    static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars { append(scalar, quote: "\"", to: &quoted) }
        return quoted + "\""
    }

    static func bytes(_ bytes: [UInt8]) -> String {
        var quoted = "'"
        var at = 0
        while at < bytes.count {
            let width = bytes[at] < 0x80 ? 1 : bytes[at] < 0xE0 ? 2 : bytes[at] < 0xF0 ? 3 : 4
            if at + width <= bytes.count, let text = String(validating: bytes[at..<at + width], as: UTF8.self),
                let scalar = text.unicodeScalars.first
            {
                append(scalar, quote: "'", to: &quoted)
                at += width
            } else {
                quoted += "\\x" + hexadecimal(UInt32(bytes[at]), digits: 2)
                at += 1
            }
        }
        return quoted + "'"
    }

    private static func append(_ scalar: Unicode.Scalar, quote: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case quote, "\\":
            text += "\\"
            text.unicodeScalars.append(scalar)
        case "\u{07}": text += "\\a"
        case "\u{08}": text += "\\b"
        case "\u{0C}": text += "\\f"
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\u{0B}": text += "\\v"
        default:
            if scalar.value >= 0x20 && scalar.value < 0x7F || scalar.isPrintable {
                text.unicodeScalars.append(scalar)
            } else if scalar.value < 0x10000 {
                text += "\\u" + hexadecimal(scalar.value, digits: 4)
            } else {
                text += "\\U" + hexadecimal(scalar.value, digits: 8)
            }
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
