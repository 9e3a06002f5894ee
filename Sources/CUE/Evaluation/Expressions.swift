// SPDX-License-Identifier: Apache-2.0

/// The values of expressions.
extension Evaluation {
    func evaluate(_ expression: Expression, _ environment: Environment?) -> Value {
        guard enter() else {
            leave()
            return incomplete("a bound was reached")
        }
        defer { leave() }
        switch expression {
        case .scalar(let scalar, _): return .scalar(scalar)
        case .bottom(let at):
            return .bottom(Bottom(.conflict, path: [], message: "explicit error (_|_ literal) in source", at: at))
        case .top: return .top
        case .type(let type): return .type(type)
        case .function(let function): return .function(function)
        case .member(_, let value): return evaluate(value, environment)
        case .reference, .selection, .index:
            switch resolve(expression, environment) {
            case .bottom(let bottom): return .bottom(bottom)
            case .value(let value): return value
            case .vertex(let vertex): return value(of: vertex, named: expression)
            }
        case .structure, .list, .disjunction:
            let vertex = anonymous(expression, environment)
            evaluate(vertex)
            return settled(vertex)
        case .slice(let slice): return evaluate(slice, environment)
        case .interpolation(let interpolation): return evaluate(interpolation, environment)
        case .bound(let relation, let operand, let at):
            switch evaluate(operand, environment) {
            case .scalar(let scalar): return bound(relation, scalar, at: at)
            case .bottom(let bottom): return .bottom(bottom)
            case .vertex(let vertex) where vertex.resolved.kind == .structure || vertex.resolved.kind == .list:
                return failure(
                    "cannot use \(text(.vertex(vertex))) for bound \(relation.rawValue)", at: at)
            case let other:
                return incomplete("non-concrete value \(text(other)) for bound \(relation.rawValue)", at: at)
            }
        case .unary(let name, let operand, let at): return evaluate(name, operand, environment, at: at)
        case .binary(let operation):
            if operation.name == "&" {
                let vertex = anonymous(expression, environment)
                evaluate(vertex)
                return settled(vertex)
            }
            return evaluate(operation, environment)
        case .call(let call): return evaluate(call, environment)
        }
    }

    /// What a vertex that is referred to is worth.
    func value(of vertex: Vertex, named expression: Expression) -> Value {
        evaluate(vertex)
        let value = settled(vertex)
        if case .vertex(let found) = value, found.isProcessing, found.scalar == nil, found.kindShown == nil,
            found.arcs.isEmpty, found.structureShown == nil
        {
            return .bottom(bottom(.cycle, "cycle with field: \(text(expression))", at: expression.at))
        }
        return value
    }

    /// A vertex as a value: its default, its scalar, or itself.
    func settled(_ vertex: Vertex) -> Value {
        var vertex = vertex.resolved
        var count = 0
        while !vertex.alternatives.isEmpty {
            let defaults = vertex.alternatives.filter(\.isDefault)
            guard defaults.count == 1, let only = defaults.first else { break }
            vertex = only.vertex.resolved
            count += 1
            guard count < CUELimits.depth else { break }
        }
        if let error = vertex.errors.first(where: { !$0.isIncomplete }) { return .bottom(error) }
        if let scalar = vertex.scalar { return .scalar(scalar) }
        if !vertex.alternatives.isEmpty { return .vertex(vertex) }
        if let blocked = vertex.blocked, vertex.kind != .structure || vertex.arcs.isEmpty {
            // A struct that waits for something else still has the fields that it has.
            if vertex.structureShown == nil && vertex.list == nil { return .bottom(blocked) }
        }
        if vertex.kind == .null { return .scalar(.null) }
        return .vertex(vertex)
    }

    private func bound(_ relation: Bound.Relation, _ scalar: Scalar, at: Int) -> Value {
        switch (relation, scalar) {
        case (.matches, .string), (.matchesNot, .string), (.matches, .bytes), (.matchesNot, .bytes): break
        case (.matches, _), (.matchesNot, _):
            return failure("cannot use \(scalar) (type \(scalar.kind)) as type (string|bytes)", at: at)
        case (.unequal, _), (_, .number), (_, .string), (_, .bytes): break
        default: return failure("invalid operand \(scalar) ('\(relation.rawValue)' requires concrete value)", at: at)
        }
        return .bound(Bound(relation: relation, operand: scalar, at: at))
    }

    // MARK: Interpolation

    private func evaluate(_ interpolation: Interpolation, _ environment: Environment?) -> Value {
        var bytes = interpolation.texts.first ?? []
        for (position, expression) in interpolation.values.enumerated() {
            switch evaluate(expression, environment) {
            case .bottom(let error):
                return .bottom(
                    bottom(error.code, "invalid interpolation: \(error.message)", at: interpolation.at))
            case .scalar(let scalar):
                switch scalar {
                case .string(let text): bytes += Array(text.utf8)
                case .bytes(let own):
                    bytes += interpolation.isBytes ? own : Array(String(decoding: own, as: UTF8.self).utf8)
                case .null:
                    return failure(
                        "invalid interpolation: cannot use null (type null) as type (bool|string|bytes|number)",
                        at: interpolation.at)
                default: bytes += Array(scalar.description.utf8)
                }
            case .vertex(let vertex) where vertex.kind == .structure || vertex.kind == .list:
                let shown = text(.vertex(vertex))
                return failure(
                    "invalid interpolation: cannot use \(shown) (type \(vertex.kind)) as type "
                        + "(bool|string|bytes|number)", at: interpolation.at)
            case let other:
                return incomplete(
                    "invalid interpolation: non-concrete value \(text(other)) (type \(text(other)))",
                    at: interpolation.at)
            }
            if interpolation.texts.indices.contains(position + 1) { bytes += interpolation.texts[position + 1] }
            guard bytes.count <= CUELimits.textBytes, step(bytes.count / 256 + 1) else {
                exceed("a string is longer than \(CUELimits.textBytes) bytes")
                return incomplete("a bound was reached")
            }
        }
        guard admit(bytes: bytes.count) else { return incomplete("a bound was reached") }
        return .scalar(interpolation.isBytes ? .bytes(bytes) : .string(String(decoding: bytes, as: UTF8.self)))
    }

    // MARK: Slices

    private func evaluate(_ slice: Slice, _ environment: Environment?) -> Value {
        func position(_ expression: Expression?, _ otherwise: Int) -> Outcome<Int> {
            guard let expression else { return .success(otherwise) }
            switch evaluate(expression, environment) {
            case .scalar(.number(let number)):
                guard number.isInteger, let int = number.int, int >= 0 else {
                    return .failure(Stop(bottom: bottom(.conflict, "negative slice index", at: expression.at)))
                }
                return .success(int)
            case .bottom(let error): return .failure(Stop(bottom: error))
            case .scalar(let scalar):
                return .failure(
                    Stop(bottom: bottom(.conflict, "cannot use \(scalar) as slice index", at: expression.at)))
            default: return .failure(Stop(bottom: bottom(.incomplete, "non-concrete slice index", at: expression.at)))
            }
        }
        let base = evaluate(slice.base, environment)
        let count: Int
        switch base {
        case .bottom: return base
        case .scalar(.bytes(let bytes)): count = bytes.count
        case .vertex(let vertex) where vertex.list != nil: count = vertex.list?.count ?? 0
        case .scalar(let scalar):
            return failure("cannot slice \(scalar) (type \(scalar.kind))", at: slice.base.at)
        case .vertex(let vertex) where vertex.kind == .structure:
            return failure("cannot slice \(text(base)) (type struct)", at: slice.base.at)
        default: return incomplete("non-concrete slice subject \(text(slice.base))", at: slice.base.at)
        }
        let low: Int
        let high: Int
        switch (position(slice.low, 0), position(slice.high, count)) {
        case (.failure(let stop), _), (_, .failure(let stop)): return .bottom(stop.bottom)
        case (.success(let first), .success(let second)): (low, high) = (first, second)
        }
        guard low <= high else { return failure("invalid slice index: \(low) > \(high)", at: slice.base.at) }
        guard high <= count else {
            return failure("index \(high) out of range", at: slice.base.at)
        }
        switch base {
        case .scalar(.bytes(let bytes)): return .scalar(.bytes(Array(bytes[low..<high])))
        case .vertex(let vertex):
            var conjuncts: [Conjunct] = []
            for position in low..<high {
                guard step(), let arc = vertex.arc(.index(position)) else { continue }
                conjuncts.append(Conjunct(node: .value(.vertex(arc)), origin: Origin()))
            }
            return list(of: conjuncts)
        default: return base
        }
    }

    /// A closed list of elements that are there already.
    func list(of elements: [Conjunct]) -> Value {
        let vertex = makeTemporary(in: current)
        guard elements.count <= CUELimits.listElements else {
            exceed("a list has more than \(CUELimits.listElements) elements")
            return incomplete("a bound was reached")
        }
        // As a list of references, so that whoever refers to the list gets its elements.
        vertex.conjuncts.append(
            Conjunct(node: .value(.elements(elements.map(\.node))), origin: Origin()))
        evaluate(vertex)
        return .vertex(vertex)
    }
}
