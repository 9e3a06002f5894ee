// SPDX-License-Identifier: Apache-2.0

/// A word of an expression.
enum CELToken: Equatable, Sendable, CustomStringConvertible {
    case identifier(String)
    case literal(JSONTree)
    case symbol(String)

    var description: String {
        switch self {
        case .identifier(let name): name
        case .literal(let value): value.jsonText
        case .symbol(let text): text
        }
    }

    private static let symbols = [
        "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "?", ":", "(", ")", "[", "]", "{", "}", ",", ".", "+", "-",
        "*", "/", "%",
    ]

    static func tokens(of source: String) throws(CELFailure) -> [CELToken] {
        var rest = Substring(source)
        var tokens: [CELToken] = []
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if rest.hasPrefix("//") {
                rest = rest.drop { !$0.isNewline }
            } else if first == "\"" || first == "'" {
                tokens.append(.literal(.string(try string(&rest, isRaw: false))))
            } else if first == "r", let quote = rest.dropFirst().first, quote == "\"" || quote == "'" {
                rest.removeFirst()
                tokens.append(.literal(.string(try string(&rest, isRaw: true))))
            } else if first.isNumber {
                let text = rest.prefix { $0.isNumber || $0 == "." }
                rest = rest.dropFirst(text.count)
                if let number = Int64(text) {
                    tokens.append(.literal(.integer(number)))
                } else if Double(text) != nil {
                    tokens.append(.literal(.raw(Array(text.utf8))))
                } else {
                    throw .syntax("\(text) is no number")
                }
                if rest.first?.isLetter == true { throw .unsupported("the number \(text)\(rest.prefix(1))") }
            } else if first.isLetter || first == "_" {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                rest = rest.dropFirst(name.count)
                if rest.first == "\"" || rest.first == "'" { throw .unsupported("the prefix \(name)") }
                tokens.append(.identifier(String(name)))
            } else if let symbol = symbols.first(where: { rest.hasPrefix($0) }) {
                rest = rest.dropFirst(symbol.count)
                tokens.append(.symbol(symbol))
            } else {
                throw .syntax("unexpected \(first)")
            }
        }
        return tokens
    }

    private static func string(_ rest: inout Substring, isRaw: Bool) throws(CELFailure) -> String {
        guard let quote = rest.popFirst() else { throw .syntax("a string was expected") }
        if rest.hasPrefix(String([quote, quote])) { throw .unsupported("strings of three quotation marks") }
        var text = ""
        while let character = rest.popFirst() {
            if character == quote { return text }
            guard character == "\\", !isRaw else {
                text.append(character)
                continue
            }
            switch rest.popFirst() {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case let other? where "\\'\"`?".contains(other): text.append(other)
            case let other: throw .unsupported("the escape \\\(other.map(String.init) ?? "")")
            }
        }
        throw .syntax("a string without an end")
    }
}
