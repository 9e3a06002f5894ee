// SPDX-License-Identifier: Apache-2.0

/// One token of CUE's notation.
enum Token: Hashable, Sendable {
    case endOfFile
    case identifier(String)
    case number(String)
    /// A whole string literal, or its beginning up to the first interpolation; `parts` are read by the parser.
    case string
    /// The text of an attribute, with `@` and parentheses.
    case attribute
    /// Every operator and delimiter, a comma that a line's end stands for among them.
    case symbol(String)

    /// As the reference implementation names it: `'EOF'`, `'STRING' "x"`.
    func description(text: String) -> String {
        switch self {
        case .endOfFile: "'EOF'"
        case .identifier(let name): "'IDENT' \(name)"
        case .number(let number): "'INT' \(number)"
        case .string: "'STRING' \(text)"
        case .attribute: "'ATTRIBUTE' \(text)"
        case .symbol(let symbol): symbol == "\n" ? "newline" : "'\(symbol)'"
        }
    }
}

/// Why a text is refused, at a byte of it.
struct SyntaxError: Error {
    let offset: Int
    let message: String
    var isUnsupported = false
}

/// Bytes that CUE's notation gives a meaning.
enum ASCII {
    static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
    }

    static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
