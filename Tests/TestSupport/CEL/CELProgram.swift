// SPDX-License-Identifier: Apache-2.0

/// An expression of the Common Expression Language as far as match conditions of webhooks and admission policies use
/// it, over JSON values: selection, `has`, indices, optional selection, comparisons, logic, arithmetic on integers,
/// the macros over lists and maps, and the common functions on strings. Anything else is refused when it is read.
///
///     let program = try CELProgram("request.operation == 'CREATE' || object.spec != oldObject.spec")
///     try program.holds(["request": request, "object": object, "oldObject": oldObject])
public struct CELProgram: Sendable {
    private let root: CELNode

    /// Reads an expression. Throws `.syntax` or `.unsupported`.
    public init(_ source: String) throws(CELFailure) {
        var parser = try CELParser(source)
        root = try parser.expression()
        try parser.finish()
    }

    /// The value; throws `.evaluation` where CEL has an error, as for a member that is missing.
    public func value(_ variables: [String: JSONTree]) throws(CELFailure) -> JSONTree {
        switch try CELEvaluation(variables: variables.mapValues { .json($0) }).value(root) {
        case .json(let value): return value
        case .optional: throw .evaluation("the result is optional")
        }
    }

    /// Whether it is `true`; anything but a truth value is an error.
    public func holds(_ variables: [String: JSONTree]) throws(CELFailure) -> Bool {
        guard let result = try value(variables).bool else { throw .evaluation("the result is no truth value") }
        return result
    }
}

/// Why an expression has no value.
public enum CELFailure: Error, Hashable, Sendable {
    /// The text is no expression.
    case syntax(String)
    /// CEL may know it; this evaluator does not.
    case unsupported(String)
    /// What CEL calls an error.
    case evaluation(String)
}

/// An expression as it was read.
indirect enum CELNode: Sendable {
    enum Macro: String, Sendable { case all, exists, existsOne = "exists_one", filter, map }
    enum Operator: String, Sendable {
        case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
        case isIn = "in", plus = "+", minus = "-", times = "*", divided = "/", modulo = "%"
    }

    case literal(JSONTree)
    case identifier(String)
    case select(CELNode, String, isOptional: Bool)
    case has(CELNode, String)
    case index(CELNode, CELNode, isOptional: Bool)
    case call(String, target: CELNode?, [CELNode])
    case macro(Macro, CELNode, variable: String, [CELNode])
    case list([CELNode])
    case map([(CELNode, CELNode)])
    case not(CELNode)
    case negate(CELNode)
    case and(CELNode, CELNode)
    case or(CELNode, CELNode)
    case conditional(CELNode, CELNode, CELNode)
    case binary(Operator, CELNode, CELNode)
}
