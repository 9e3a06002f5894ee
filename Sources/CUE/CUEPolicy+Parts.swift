// SPDX-License-Identifier: Apache-2.0
import JSON

/// Which parts of a document a policy can say anything about.
///
/// A struct that is written out as plain fields says nothing about any other member, since a struct is open; everything
/// else may look at the whole of the value that it is unified with. A name that is resolved within the policy may lead to
/// any place of it, and then to the document's value there: one such name, and all is read.
extension CUEPolicy {
    static func parts(of literal: StructLiteral) -> JSONParts {
        names(literal) ? .all : reads(literal)
    }

    private static func reads(_ literal: StructLiteral) -> JSONParts {
        var members: [String: JSONParts] = [:]
        for declaration in literal.declarations {
            switch declaration {
            case .field(.string(let name), _, let value):
                let parts = reads(value)
                members[name] = members[name].map { $0.union(parts) } ?? parts
            // It is open with it or without.
            case .ellipsis: break
            // Hidden fields and definitions are the policy's own, but may be closed; the others look at any member.
            case .field, .dynamicField, .pattern, .embedding, .comprehension, .letClause: return .all
            }
        }
        return .members(members)
    }

    private static func reads(_ expression: Expression) -> JSONParts {
        if case .structure(let literal) = expression { return reads(literal) }
        return .all
    }

    // MARK: Names

    private static func names(_ literal: StructLiteral) -> Bool {
        literal.declarations.contains { declaration in
            switch declaration {
            case .field(_, _, let value), .embedding(let value): names(value)
            case .dynamicField(let label, _, let value), .pattern(let label, let value): names(label) || names(value)
            // They are there to be named, or to name.
            case .comprehension, .letClause: true
            case .ellipsis: false
            }
        }
    }

    /// Whether anything in it is a name that is resolved within the policy. On the stack on which it was compiled.
    private static func names(_ expression: Expression) -> Bool {
        switch expression {
        case .scalar, .bottom, .top, .type, .function: false
        case .reference: true
        case .structure(let literal): names(literal)
        case .list(let list):
            list.rest.map(names) ?? false
                || list.elements.contains { element in
                    switch element {
                    case .value(let value): names(value)
                    case .comprehension: true
                    }
                }
        case .member(_, let value), .bound(_, let value, _), .unary(_, let value, _): names(value)
        case .selection(let selection): names(selection.base)
        case .index(let index): names(index.base) || names(index.index)
        case .slice(let slice): names(slice.base) || slice.low.map(names) ?? false || slice.high.map(names) ?? false
        case .interpolation(let interpolation): interpolation.values.contains(where: names)
        case .binary(let operation): names(operation.left) || names(operation.right)
        case .call(let call): names(call.function) || call.arguments.contains(where: names)
        case .disjunction(let disjunction): disjunction.alternatives.contains { names($0.value) }
        }
    }
}
