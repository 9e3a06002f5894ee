// SPDX-License-Identifier: Apache-2.0

/// Characters out of UTF-8 as Go decodes it: a byte that is no part of a valid sequence is U+FFFD, one byte wide.
enum ScalarReader {
    /// The character at `position`, which must be within the text, and the bytes that it takes.
    @inline(__always)
    static func scalar(in text: Span<UInt8>, at position: Int) -> (scalar: UInt32, width: Int) {
        let byte = text[position]
        return byte < 0x80 ? (UInt32(byte), 1) : longScalar(in: text, at: position)
    }

    private static func longScalar(in text: Span<UInt8>, at position: Int) -> (scalar: UInt32, width: Int) {
        let replacement: (UInt32, Int) = (0xFFFD, 1)
        let lead = text[position]
        let width: Int
        let lowest: UInt32
        var scalar: UInt32
        switch lead {
        case 0xC2...0xDF: (width, lowest, scalar) = (2, 0x80, UInt32(lead & 0x1F))
        case 0xE0...0xEF: (width, lowest, scalar) = (3, 0x800, UInt32(lead & 0x0F))
        case 0xF0...0xF4: (width, lowest, scalar) = (4, 0x10000, UInt32(lead & 0x07))
        default: return replacement
        }
        guard width <= text.count - position else { return replacement }
        for index in (position + 1)..<(position + width) {
            let next = text[index]
            guard next & 0xC0 == 0x80 else { return replacement }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        guard scalar >= lowest, scalar <= ScalarRange.highest, !(0xD800...0xDFFF).contains(scalar) else {
            return replacement
        }
        return (scalar, width)
    }
}
