// SPDX-License-Identifier: Apache-2.0

/// Arithmetic, comparison and logic.
extension Evaluation {
    func evaluate(_ name: String, _ operand: Expression, _ environment: Environment?, at: Int) -> Value {
        let value = evaluate(operand, environment)
        switch (name, value) {
        case (_, .bottom): return value
        case ("!", .scalar(.bool(let bool))): return .scalar(.bool(!bool))
        case ("-", .scalar(.number(let number))): return .scalar(.number(-number))
        case ("+", .scalar(.number)): return value
        case (_, .scalar(let scalar)):
            return failure("invalid operation \(name)\(scalar) (\(name) \(scalar.kind))", at: at)
        case (_, .vertex(let vertex)) where vertex.kind == .structure || vertex.kind == .list:
            return failure("invalid operation \(name)\(text(operand)) (\(name) \(vertex.kind))", at: at)
        case ("!", _) where kind(of: value).isDisjoint(with: .bool),
            ("-", _) where kind(of: value).isDisjoint(with: .number),
            ("+", _) where kind(of: value).isDisjoint(with: .number):
            return failure("invalid operand \(text(operand)) ('\(name)' requires concrete value)", at: at)
        default: return incomplete("operand \(text(operand)) of '\(name)' not concrete (was \(text(value)))", at: at)
        }
    }

    func evaluate(_ operation: Operation, _ environment: Environment?) -> Value {
        let name = operation.name
        let at = operation.left.at
        if name == "==" || name == "!=" {
            // Comparing with bottom asks whether there is a value.
            if case .bottom = operation.right { return compareWithBottom(operation.left, name, environment) }
            if case .bottom = operation.left { return compareWithBottom(operation.right, name, environment) }
        }
        let left = whole(evaluate(operation.left, environment))
        let right = whole(evaluate(operation.right, environment))
        if case .bottom = left { return left }
        if case .bottom = right { return right }
        switch name {
        case "&&", "||":
            var bools: [Bool] = []
            for (value, operand) in [(left, operation.left), (right, operation.right)] {
                switch value {
                case .scalar(.bool(let bool)): bools.append(bool)
                case .scalar(let scalar):
                    return failure("cannot use \(scalar) (type \(scalar.kind)) as type bool in \(name)", at: operand.at)
                default:
                    return incomplete("non-concrete value \(text(value)) in operand to \(name)", at: operand.at)
                }
            }
            return .scalar(.bool(name == "&&" ? bools[0] && bools[1] : bools[0] || bools[1]))
        case "==", "!=":
            guard let isEqual = equal(left, right) else {
                let culprit = isConcrete(left) ? right : left
                let place = isConcrete(left) ? operation.right.at : operation.left.at
                return incomplete("non-concrete value \(text(culprit)) in operand to \(name)", at: place)
            }
            return .scalar(.bool(isEqual == (name == "==")))
        default: break
        }
        for (value, operand) in [(left, operation.left), (right, operation.right)] where !isConcrete(value) {
            return incomplete("non-concrete value \(text(value)) in operand to \(name)", at: operand.at)
        }
        switch name {
        case "<", "<=", ">", ">=": return compare(left, right, name, at: at)
        case "=~", "!~": return match(left, right, name, at: at)
        default: return calculate(left, right, name, at: at)
        }
    }

    /// A value, or the conflict within it if it stands nowhere else.
    func whole(_ value: Value) -> Value {
        guard case .vertex(let vertex) = value, vertex.isTemporary else { return value }
        evaluateDeeply(vertex)
        return firstConflict(in: vertex).map { .bottom($0) } ?? value
    }

    func isConcrete(_ value: Value) -> Bool {
        switch value {
        case .scalar, .data: true
        case .vertex(let vertex): vertex.alternatives.isEmpty && (vertex.kind == .structure || vertex.kind == .list)
        default: false
        }
    }

    func kind(of value: Value) -> Kind {
        switch value {
        case .scalar(let scalar): scalar.kind
        case .vertex(let vertex): vertex.kind
        case .data(.list): .list
        case .data(.structure): .structure
        case .type(let type): type.kind
        case .bound(let bound): kind(of: bound)
        case .validator(let validator): kind(of: validator)
        case .function: .function
        case .elements: .list
        default: .top
        }
    }

    private func compareWithBottom(_ operand: Expression, _ name: String, _ environment: Environment?) -> Value {
        let value = evaluate(operand, environment)
        var isBottom = false
        switch value {
        case .bottom(let error):
            if error.code == .cycle, current.isProcessing, isBeingEvaluated(operand, environment) {
                return .bottom(error)
            }
            isBottom = true
        case .vertex(let vertex):
            evaluateDeeply(vertex)
            isBottom = hasConflict(vertex)
        default: break
        }
        return .scalar(.bool(isBottom == (name == "==")))
    }

    private func isBeingEvaluated(_ operand: Expression, _ environment: Environment?) -> Bool {
        if case .vertex(let vertex) = resolve(operand, environment) { return vertex.isProcessing }
        return false
    }

    /// `nil` where that is not known.
    func equal(_ left: Value, _ right: Value) -> Bool? {
        guard isConcrete(left), isConcrete(right) else { return nil }
        switch (left, right) {
        case (.scalar(.number(let left)), .scalar(.number(let right))): return left == right
        case (.scalar(let left), .scalar(let right)): return left == right
        case (.scalar, _), (_, .scalar): return false
        default:
            let (left, right) = (anonymous(left), anonymous(right))
            evaluate(left)
            evaluate(right)
            return equalVertices(left, right)
        }
    }

    private func equalVertices(_ left: Vertex, _ right: Vertex) -> Bool? {
        guard enter() else {
            leave()
            return nil
        }
        defer { leave() }
        let (left, right) = (left.resolved, right.resolved)
        guard left.kind == right.kind else { return false }
        let lefts = left.arcs.filter { isData($0) }
        let rights = right.arcs.filter { isData($0) }
        guard lefts.count == rights.count else { return false }
        for arc in lefts {
            guard let label = arc.label, let other = right.arc(label), isData(other) else { return false }
            evaluate(arc)
            evaluate(other)
            let (first, second) = (settled(arc), settled(other))
            guard let isEqual = equal(first, second) else { return nil }
            guard isEqual else { return false }
        }
        return true
    }

    private func isData(_ arc: Vertex) -> Bool {
        guard arc.presence == .regular else { return false }
        switch arc.label {
        case .string?, .index?: return true
        default: return false
        }
    }

    private func mismatch(_ left: Value, _ right: Value, _ name: String, at: Int) -> Value {
        failure(
            "invalid operands \(text(left)) and \(text(right)) to '\(name)' "
                + "(type \(kind(of: left)) and \(kind(of: right)))", at: at)
    }

    private func compare(_ left: Value, _ right: Value, _ name: String, at: Int) -> Value {
        guard case .scalar(let first) = left, case .scalar(let second) = right, let order = order(first, second) else {
            return mismatch(left, right, name, at: at)
        }
        let result =
            switch name {
            case "<": order < 0
            case "<=": order <= 0
            case ">": order > 0
            default: order >= 0
            }
        return .scalar(.bool(result))
    }

    private func match(_ left: Value, _ right: Value, _ name: String, at: Int) -> Value {
        guard case .scalar(let subject) = left, case .scalar(let pattern) = right,
            subject.kind == .string || subject.kind == .bytes
        else {
            return mismatch(left, right, name, at: at)
        }
        let bound = Bound(relation: .matches, operand: pattern, at: at)
        guard let result = matchesExpression(bound, subject) else { return mismatch(left, right, name, at: at) }
        switch result {
        case .success(let isMatch): return .scalar(.bool(isMatch == (name == "=~")))
        case .failure(let error): return failure("invalid regexp: \(RegularExpressionText.go(error))", at: at)
        }
    }

    // MARK: Arithmetic

    private func calculate(_ left: Value, _ right: Value, _ name: String, at: Int) -> Value {
        switch (left, right) {
        case (.scalar(.number(let first)), .scalar(.number(let second))):
            return calculate(first, second, name, at: at)
        case (.scalar(.string(let first)), .scalar(.string(let second))) where name == "+":
            guard admit(bytes: first.utf8.count + second.utf8.count) else { return incomplete("a bound was reached") }
            return .scalar(.string(first + second))
        case (.scalar(.bytes(let first)), .scalar(.bytes(let second))) where name == "+":
            guard admit(bytes: first.count + second.count) else { return incomplete("a bound was reached") }
            return .scalar(.bytes(first + second))
        case (.scalar(.number(let count)), .scalar(let text)) where name == "*",
            (.scalar(let text), .scalar(.number(let count))) where name == "*":
            return multiply(text, by: count, left, right, at: at)
        default: break
        }
        if kind(of: left) == .list || kind(of: right) == .list {
            if name == "+" {
                return failure(
                    "Addition of lists is superseded by list.Concat; see https://cuelang.org/e/v0.11-list-arithmetic",
                    at: at)
            }
            if name == "*" {
                exceed("multiplication of lists is not supported; list.Repeat is")
                return incomplete("multiplication of lists is not supported", at: at)
            }
        }
        return mismatch(left, right, name, at: at)
    }

    private func multiply(_ text: Scalar, by count: Number, _ left: Value, _ right: Value, at: Int) -> Value {
        let length: Int
        switch text {
        case .string(let string): length = string.utf8.count
        case .bytes(let bytes): length = bytes.count
        default: return mismatch(left, right, "*", at: at)
        }
        guard count.isInteger else { return mismatch(left, right, "*", at: at) }
        guard let times = count.int, times >= 0 else {
            return failure("cannot convert negative number to uint64", at: at)
        }
        let (total, isTooLarge) = length.multipliedReportingOverflow(by: times)
        guard !isTooLarge, total <= CUELimits.textBytes, admit(bytes: total) else {
            exceed("the evaluation makes more than \(CUELimits.textBytes) bytes of text")
            return incomplete("a bound was reached")
        }
        switch text {
        case .string(let string): return .scalar(.string(String(repeating: string, count: times)))
        case .bytes(let bytes): return .scalar(.bytes(Array([[UInt8]](repeating: bytes, count: times).joined())))
        default: return mismatch(left, right, "*", at: at)
        }
    }

    func calculate(_ left: Number, _ right: Number, _ name: String, at: Int) -> Value {
        _ = step(1 + (left.coefficient.digitCount + right.coefficient.digitCount) / 16)
        do throws(NumberError) {
            switch name {
            case "+": return .scalar(.number(try left.adding(right)))
            case "-": return .scalar(.number(try left.subtracting(right)))
            case "*": return .scalar(.number(try left.multiplying(right)))
            case "/":
                if right.isZero { return failure("failed arithmetic: division by zero", at: at) }
                return .scalar(.number(try left.dividedBy(right)))
            default:
                guard left.isInteger, right.isInteger else {
                    return mismatch(.scalar(.number(left)), .scalar(.number(right)), name, at: at)
                }
                if right.isZero { return failure("division by zero", at: at) }
                switch name {
                case "div": return .scalar(.number(try left.div(right)))
                case "mod": return .scalar(.number(try left.mod(right)))
                case "quo": return .scalar(.number(try left.quo(right)))
                default: return .scalar(.number(try left.rem(right)))
                }
            }
        } catch {
            switch error {
            case .tooLarge, .exponent: exceed(error.description)
            default: break
            }
            return failure("failed arithmetic: \(error)", at: at)
        }
    }
}
