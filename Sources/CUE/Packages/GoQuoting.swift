// SPDX-License-Identifier: Apache-2.0

/// Text between quotes as Go writes it, in messages and by `strconv.Quote`.
enum GoQuoting {
    /// Which characters stand for themselves.
    enum Plain: Sendable {
        case printable, graphic, ascii

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .printable: scalar.isPrintable
            case .graphic: scalar.isGraphic
            case .ascii: scalar.isASCII && scalar.isPrintable
            }
        }
    }

    static func quoted(_ text: String, plain: Plain = .printable) -> String {
        "\"" + text.unicodeScalars.map { escaped($0, quote: "\"", plain: plain) }.joined() + "\""
    }

    static func quoted(_ scalar: Unicode.Scalar, plain: Plain) -> String {
        "'" + escaped(scalar, quote: "'", plain: plain) + "'"
    }

    private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar, plain: Plain) -> String {
        switch scalar {
        case quote, "\\": return "\\" + String(scalar)
        case "\u{07}": return "\\a"
        case "\u{08}": return "\\b"
        case "\u{0C}": return "\\f"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case "\u{0B}": return "\\v"
        default: break
        }
        if plain.contains(scalar) { return String(scalar) }
        if scalar.value < 0x20 || scalar.value == 0x7F { return "\\x" + scalar.hexadecimal(digits: 2) }
        if scalar.value < 0x10000 { return "\\u" + scalar.hexadecimal(digits: 4) }
        return "\\U" + scalar.hexadecimal(digits: 8)
    }
}
