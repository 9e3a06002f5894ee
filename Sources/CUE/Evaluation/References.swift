// SPDX-License-Identifier: Apache-2.0

/// Finding vertices by name, and taking over their conjuncts.
extension Evaluation {
    enum Resolution {
        case vertex(Vertex)
        /// The reference names a value that is no vertex.
        case value(Value)
        case bottom(Bottom)
    }

    /// The vertex that an expression names, or a new one for what it makes.
    func resolve(_ expression: Expression, _ environment: Environment?) -> Resolution {
        guard enter() else {
            leave()
            return .bottom(bottom(.conflict, "a bound was reached"))
        }
        defer { leave() }
        switch expression {
        case .reference(let reference): return resolve(reference, environment)
        case .selection(let selection):
            switch resolve(selection.base, environment) {
            case .bottom(let bottom): return .bottom(bottom)
            case .value(let value): return .bottom(notSelectable(value, selection.base))
            case .vertex(let base): return select(selection.label, from: base, selection)
            }
        case .index(let index):
            switch resolve(index.base, environment) {
            case .bottom(let bottom): return .bottom(bottom)
            case .value(let value): return .bottom(notSelectable(value, index.base))
            case .vertex(let base): return self.index(base, index, environment)
            }
        case .structure, .list, .disjunction:
            return .vertex(anonymous(expression, environment))
        case .binary(let operation) where operation.name == "&":
            return .vertex(anonymous(expression, environment))
        default:
            switch evaluate(expression, environment) {
            case .bottom(let bottom): return .bottom(bottom)
            case .vertex(let vertex): return .vertex(vertex)
            case .data(let data):
                let vertex = makeTemporary(in: current)
                vertex.conjuncts.append(Conjunct(node: .data(data), origin: Origin()))
                return .vertex(vertex)
            case let value: return .value(value)
            }
        }
    }

    /// A vertex for an expression within another.
    func anonymous(_ expression: Expression, _ environment: Environment?) -> Vertex {
        let vertex = makeTemporary(in: current)
        vertex.conjuncts.append(Conjunct(node: .expression(expression, environment), origin: Origin()))
        return vertex
    }

    func makeTemporary(in parent: Vertex) -> Vertex {
        let vertex = makeVertex(nil, in: parent)
        vertex.isTemporary = true
        return vertex
    }

    func anonymous(_ value: Value) -> Vertex {
        if case .vertex(let vertex) = value { return vertex }
        let vertex = makeTemporary(in: current)
        vertex.conjuncts.append(Conjunct(node: .value(value), origin: Origin()))
        return vertex
    }

    private func resolve(_ reference: Reference, _ environment: Environment?) -> Resolution {
        guard let environment = environment?.outward(reference.up) else {
            return .bottom(bottom(.incomplete, "reference \(Quotation.string(reference.name)) not found"))
        }
        switch reference.target {
        case .field(let label):
            let holder = environment.vertex.resolved
            guard let arc = holder.arc(label) ?? environment.vertex.arc(label) else {
                return .bottom(bottom(.incomplete, "undefined field: \(label)", at: reference.at))
            }
            return present(arc, label, at: reference.at)
        case .matchedLabel:
            guard case .string(let name)? = environment.matched else {
                return .bottom(bottom(.incomplete, "label is not known"))
            }
            return .value(.scalar(.string(name)))
        case .enclosing: return .vertex(environment.vertex)
        case .letClause(let clause):
            if let known = environment.lets[ObjectIdentifier(clause)] { return .vertex(known) }
            let vertex = makeVertex(nil, in: environment.vertex)
            vertex.conjuncts.append(
                Conjunct(node: .expression(clause.value, environment), origin: Origin()))
            environment.lets[ObjectIdentifier(clause)] = vertex
            return .vertex(vertex)
        case .dynamicField(let label):
            switch evaluate(label, environment) {
            case .scalar(.string(let name)):
                evaluate(environment.vertex)
                guard let arc = environment.vertex.resolved.arc(.string(name)) else {
                    return .bottom(bottom(.incomplete, "undefined field: \(name)", at: reference.at))
                }
                return present(arc, .string(name), at: reference.at)
            case .bottom(let bottom): return .bottom(bottom)
            default: return .bottom(bottom(.incomplete, "key value of dynamic field must be concrete"))
            }
        }
    }

    private func present(_ arc: Vertex, _ label: Label, at: Int) -> Resolution {
        switch arc.presence {
        case .regular: .vertex(arc)
        case .required: .vertex(arc)
        case .optional: .bottom(bottom(.incomplete, "cannot reference optional field: \(label)", at: at))
        }
    }

    private func notSelectable(_ value: Value, _ base: Expression) -> Bottom {
        switch value {
        case .scalar(let scalar):
            bottom(
                .conflict, "invalid operand \(text(base)) (found \(scalar.kind), want list or struct)", at: base.at)
        case .type(let type):
            bottom(.incomplete, "\(text(base)) is not concrete (\(type.name))", at: base.at)
        default: bottom(.incomplete, "\(text(base)) is not concrete", at: base.at)
        }
    }

    /// The struct or list that selecting starts from: the default where there is one.
    private func selectable(_ base: Vertex, _ shown: Expression) -> Resolution {
        evaluate(base)
        switch settled(base) {
        case .bottom(let bottom): return .bottom(bottom)
        case .vertex(let vertex): return .vertex(vertex)
        case let value: return .bottom(notSelectable(value, shown))
        }
    }

    private func select(_ label: Label, from base: Vertex, _ selection: Selection) -> Resolution {
        let vertex: Vertex
        // A field that is there is found even if something else in the struct is in conflict.
        evaluate(base)
        if let scalar = base.resolved.scalar, base.resolved.kind.isEmpty {
            return .bottom(notSelectable(.scalar(scalar), selection.base))
        }
        if base.resolved.alternatives.isEmpty, let arc = base.resolved.arc(label), arc.presence != .optional {
            return .vertex(arc)
        }
        switch selectable(base, selection.base) {
        case .vertex(let found): vertex = found
        case let other: return other
        }
        if let arc = vertex.arc(label) { return present(arc, label, at: selection.at) }
        if vertex.list != nil, let name = label.string {
            return .bottom(
                bottom(.conflict, "invalid list index \(Quotation.string(name)) (type string)", at: selection.at))
        }
        return missing(label, in: vertex, at: selection.at)
    }

    private func missing(_ label: Label, in vertex: Vertex, at: Int) -> Resolution {
        let isFinal = vertex.kind == .structure && refuses(label, in: vertex) && vertex.tasks.isEmpty
        return .bottom(bottom(isFinal ? .conflict : .incomplete, "undefined field: \(label)", at: at))
    }

    private func index(_ base: Vertex, _ index: Index, _ environment: Environment?) -> Resolution {
        let vertex: Vertex
        switch selectable(base, index.base) {
        case .vertex(let found): vertex = found
        case let other: return other
        }
        let key = evaluate(index.index, environment)
        let at = index.index.at
        switch key {
        case .bottom(let bottom): return .bottom(bottom)
        case .scalar(.number(let number)):
            guard vertex.kind != .structure else {
                return .bottom(bottom(.conflict, "invalid struct index \(number) (type int)", at: at))
            }
            guard number.isInteger, let position = number.int else {
                return .bottom(bottom(.conflict, "cannot use \(number) (type float) as int in list index", at: at))
            }
            guard position >= 0 else {
                return .bottom(
                    bottom(
                        .conflict, "invalid index \(number) (index must be non-negative)", at: index.base.at))
            }
            if let arc = vertex.arc(.index(position)) { return .vertex(arc) }
            guard let list = vertex.list else {
                return .bottom(bottom(.incomplete, "undefined field: \(position)", at: at))
            }
            return .bottom(
                bottom(
                    list.isOpen ? .incomplete : .conflict,
                    "index out of range [\(position)] with length \(list.count)", at: at))
        case .scalar(.string(let name)):
            guard vertex.kind != .list else {
                return .bottom(bottom(.conflict, "invalid list index \(Quotation.string(name)) (type string)", at: at))
            }
            let label = Label.string(name)
            if let arc = vertex.arc(label) { return present(arc, label, at: at) }
            return missing(label, in: vertex, at: at)
        case .scalar(let scalar):
            return .bottom(bottom(.conflict, "invalid index \(scalar) (invalid type \(scalar.kind))", at: at))
        default:
            return .bottom(bottom(.incomplete, "non-concrete value \(text(key)) in index", at: at))
        }
    }
}
