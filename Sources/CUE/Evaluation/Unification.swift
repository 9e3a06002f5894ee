// SPDX-License-Identifier: Apache-2.0

/// What scalars, types and bounds do to a vertex.
extension Evaluation {
    func insert(_ value: Value, _ origin: Origin, shown: Shown, into vertex: Vertex) {
        guard step() else { return }
        switch value {
        case .bottom(let bottom): vertex.errors.append(bottom)
        case .scalar(let scalar): insert(scalar, shown: shown, origin, into: vertex)
        case .top:
            note(origin, in: vertex)
        case .type(let type): insert(type, shown: shown, origin, into: vertex)
        case .bound(let bound):
            guard narrow(vertex, to: kind(of: bound), shown) else { return }
            insert(bound, into: vertex)
        case .validator(let validator):
            if vertex.isProbe, case .evaluated(let own) = validator.function, own == .matchN || own == .matchIf {
                return
            }
            guard narrow(vertex, to: kind(of: validator), shown) else { return }
            if !vertex.validators.contains(where: { isSame($0, validator) }) { vertex.validators.append(validator) }
        case .conjunction(let values):
            for value in values { insert(value, origin, shown: .value(value), into: vertex) }
        case .alternatives(let values, let node):
            insert(
                alternatives: values.map { (Conjunct(node: .value($0), origin: origin), false) }, node: node,
                into: vertex)
        case .vertex(let other): refer(to: other, from: vertex, origin)
        case .function(let function):
            let constrained = constraint(of: function, [], at: 0)
            if case .bottom(let error) = constrained {
                vertex.errors.append(error)
            } else {
                insert(constrained, origin, shown: .value(constrained), into: vertex)
            }
        case .data(let data): insert(data, origin, into: vertex)
        case .pair(let first, let second):
            addArc(.string("x"), .regular, Conjunct(node: .value(first), origin: origin), to: vertex)
            addArc(.string("y"), .regular, Conjunct(node: .value(second), origin: origin), to: vertex)
        case .elements(let nodes):
            insert(
                elements: nodes.map { Conjunct(node: $0, origin: origin) }, isOpen: false, rest: nil, origin,
                shown: shown, at: nil, into: vertex)
        }
    }

    /// Narrows the kinds that a vertex can be of; reports where none is left.
    func narrow(_ vertex: Vertex, to kind: Kind, _ shown: Shown) -> Bool {
        // Once there is a conflict of kinds, others add nothing.
        if vertex.kind.isEmpty { return false }
        let left = vertex.kind.intersection(kind)
        guard !left.isEmpty else {
            let message =
                vertex.kindShown.map {
                    "conflicting values \(text($0)) and \(text(shown)) (mismatched types \(vertex.kind) and \(kind))"
                } ?? "conflicting value \(text(shown)) (mismatched types \(vertex.kind) and \(kind))"
            vertex.errors.append(bottom(.conflict, message))
            vertex.kind = []
            return false
        }
        if left != vertex.kind || vertex.kindShown == nil {
            vertex.kindShown = shown
            learn(vertex)
        }
        vertex.kind = left
        return true
    }

    func insert(_ scalar: Scalar, shown: Shown, _ origin: Origin, into vertex: Vertex) {
        note(origin, in: vertex)
        guard narrow(vertex, to: scalar.kind, shown) else { return }
        guard let known = vertex.scalar else {
            vertex.scalar = scalar
            vertex.scalarShown = shown
            learn(vertex)
            return
        }
        guard known != scalar else { return }
        vertex.errors.append(bottom(.conflict, "conflicting values \(scalar) and \(known)"))
    }

    func insert(_ type: TypeConstraint, shown: Shown, _ origin: Origin, into vertex: Vertex) {
        note(origin, in: vertex)
        guard narrow(vertex, to: type.kind, shown) else { return }
        for bound in type.bounds { insert(bound, into: vertex) }
    }

    func kind(of bound: Bound) -> Kind {
        switch (bound.relation, bound.operand) {
        case (.unequal, .null): Kind.top.subtracting(.null)
        case (_, .number): .number
        default: bound.operand.kind
        }
    }

    // MARK: Bounds

    private func insert(_ bound: Bound, into vertex: Vertex) {
        switch bound.relation {
        case .less, .lessOrEqual: vertex.upper = vertex.upper.map { tighter($0, bound) } ?? bound
        case .greater, .greaterOrEqual: vertex.lower = vertex.lower.map { tighter($0, bound) } ?? bound
        case .unequal, .matches, .matchesNot:
            if !vertex.checks.contains(where: { $0.relation == bound.relation && $0.operand == bound.operand }) {
                vertex.checks.append(bound)
            }
        }
    }

    /// Of two bounds in the same direction, the one that says more; the first where both say the same.
    private func tighter(_ first: Bound, _ second: Bound) -> Bound {
        holds(second, for: first.operand) && !(first.operand == second.operand && isWider(first, second))
            ? first : second
    }

    private func isWider(_ first: Bound, _ second: Bound) -> Bool {
        (first.relation == .lessOrEqual && second.relation == .less)
            || (first.relation == .greaterOrEqual && second.relation == .greater)
    }

    /// Whether a value fulfils a bound; of another kind it does not.
    func holds(_ bound: Bound, for scalar: Scalar) -> Bool {
        switch bound.relation {
        case .matches, .matchesNot: return false
        case .unequal:
            if case .number(let left) = scalar, case .number(let right) = bound.operand { return left != right }
            return scalar != bound.operand
        default: break
        }
        guard let order = order(scalar, bound.operand) else { return false }
        switch bound.relation {
        case .less: return order < 0
        case .lessOrEqual: return order <= 0
        case .greater: return order > 0
        default: return order >= 0
        }
    }

    /// Below, equal to or above 0; `nil` where the two have no order.
    func order(_ left: Scalar, _ right: Scalar) -> Int? {
        switch (left, right) {
        case (.number(let left), .number(let right)): left.compared(to: right)
        case (.string(let left), .string(let right)): compare(Array(left.utf8), Array(right.utf8))
        case (.bytes(let left), .bytes(let right)): compare(left, right)
        default: nil
        }
    }

    private func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left == right { return 0 }
        return left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    /// What the bounds say together: nothing, a single value, or that nothing is left.
    private func combineBounds(of vertex: Vertex) {
        guard let lower = vertex.lower, let upper = vertex.upper else { return }
        guard case .number(let low) = lower.operand, case .number(let high) = upper.operand else {
            guard let order = order(lower.operand, upper.operand) else { return }
            let isBoth = lower.relation == .greaterOrEqual && upper.relation == .lessOrEqual
            if order > 0 || (order == 0 && !isBoth) {
                let name = vertex.kind == .bytes ? "bytes" : "string"
                vertex.errors.append(
                    bottom(.conflict, "incompatible \(name) bounds \(text(upper)) and \(text(lower))", at: upper.at))
            }
            return
        }
        if vertex.kind.contains(.float) {
            let isBoth = lower.relation == .greaterOrEqual && upper.relation == .lessOrEqual
            if low > high || (low == high && !isBoth) {
                vertex.errors.append(
                    bottom(.conflict, "incompatible number bounds \(text(upper)) and \(text(lower))", at: upper.at))
            }
            return
        }
        // Integers: the bounds as the least and the greatest that is let in.
        guard let least = nextInteger(low, isStrict: lower.relation == .greater, up: true),
            let greatest = nextInteger(high, isStrict: upper.relation == .less, up: false)
        else { return }
        if least > greatest {
            vertex.errors.append(
                bottom(.conflict, "incompatible integer bounds \(text(lower)) and \(text(upper))", at: upper.at))
        } else if least == greatest, vertex.scalar == nil, vertex.kind == .int {
            vertex.scalar = .number(least)
            learn(vertex)
        }
    }

    private func nextInteger(_ number: Number, isStrict: Bool, up: Bool) -> Number? {
        do throws(NumberError) {
            let (cut, isExact) = try number.integral(.down)
            if isExact {
                guard isStrict else { return cut }
                return up ? try cut.adding(Number(1)) : try cut.subtracting(Number(1))
            }
            // Cut towards zero.
            if up { return number.isNegative ? cut : try cut.adding(Number(1)) }
            return number.isNegative ? try cut.subtracting(Number(1)) : cut
        } catch {
            return nil
        }
    }

    /// Ends the node's own part: kind, disjunctions, bounds and closedness.
    func finish(_ vertex: Vertex) {
        guard exceeded == nil else { return }
        if vertex.shared != nil { return }
        if let shown = vertex.structureShown, vertex.kind != .structure, vertex.errors.isEmpty {
            _ = narrow(vertex, to: .structure, shown)
        }
        if vertex.errors.contains(where: { $0.code == .structuralCycle }) { return }
        if !vertex.disjunctions.isEmpty {
            expand(vertex)
            if vertex.chosen != nil || !vertex.alternatives.isEmpty { return }
        }
        guard vertex.errors.isEmpty || vertex.structureShown != nil else { return }
        combineBounds(of: vertex)
        if let scalar = vertex.scalar, vertex.errors.isEmpty { check(scalar, of: vertex) }
        if vertex.structureShown != nil || vertex.structures.count > 0 { checkClosedness(of: vertex) }
    }

    func reportOnce(_ message: String, _ code: Bottom.Code, in vertex: Vertex) {
        guard !vertex.errors.contains(where: { $0.message == message }) else { return }
        vertex.errors.append(bottom(code, message))
    }

    /// Whether a value fulfils all bounds and validators of its vertex.
    private func check(_ scalar: Scalar, of vertex: Vertex) {
        for bound in [vertex.lower, vertex.upper].compactMap({ $0 }) + vertex.checks {
            switch bound.relation {
            case .matches, .matchesNot:
                guard let isMatch = matchesExpression(bound, scalar) else { continue }
                switch isMatch {
                case .success(let isMatch) where isMatch == (bound.relation == .matches): continue
                case .failure(let error):
                    vertex.errors.append(
                        bottom(.conflict, "invalid regexp: \(RegularExpressionText.go(error))", at: bound.at))
                    continue
                default: break
                }
            default: if holds(bound, for: scalar) { continue }
            }
            vertex.errors.append(
                bottom(.conflict, "invalid value \(scalar) (out of bound \(text(bound)))", at: bound.at))
        }
        for validator in vertex.validators { check(.scalar(scalar), validator, of: vertex) }
    }
}
