// SPDX-License-Identifier: Apache-2.0

/// Doing what needs other values, in order, as far as it can be done.
extension Evaluation {
    /// True where something was done, so that it is worth going on.
    func runTasks(of vertex: Vertex) -> Bool {
        guard exceeded == nil else { return false }
        vertex.blocked = nil
        var isProgress = false
        for isLate in [false, true] {
            // Comprehensions see a struct when everything else is in it.
            if isLate, isProgress { break }
            if isLate, let shown = vertex.structureShown, vertex.kind != .structure, vertex.errors.isEmpty {
                _ = narrow(vertex, to: .structure, shown)
            }
            let tasks = vertex.tasks.filter { $0.isLate == isLate }
            guard !tasks.isEmpty else { continue }
            vertex.tasks.removeAll { $0.isLate == isLate }
            var waiting: [Task] = []
            for task in tasks {
                guard step() else { return false }
                if let blocked = run(task, of: vertex) {
                    waiting.append(task)
                    if vertex.blocked == nil { vertex.blocked = blocked }
                } else {
                    isProgress = true
                    vertex.expandedWith = -1
                    learn(vertex)
                }
            }
            vertex.tasks.insert(contentsOf: waiting, at: 0)
        }
        return isProgress || !vertex.forwarded.isEmpty || vertex.inserted < vertex.conjuncts.count
    }

    /// Does one task; what it waits for, if it must wait.
    private func run(_ task: Task, of vertex: Vertex) -> Bottom? {
        switch task {
        case .expression(let expression, let environment, let origin):
            return run(expression, environment, origin, of: vertex)
        case .comprehension(let comprehension, let environment, let origin, let entry):
            switch environments(of: comprehension, environment) {
            case .failure(let error): return settle(error.bottom, in: vertex)
            case .success(let found):
                for environment in found {
                    guard step() else { return nil }
                    insertBody(comprehension.body, environment, origin, entry, into: vertex)
                }
                return nil
            }
        case .dynamicField(let label, let presence, let value, let environment, let origin, let entry):
            switch evaluate(label, environment) {
            case .scalar(.string(let name)):
                entry.dynamicLabels.insert(.string(name))
                addField(.string(name), presence, value, environment, origin, to: vertex)
                return nil
            case .bottom(let error):
                guard error.isIncomplete else { return settle(error, in: vertex) }
                return bottom(
                    .incomplete,
                    "key value of dynamic field must be concrete, found _|_(\(error.message))", at: label.at)
            case .scalar(let scalar):
                return settle(
                    bottom(
                        .conflict,
                        "invalid dynamic field label: cannot use \(scalar) (type \(scalar.kind)) as type string",
                        at: label.at), in: vertex)
            case let other:
                return bottom(
                    .incomplete, "key value of dynamic field must be concrete, found \(text(other))", at: label.at)
            }
        case .pattern(let matcher, let value, let environment, let origin, let entry):
            let constraint = evaluate(matcher, environment)
            if case .bottom(let error) = constraint { return settle(error, in: vertex) }
            entry.unknownPatterns -= 1
            entry.matchers.append(constraint)
            let pattern = Pattern(matcher: constraint, value: value, environment: environment, origin: origin)
            vertex.patterns.append(pattern)
            for arc in vertex.arcs { apply(pattern, to: arc) }
            return nil
        case .list(let literal, let environment, let origin):
            return run(literal, environment, origin, of: vertex)
        }
    }

    /// Waits for what is incomplete; keeps what is a conflict.
    private func settle(_ error: Bottom, in vertex: Vertex) -> Bottom? {
        if error.isIncomplete { return error }
        if !vertex.errors.contains(where: { $0 === error }) { vertex.errors.append(error) }
        return nil
    }

    private func run(
        _ expression: Expression, _ environment: Environment?, _ origin: Origin, of vertex: Vertex
    ) -> Bottom? {
        switch expression {
        case .reference, .selection, .index:
            switch resolve(expression, environment) {
            case .bottom(let error): return settle(error, in: vertex)
            case .value(let value):
                insert(value, origin, shown: shown(value), into: vertex)
                return nil
            case .vertex(let target):
                if share(vertex, with: target, expression, environment, origin) {
                    evaluate(target)
                    return nil
                }
                refer(
                    to: target, from: vertex, origin, by: identity(of: expression),
                    isDefinition: namesDefinition(expression))
                return nil
            }
        default:
            let value = evaluate(expression, environment)
            if case .bottom(let error) = value { return settle(error, in: vertex) }
            insert(value, origin, shown: .value(value), into: vertex)
            return nil
        }
    }

    private func shown(_ value: Value) -> Shown { .value(value) }

    /// A list whose elements are computed.
    private func run(
        _ literal: ListLiteral, _ environment: Environment?, _ origin: Origin, of vertex: Vertex
    ) -> Bottom? {
        var conjuncts: [Conjunct] = []
        let inner = origin
        for element in literal.elements {
            switch element {
            case .value(let value): conjuncts.append(Conjunct(node: .expression(value, environment), origin: inner))
            case .comprehension(let comprehension):
                guard let environment else { continue }
                switch environments(of: comprehension, environment) {
                case .failure(let error): return settle(error.bottom, in: vertex)
                case .success(let found):
                    for environment in found {
                        conjuncts.append(
                            Conjunct(node: .expression(.structure(comprehension.body), environment), origin: inner))
                    }
                }
            }
        }
        insert(
            elements: conjuncts, isOpen: literal.isOpen,
            rest: literal.rest.map { Conjunct(node: .expression($0, environment), origin: inner) }, origin,
            shown: .expression(.list(literal)), at: literal.at, into: vertex)
        return nil
    }

    // MARK: Comprehensions

    struct Stop {
        let bottom: Bottom
    }

    /// What was asked for, or why there is none.
    enum Outcome<Success> {
        case success(Success)
        case failure(Stop)
    }

    /// The environments in which the body of a comprehension is to be put in.
    func environments(of comprehension: Comprehension, _ environment: Environment) -> Outcome<[Environment]> {
        var found: [Environment] = []
        var sources: [Vertex] = []
        if let stop = collect(comprehension.clauses[...], environment, &found, &sources) {
            return .failure(Stop(bottom: stop))
        }
        for source in sources where source.kind == .structure { source.isFrozen = true }
        return .success(found)
    }

    private func collect(
        _ clauses: ArraySlice<Comprehension.Clause>, _ environment: Environment, _ found: inout [Environment],
        _ sources: inout [Vertex]
    ) -> Bottom? {
        guard enter() else {
            leave()
            return bottom(.incomplete, "a bound was reached")
        }
        defer { leave() }
        guard let clause = clauses.first else {
            found.append(environment)
            return nil
        }
        let rest = clauses.dropFirst()
        switch clause {
        case .condition(let condition):
            switch evaluate(condition, environment) {
            case .bottom(let error): return error
            case .scalar(.bool(let isTrue)): return isTrue ? collect(rest, environment, &found, &sources) : nil
            case .scalar(let scalar):
                return bottom(.conflict, "cannot use \(scalar) (type \(scalar.kind)) as type bool", at: condition.at)
            case .vertex(let vertex) where vertex.resolved.kind.isDisjoint(with: .bool):
                return bottom(
                    .conflict, "cannot use \(text(condition)) (type \(vertex.resolved.kind)) as type bool",
                    at: condition.at)
            case let other: return bottom(.incomplete, "incomplete bool: \(text(other))")
            }
        case .letClause(let name, let value):
            let holder = makeTemporary(in: environment.vertex)
            let inner = makeEnvironment(up: environment, vertex: holder)
            let bound = makeTemporary(in: environment.vertex)
            bound.conjuncts.append(Conjunct(node: .expression(value, environment), origin: Origin()))
            holder.bind(.string(name), to: bound)
            return collect(rest, inner, &found, &sources)
        case .forEach(let key, let value, let source):
            let vertex: Vertex
            switch whole(evaluate(source, environment)) {
            case .bottom(let error): return error
            case .vertex(let found): vertex = found.resolved
            case .data(let data): vertex = anonymous(.data(data))
            case .scalar(let scalar):
                return bottom(
                    .conflict, "cannot range over \(text(source)) (found \(scalar.kind), want list or struct)",
                    at: source.at)
            case let other:
                return bottom(.incomplete, "cannot range over \(text(source)) (incomplete type \(text(other)))")
            }
            evaluate(vertex)
            guard vertex.kind == .structure || vertex.kind == .list else {
                return bottom(
                    .incomplete, "cannot range over \(text(source)) (incomplete type \(vertex.kind))", at: source.at)
            }
            if vertex.isProcessing, vertex.arcs.isEmpty {
                return bottom(.cycle, "cycle with field: \(text(source))")
            }
            sources.append(vertex)
            for arc in vertex.arcs where arc.presence == .regular {
                let name: Scalar
                switch arc.label {
                case .string(let label)?: name = .string(label)
                case .index(let position)?: name = .number(Number(position))
                default: continue
                }
                guard step() else { return nil }
                let holder = makeTemporary(in: environment.vertex)
                if let key {
                    let bound = makeTemporary(in: environment.vertex)
                    bound.conjuncts.append(Conjunct(node: .value(.scalar(name)), origin: Origin()))
                    holder.bind(.string(key), to: bound)
                }
                holder.bind(.string(value), to: arc)
                let inner = makeEnvironment(up: environment, vertex: holder)
                if let stop = collect(rest, inner, &found, &sources) { return stop }
            }
            return nil
        }
    }

    /// Puts in the body of a comprehension, which belongs to the struct that the comprehension stands in.
    private func insertBody(
        _ body: StructLiteral, _ environment: Environment, _ origin: Origin, _ entry: StructEntry, into vertex: Vertex
    ) {
        insert(body, environment, origin, into: vertex)
    }
}
