// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// What begins with a backslash outside of brackets.
    mutating func parseBackslash() throws(RegularExpressionError) {
        let start = position
        switch peek(1) {
        case UInt8(ascii: "A"): try appendAssertion(.beginningOfText)
        case UInt8(ascii: "z"): try appendAssertion(.endOfText)
        case UInt8(ascii: "b"): try appendAssertion(.wordBoundary)
        case UInt8(ascii: "B"): try appendAssertion(.noWordBoundary)
        case UInt8(ascii: "C"): throw error(.anyByte, from: start, to: start + 2)
        case UInt8(ascii: "Q"): try parseQuotation()
        default:
            if let set = try parseClassEscape() {
                try append(set: set)
            } else {
                try append(literal: try parseEscape())
            }
        }
    }

    private mutating func appendAssertion(_ assertion: Assertion) throws(RegularExpressionError) {
        position += 2
        try append(.assertion(assertion))
    }

    /// `\Q` and all that follows, up to `\E` or the end, as it stands.
    private mutating func parseQuotation() throws(RegularExpressionError) {
        position += 2
        while let byte = peek() {
            if byte == UInt8(ascii: "\\") && peek(1) == UInt8(ascii: "E") {
                position += 2
                return
            }
            try append(literal: nextScalar())
        }
    }

    /// An escaped character, in brackets or not.
    mutating func parseEscape() throws(RegularExpressionError) -> UInt32 {
        let start = position
        position += 1
        guard let byte = peek() else { throw error(.trailingBackslash, from: start) }
        guard byte < 0x80 else {
            _ = nextScalar()
            throw error(.unknownEscape, from: start, to: position)
        }
        position += 1
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            // One digit that is not zero would be a backreference.
            guard byte == UInt8(ascii: "0") || octalDigit() != nil else { break }
            var value = UInt32(byte) - 0x30
            for _ in 0..<2 {
                guard let digit = octalDigit() else { break }
                value = value * 8 + digit
                position += 1
            }
            return value
        case UInt8(ascii: "x"):
            if let value = parseHexadecimal() { return value }
            throw error(.unknownEscape, from: start, to: position)
        case UInt8(ascii: "a"): return 0x07
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "v"): return 0x0B
        default:
            if !isLetterOrDigit(byte) { return UInt32(byte) }
        }
        let isBackreference = (0x31...0x39).contains(byte) || byte == UInt8(ascii: "k") || byte == UInt8(ascii: "g")
        throw error(isBackreference ? .backreference : .unknownEscape, from: start, to: position)
    }

    private func octalDigit() -> UInt32? {
        guard let byte = peek(), (0x30...0x37).contains(byte) else { return nil }
        return UInt32(byte) - 0x30
    }

    /// `41` or `{41}`, any number of digits between braces; nil if it is neither or beyond Unicode.
    private mutating func parseHexadecimal() -> UInt32? {
        guard peek() == UInt8(ascii: "{") else {
            guard let high = hexadecimalDigit(), let low = hexadecimalDigit() else { return nil }
            return high * 16 + low
        }
        position += 1
        var value: UInt32 = 0
        var digits = 0
        while peek() != UInt8(ascii: "}") {
            guard let digit = hexadecimalDigit() else { return nil }
            // At most 0x10FFFF before, so no overflow.
            value = value * 16 + digit
            if value > ScalarRange.highest { return nil }
            digits += 1
        }
        position += 1
        return digits > 0 ? value : nil
    }

    private mutating func hexadecimalDigit() -> UInt32? {
        guard let byte = peek() else { return nil }
        // Large letters become small; digits have the bit set already.
        guard byte < 0x80, let digit = hexadecimal(byte | 0x20), isLetterOrDigit(byte) else { return nil }
        position += 1
        return digit
    }
}
