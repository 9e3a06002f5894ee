// SPDX-License-Identifier: Apache-2.0

/// What the bytes of strings say to a reader that sees them one after another.
enum JSONBytes {
    /// The first byte of a string that is not ASCII to be passed by.
    static func plain(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte >= 0x80 { break }
            at += 1
        }
        return at
    }

    /// What follows the first byte of a character, RFC 3629 §4; `nil` where it is none.
    static func lead(_ byte: UInt8, _ isName: Bool) -> JSONPruner.State? {
        switch byte {
        case 0xC2...0xDF: .utf8(isName: isName, missing: 1, low: 0x80, high: 0xBF)
        case 0xE0: .utf8(isName: isName, missing: 2, low: 0xA0, high: 0xBF)
        case 0xED: .utf8(isName: isName, missing: 2, low: 0x80, high: 0x9F)
        case 0xE1...0xEF: .utf8(isName: isName, missing: 2, low: 0x80, high: 0xBF)
        case 0xF0: .utf8(isName: isName, missing: 3, low: 0x90, high: 0xBF)
        case 0xF1...0xF3: .utf8(isName: isName, missing: 3, low: 0x80, high: 0xBF)
        case 0xF4: .utf8(isName: isName, missing: 3, low: 0x80, high: 0x8F)
        default: nil
        }
    }

    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
