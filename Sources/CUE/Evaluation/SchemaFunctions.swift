// SPDX-License-Identifier: Apache-2.0

/// The functions of the language, and those of packages that take constraints or values that are not concrete.
extension Evaluation {
    func evaluate(_ function: EvaluatedFunction, _ call: Call, _ environment: Environment?) -> Value {
        let count = call.arguments.count
        if !function.arity.contains(count) {
            guard count + 1 == function.arity.lowerBound, function.constrained != nil else {
                return wrongCount(of: function.rawValue, count, function.arity.upperBound, at: call.at)
            }
            var arguments: [Value] = []
            for argument in call.arguments {
                let value = evaluate(argument, environment)
                if case .bottom = value { return value }
                arguments.append(value)
            }
            return constraint(of: .evaluated(function), arguments, at: call.at)
        }
        if function == .close { return close(call.arguments[0], environment, at: call.at) }
        var arguments: [Value] = []
        for argument in call.arguments {
            let value =
                function == .matchN || function == .matchIf
                ? evaluate(argument, environment) : whole(evaluate(argument, environment))
            if case .bottom = value { return value }
            arguments.append(value)
        }
        switch function {
        case .len: return length(arguments[0], at: call.at)
        case .and: return conjunction(arguments[0], call)
        case .or: return alternatives(arguments[0], call)
        case .div, .mod, .quo, .rem: return divide(arguments, function.rawValue, at: call.at)
        case .error:
            guard case .scalar(.string(let message)) = arguments[0] else {
                return incomplete("non-concrete argument to error", at: call.at)
            }
            return failure(message, at: call.at)
        case .contains: return contains(arguments, call)
        case .sort, .sortStable, .isSorted: return sort(arguments, function, call)
        case .close: return .top
        default:
            // A constraint called with the value in front.
            guard let first = arguments.first else { return .top }
            if kind(of: first).isDisjoint(with: function.constrained ?? .top) {
                return mistyped(first, as: "\(function.constrained ?? .top)", function, at: call.at)
            }
            guard isConcrete(first) else {
                return incomplete("non-concrete argument to \(function.rawValue)", at: call.at)
            }
            if function == .minFields || function == .minItems { return least(arguments, function, at: call.at) }
            let validator = Validator(
                function: .evaluated(function), arguments: Array(arguments.dropFirst()), at: call.at)
            return .scalar(.bool(violation(of: validator, by: first) == nil))
        }
    }

    private func least(_ arguments: [Value], _ function: EvaluatedFunction, at: Int) -> Value {
        guard case .scalar(.number(let bound)) = arguments[1], let least = bound.int else {
            return incomplete("non-concrete argument to \(function.rawValue)", at: at)
        }
        let vertex = anonymous(arguments[0])
        evaluate(vertex)
        let count = function == .minItems ? vertex.resolved.list?.count ?? 0 : fieldCount(of: vertex.resolved)
        return .scalar(.bool(count >= least))
    }

    private func mistyped(_ value: Value, as type: String, _ function: EvaluatedFunction, at: Int) -> Value {
        failure(
            "cannot use \(text(value)) (type \(kind(of: value))) as \(type) in argument 1 to \(function.rawValue)",
            at: at)
    }

    private func length(_ value: Value, at: Int) -> Value {
        func number(_ count: Int) -> Value { .scalar(.number(Number(count))) }
        switch value {
        case .scalar(.string(let text)): return number(text.utf8.count)
        case .scalar(.bytes(let bytes)): return number(bytes.count)
        case .data(.list(let elements)): return number(elements.count)
        case .data(.structure(let fields)): return number(fields.count)
        case .vertex(let vertex):
            if let list = vertex.list, vertex.alternatives.isEmpty { return number(list.count) }
            if vertex.kind == .structure, vertex.alternatives.isEmpty { return number(fieldCount(of: vertex)) }
        default: break
        }
        let wanted: Kind = [.string, .bytes, .list, .structure]
        let own = kind(of: value)
        if own.isDisjoint(with: wanted) { return mistyped(value, as: "\(wanted)", .len, at: at) }
        return incomplete("non-concrete value \(text(value)) in argument 1 to len", at: at)
    }

    /// `close` makes a vertex that closes whoever refers to it.
    private func close(_ argument: Expression, _ environment: Environment?, at: Int) -> Value {
        let vertex = anonymous(argument, environment)
        vertex.isOnceClosed = true
        evaluate(vertex)
        let resolved = vertex.resolved
        if let error = resolved.errors.first { return .bottom(error) }
        if resolved.kind != .structure, vertex.disjunctions.isEmpty {
            if resolved.kind.contains(.structure) {
                return incomplete("non-concrete argument to close", at: at)
            }
            return failure(
                "cannot use \(text(argument)) (type \(resolved.kind)) as struct in argument 1 to close", at: at)
        }
        return .vertex(vertex)
    }

    /// The elements of a list, each as a value that can be put in.
    func elements(_ value: Value, _ call: Call) -> Outcome<[Value]> {
        switch value {
        case .data(.list(let elements)): return .success(elements.map { Self.value($0) })
        case .vertex(let vertex) where vertex.list != nil && vertex.alternatives.isEmpty:
            return .success(vertex.arcs.map { .vertex($0) })
        case let other where kind(of: other).isDisjoint(with: .list):
            return .failure(
                Stop(
                    bottom: bottom(
                        .conflict,
                        "cannot use \(text(value)) (type \(kind(of: value))) as list in argument 1 to "
                            + text(call.function), at: call.at)))
        default:
            return .failure(Stop(bottom: bottom(.incomplete, "non-concrete list \(text(value))", at: call.at)))
        }
    }

    private func conjunction(_ value: Value, _ call: Call) -> Value {
        switch elements(value, call) {
        case .failure(let stop): .bottom(stop.bottom)
        case .success(let values): values.isEmpty ? .top : .conjunction(values)
        }
    }

    private func alternatives(_ value: Value, _ call: Call) -> Value {
        switch elements(value, call) {
        case .failure(let stop): .bottom(stop.bottom)
        case .success(let values):
            values.isEmpty ? incomplete("empty list in call to or", at: call.at) : .alternatives(values, node: call)
        }
    }

    private func divide(_ arguments: [Value], _ name: String, at: Int) -> Value {
        var numbers: [Number] = []
        for (position, argument) in arguments.enumerated() {
            switch argument {
            case .scalar(.number(let number)) where number.isInteger: numbers.append(number)
            case .scalar(let scalar):
                return failure(
                    "cannot use \(scalar) (type \(scalar.kind)) as int in argument \(position + 1) to \(name)", at: at)
            default:
                if kind(of: argument).isDisjoint(with: .int) {
                    return failure("cannot use \(text(argument)) as int", at: at)
                }
                return incomplete("non-concrete value \(text(argument)) in argument \(position + 1) to \(name)", at: at)
            }
        }
        return calculate(numbers[0], numbers[1], name, at: at)
    }

    private func contains(_ arguments: [Value], _ call: Call) -> Value {
        guard isConcrete(arguments[1]) else {
            return incomplete("non-concrete value \(text(arguments[1])) in argument 2 to list.Contains", at: call.at)
        }
        switch elements(arguments[0], call) {
        case .failure(let stop): return .bottom(stop.bottom)
        case .success(let values):
            guard case .success(let wanted) = data(of: arguments[1]) else { return .scalar(.bool(false)) }
            for value in values {
                guard step() else { return incomplete("a bound was reached") }
                if case .success(let element) = data(of: value), element == wanted { return .scalar(.bool(true)) }
            }
            return .scalar(.bool(false))
        }
    }

    // MARK: Sorting

    /// Merges, asking the comparer of each pair; elements of one kind with `list.Ascending` the quick way.
    private func sort(_ arguments: [Value], _ function: EvaluatedFunction, _ call: Call) -> Value {
        let values: [Value]
        switch elements(arguments[0], call) {
        case .failure(let stop): return .bottom(stop.bottom)
        case .success(let found): values = found
        }
        guard case .vertex(let comparer) = arguments[1] else {
            return failure("cannot use \(text(arguments[1])) as comparer", at: call.at)
        }
        var stop: Bottom?
        func precedes(_ left: Value, _ right: Value) -> Bool {
            guard stop == nil, step(8) else { return false }
            let vertex = makeTemporary(in: current)
            vertex.conjuncts = comparer.conjuncts
            vertex.conjuncts.append(Conjunct(node: .value(.pair(left, right)), origin: Origin()))
            evaluate(vertex)
            guard let less = vertex.resolved.arc(.string("less")) else {
                stop = bottom(.conflict, "comparer has no field less", at: call.at)
                return false
            }
            evaluate(less)
            switch settled(less) {
            case .scalar(.bool(let isLess)): return isLess
            case .bottom(let error): stop = error
            default: stop = bottom(.incomplete, "comparer is not concrete", at: call.at)
            }
            return false
        }
        if function == .isSorted {
            for (left, right) in zip(values, values.dropFirst()) where precedes(right, left) {
                return stop.map { .bottom($0) } ?? .scalar(.bool(false))
            }
            return stop.map { .bottom($0) } ?? .scalar(.bool(true))
        }
        let sorted = merged(values, precedes)
        if let stop { return .bottom(stop) }
        guard exceeded == nil else { return incomplete("a bound was reached") }
        return list(of: sorted.map { Conjunct(node: .value($0), origin: Origin()) })
    }

    private func merged(_ values: [Value], _ precedes: (Value, Value) -> Bool) -> [Value] {
        guard values.count > 1 else { return values }
        let middle = values.count / 2
        let left = merged(Array(values[..<middle]), precedes)
        let right = merged(Array(values[middle...]), precedes)
        var result: [Value] = []
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            if precedes(right[second], left[first]) {
                result.append(right[second])
                second += 1
            } else {
                result.append(left[first])
                first += 1
            }
        }
        return result + left[first...] + right[second...]
    }
}
