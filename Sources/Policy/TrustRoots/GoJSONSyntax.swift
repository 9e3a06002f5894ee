// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a text that should be JSON, in the words of the reader that users of the ecosystem know.
enum GoJSONSyntax {
    /// `nil` for a text in which that reader finds nothing wrong. Its other bounds and its laxness do not matter here: the
    /// text has been refused already.
    static func problem(with bytes: [UInt8]) -> String? {
        var scanner = Scanner(bytes: bytes)
        do throws(Problem) {
            try scanner.value()
            try scanner.end()
            return nil
        } catch { return error.words }
    }

    private struct Problem: Error {
        let words: String
    }

    /// One step for each byte. What is open is a list and not the call stack, so that no text is too deep for it.
    private struct Scanner {
        let bytes: [UInt8]
        var at = 0
        /// `}` and `]` that are still to come.
        var open: [UInt8] = []

        init(bytes: [UInt8]) { self.bytes = bytes }

        private mutating func next() throws(Problem) -> UInt8 {
            guard at < bytes.count else { throw Problem(words: "unexpected end of JSON input") }
            defer { at += 1 }
            return bytes[at]
        }

        private mutating func nextVisible() throws(Problem) -> UInt8 {
            while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
            return try next()
        }

        private func wrong(_ byte: UInt8, _ context: String) -> Problem {
            let shown =
                switch byte {
                case UInt8(ascii: "'"): "\\'"
                case UInt8(ascii: "\\"): "\\\\"
                case 0x0A: "\\n"
                case 0x0D: "\\r"
                case 0x09: "\\t"
                case 0x20..<0x7F: String(Unicode.Scalar(byte))
                case 0..<0x80: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
                default: String(Unicode.Scalar(byte))
                }
            return Problem(words: "invalid character '\(shown)' \(context)")
        }

        mutating func value() throws(Problem) {
            try begin(try nextVisible())
            while let close = open.last {
                let byte = try nextVisible()
                if byte == close {
                    open.removeLast()
                } else if byte == UInt8(ascii: ",") {
                    if close == UInt8(ascii: "}") { try key(try nextVisible()) }
                    try begin(try nextVisible())
                } else {
                    throw wrong(
                        byte, close == UInt8(ascii: "}") ? "after object key:value pair" : "after array element")
                }
            }
        }

        mutating func end() throws(Problem) {
            guard let byte = try? nextVisible() else { return }
            throw wrong(byte, "after top-level value")
        }

        /// A value up to its end, or an object or a list up to the end of its first value.
        private mutating func begin(_ byte: UInt8) throws(Problem) {
            var byte = byte
            while true {
                switch byte {
                case UInt8(ascii: "{"):
                    byte = try nextVisible()
                    if byte == UInt8(ascii: "}") { return }
                    open.append(UInt8(ascii: "}"))
                    try key(byte)
                    byte = try nextVisible()
                case UInt8(ascii: "["):
                    byte = try nextVisible()
                    if byte == UInt8(ascii: "]") { return }
                    open.append(UInt8(ascii: "]"))
                case UInt8(ascii: "\""): return try string()
                case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(byte)
                case UInt8(ascii: "t"): return try literal("true")
                case UInt8(ascii: "f"): return try literal("false")
                case UInt8(ascii: "n"): return try literal("null")
                default: throw wrong(byte, "looking for beginning of value")
                }
            }
        }

        private mutating func key(_ byte: UInt8) throws(Problem) {
            guard byte == UInt8(ascii: "\"") else { throw wrong(byte, "looking for beginning of object key string") }
            try string()
            let colon = try nextVisible()
            guard colon == UInt8(ascii: ":") else { throw wrong(colon, "after object key") }
        }

        private mutating func literal(_ word: String) throws(Problem) {
            for expected in word.utf8.dropFirst() {
                let byte = try next()
                guard byte == expected else {
                    throw wrong(byte, "in literal \(word) (expecting '\(Unicode.Scalar(expected))')")
                }
            }
        }

        private mutating func string() throws(Problem) {
            while true {
                let byte = try next()
                switch byte {
                case UInt8(ascii: "\""): return
                case UInt8(ascii: "\\"):
                    let escape = try next()
                    if escape == UInt8(ascii: "u") {
                        for _ in 0..<4 {
                            let digit = try next()
                            guard Unicode.Scalar(digit).properties.isASCIIHexDigit else {
                                throw wrong(digit, "in \\u hexadecimal character escape")
                            }
                        }
                    } else if !"\"\\/bfnrt".utf8.contains(escape) {
                        throw wrong(escape, "in string escape code")
                    }
                case 0..<0x20: throw wrong(byte, "in string literal")
                default: continue
                }
            }
        }

        private mutating func number(_ first: UInt8) throws(Problem) {
            var first = first
            if first == UInt8(ascii: "-") {
                first = try next()
                guard isDigit(first) else { throw wrong(first, "in numeric literal") }
            }
            if first != UInt8(ascii: "0") { digits() }
            if peek(".") {
                let digit = try next()
                guard isDigit(digit) else { throw wrong(digit, "after decimal point in numeric literal") }
                digits()
            }
            if peek("e") || peek("E") {
                if !peek("+") { _ = peek("-") }
                let digit = try next()
                guard isDigit(digit) else { throw wrong(digit, "in exponent of numeric literal") }
                digits()
            }
        }

        private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

        private mutating func digits() { while at < bytes.count, isDigit(bytes[at]) { at += 1 } }

        /// Passes that character where it is next.
        private mutating func peek(_ character: Unicode.Scalar) -> Bool {
            guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
            at += 1
            return true
        }
    }
}
