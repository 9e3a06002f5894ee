// SPDX-License-Identifier: Apache-2.0

/// JSON strings: where they end, whether they are well-formed, and what they say.
enum StringDecoding {
    /// What there is to know of a string without reading it.
    struct Scan {
        /// Of the closing quotation mark.
        var end: Int
        /// Whether there is a backslash.
        var isEscaped = false
        /// Whether no other text is the same string, as long as that one is plain too: nothing is escaped but what has to
        /// be, and that in the one way of two bytes.
        var isPlain = true
    }

    /// Finds the closing quotation mark of the string whose first byte is at `start`. Everything up to it is checked:
    /// UTF-8 (RFC 3629 §3), escapes, surrogate pairs, control characters.
    @inline(__always)
    static func scan(_ text: Span<UInt8>, from start: Int) throws(JSONError) -> Scan {
        let end = skipPlain(text, from: start)
        // Nearly always.
        if end < text.count, text[end] == UInt8(ascii: "\"") { return Scan(end: end) }
        return try scan(text, fromSpecial: end)
    }

    /// The rest, from the first byte on that is more than itself.
    private static func scan(_ text: Span<UInt8>, fromSpecial first: Int) throws(JSONError) -> Scan {
        var at = first
        var scan = Scan(end: first)
        while true {
            at = skipPlain(text, from: at)
            guard at < text.count else { throw JSONError(.unexpectedEnd, at: at) }
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                scan.end = at
                return scan
            }
            if byte == UInt8(ascii: "\\") {
                scan.isEscaped = true
                let next = try skipEscape(text, at: at)
                if text[at + 1] != UInt8(ascii: "\""), text[at + 1] != UInt8(ascii: "\\") { scan.isPlain = false }
                at = next
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: at)
            } else {
                at = try skipScalar(text, at: at)
            }
        }
    }

    /// The first byte from `start` on that is more than itself: a quotation mark, a backslash, a control character, or one
    /// beyond ASCII. Sixteen are looked at together: nearly all of a text are strings, nearly all of those are plain, and most
    /// are shorter than that, so that the loop is hardly ever entered twice.
    @inline(__always)
    private static func skipPlain(_ text: Span<UInt8>, from start: Int) -> Int {
        text.withUnsafeBytes { bytes in
            var at = start
            while at + 16 <= bytes.count {
                let low = special(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                let high = special(bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self))
                if low | high != 0 {
                    return low != 0 ? at + low.trailingZeroBitCount / 8 : at + 8 + high.trailingZeroBitCount / 8
                }
                at += 16
            }
            while at < bytes.count, 0x20..<0x80 ~= bytes[at], bytes[at] != UInt8(ascii: "\""),
                bytes[at] != UInt8(ascii: "\\")
            {
                at += 1
            }
            return at
        }
    }

    /// Of eight bytes as they stand in memory: the lowest bit that is set is the highest of the first that is not plain; none
    /// where all are.
    @inline(__always)
    private static func special(_ bytes: UInt64) -> UInt64 {
        let each: UInt64 = 0x0101_0101_0101_0101
        let word = UInt64(littleEndian: bytes)
        let quote = word ^ (each &* 0x22)
        let backslash = word ^ (each &* 0x5C)
        // Subtracting sets the high bit of a byte that was less. It may set one above such a byte too, where it borrows; the
        // lowest is right always.
        return
            (((quote &- each) & ~quote) | ((backslash &- each) & ~backslash)
            | ((word &- (each &* 0x20)) & ~word) | word) & (each &* 0x80)
    }

    private static func skipEscape(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        guard offset + 1 < text.count else { throw JSONError(.unexpectedEnd, at: text.count) }
        switch text[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return offset + 2
        case UInt8(ascii: "u"):
            guard let unit = hex4(text, at: offset + 2) else { throw JSONError(.invalidEscape, at: offset) }
            switch unit {
            case 0xD800...0xDBFF:
                guard offset + 7 < text.count, text[offset + 6] == UInt8(ascii: "\\"),
                    text[offset + 7] == UInt8(ascii: "u"), let low = hex4(text, at: offset + 8),
                    0xDC00...0xDFFF ~= low
                else { throw JSONError(.loneSurrogate, at: offset) }
                return offset + 12
            case 0xDC00...0xDFFF: throw JSONError(.loneSurrogate, at: offset)
            default: return offset + 6
            }
        default: throw JSONError(.invalidEscape, at: offset)
        }
    }

    /// The well-formed sequences of RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF.
    private static func skipScalar(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        func isContinuation(_ index: Int, in range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            index < text.count && range ~= text[index]
        }
        let isValid: Bool
        let length: Int
        switch text[offset] {
        case 0xC2...0xDF:
            (isValid, length) = (isContinuation(offset + 1), 2)
        case 0xE0:
            (isValid, length) = (isContinuation(offset + 1, in: 0xA0...0xBF) && isContinuation(offset + 2), 3)
        case 0xED:
            (isValid, length) = (isContinuation(offset + 1, in: 0x80...0x9F) && isContinuation(offset + 2), 3)
        case 0xE1...0xEF:
            (isValid, length) = (isContinuation(offset + 1) && isContinuation(offset + 2), 3)
        case 0xF0...0xF4:
            let second: ClosedRange<UInt8> =
                switch text[offset] {
                case 0xF0: 0x90...0xBF
                case 0xF4: 0x80...0x8F
                default: 0x80...0xBF
                }
            isValid = isContinuation(offset + 1, in: second) && isContinuation(offset + 2) && isContinuation(offset + 3)
            length = 4
        default:
            (isValid, length) = (false, 1)
        }
        guard isValid else { throw JSONError(.invalidUTF8, at: offset) }
        return offset + length
    }

    private static func hex4(_ text: Span<UInt8>, at offset: Int) -> UInt32? {
        guard offset + 4 <= text.count else { return nil }
        var value: UInt32 = 0
        for index in offset..<(offset + 4) {
            let digit: UInt8
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = text[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[index] - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// The value of a string or name that `scan` has accepted.
    static func string(_ text: Span<UInt8>, _ entry: Tape.Entry) -> String {
        if entry.isEscaped { return unescaped(text, entry) }
        return text.extracting(Int(entry.start)..<Int(entry.end)).withUnsafeBufferPointer {
            String(decoding: $0, as: UTF8.self)
        }
    }

    static func unescaped(_ text: Span<UInt8>, _ entry: Tape.Entry) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(entry.end - entry.start))
        var at = Int(entry.start)
        while at < Int(entry.end) {
            guard text[at] == UInt8(ascii: "\\") else {
                bytes.append(text[at])
                at += 1
                continue
            }
            switch text[at + 1] {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                var value = hex4(text, at: at + 2) ?? 0xFFFD
                if 0xD800...0xDBFF ~= value, let low = hex4(text, at: at + 8) {
                    value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
                    at += 6
                }
                // `scan` has refused lone surrogates.
                bytes.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
                at += 4
            default: bytes.append(text[at + 1])
            }
            at += 2
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
