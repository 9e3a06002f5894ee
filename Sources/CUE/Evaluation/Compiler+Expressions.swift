// SPDX-License-Identifier: Apache-2.0

extension Compiler {
    mutating func compile(_ syntax: Syntax) throws(SyntaxError) -> Expression {
        switch syntax {
        case .identifier(let name, let at):
            switch name {
            case "true": return .scalar(.bool(true), at: at)
            case "false": return .scalar(.bool(false), at: at)
            case "null": return .scalar(.null, at: at)
            case "_": return .top
            default: return try resolve(name, at: at)
            }
        case .bottom(let at): return .bottom(at: at)
        case .number(let text, let at):
            do throws(NumberError) {
                return .scalar(.number(try Number(readingLiteral: text)), at: at)
            } catch {
                throw failure(error.description, at: at)
            }
        case .string(let string): return try compile(string)
        case .structure(let structure): return .structure(try compile(struct: structure))
        case .list(let elements, let at): return try compile(list: elements, at: at)
        case .parenthesized(let inner, _): return try compile(inner)
        case .unary(let name, let operand, let at): return try compile(unary: name, operand, at: at)
        case .binary("|", _, _, _):
            return .disjunction(Disjunction(alternatives: try alternatives(of: syntax)))
        case .binary(let name, let left, let right, _):
            let left = try compile(left)
            let right = try compile(right)
            return Predeclared.divided(left, right, name) ?? .binary(Operation(name: name, left: left, right: right))
        case .selector(.identifier(let package, let at), let name, _, _) where name != "":
            if let member = try member(name, of: package, at: at) { return .member("\(package).\(name)", member) }
            return try compile(selector: syntax)
        case .selector: return try compile(selector: syntax)
        case .index(let base, let index):
            let base = try compile(base)
            return .index(Index(base: base, index: try compile(index)))
        case .slice(let base, let low, let high):
            let base = try compile(base)
            let first = try compile(optional: low)
            return .slice(Slice(base: base, low: first, high: try compile(optional: high)))
        case .call(let function, let arguments):
            let called = try compile(function)
            var values: [Expression] = []
            for argument in arguments { values.append(try compile(argument)) }
            if case .function(.evaluated(let own)) = called, values.count == 2,
                let value = Predeclared.divided(values[0], values[1], own.rawValue)
            {
                return value
            }
            return .call(Call(function: called, arguments: values, at: function.offset))
        case .alias(_, _, let at):
            throw failure("an alias here is not supported", at: at, isUnsupported: true)
        }
    }

    private mutating func compile(optional syntax: Syntax?) throws(SyntaxError) -> Expression? {
        guard let syntax else { return nil }
        return try compile(syntax)
    }

    private mutating func compile(selector syntax: Syntax) throws(SyntaxError) -> Expression {
        guard case .selector(let base, let name, let isQuoted, let at) = syntax else { return .top }
        let value = try compile(base)
        return .selection(Selection(base: value, label: isQuoted ? .string(name) : Label(identifier: name), at: at))
    }

    /// Without recursion on the left, where a disjunction of thousands is deep.
    private mutating func alternatives(
        of syntax: Syntax
    ) throws(SyntaxError) -> [(value: Expression, isDefault: Bool)] {
        var operands: [Syntax] = []
        var rest = syntax
        while case .binary("|", let left, let right, _) = rest {
            operands.append(right)
            rest = left
        }
        operands.append(rest)
        var alternatives: [(value: Expression, isDefault: Bool)] = []
        for operand in operands.reversed() {
            if case .unary("*", let value, _) = operand {
                alternatives.append((try compile(value), true))
            } else {
                alternatives.append((try compile(operand), false))
            }
        }
        return alternatives
    }

    private mutating func compile(unary name: String, _ operand: Syntax, at: Int) throws(SyntaxError) -> Expression {
        if name == "*" { throw failure("preference mark not allowed at this position", at: at) }
        let value = try compile(operand)
        if let relation = Bound.Relation(rawValue: name) { return .bound(relation, value, at: at) }
        if name == "-", case .scalar(.number(let number), _) = value { return .scalar(.number(-number), at: at) }
        return .unary(name, value, at: at)
    }

    private mutating func compile(_ string: StringSyntax) throws(SyntaxError) -> Expression {
        if string.interpolations.isEmpty {
            let bytes = string.texts.first ?? []
            return .scalar(
                string.isBytes ? .bytes(bytes) : .string(String(decoding: bytes, as: UTF8.self)), at: string.at)
        }
        var values: [Expression] = []
        for value in string.interpolations { values.append(try compile(value)) }
        return .interpolation(
            Interpolation(isBytes: string.isBytes, texts: string.texts, values: values, at: string.at))
    }

    private mutating func compile(list: [ListElementSyntax], at: Int) throws(SyntaxError) -> Expression {
        var elements: [ListLiteral.Element] = []
        var isOpen = false
        var rest: Expression?
        for element in list {
            switch element {
            case .value(let value): elements.append(.value(try compile(value)))
            case .comprehension(let comprehension): elements.append(.comprehension(try compile(comprehension)))
            case .ellipsis(let type, _):
                isOpen = true
                rest = try compile(optional: type)
            }
        }
        return .list(ListLiteral(elements: elements, isOpen: isOpen, rest: rest, at: at))
    }
}
