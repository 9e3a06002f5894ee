// SPDX-License-Identifier: Apache-2.0

/// Cuts a text into tokens, one at a time: the parser says when an interpolation ends and the string goes on.
///
/// As in Go, the end of a line stands for a comma where the last token can end an expression.
struct Lexer {
    let text: [UInt8]
    /// The byte behind the current token.
    private(set) var at = 0
    /// Where the current token begins.
    private(set) var start = 0
    private(set) var token = Token.endOfFile
    /// Whether the end of this line is a comma.
    private var endsLine = false
    /// Of the string that is being read: its quotation marks, and what was read of it since the last interpolation.
    private(set) var string = StringReader(quote: UInt8(ascii: "\""), hashes: 0, isMultiline: false)

    init(_ text: [UInt8]) {
        self.text = text
        // A byte order mark at the beginning is no part of the text.
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    func byte(_ offset: Int) -> UInt8 {
        let index = at + offset
        return index < text.count ? text[index] : 0
    }

    /// The next byte that is no space, on the same line.
    var nextVisible: (byte: UInt8, following: UInt8) {
        var index = at
        while index < text.count, text[index] == UInt8(ascii: " ") || text[index] == UInt8(ascii: "\t") { index += 1 }
        guard index < text.count else { return (0, 0) }
        return (text[index], index + 1 < text.count ? text[index + 1] : 0)
    }

    /// The current token as it stands in the text, at most forty bytes of it.
    var tokenText: String { String(decoding: text[start..<min(at, start + 40)], as: UTF8.self) }

    /// Reads the next token.
    mutating func advance() throws(SyntaxError) {
        if skipSpace() {
            endsLine = false
            token = .symbol("\n")
            return
        }
        start = at
        guard at < text.count else {
            token = .endOfFile
            return
        }
        let first = text[at]
        if ASCII.isDigit(first) || (first == UInt8(ascii: ".") && ASCII.isDigit(byte(1))) {
            token = .number(readNumber())
            endsLine = true
        } else if isQuote(first) {
            try beginString()
        } else if ASCII.isLetter(first) || first == UInt8(ascii: "#") || first >= 0x80 {
            try readIdentifier()
        } else if first == UInt8(ascii: "@") {
            try readAttribute()
        } else {
            try readSymbol()
        }
    }

    /// Skips spaces and comments; true where a line's end that is a comma was met.
    private mutating func skipSpace() -> Bool {
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\n"):
                if endsLine {
                    start = at
                    at += 1
                    return true
                }
                at += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): at += 1
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
                while at < text.count, text[at] != UInt8(ascii: "\n") { at += 1 }
            default: return false
            }
        }
        guard endsLine else { return false }
        start = at
        return true
    }

    private func isQuote(_ first: UInt8) -> Bool {
        var offset = 0
        while byte(offset) == UInt8(ascii: "#") { offset += 1 }
        return byte(offset) == UInt8(ascii: "\"") || byte(offset) == UInt8(ascii: "'")
    }

    private mutating func readNumber() -> String {
        let isPrefixed = text[at] == UInt8(ascii: "0") && ASCII.isLetter(byte(1)) && byte(1) | 0x20 != UInt8(ascii: "e")
        while at < text.count {
            let current = text[at]
            let isSign = current == UInt8(ascii: "+") || current == UInt8(ascii: "-")
            if ASCII.isDigit(current) || (ASCII.isLetter(current) && current != UInt8(ascii: "$")) {
                at += 1
            } else if current == UInt8(ascii: "."), !isPrefixed, byte(1) != UInt8(ascii: "."), !hasPoint {
                at += 1
            } else if isSign, !isPrefixed, at > start, text[at - 1] | 0x20 == UInt8(ascii: "e") {
                at += 1
            } else {
                break
            }
        }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private var hasPoint: Bool { text[start..<at].contains(UInt8(ascii: ".")) }

    private mutating func readIdentifier() throws(SyntaxError) {
        // `_|_` is bottom; `#` and `_#` begin definitions.
        if text[at] == UInt8(ascii: "_"), byte(1) == UInt8(ascii: "|"), byte(2) == UInt8(ascii: "_") {
            at += 3
            endsLine = true
            token = .symbol("_|_")
            return
        }
        while at < text.count {
            let current = text[at]
            if ASCII.isLetter(current) || ASCII.isDigit(current) || current >= 0x80 {
                at += 1
            } else if current == UInt8(ascii: "#"), at == start || (at == start + 1 && text[start] == UInt8(ascii: "_"))
            {
                at += 1
            } else {
                break
            }
        }
        let name = String(decoding: text[start..<at], as: UTF8.self)
        for scalar in name.unicodeScalars where scalar.value >= 0x80 {
            let properties = scalar.properties
            guard properties.isAlphabetic || properties.numericType == .decimal else {
                throw SyntaxError(
                    offset: start, message: "illegal character U+\(hexadecimal(scalar.value)) '\(scalar)'")
            }
        }
        endsLine = true
        token = .identifier(name)
    }

    private func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private mutating func readAttribute() throws(SyntaxError) {
        at += 1
        while at < text.count, ASCII.isLetter(text[at]) || ASCII.isDigit(text[at]) || text[at] == UInt8(ascii: "-") {
            at += 1
        }
        guard byte(0) == UInt8(ascii: "(") else {
            throw SyntaxError(offset: at, message: "invalid attribute: expected '('")
        }
        var depth = 0
        while at < text.count {
            if isQuote(text[at]) {
                skipString()
                continue
            }
            let current = text[at]
            at += 1
            if current == UInt8(ascii: "(") || current == UInt8(ascii: "[") || current == UInt8(ascii: "{") {
                depth += 1
            } else if current == UInt8(ascii: ")") || current == UInt8(ascii: "]") || current == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 {
                    endsLine = true
                    token = .attribute
                    return
                }
            }
        }
        throw SyntaxError(offset: at, message: "attribute missing ')'")
    }

    /// Passes a string within an attribute, which stands for itself.
    private mutating func skipString() {
        var hashes = 0
        while byte(0) == UInt8(ascii: "#") {
            hashes += 1
            at += 1
        }
        let quote = byte(0)
        let isMultiline = byte(1) == quote && byte(2) == quote
        let quotes = isMultiline ? 3 : 1
        at = min(at + quotes, text.count)
        while at < text.count {
            if text[at] == UInt8(ascii: "\n"), !isMultiline { return }
            if (0..<quotes).allSatisfy({ byte($0) == quote }),
                (0..<hashes).allSatisfy({ byte(quotes + $0) == UInt8(ascii: "#") })
            {
                at += quotes + hashes
                return
            }
            at += hashes == 0 && text[at] == UInt8(ascii: "\\") && at + 1 < text.count ? 2 : 1
        }
    }

    private static let symbols = [
        "...", "==", "!=", "=~", "!~", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ":", "?", "!", "=",
        "<", ">", "&", "|", "+", "-", "*", "/", ".", ";", "~",
    ].map { Array($0.utf8) }

    private mutating func readSymbol() throws(SyntaxError) {
        for symbol in Self.symbols where text[at...].starts(with: symbol) {
            at += symbol.count
            let name = String(decoding: symbol, as: UTF8.self)
            endsLine = [")", "]", "}", "?", "...", "!"].contains(name)
            token = .symbol(name)
            return
        }
        throw SyntaxError(offset: start, message: "illegal character '\(tokenText.first.map(String.init) ?? "")'")
    }

    // MARK: Strings

    private mutating func beginString() throws(SyntaxError) {
        var hashes = 0
        while byte(0) == UInt8(ascii: "#") {
            hashes += 1
            at += 1
        }
        let quote = text[at]
        at += 1
        var isMultiline = false
        if byte(0) == quote, byte(1) == quote, byte(2) == UInt8(ascii: "\n") || byte(2) == UInt8(ascii: "\r") {
            at += 2
            isMultiline = true
            while at < text.count, text[at] != UInt8(ascii: "\n") {
                guard text[at] == UInt8(ascii: "\r") else {
                    throw SyntaxError(offset: at, message: "expected newline after multiline quote \"\"\"")
                }
                at += 1
            }
        }
        string = StringReader(quote: quote, hashes: hashes, isMultiline: isMultiline)
        token = .string
        try continueString()
    }

    /// Goes on after the parenthesis that ends an interpolation, for the string that it stands in.
    mutating func continueString(_ outer: StringReader) throws(SyntaxError) {
        string = outer
        token = .string
        try continueString()
    }

    private mutating func continueString() throws(SyntaxError) {
        endsLine = true
        string.segment = []
        string.segmentStart = at
        while at < text.count {
            let current = text[at]
            if current == UInt8(ascii: "\n"), !string.isMultiline { break }
            if current == UInt8(ascii: "\\"), followsHashes(at + 1) {
                let escaped = at + 1 + string.hashes
                if escaped < text.count, text[escaped] == UInt8(ascii: "(") {
                    at = escaped + 1
                    string.isInterpolated = true
                    return
                }
                let end = min(escaped + 1, text.count)
                string.segment += text[at..<end]
                at = end
                continue
            }
            if current == string.quote, let end = closingEnd() {
                at = end
                string.isInterpolated = false
                return
            }
            if current != UInt8(ascii: "\r") || !string.isMultiline { string.segment.append(current) }
            at += 1
        }
        throw SyntaxError(offset: start, message: "string literal not terminated")
    }

    private func followsHashes(_ index: Int) -> Bool {
        for offset in 0..<string.hashes {
            guard index + offset < text.count, text[index + offset] == UInt8(ascii: "#") else { return false }
        }
        return true
    }

    /// Behind the quotation marks that end the string, if they stand here.
    private func closingEnd() -> Int? {
        var end = at + 1
        if string.isMultiline {
            guard byte(1) == string.quote, byte(2) == string.quote else { return nil }
            // Only behind white space.
            let line = string.segment.reversed().prefix { $0 != UInt8(ascii: "\n") }
            guard line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { return nil }
            end = at + 3
        }
        return followsHashes(end) ? end + string.hashes : nil
    }
}
