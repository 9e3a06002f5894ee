// SPDX-License-Identifier: Apache-2.0
import JSON

/// Functions as constraints: `strings.MinRunes(3)`, `time.Time`, `list.MaxItems(1)`.
extension Evaluation {
    /// The function as a constraint, or why it is none.
    func constraint(of function: Function, _ arguments: [Value], at: Int) -> Value {
        switch function {
        case .library(let builtin):
            guard builtin.result == .bool, builtin.parameters.count == arguments.count + 1 else {
                return wrongCount(of: builtin.path, arguments.count, builtin.parameters.count, at: at)
            }
        case .evaluated(let own):
            guard own.constrained != nil, own.arity.contains(arguments.count + 1) else {
                return wrongCount(of: own.rawValue, arguments.count, own.arity.upperBound, at: at)
            }
        }
        return .validator(Validator(function: function, arguments: arguments, at: at))
    }

    func kind(of validator: Validator) -> Kind {
        switch validator.function {
        case .library(let builtin): Kind(builtin.parameters.first ?? .any)
        case .evaluated(let own): own.constrained ?? .top
        }
    }

    func isSame(_ left: Validator, _ right: Validator) -> Bool {
        guard left.function.path == right.function.path, left.arguments.count == right.arguments.count else {
            return false
        }
        return zip(left.arguments, right.arguments).allSatisfy { first, second in
            if case .scalar(let first) = first, case .scalar(let second) = second { return first == second }
            return false
        }
    }

    /// Checks what can only be seen when a list or struct is whole.
    func checkValidators(of vertex: Vertex) {
        guard !vertex.validators.isEmpty, vertex.errors.isEmpty, vertex.kind == .list || vertex.kind == .structure,
            vertex.scalar == nil, vertex.list != nil || vertex.structureShown != nil
        else { return }
        let outer = current
        current = vertex
        defer { current = outer }
        for validator in vertex.validators { check(.vertex(vertex), validator, of: vertex) }
    }

    func check(_ value: Value, _ validator: Validator, of vertex: Vertex) {
        guard step(), let reason = violation(of: validator, by: value) else { return }
        let isSimple = validator.arguments.allSatisfy {
            if case .scalar = $0 { return true }
            return false
        }
        var name = validator.function.path
        if !validator.arguments.isEmpty, isSimple { name = text(.validator(validator)) }
        let detail = reason.isEmpty ? "" : ": \(reason)"
        let isBare = if case .library = validator.function { validator.arguments.isEmpty } else { false }
        let message = "invalid value \(text(value)) (does not satisfy \(name))\(detail)"
        guard !vertex.errors.contains(where: { $0.message == message }) else { return }
        vertex.errors.append(bottom(.conflict, message, at: isBare ? nil : validator.at))
    }

    /// Why a value does not fulfil a constraint, empty where there is nothing to add; `nil` if it does, or if that is
    /// not known yet.
    func violation(of validator: Validator, by value: Value) -> String? {
        guard enter() else {
            leave()
            return "a bound was reached"
        }
        defer { leave() }
        switch validator.function {
        case .library(let builtin):
            var arguments: [BuiltinValue] = []
            for argument in [value] + validator.arguments {
                guard case .success(let data) = data(of: argument) else { return nil }
                arguments.append(data)
            }
            switch evaluate(builtin, arguments, at: validator.at) {
            case .scalar(.bool(true)): return nil
            case .bottom(let error): return error.message
            default: return ""
            }
        case .evaluated(let own): return violation(of: own, validator.arguments, by: value)
        }
    }

    private func violation(of function: EvaluatedFunction, _ arguments: [Value], by value: Value) -> String? {
        var vertex: Vertex?
        if case .vertex(let found) = value { vertex = found.resolved }
        func number(_ position: Int) -> Int? {
            guard arguments.indices.contains(position), case .scalar(.number(let number)) = arguments[position] else {
                return nil
            }
            return number.int
        }
        switch function {
        case .minItems, .maxItems:
            guard let list = vertex?.list, let bound = number(0) else { return nil }
            if function == .minItems {
                guard list.count < bound, !list.isOpen else { return nil }
                return "len(list) < MinItems(\(bound)) (\(list.count) < \(bound))"
            }
            return list.count > bound ? "len(list) > MaxItems(\(bound)) (\(list.count) > \(bound))" : nil
        case .uniqueItems:
            guard let vertex else { return nil }
            return duplicate(in: vertex)
        case .minFields, .maxFields:
            guard let vertex, let bound = number(0) else { return nil }
            let count = fieldCount(of: vertex)
            // Fields may still come, so that too few is no conflict.
            guard function == .maxFields, count > bound else { return nil }
            return "len(fields) > MaxFields(\(bound)) (\(count) > \(bound))"
        case .listMatchN:
            guard let vertex, arguments.count == 2 else { return nil }
            var count = 0
            for arc in vertex.arcs where unifies(.vertex(arc), arguments[1]) { count += 1 }
            guard !unifies(.scalar(.number(Number(count))), arguments[0]) else { return nil }
            return "number of matched elements is \(count): does not satisfy \(text(arguments[0]))"
        case .matchN:
            guard arguments.count == 2, case .vertex(let schemas) = arguments[1] else { return nil }
            evaluate(schemas)
            var count = 0
            for arc in schemas.resolved.arcs where unifies(value, .vertex(arc)) { count += 1 }
            guard !unifies(.scalar(.number(Number(count))), arguments[0]) else { return nil }
            return "\(count) matched, expected \(text(arguments[0]))"
        case .matchIf:
            guard arguments.count == 3 else { return nil }
            let position = unifies(value, arguments[0]) ? 1 : 2
            return unifies(value, arguments[position]) ? nil : ""
        case .jsonValidate: return jsonViolation(arguments, by: value)
        default: return nil
        }
    }

    private func jsonViolation(_ arguments: [Value], by value: Value) -> String? {
        let bytes: [UInt8]
        switch value {
        case .scalar(.string(let text)): bytes = Array(text.utf8)
        case .scalar(.bytes(let own)): bytes = own
        default: return nil
        }
        let prefix = "error in call to encoding/json.Validate: "
        guard step(bytes.count / 16 + 1), let document = try? JSONDocument(parsing: bytes) else {
            return prefix + "json: invalid JSON"
        }
        let vertex = makeTemporary(in: current)
        vertex.conjuncts.append(Conjunct(node: .json(document.root), origin: Origin()))
        vertex.conjuncts.append(Conjunct(node: .value(arguments.first ?? .top), origin: Origin()))
        evaluateDeeply(vertex)
        return firstConflict(in: vertex).map { prefix + $0.message }
    }

    func firstConflict(in vertex: Vertex) -> Bottom? {
        guard enter() else {
            leave()
            return nil
        }
        defer { leave() }
        let vertex = vertex.resolved
        if let error = vertex.errors.first(where: { !$0.isIncomplete }) { return error }
        for arc in vertex.arcs where arc.presence != .optional && (arc.inserted > 0 || !arc.errors.isEmpty) {
            if let error = firstConflict(in: arc) { return error }
        }
        return nil
    }

    /// Whether two values can be one, with all required fields there.
    func unifies(_ left: Value, _ right: Value) -> Bool {
        let vertex = makeTemporary(in: current)
        vertex.isProbe = true
        vertex.conjuncts.append(Conjunct(node: .value(left), origin: Origin()))
        vertex.conjuncts.append(Conjunct(node: .value(right), origin: Origin()))
        evaluateDeeply(vertex)
        return exceeded == nil && !hasConflict(vertex) && !lacksField(vertex)
    }

    private func lacksField(_ vertex: Vertex) -> Bool {
        guard enter() else {
            leave()
            return true
        }
        defer { leave() }
        let vertex = vertex.resolved
        return vertex.arcs.contains {
            $0.presence == .required || ($0.presence == .regular && $0.inserted > 0 && lacksField($0))
        }
    }

    func fieldCount(of vertex: Vertex) -> Int {
        vertex.arcs.reduce(0) { $0 + ($1.presence == .regular && $1.label?.string != nil ? 1 : 0) }
    }

    private func duplicate(in vertex: Vertex) -> String? {
        var seen: [Scalar: Int] = [:]
        var lists: [BuiltinValue: Int] = [:]
        for (position, arc) in vertex.arcs.enumerated() {
            guard step() else { return "" }
            evaluate(arc)
            let value = settled(arc)
            if case .scalar(let scalar) = value {
                if let other = seen[scalar] { return "equal values at position \(other) and \(position)" }
                seen[scalar] = position
            } else if case .success(let data) = data(of: value), case .list = data {
                if let other = lists[data] { return "equal values at position \(other) and \(position)" }
                lists[data] = position
            }
        }
        return nil
    }
}
