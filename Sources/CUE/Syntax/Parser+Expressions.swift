// SPDX-License-Identifier: Apache-2.0

extension Parser {
    private static let precedences: [String: Int] = [
        "|": 1, "&": 2, "||": 3, "&&": 4, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5, "=~": 5, "!~": 5, "+": 6,
        "-": 6, "*": 7, "/": 7, "div": 7, "mod": 7, "quo": 7, "rem": 7,
    ]

    private var binaryOperator: (name: String, precedence: Int)? {
        let name: String
        switch lexer.token {
        case .symbol(let symbol): name = symbol
        case .identifier(let identifier): name = identifier
        default: return nil
        }
        return Self.precedences[name].map { (name, $0) }
    }

    mutating func parseExpression(aliasAllowed: Bool = false) throws(SyntaxError) -> Syntax {
        try parseBinary(above: 0)
    }

    private mutating func parseBinary(above minimum: Int) throws(SyntaxError) -> Syntax {
        try enter()
        defer { leave() }
        var left = try parseUnary()
        // A long chain leans to the left, and its depth is that of the tree.
        var chain = 0
        while let (name, precedence) = binaryOperator, precedence > minimum {
            chain += 1
            guard chain <= CUELimits.chainLength else {
                throw SyntaxError(
                    offset: lexer.start, message: "more than \(CUELimits.chainLength) operands are not supported",
                    isUnsupported: true)
            }
            let at = lexer.start
            try advance()
            let right = try parseBinary(above: precedence)
            left = .binary(name, left, right, operatorAt: at)
        }
        return left
    }

    private mutating func parseUnary() throws(SyntaxError) -> Syntax {
        let at = lexer.start
        if case .symbol(let symbol) = lexer.token,
            ["+", "-", "!", "*", "<", "<=", ">", ">=", "!=", "=~", "!~"].contains(symbol)
        {
            try enter()
            defer { leave() }
            try advance()
            return .unary(symbol, try parseUnary(), at: at)
        }
        return try parsePostfix()
    }

    private mutating func parsePostfix() throws(SyntaxError) -> Syntax {
        var base = try parseOperand()
        var chain = 0
        while true {
            chain += 1
            guard chain <= CUELimits.syntaxDepth else {
                throw SyntaxError(
                    offset: lexer.start,
                    message: "more than \(CUELimits.syntaxDepth) selectors in a row are not supported",
                    isUnsupported: true)
            }
            let at = lexer.start
            if try accept(".") {
                if let name = identifier {
                    let nameAt = lexer.start
                    try advance()
                    base = .selector(base, name, isQuoted: false, at: nameAt)
                } else if lexer.token == .string {
                    let nameAt = lexer.start
                    let string = try parseString()
                    guard string.interpolations.isEmpty, let text = string.texts.first, !string.isBytes else {
                        throw SyntaxError(offset: nameAt, message: "expected selector")
                    }
                    base = .selector(base, String(decoding: text, as: UTF8.self), isQuoted: true, at: nameAt)
                } else {
                    throw failure("expected selector, found \(found)")
                }
            } else if sees("[") {
                try advance()
                base = try parseIndex(of: base)
            } else if sees("(") {
                base = .call(base, try parseArguments())
            } else if sees("?"), lexer.nextVisible.byte != UInt8(ascii: ":"), lexer.nextVisible.byte != 0 {
                throw SyntaxError(offset: at, message: "'?' behind an expression is not supported", isUnsupported: true)
            } else {
                return base
            }
        }
    }

    private mutating func parseIndex(of base: Syntax) throws(SyntaxError) -> Syntax {
        var low: Syntax?
        if !sees(":") { low = try parseExpression() }
        if try accept(":") {
            let high = sees("]") ? nil : try parseExpression()
            try closeBracket("]")
            return .slice(base, low, high)
        }
        try closeBracket("]")
        guard let low else { throw failure("expected operand, found \(found)") }
        return .index(base, low)
    }

    private mutating func closeBracket(_ symbol: String) throws(SyntaxError) {
        try skipNewlines()
        try expect(symbol)
    }

    private mutating func parseArguments() throws(SyntaxError) -> [Syntax] {
        try enter()
        defer { leave() }
        try expect("(")
        var arguments: [Syntax] = []
        try skipNewlines()
        while !sees(")") {
            arguments.append(try parseExpression())
            if sees(",") || sees("\n") {
                try advance()
                try skipNewlines()
            } else if !sees(")") {
                throw failure("missing ',' in argument list")
            }
        }
        try advance()
        return arguments
    }

    private mutating func parseOperand() throws(SyntaxError) -> Syntax {
        let at = lexer.start
        switch lexer.token {
        case .identifier(let name):
            try advance()
            return .identifier(name, at: at)
        case .number(let text):
            try checkSize(text)
            guard isNumber(text) else {
                throw failure(text.hasPrefix("0") ? "illegal integer number" : "illegal number")
            }
            try advance()
            return .number(text, at: at)
        case .string: return .string(try parseString())
        case .symbol("_|_"):
            try advance()
            return .bottom(at: at)
        case .symbol("{"): return .structure(try parseStruct())
        case .symbol("["): return try parseList()
        case .symbol("("):
            try enter()
            defer { leave() }
            try advance()
            let inner = try parseExpression()
            try skipNewlines()
            try expect(")")
            return .parenthesized(inner, at: at)
        default: throw failure("expected operand, found \(found)")
        }
    }

    private func checkSize(_ text: String) throws(SyntaxError) {
        do throws(NumberError) {
            _ = try Number(readingLiteral: text)
        } catch {
            switch error {
            case .tooLarge, .exponent:
                throw SyntaxError(offset: lexer.start, message: "\(error), which is not supported", isUnsupported: true)
            default: break
            }
        }
    }

    private func isNumber(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        // `01` is no number; `0.1`, `0x1`, `0e1` and `0Ki` are.
        if bytes.count > 1, bytes[0] == UInt8(ascii: "0"), ASCII.isDigit(bytes[1]) || bytes[1] == UInt8(ascii: "_") {
            // A float may have zeros in front.
            guard
                bytes.contains(UInt8(ascii: ".")) || bytes.contains(UInt8(ascii: "e"))
                    || bytes.contains(UInt8(ascii: "E"))
            else { return false }
        }
        return Number(literal: text) != nil
    }

    private mutating func parseList() throws(SyntaxError) -> Syntax {
        try enter()
        defer { leave() }
        let at = lexer.start
        try expect("[")
        var elements: [ListElementSyntax] = []
        try skipNewlines()
        while !sees("]") {
            let elementAt = lexer.start
            if try accept("...") {
                let isBare = sees(",") || sees("\n") || sees("]")
                elements.append(.ellipsis(isBare ? nil : try parseExpression(), at: elementAt))
            } else if let keyword = clauseKeyword, keyword != "let" {
                elements.append(.comprehension(try parseComprehension()))
            } else if let name = identifier, case let next = lexer.nextVisible, next.byte == UInt8(ascii: "="),
                next.following != UInt8(ascii: "="), next.following != UInt8(ascii: "~")
            {
                try advance()
                try advance()
                elements.append(.value(.alias(name, try parseExpression(), at: elementAt)))
            } else {
                elements.append(.value(try parseExpression()))
            }
            if case .ellipsis? = elements.last {
                if sees(",") { try advance() }
                try skipNewlines()
                break
            }
            if sees(",") || sees("\n") {
                try advance()
                try skipNewlines()
            } else if !sees("]") {
                guard lexer.token != .endOfFile else { throw failure("expected ']', found 'EOF'") }
                throw failure("missing ',' before newline in list literal")
            }
        }
        try expect("]")
        return .list(elements, at: at)
    }

    /// The string at which the lexer stands, with its interpolations.
    mutating func parseString() throws(SyntaxError) -> StringSyntax {
        let at = lexer.start
        try enter()
        defer { leave() }
        var segments = [lexer.string.segment]
        var offsets = [lexer.string.segmentStart]
        var interpolations: [Syntax] = []
        let reader = lexer.string
        var isInterpolated = lexer.string.isInterpolated
        while isInterpolated {
            try advance()
            interpolations.append(try parseExpression())
            try skipNewlines()
            guard sees(")") else { throw failure("expected ')' for string interpolation") }
            try lexer.continueString(reader)
            segments.append(lexer.string.segment)
            offsets.append(lexer.string.segmentStart)
            isInterpolated = lexer.string.isInterpolated
        }
        try advance()
        var texts: [[UInt8]] = []
        for (segment, offset) in zip(try reader.unindented(segments, at: at), offsets) {
            texts.append(try reader.unescaped(segment, at: segments.count == 1 ? at : offset))
        }
        return StringSyntax(isBytes: reader.isBytes, texts: texts, interpolations: interpolations, at: at)
    }
}
