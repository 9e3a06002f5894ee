// SPDX-License-Identifier: Apache-2.0

/// Reads a file of CUE. Depth is bounded by `CUELimits.syntaxDepth`.
struct Parser {
    var lexer: Lexer
    private var depth = 0

    init(_ text: [UInt8]) {
        lexer = Lexer(text)
    }

    // MARK: Tokens

    mutating func advance() throws(SyntaxError) { try lexer.advance() }

    func sees(_ symbol: String) -> Bool { lexer.token == .symbol(symbol) }

    var identifier: String? {
        if case .identifier(let name) = lexer.token { return name }
        return nil
    }

    mutating func accept(_ symbol: String) throws(SyntaxError) -> Bool {
        guard sees(symbol) else { return false }
        try advance()
        return true
    }

    mutating func skipNewlines() throws(SyntaxError) {
        while sees("\n") { try advance() }
    }

    func failure(_ message: String) -> SyntaxError { SyntaxError(offset: lexer.start, message: message) }

    var found: String { lexer.token.description(text: lexer.tokenText) }

    mutating func expect(_ symbol: String) throws(SyntaxError) {
        guard sees(symbol) else { throw failure("expected '\(symbol)', found \(found)") }
        try advance()
    }

    /// Counts one level of nesting; to be undone by `leave`.
    mutating func enter() throws(SyntaxError) {
        depth += 1
        guard depth <= CUELimits.syntaxDepth else {
            throw SyntaxError(
                offset: lexer.start, message: "nesting deeper than \(CUELimits.syntaxDepth) levels is not supported",
                isUnsupported: true)
        }
    }

    mutating func leave() { depth -= 1 }

    // MARK: Files

    /// Reads the whole text.
    mutating func parseFile() throws(SyntaxError) -> FileSyntax {
        var file = FileSyntax()
        try advance()
        try skipHeader()
        if identifier == "package", case let next = lexer.nextVisible.byte, ASCII.isLetter(next) || next >= 0x80 {
            try advance()
            guard identifier != nil else { throw failure("expected 'IDENT', found \(found)") }
            try advance()
            try endDeclaration(in: "file")
        }
        try skipHeader()
        while identifier == "import", ![UInt8(ascii: ":"), UInt8(ascii: "?")].contains(lexer.nextVisible.byte) {
            try advance()
            try parseImports(into: &file)
            try skipHeader()
        }
        file.body = StructSyntax(declarations: try parseDeclarations(closing: nil), at: 0)
        return file
    }

    /// Attributes of the file and empty lines.
    private mutating func skipHeader() throws(SyntaxError) {
        while true {
            if lexer.token == .attribute {
                if lexer.tokenText.hasPrefix("@experiment(aliasv2"), usesAliases {
                    throw SyntaxError(
                        offset: lexer.start, message: "the experiment aliasv2 is not supported", isUnsupported: true)
                }
                if lexer.tokenText.hasPrefix("@experiment(explicitopen") {
                    throw SyntaxError(
                        offset: lexer.start, message: "the experiment explicitopen is not supported",
                        isUnsupported: true)
                }
                if lexer.tokenText.hasPrefix("@experiment(try") {
                    throw SyntaxError(
                        offset: lexer.start, message: "the experiment try is not supported", isUnsupported: true)
                }
                try advance()
            } else if sees("\n") || sees(",") {
                try advance()
            } else {
                return
            }
        }
    }

    /// Whether a `~` stands anywhere in the text: under the experiment it makes an alias.
    private var usesAliases: Bool { lexer.text.contains(UInt8(ascii: "~")) || lexer.text.contains(UInt8(ascii: "=")) }

    private mutating func parseImports(into file: inout FileSyntax) throws(SyntaxError) {
        if try accept("(") {
            try skipNewlines()
            while !sees(")") {
                try parseImport(into: &file)
                if try !accept(",") { try skipNewlines() }
                try skipNewlines()
            }
            try advance()
        } else {
            try parseImport(into: &file)
        }
        try endDeclaration(in: "file")
    }

    private mutating func parseImport(into file: inout FileSyntax) throws(SyntaxError) {
        let at = lexer.start
        let name = identifier
        if name != nil { try advance() }
        guard lexer.token == .string else { throw failure("expected 'STRING', found \(found)") }
        let pathAt = lexer.start
        let string = try parseString()
        guard string.interpolations.isEmpty, let text = string.texts.first else {
            throw SyntaxError(offset: pathAt, message: "invalid import path")
        }
        file.imports.append(
            .init(name: name, path: String(decoding: text, as: UTF8.self), at: name == nil ? pathAt : at))
    }

    /// The comma, the line's end or the closing bracket behind a declaration.
    mutating func endDeclaration(in what: String) throws(SyntaxError) {
        if sees(",") || sees("\n") {
            try advance()
            try skipNewlines()
        } else if lexer.token != .endOfFile, !sees("}"), !sees(")") {
            throw failure("missing ',' in \(what == "file" ? "struct literal" : what)")
        }
    }
}
