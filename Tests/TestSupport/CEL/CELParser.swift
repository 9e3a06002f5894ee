// SPDX-License-Identifier: Apache-2.0

/// Reads tokens into a tree.
struct CELParser {
    /// Parentheses in parentheses; people write a handful.
    private static let maximumDepth = 60

    private static let functions: Set<String> = [
        "size", "startsWith", "endsWith", "contains", "matches", "int", "string", "dyn", "lowerAscii", "upperAscii",
        "trim", "split", "orValue", "hasValue", "value",
    ]

    private var tokens: [CELToken]
    private var depth = 0

    init(_ source: String) throws(CELFailure) { tokens = try CELToken.tokens(of: source).reversed() }

    mutating func finish() throws(CELFailure) {
        if let rest = tokens.last { throw .syntax("unexpected \(rest)") }
    }

    private mutating func take(_ symbol: String) -> Bool {
        guard tokens.last == .symbol(symbol) else { return false }
        tokens.removeLast()
        return true
    }

    private mutating func expect(_ symbol: String) throws(CELFailure) {
        guard take(symbol) else {
            throw .syntax("expected \(symbol)" + (tokens.last.map { ", found \($0)" } ?? " at the end"))
        }
    }

    private mutating func takeOperator(_ operators: CELNode.Operator...) -> CELNode.Operator? {
        for candidate in operators {
            if candidate == .isIn ? tokens.last == .identifier("in") : tokens.last == .symbol(candidate.rawValue) {
                tokens.removeLast()
                return candidate
            }
        }
        return nil
    }

    // MARK: From the loosest to the tightest

    mutating func expression() throws(CELFailure) -> CELNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw .unsupported("nested too deeply") }
        let condition = try disjunction()
        guard take("?") else { return condition }
        let first = try disjunction()
        try expect(":")
        return .conditional(condition, first, try expression())
    }

    private mutating func disjunction() throws(CELFailure) -> CELNode {
        var left = try conjunction()
        while take("||") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(CELFailure) -> CELNode {
        var left = try relation()
        while take("&&") { left = .and(left, try relation()) }
        return left
    }

    private mutating func relation() throws(CELFailure) -> CELNode {
        var left = try sum()
        while let operation = takeOperator(.equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater, .isIn) {
            left = .binary(operation, left, try sum())
        }
        return left
    }

    private mutating func sum() throws(CELFailure) -> CELNode {
        var left = try product()
        while let operation = takeOperator(.plus, .minus) { left = .binary(operation, left, try product()) }
        return left
    }

    private mutating func product() throws(CELFailure) -> CELNode {
        var left = try unary()
        while let operation = takeOperator(.times, .divided, .modulo) {
            left = .binary(operation, left, try unary())
        }
        return left
    }

    private mutating func unary() throws(CELFailure) -> CELNode {
        var signs: [String] = []
        while tokens.last == .symbol("!") || tokens.last == .symbol("-") {
            signs.append(take("!") ? "!" : "-")
            _ = signs.last == "-" ? take("-") : false
        }
        var node = try member()
        for sign in signs.reversed() { node = sign == "!" ? .not(node) : .negate(node) }
        return node
    }

    private mutating func member() throws(CELFailure) -> CELNode {
        var node = try primary()
        while true {
            if take(".") {
                let isOptional = take("?")
                guard case .identifier(let name) = tokens.popLast() else { throw .syntax("a name must follow '.'") }
                node =
                    !isOptional && take("(")
                    ? try method(name, of: node) : .select(node, name, isOptional: isOptional)
            } else if take("[") {
                let isOptional = take("?")
                let index = try expression()
                try expect("]")
                node = .index(node, index, isOptional: isOptional)
            } else {
                return node
            }
        }
    }

    private mutating func method(_ name: String, of target: CELNode) throws(CELFailure) -> CELNode {
        if let macro = CELNode.Macro(rawValue: name) {
            guard case .identifier(let variable) = tokens.popLast() else {
                throw .syntax("\(name) needs the name of a variable")
            }
            try expect(",")
            let arguments = try arguments()
            guard arguments.count == 1 || (macro == .map && arguments.count == 2) else {
                throw .syntax("\(name) takes a variable and an expression")
            }
            return .macro(macro, target, variable: variable, arguments)
        }
        guard Self.functions.contains(name) else { throw .unsupported("the function \(name)") }
        return .call(name, target: target, try arguments())
    }

    /// Up to the closing parenthesis.
    private mutating func arguments(closedBy end: String = ")") throws(CELFailure) -> [CELNode] {
        var list: [CELNode] = []
        while !take(end) {
            if !list.isEmpty { try expect(",") }
            if !list.isEmpty, take(end) { break }
            list.append(try expression())
        }
        return list
    }

    private mutating func primary() throws(CELFailure) -> CELNode {
        guard let token = tokens.popLast() else { throw .syntax("the expression ends too early") }
        switch token {
        case .literal(let value): return .literal(value)
        case .symbol("("):
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["): return .list(try arguments(closedBy: "]"))
        case .symbol("{"):
            var entries: [(CELNode, CELNode)] = []
            while !take("}") {
                if !entries.isEmpty { try expect(",") }
                let key = try expression()
                try expect(":")
                entries.append((key, try expression()))
            }
            return .map(entries)
        case .identifier("true"): return .literal(true)
        case .identifier("false"): return .literal(false)
        case .identifier("null"): return .literal(.null)
        case .identifier("has") where take("("):
            guard case .select(let operand, let name, _) = try expression() else {
                throw .syntax("has() takes a selection")
            }
            try expect(")")
            return .has(operand, name)
        case .identifier(let name):
            guard take("(") else { return .identifier(name) }
            guard Self.functions.contains(name) else { throw .unsupported("the function \(name)") }
            return .call(name, target: nil, try arguments())
        case .symbol: throw .syntax("unexpected \(token)")
        }
    }
}
