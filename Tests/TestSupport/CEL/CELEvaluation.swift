// SPDX-License-Identifier: Apache-2.0
import RE2

/// Finds the value of an expression under some variables.
struct CELEvaluation {
    enum Value: Sendable {
        case json(JSONTree)
        /// What optional selection yields.
        case optional(JSONTree?)
    }

    var variables: [String: Value]

    func value(_ node: CELNode) throws(CELFailure) -> Value {
        switch node {
        case .literal(let value): return .json(value)
        case .identifier(let name):
            guard let value = variables[name] else { throw .unsupported("undeclared reference to '\(name)'") }
            return value
        case .select(let operand, let name, let isOptional):
            return try selected(try value(operand), .string(name), isOptional: isOptional)
        case .index(let operand, let index, let isOptional):
            return try selected(try value(operand), try json(index), isOptional: isOptional)
        case .has(let operand, let name):
            switch try value(operand) {
            case .optional(let inner): return .json(.bool(inner?.member(name) != nil))
            case .json(let object):
                guard object.isObject else { throw .evaluation("has() on what is no map") }
                return .json(.bool(object.member(name) != nil))
            }
        case .list(let nodes):
            var values: [JSONTree] = []
            for node in nodes { values.append(try json(node)) }
            return .json(.array(values))
        case .map(let entries):
            var result: JSONTree = [:]
            for (key, value) in entries {
                guard let name = try json(key).string else { throw .unsupported("keys that are no strings") }
                result[name] = try json(value)
            }
            return .json(result)
        case .not(let inner): return .json(.bool(!(try truth(inner))))
        case .negate(let inner): return .json(try CELArithmetic.binary(.minus, .integer(0), try json(inner)))
        case .and(let left, let right): return .json(.bool(try absorbing(false, left, right)))
        case .or(let left, let right): return .json(.bool(try absorbing(true, left, right)))
        case .conditional(let condition, let first, let second):
            return try value(try truth(condition) ? first : second)
        case .binary(let operation, let left, let right):
            return .json(try CELArithmetic.binary(operation, try json(left), try json(right)))
        case .macro(let macro, let target, let variable, let bodies):
            return .json(try folded(macro, try json(target), variable, bodies))
        case .call(let name, let target, let arguments): return try called(name, target, arguments)
        }
    }

    private func json(_ node: CELNode) throws(CELFailure) -> JSONTree {
        guard case .json(let value) = try value(node) else {
            throw .evaluation("no such overload: an optional value; use orValue()")
        }
        return value
    }

    private func truth(_ node: CELNode) throws(CELFailure) -> Bool {
        guard let value = try json(node).bool else { throw .evaluation("no such overload: not a truth value") }
        return value
    }

    /// `||` and `&&`: the value that decides wins over an error on the other side, whichever side that is.
    private func absorbing(_ deciding: Bool, _ left: CELNode, _ right: CELNode) throws(CELFailure) -> Bool {
        let first: Bool
        do { first = try truth(left) } catch {
            guard case .evaluation = error, try truth(right) == deciding else { throw error }
            return deciding
        }
        return first == deciding ? deciding : try truth(right)
    }

    private func selected(_ value: Value, _ index: JSONTree, isOptional: Bool) throws(CELFailure) -> Value {
        func found(_ container: JSONTree) throws(CELFailure) -> JSONTree? {
            switch (container, index) {
            case (.object, .string(let name)): return container.member(name)
            case (.array(let values), .integer(let position)):
                guard let position = Int(exactly: position), values.indices.contains(position) else { return nil }
                return values[position]
            case (.object, _), (.array, _): throw .evaluation("no such overload: index")
            default:
                // Optional selection from null is an error in CEL too, as null is no map.
                throw .evaluation("no such key: \(index.jsonText)")
            }
        }
        switch value {
        case .optional(nil): return .optional(nil)
        case .optional(let inner?): return .optional(try found(inner))
        case .json(let container):
            let element = try found(container)
            if isOptional { return .optional(element) }
            guard let element else { throw .evaluation("no such key: \(index.jsonText)") }
            return .json(element)
        }
    }

    private func folded(
        _ macro: CELNode.Macro, _ target: JSONTree, _ variable: String, _ bodies: [CELNode]
    ) throws(CELFailure) -> JSONTree {
        let elements: [JSONTree]
        switch target {
        case .array(let values): elements = values
        case .object(let members): elements = members.map { .string($0.name) }
        default: throw .evaluation("no such overload: \(macro.rawValue) over what is no list or map")
        }
        var inner = self
        var kept: [JSONTree] = []
        var failure: CELFailure?
        for element in elements {
            inner.variables[variable] = .json(element)
            switch macro {
            case .all, .exists:
                do {
                    let result = try inner.truth(bodies[0])
                    // One that decides absorbs errors of the others.
                    if result == (macro == .exists) { return .bool(result) }
                } catch { failure = failure ?? error }
            case .existsOne, .filter: if try inner.truth(bodies[0]) { kept.append(element) }
            case .map:
                if bodies.count == 2 {
                    if try inner.truth(bodies[0]) { kept.append(try inner.json(bodies[1])) }
                } else {
                    kept.append(try inner.json(bodies[0]))
                }
            }
        }
        if let failure { throw failure }
        switch macro {
        case .all: return true
        case .exists: return false
        case .existsOne: return .bool(kept.count == 1)
        case .filter, .map: return .array(kept)
        }
    }

    private func called(_ name: String, _ target: CELNode?, _ arguments: [CELNode]) throws(CELFailure) -> Value {
        if let target, ["orValue", "hasValue", "value"].contains(name) {
            guard case .optional(let inner) = try value(target) else {
                throw .evaluation("no such overload: \(name) of what is not optional")
            }
            switch name {
            case "hasValue": return .json(.bool(inner != nil))
            case "value":
                guard let inner else { throw .evaluation("optional.none() dereference") }
                return .json(inner)
            default:
                guard arguments.count == 1 else { throw .evaluation("no such overload: orValue") }
                if let inner { return .json(inner) }
                return .json(try json(arguments[0]))
            }
        }
        var values: [JSONTree] = []
        for node in (target.map { [$0] } ?? []) + arguments { values.append(try json(node)) }
        switch (name, values.first, values.count) {
        case ("size", .string(let text)?, 1): return .json(.integer(Int64(text.unicodeScalars.count)))
        case ("size", .array(let list)?, 1): return .json(.integer(Int64(list.count)))
        case ("size", .object(let members)?, 1): return .json(.integer(Int64(members.count)))
        case ("dyn", let value?, 1): return .json(value)
        case ("int", .integer(let number)?, 1): return .json(.integer(number))
        case ("int", .string(let text)?, 1):
            guard let number = Int64(text) else { throw .evaluation("int() of \(text)") }
            return .json(.integer(number))
        case ("string", .string(let text)?, 1): return .json(.string(text))
        case ("string", .integer(let number)?, 1): return .json(.string(String(number)))
        case ("lowerAscii", .string(let text)?, 1): return .json(.string(text.lowercased()))
        case ("upperAscii", .string(let text)?, 1): return .json(.string(text.uppercased()))
        case ("trim", .string(let text)?, 1):
            return .json(.string(String(text.drop(while: \.isWhitespace).trimmingSuffix())))
        case (_, .string(let text)?, 2):
            guard let other = values[1].string else { break }
            switch name {
            case "startsWith": return .json(.bool(other.isEmpty || text.hasPrefix(other)))
            case "endsWith": return .json(.bool(other.isEmpty || text.hasSuffix(other)))
            case "contains": return .json(.bool(other.isEmpty || text.contains(other)))
            case "split":
                return .json(.array(CELArithmetic.split(text, at: other).map { .string($0) }))
            case "matches":
                do throws(RegularExpressionError) {
                    return .json(.bool(try RegularExpression(other).matches(text)))
                } catch { throw .evaluation("\(error)") }
            default: break
            }
        default: break
        }
        throw .evaluation("no such overload: \(name)")
    }
}

extension Substring {
    fileprivate func trimmingSuffix() -> Substring {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
