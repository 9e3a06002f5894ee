// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// `(?P<name>`, `(?<name>`, `(?flags:` or `(?flags)`.
    mutating func parseGroupOrFlags() throws(RegularExpressionError) {
        let start = position
        let isNamedByP = peek(2) == UInt8(ascii: "P") && peek(3) == UInt8(ascii: "<") && peek(4) != nil
        let isNamed = peek(2) == UInt8(ascii: "<") && peek(3) != nil
        if isNamedByP || isNamed {
            try parseName(from: start, at: start + (isNamedByP ? 4 : 3))
            return
        }
        position += 2
        var changed = flags
        var isNegative = false
        var sawFlag = false
        loop: while peek() != nil {
            let scalar = Unicode.Scalar(nextScalar()) ?? "\u{FFFD}"
            let flag: Flags
            switch scalar {
            case "i": flag = .foldCase
            case "m": flag = .multiLine
            case "s": flag = .dotMatchesLineFeed
            case "U": flag = .reluctant
            case "-":
                if isNegative { break loop }
                isNegative = true
                sawFlag = false
                continue
            case ":", ")":
                if isNegative && !sawFlag { break loop }
                if scalar == ":" { openGroup(at: start, captures: false) }
                flags = changed
                return
            default:
                break loop
            }
            sawFlag = true
            if isNegative { changed.remove(flag) } else { changed.insert(flag) }
        }
        throw error(unsupportedGroup(at: start), from: start, to: position)
    }

    private mutating func parseName(from start: Int, at first: Int) throws(RegularExpressionError) {
        let end = text[first...].firstIndex(of: UInt8(ascii: ">"))
        guard let end, end > first, text[first..<end].allSatisfy({ $0 == UInt8(ascii: "_") || isLetterOrDigit($0) })
        else {
            let isLookbehind = first == start + 3 && [UInt8(ascii: "!"), UInt8(ascii: "=")].contains(text[first])
            throw error(isLookbehind ? .lookbehind : .invalidGroupName, from: start, to: end.map { $0 + 1 })
        }
        position = end + 1
        openGroup(at: start, captures: true)
    }

    /// What someone may have meant by a group that this dialect does not have.
    private func unsupportedGroup(at start: Int) -> RegularExpressionError.Reason {
        switch start + 2 < text.count ? text[start + 2] : 0 {
        case UInt8(ascii: "="), UInt8(ascii: "!"): .lookahead
        case UInt8(ascii: ">"): .atomicGroup
        case UInt8(ascii: "#"): .comment
        default: .unknownGroup
        }
    }
}

/// Of ASCII.
func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}
