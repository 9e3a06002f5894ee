// SPDX-License-Identifier: Apache-2.0

/// An expression as it is written. Every node says at which byte of the text it begins.
indirect enum Syntax: Sendable {
    case identifier(String, at: Int)
    case bottom(at: Int)
    case number(String, at: Int)
    case string(StringSyntax)
    case structure(StructSyntax)
    case list([ListElementSyntax], at: Int)
    case parenthesized(Syntax, at: Int)
    case unary(String, Syntax, at: Int)
    case binary(String, Syntax, Syntax, operatorAt: Int)
    case selector(Syntax, String, isQuoted: Bool, at: Int)
    case index(Syntax, Syntax)
    case slice(Syntax, Syntax?, Syntax?)
    case call(Syntax, [Syntax])
    /// `X=value`, in front of a field's value or within brackets.
    case alias(String, Syntax, at: Int)

    var offset: Int {
        switch self {
        case .identifier(_, let at), .bottom(let at), .number(_, let at), .list(_, let at), .parenthesized(_, let at),
            .unary(_, _, let at), .alias(_, _, let at):
            at
        case .string(let string): string.at
        case .structure(let structure): structure.at
        case .binary(_, let left, _, _): left.offset
        case .selector(let base, _, _, _), .index(let base, _), .slice(let base, _, _), .call(let base, _): base.offset
        }
    }
}

/// A string or bytes literal: texts and, between them, interpolated expressions.
struct StringSyntax: Sendable {
    let isBytes: Bool
    /// One more than there are interpolations.
    var texts: [[UInt8]]
    var interpolations: [Syntax]
    let at: Int
}

struct StructSyntax: Sendable {
    var declarations: [DeclarationSyntax]
    let at: Int
}

/// An element of a list.
enum ListElementSyntax: Sendable {
    case value(Syntax)
    case comprehension(ComprehensionSyntax)
    /// `...` or `...T`.
    case ellipsis(Syntax?, at: Int)
}

/// What stands in braces, or in a file.
enum DeclarationSyntax: Sendable {
    case field(FieldSyntax)
    case embedding(Syntax)
    case comprehension(ComprehensionSyntax)
    case ellipsis(Syntax?, at: Int)
    case letClause(String, Syntax, at: Int)
}

/// `X=label?: value`.
struct FieldSyntax: Sendable {
    enum Presence: Hashable, Sendable {
        case regular, optional, required
    }

    enum Label: Sendable {
        case identifier(String)
        case string(StringSyntax)
        case dynamic(Syntax)
        /// `[X=pattern]`.
        case pattern(Syntax, alias: String?)
    }

    let label: Label
    let alias: String?
    let presence: Presence
    let value: Syntax
    let at: Int
}

/// `for k, v in list if condition let x = y {…}`.
struct ComprehensionSyntax: Sendable {
    enum Clause: Sendable {
        case forEach(key: String?, value: String, Syntax, at: Int)
        case condition(Syntax)
        case letClause(String, Syntax, at: Int)
    }

    let clauses: [Clause]
    let body: StructSyntax
    let at: Int
}

/// One file: what it imports and what it says.
struct FileSyntax: Sendable {
    struct Import: Sendable {
        let name: String?
        let path: String
        let at: Int
    }

    var imports: [Import] = []
    var body = StructSyntax(declarations: [], at: 0)
}
