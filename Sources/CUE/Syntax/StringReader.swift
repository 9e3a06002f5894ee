// SPDX-License-Identifier: Apache-2.0

/// What a string literal's quotation marks say, and its escapes.
struct StringReader {
    let quote: UInt8
    let hashes: Int
    let isMultiline: Bool
    /// What stands between quotation marks and interpolations, as written.
    var segment: [UInt8] = []
    /// Where `segment` begins in the text.
    var segmentStart = 0
    /// Whether `segment` ends with the beginning of an interpolation.
    var isInterpolated = false

    init(quote: UInt8, hashes: Int, isMultiline: Bool) {
        self.quote = quote
        self.hashes = hashes
        self.isMultiline = isMultiline
    }

    var isBytes: Bool { quote == UInt8(ascii: "'") }

    /// Takes the indentation of the closing line from every line of a multi-line string.
    func unindented(_ segments: [[UInt8]], at offset: Int) throws(SyntaxError) -> [[UInt8]] {
        guard isMultiline, var last = segments.last else { return segments }
        let indentation = Array(last.reversed().prefix { $0 != UInt8(ascii: "\n") }.reversed())
        var result: [[UInt8]] = []
        for (number, segment) in segments.enumerated() {
            if number == segments.count - 1 {
                last.removeLast(indentation.count)
                if last.last == UInt8(ascii: "\n") { last.removeLast() }
            }
            let source = number == segments.count - 1 ? last : segment
            var lines: [UInt8] = []
            lines.reserveCapacity(source.count)
            var at = 0
            // The newline behind the opening quotation marks is not part of the string.
            if number == 0, source.first == UInt8(ascii: "\n") {
                at = try afterIndentation(source, 1, indentation, offset)
            }
            while at < source.count {
                lines.append(source[at])
                at += 1
                if lines.last == UInt8(ascii: "\n") { at = try afterIndentation(source, at, indentation, offset) }
            }
            result.append(lines)
        }
        return result
    }

    private func afterIndentation(
        _ source: [UInt8], _ at: Int, _ indentation: [UInt8], _ offset: Int
    ) throws(SyntaxError) -> Int {
        if at >= source.count || source[at] == UInt8(ascii: "\n") { return at }
        guard source[at...].starts(with: indentation) else {
            throw SyntaxError(offset: offset, message: "invalid whitespace")
        }
        return at + indentation.count
    }

    /// The bytes that a segment stands for.
    func unescaped(_ segment: [UInt8], at offset: Int) throws(SyntaxError) -> [UInt8] {
        guard segment.contains(UInt8(ascii: "\\")) else { return segment }
        var result: [UInt8] = []
        result.reserveCapacity(segment.count)
        var at = 0
        while at < segment.count {
            let byte = segment[at]
            at += 1
            guard byte == UInt8(ascii: "\\"), isEscape(segment, at) else {
                result.append(byte)
                continue
            }
            at += hashes
            guard at < segment.count else { throw SyntaxError(offset: offset, message: "unknown escape sequence") }
            let kind = segment[at]
            at += 1
            switch kind {
            case UInt8(ascii: "a"): result.append(7)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "v"): result.append(11)
            case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "\""): result.append(kind)
            case UInt8(ascii: "'") where isBytes: result.append(kind)
            case UInt8(ascii: "\n") where isMultiline:
                // A line that goes on: its end and what stands before the next are nothing.
                continue
            case UInt8(ascii: "u"), UInt8(ascii: "U"):
                let scalar = try codePoint(segment, &at, digits: kind == UInt8(ascii: "u") ? 4 : 8, offset)
                result += Array(String(scalar).utf8)
            case UInt8(ascii: "x"):
                guard isBytes else { throw SyntaxError(offset: offset, message: "invalid string: invalid syntax") }
                result.append(UInt8(truncatingIfNeeded: try hexadecimal(segment, &at, digits: 2, offset)))
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                guard isBytes else { throw SyntaxError(offset: offset, message: "unknown escape sequence") }
                at -= 1
                guard at + 3 <= segment.count,
                    let value = UInt8(String(decoding: segment[at..<at + 3], as: UTF8.self), radix: 8)
                else { throw SyntaxError(offset: offset, message: "illegal character in escape sequence") }
                at += 3
                result.append(value)
            default: throw SyntaxError(offset: offset, message: "unknown escape sequence")
            }
        }
        return result
    }

    private func isEscape(_ segment: [UInt8], _ at: Int) -> Bool {
        at + hashes <= segment.count && segment[at..<at + hashes].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private func hexadecimal(
        _ segment: [UInt8], _ at: inout Int, digits: Int, _ offset: Int
    ) throws(SyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard at < segment.count, let digit = ASCII.hexadecimal(segment[at]), value < 0x1000_0000 else {
                throw SyntaxError(offset: offset, message: "illegal character in escape sequence")
            }
            value = value << 4 | digit
            at += 1
        }
        return value
    }

    private func codePoint(
        _ segment: [UInt8], _ at: inout Int, digits: Int, _ offset: Int
    ) throws(SyntaxError) -> Unicode.Scalar {
        let value = try hexadecimal(segment, &at, digits: digits, offset)
        if let scalar = Unicode.Scalar(value) { return scalar }
        // The halves of a pair, as JSON writes them; a half alone is U+FFFD.
        if 0xD800..<0xDC00 ~= value, isEscape(segment, at + 1), at < segment.count, segment[at] == UInt8(ascii: "\\"),
            at + 1 + hashes < segment.count, segment[at + 1 + hashes] == UInt8(ascii: "u")
        {
            var next = at + 2 + hashes
            let low = try hexadecimal(segment, &next, digits: 4, offset)
            if 0xDC00..<0xE000 ~= low, let scalar = Unicode.Scalar(0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)) {
                at = next
                return scalar
            }
        }
        guard value < 0x110000 else {
            throw SyntaxError(offset: offset, message: "escape is invalid Unicode code point")
        }
        return "\u{FFFD}"
    }
}
