// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// Declarations up to a closing brace, which is left where it is, or to the end of the file.
    mutating func parseDeclarations(closing: String?) throws(SyntaxError) -> [DeclarationSyntax] {
        var declarations: [DeclarationSyntax] = []
        try skipNewlines()
        while true {
            if lexer.token == .endOfFile {
                guard let closing else { return declarations }
                throw failure("expected '\(closing)', found 'EOF'")
            }
            if sees("}") {
                guard closing != nil else { throw failure("expected 'EOF', found '}'") }
                return declarations
            }
            if lexer.token == .attribute {
                try advance()
            } else {
                declarations.append(try parseDeclaration())
                try skipAttributes()
            }
            try endDeclaration(in: "struct literal")
        }
    }

    mutating func skipAttributes() throws(SyntaxError) {
        while lexer.token == .attribute { try advance() }
    }

    mutating func parseStruct() throws(SyntaxError) -> StructSyntax {
        let at = lexer.start
        try enter()
        defer { leave() }
        try expect("{")
        let declarations = try parseDeclarations(closing: "}")
        try expect("}")
        return StructSyntax(declarations: declarations, at: at)
    }

    private mutating func parseDeclaration() throws(SyntaxError) -> DeclarationSyntax {
        let at = lexer.start
        if try accept("...") {
            let isBare = sees(",") || sees("\n") || sees("}") || lexer.token == .endOfFile
            return .ellipsis(isBare ? nil : try parseExpression(), at: at)
        }
        if let keyword = clauseKeyword {
            if keyword == "let" {
                let (name, value) = try parseLet()
                return .letClause(name, value, at: at)
            }
            return .comprehension(try parseComprehension())
        }
        return try parseFieldOrEmbedding()
    }

    /// `for`, `if` or `let` where it begins a clause and is not the name of a field.
    var clauseKeyword: String? {
        guard let name = identifier, ["for", "if", "let"].contains(name) else { return nil }
        let (next, following) = lexer.nextVisible
        switch next {
        case UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "\n"), UInt8(ascii: "."), 0:
            return nil
        case UInt8(ascii: "?"): return nil
        case UInt8(ascii: "!"): return following == UInt8(ascii: ":") ? nil : name
        case UInt8(ascii: "="): return following == UInt8(ascii: "=") || following == UInt8(ascii: "~") ? name : nil
        default: return name
        }
    }

    private mutating func parseLet() throws(SyntaxError) -> (String, Syntax) {
        try advance()
        guard let name = identifier else { throw failure("expected 'IDENT', found \(found)") }
        try advance()
        try expect("=")
        return (name, try parseExpression())
    }

    mutating func parseComprehension() throws(SyntaxError) -> ComprehensionSyntax {
        let at = lexer.start
        try enter()
        defer { leave() }
        var clauses: [ComprehensionSyntax.Clause] = []
        while let keyword = clauseKeyword {
            let clauseAt = lexer.start
            switch keyword {
            case "let":
                let (name, value) = try parseLet()
                clauses.append(.letClause(name, value, at: clauseAt))
            case "for":
                try advance()
                guard var value = identifier else { throw failure("expected 'IDENT', found \(found)") }
                try advance()
                var key: String?
                if try accept(",") {
                    key = value
                    guard let second = identifier else { throw failure("expected 'IDENT', found \(found)") }
                    value = second
                    try advance()
                }
                guard identifier == "in" else { throw failure("expected 'in', found \(found)") }
                try advance()
                clauses.append(.forEach(key: key, value: value, try parseExpression(), at: clauseAt))
            default:
                try advance()
                clauses.append(.condition(try parseExpression()))
            }
            // A comma may stand between clauses.
            if sees(",") || sees("\n") { try advance() }
        }
        let body = try parseStruct()
        if let name = identifier, ["else", "fallback", "otherwise"].contains(name) {
            throw SyntaxError(
                offset: lexer.start, message: "'\(name)' behind a comprehension is not supported", isUnsupported: true)
        }
        return ComprehensionSyntax(clauses: clauses, body: body, at: at)
    }

    /// Reads an expression and, where a colon follows that can be a label, the field.
    private mutating func parseFieldOrEmbedding() throws(SyntaxError) -> DeclarationSyntax {
        let at = lexer.start
        var alias: String?
        if let name = identifier, case let next = lexer.nextVisible, next.byte == UInt8(ascii: "="),
            next.following != UInt8(ascii: "="), next.following != UInt8(ascii: "~")
        {
            try advance()
            try advance()
            alias = name
        }
        let expression = try parseExpression(aliasAllowed: true)
        if sees("~") {
            throw SyntaxError(
                offset: lexer.start, message: "aliases behind a label (aliasv2) are not supported", isUnsupported: true)
        }
        var presence = FieldSyntax.Presence.regular
        if sees("?") || sees("!") {
            presence = sees("?") ? .optional : .required
            try advance()
            guard sees(":") else { throw failure("expected label or ':', found \(found)") }
        }
        guard sees(":") else {
            if alias != nil {
                throw SyntaxError(
                    offset: at,
                    message:
                        "use of deprecated old-style alias; use \"let X = expr\" instead (deprecated as of v0.1.4): "
                        + "try running `cue fix` (possibly with an earlier version, like v0.2.2) to upgrade")
            }
            if lexer.token == .string {
                switch expression {
                case .string, .identifier: throw failure("expected label or ':', found \(found)")
                default: break
                }
            }
            return .embedding(expression)
        }
        guard let label = label(of: expression) else {
            throw SyntaxError(offset: lexer.start, message: "missing ',' in struct literal")
        }
        try advance()
        let value = try parseFieldValue()
        return .field(FieldSyntax(label: label, alias: alias, presence: presence, value: value, at: at))
    }

    private func label(of expression: Syntax) -> FieldSyntax.Label? {
        switch expression {
        case .identifier(let name, _): .identifier(name)
        case .string(let string): string.isBytes ? nil : .string(string)
        case .parenthesized(let inner, _): .dynamic(inner)
        case .list(let elements, _):
            if elements.count == 1, case .value(let value) = elements[0] {
                if case .alias(let name, let pattern, _) = value {
                    .pattern(pattern, alias: name)
                } else {
                    .pattern(value, alias: nil)
                }
            } else {
                nil
            }
        default: nil
        }
    }

    /// The value behind a colon; `a: b: c` is a struct in a struct.
    private mutating func parseFieldValue() throws(SyntaxError) -> Syntax {
        try enter()
        defer { leave() }
        let at = lexer.start
        // What follows may be another label.
        guard beginsLabel else { return try parseAliased() }
        let declaration = try parseFieldOrEmbedding(afterColon: true)
        switch declaration {
        case .field: return .structure(StructSyntax(declarations: [declaration], at: at))
        case .embedding(let value): return value
        default: throw failure("expected operand, found \(found)")
        }
    }

    private var beginsLabel: Bool {
        switch lexer.token {
        case .identifier, .string: true
        case .symbol(let symbol): symbol == "[" || symbol == "("
        default: false
        }
    }

    private mutating func parseFieldOrEmbedding(afterColon: Bool) throws(SyntaxError) -> DeclarationSyntax {
        if let name = identifier, case let next = lexer.nextVisible, next.byte == UInt8(ascii: "="),
            next.following != UInt8(ascii: "="), next.following != UInt8(ascii: "~")
        {
            // Either `a: X=b: 1` or `a: X={…}`.
            let at = lexer.start
            let saved = self
            if case .field(let field) = try parseFieldOrEmbeddingOrNil() ?? .ellipsis(nil, at: at) {
                return .field(field)
            }
            self = saved
            try advance()
            try advance()
            return .embedding(.alias(name, try parseExpression(), at: at))
        }
        return try parseFieldOrEmbedding()
    }

    private mutating func parseFieldOrEmbeddingOrNil() throws(SyntaxError) -> DeclarationSyntax? {
        do {
            return try parseFieldOrEmbedding()
        } catch {
            if error.isUnsupported { throw error }
            return nil
        }
    }

    private mutating func parseAliased() throws(SyntaxError) -> Syntax { try parseExpression() }
}
