// SPDX-License-Identifier: Apache-2.0

/// How firmly a struct has a field.
enum Presence: Int, Comparable, Sendable {
    case optional, required, regular

    static func < (left: Presence, right: Presence) -> Bool { left.rawValue < right.rawValue }
}

/// What stands in braces, names resolved.
final class StructLiteral: Sendable {
    enum Declaration: Sendable {
        case field(Label, Presence, Expression)
        case dynamicField(Expression, Presence, Expression)
        /// The value stands in an environment of its own, which knows the label that matched.
        case pattern(Expression, Expression)
        case embedding(Expression)
        case comprehension(Comprehension)
        case ellipsis
        case letClause(LetClause)
    }

    let declarations: [Declaration]
    let at: Int
    /// Static labels, whatever their presence.
    let labels: Set<Label>
    /// Whether it lets in any field, by `...`.
    let isOpen: Bool
    /// Whether it may be something else than a struct by what is embedded in it.
    let hasEmbedding: Bool
    /// Whether what it says makes it a struct for sure.
    let isSurelyStruct: Bool

    init(declarations: [Declaration], at: Int) {
        self.declarations = declarations
        self.at = at
        var labels: Set<Label> = []
        var (isOpen, hasEmbedding, hasField) = (false, false, false)
        for declaration in declarations {
            switch declaration {
            case .field(let label, _, _):
                labels.insert(label)
                if label.string != nil { hasField = true }
            case .dynamicField, .pattern: hasField = true
            case .ellipsis:
                isOpen = true
                hasField = true
            case .embedding, .comprehension: hasEmbedding = true
            case .letClause: break
            }
        }
        self.labels = labels
        self.isOpen = isOpen
        self.hasEmbedding = hasEmbedding
        isSurelyStruct = hasField || !hasEmbedding
    }
}

/// What stands in brackets, names resolved.
final class ListLiteral: Sendable {
    enum Element: Sendable {
        case value(Expression)
        case comprehension(Comprehension)
    }

    let elements: [Element]
    /// Whether there may be more elements, and of what kind.
    let isOpen: Bool
    let rest: Expression?
    let at: Int

    init(elements: [Element], isOpen: Bool, rest: Expression?, at: Int) {
        self.elements = elements
        self.isOpen = isOpen
        self.rest = rest
        self.at = at
    }

    var hasComprehension: Bool {
        elements.contains {
            if case .comprehension = $0 { return true }
            return false
        }
    }
}

/// `for … if … let … {…}`; every `for` and every `let` opens an environment.
final class Comprehension: Sendable {
    enum Clause: Sendable {
        case forEach(key: String?, value: String, Expression)
        case condition(Expression)
        case letClause(String, Expression)
    }

    let clauses: [Clause]
    let body: StructLiteral
    let at: Int

    init(clauses: [Clause], body: StructLiteral, at: Int) {
        self.clauses = clauses
        self.body = body
        self.at = at
    }
}
