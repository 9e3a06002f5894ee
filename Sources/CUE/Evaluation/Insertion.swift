// SPDX-License-Identifier: Apache-2.0
import JSON

/// Putting conjuncts into a vertex. What needs nothing else is put in at once; the rest becomes tasks.
extension Evaluation {
    /// Adds a conjunct from outside, whenever that is.
    func add(_ conjunct: Conjunct, to vertex: Vertex) {
        vertex.conjuncts.append(conjunct)
        if let task = vertex.shared {
            vertex.shared = nil
            vertex.chosen = nil
            vertex.tasks.append(task)
        }
        touch(vertex)
        guard !vertex.subscribers.isEmpty else { return }
        for subscription in vertex.subscribers {
            guard step() else { return }
            subscription.subscriber.forwarded.append(Conjunct(node: conjunct.node, origin: subscription.origin))
            touch(subscription.subscriber)
        }
    }

    private func touch(_ vertex: Vertex) {
        guard vertex.isFinished || vertex.isProcessing || vertex.inserted > 0 else { return }
        learn(vertex)
        var above: Vertex? = vertex
        while let current = above, current.isSettled || current === vertex {
            current.isSettled = false
            above = current.parent ?? current.original
        }
    }

    func insert(_ conjunct: Conjunct, into vertex: Vertex) {
        guard step() else { return }
        switch conjunct.node {
        case .expression(let expression, let environment):
            insert(expression, environment, conjunct.origin, into: vertex)
        case .json(let value): insert(value, conjunct.origin, into: vertex)
        case .data(let value): insert(value, conjunct.origin, into: vertex)
        case .value(let value): insert(value, conjunct.origin, shown: .value(value), into: vertex)
        }
    }

    func insert(_ expression: Expression, _ environment: Environment?, _ origin: Origin, into vertex: Vertex) {
        guard enter() else { return leave() }
        defer { leave() }
        switch expression {
        case .scalar(let scalar, _): insert(scalar, shown: .expression(expression), origin, into: vertex)
        case .bottom(let at):
            vertex.errors.append(
                Bottom(.conflict, path: [], message: "explicit error (_|_ literal) in source", at: at))
        case .top:
            note(origin, in: vertex)
        case .type, .function:
            if case .bottom(let error) = insertType(expression, origin, into: vertex) { vertex.errors.append(error) }
        case .structure(let literal): insert(literal, environment, origin, into: vertex)
        case .list(let literal):
            if literal.hasComprehension {
                vertex.tasks.append(.list(literal, environment, origin))
            } else {
                insert(literal, environment, origin, into: vertex)
            }
        case .binary(let operation) where operation.name == "&":
            insert(operation.left, environment, origin, into: vertex)
            insert(operation.right, environment, origin, into: vertex)
        case .disjunction(let disjunction):
            if let choice = choice(of: disjunction, in: vertex) {
                guard disjunction.alternatives.indices.contains(choice) else { return }
                insert(disjunction.alternatives[choice].value, environment, origin, into: vertex)
                return
            }
            let alternatives = disjunction.alternatives.map { alternative in
                (
                    conjunct: Conjunct(node: .expression(alternative.value, environment), origin: origin),
                    isDefault: alternative.isDefault
                )
            }
            insert(alternatives: alternatives, node: disjunction, into: vertex)
        default: vertex.tasks.append(.expression(expression, environment, origin))
        }
    }

    private func insertType(_ expression: Expression, _ origin: Origin, into vertex: Vertex) -> Value {
        switch expression {
        case .type(let type):
            insert(type, shown: .expression(expression), origin, into: vertex)
            return .top
        case .function(let function):
            let value = constraint(of: function, [], at: 0)
            if case .bottom = value { return value }
            insert(value, origin, shown: .value(value), into: vertex)
            return .top
        default: return .top
        }
    }

    // MARK: Structs

    func insert(_ literal: StructLiteral, _ environment: Environment?, _ origin: Origin, into vertex: Vertex) {
        var origin = origin
        note(origin, in: vertex)
        if literal.hasEmbedding { origin.scope = CloseScope(parent: origin.scope) }
        let entry = StructEntry(labels: literal.labels, isOpen: literal.isOpen, scope: origin.scope)
        vertex.structures.append(entry)
        if literal.isSurelyStruct { vertex.structureShown = .expression(.structure(literal)) }
        let own = makeEnvironment(up: environment, vertex: vertex)
        for declaration in literal.declarations {
            guard step() else { return }
            switch declaration {
            case .field(let label, let presence, let value):
                addField(label, presence, value, own, origin, to: vertex)
            case .dynamicField(let label, let presence, let value):
                vertex.tasks.append(.dynamicField(label, presence, value, own, origin, entry))
            case .pattern(let matcher, let value):
                entry.unknownPatterns += 1
                vertex.tasks.append(.pattern(matcher, value, own, origin, entry))
            case .embedding(let value):
                var embedded = origin
                embedded.scope = CloseScope(parent: origin.scope, isEmbedded: true)
                insert(value, own, embedded, into: vertex)
            case .comprehension(let comprehension):
                vertex.tasks.append(.comprehension(comprehension, own, origin, entry))
            case .ellipsis, .letClause: break
            }
        }
    }

    func note(_ origin: Origin, in vertex: Vertex) {
        if !origin.isCyclic { vertex.hasOther = true }
    }

    func addField(
        _ label: Label, _ presence: Presence, _ value: Expression, _ environment: Environment, _ origin: Origin,
        to vertex: Vertex
    ) {
        addArc(label, presence, Conjunct(node: .expression(value, environment), origin: origin), to: vertex)
    }

    /// Adds a conjunct to a field, which may be new.
    func addArc(_ label: Label, _ presence: Presence, _ conjunct: Conjunct, to vertex: Vertex) {
        guard step() else { return }
        if let arc = vertex.arc(label) {
            if presence > arc.presence {
                if arc.presence != .regular, presence == .regular { grow(vertex, by: label) }
                arc.presence = presence
                touch(arc)
                learn(vertex)
                markUnsettled(vertex)
            }
            add(conjunct, to: arc)
            return
        }
        if presence == .regular { grow(vertex, by: label) }
        let arc = makeVertex(label, in: vertex)
        arc.presence = presence
        arc.conjuncts.append(conjunct)
        vertex.append(arc, label)
        learn(vertex)
        markUnsettled(vertex)
        for pattern in vertex.patterns { apply(pattern, to: arc) }
    }

    private func markUnsettled(_ vertex: Vertex) {
        var above: Vertex? = vertex
        while let current = above, current.isSettled {
            current.isSettled = false
            above = current.parent
        }
    }

    private func grow(_ vertex: Vertex, by label: Label) {
        guard vertex.isFrozen, label.string != nil else { return }
        vertex.errors.append(
            bottom(.conflict, "adding field \(label) not allowed as field set was already referenced"))
    }

    func apply(_ pattern: Pattern, to arc: Vertex) {
        guard let name = arc.label?.string, matches(name, pattern.matcher) else { return }
        let environment = makeEnvironment(
            up: pattern.environment, vertex: pattern.environment.vertex, matched: arc.label)
        add(Conjunct(node: .expression(pattern.value, environment), origin: pattern.origin), to: arc)
    }

    // MARK: Lists

    func insert(_ literal: ListLiteral, _ environment: Environment?, _ origin: Origin, into vertex: Vertex) {
        var conjuncts: [Conjunct] = []
        let inner = origin
        for element in literal.elements {
            guard case .value(let value) = element else { continue }
            conjuncts.append(Conjunct(node: .expression(value, environment), origin: inner))
        }
        insert(
            elements: conjuncts, isOpen: literal.isOpen,
            rest: literal.rest.map { Conjunct(node: .expression($0, environment), origin: inner) }, origin,
            shown: .expression(.list(literal)), at: literal.at, into: vertex)
    }

    func insert(
        elements: [Conjunct], isOpen: Bool, rest: Conjunct?, _ origin: Origin, shown: Shown, at: Int?,
        into vertex: Vertex
    ) {
        guard narrow(vertex, to: .list, shown) else { return }
        note(origin, in: vertex)
        var shape = vertex.list ?? ListShape(count: 0, isOpen: true)
        let count = shape.count
        if (!shape.isOpen && elements.count > count) || (!isOpen && elements.count < count)
            || (!shape.isOpen && !isOpen && elements.count != count)
        {
            vertex.errors.append(
                bottom(
                    .conflict,
                    "incompatible list lengths (\(min(count, elements.count)) and \(max(count, elements.count)))",
                    at: shape.at ?? at))
        }
        shape.count = max(count, elements.count)
        shape.isOpen = shape.isOpen && isOpen
        shape.at = shape.at ?? at
        let earlier = shape.rests
        if let rest { shape.rests.append((elements.count, rest)) }
        vertex.list = shape
        for (position, element) in elements.enumerated() {
            addArc(.index(position), .regular, element, to: vertex)
        }
        // Elements that are new, against what was asked of further ones; and all, against what is asked now.
        for position in 0..<shape.count {
            guard step(), let arc = vertex.arc(.index(position)) else { return }
            if position >= count {
                for item in earlier where position >= item.from { add(item.conjunct, to: arc) }
            }
            if let rest, position >= elements.count { add(rest, to: arc) }
        }
    }

    // MARK: Documents

    func insert(_ value: JSONValue, _ origin: Origin, into vertex: Vertex) {
        switch value.kind {
        case .object:
            note(origin, in: vertex)
            vertex.structureShown = .json(value)
            for member in value.members {
                addArc(.string(member.name), .regular, Conjunct(node: .json(member.value), origin: origin), to: vertex)
            }
        case .array:
            var elements: [Conjunct] = []
            for element in value.elements { elements.append(Conjunct(node: .json(element), origin: origin)) }
            guard step(elements.count) else { return }
            insert(
                elements: elements, isOpen: false, rest: nil, origin, shown: .json(value), at: nil, into: vertex)
        default:
            guard let scalar = scalar(value) else {
                vertex.errors.append(bottom(.conflict, "a number of the document is beyond what is supported"))
                exceed("a number of the document is beyond what is supported")
                return
            }
            insert(scalar, shown: .json(value), origin, into: vertex)
        }
    }

    func scalar(_ value: JSONValue) -> Scalar? {
        if let string = value.string { return .string(string) }
        if let bool = value.bool { return .bool(bool) }
        if value.isNull { return .null }
        return value.numberText.flatMap { Number(json: $0) }.map { .number($0) }
    }

    func insert(_ value: BuiltinValue, _ origin: Origin, into vertex: Vertex) {
        switch value {
        case .structure(let fields):
            note(origin, in: vertex)
            vertex.structureShown = .data(value)
            vertex.structures.append(
                StructEntry(labels: Set(fields.map { .string($0.name) }), isOpen: false, scope: origin.scope))
            for field in fields {
                addArc(.string(field.name), .regular, Conjunct(node: .data(field.value), origin: origin), to: vertex)
            }
        case .list(let elements):
            insert(
                elements: elements.map { Conjunct(node: .data($0), origin: origin) }, isOpen: false, rest: nil, origin,
                shown: .data(value), at: nil, into: vertex)
        case .null, .bool, .number, .string, .bytes:
            if let scalar = value.scalar { insert(scalar, shown: .data(value), origin, into: vertex) }
        }
    }
}
