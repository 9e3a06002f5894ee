// SPDX-License-Identifier: Apache-2.0

/// Being what is referred to: a vertex takes over the conjuncts of another, or becomes the other.
extension Evaluation {
    /// Whether an expression names something by way of a definition.
    func namesDefinition(_ expression: Expression) -> Bool {
        switch expression {
        case .reference(let reference):
            if case .field(let label) = reference.target { return label.isDefinition }
            return false
        case .selection(let selection): return selection.label.isDefinition || namesDefinition(selection.base)
        case .index(let index): return namesDefinition(index.base)
        default: return false
        }
    }

    /// Whoever refers to `target` is all that `target` is.
    func refer(
        to target: Vertex, from vertex: Vertex, _ origin: Origin, by reference: ObjectIdentifier? = nil,
        isDefinition: Bool = false
    ) {
        // What refers to itself says nothing.
        var own: Vertex? = vertex
        while let current = own {
            if current === target { return }
            own = current.original
        }
        var origin = origin
        var isCycle = false
        var count = 0
        // Through anonymous vertices too: an expression within a field belongs to the field.
        var above = vertex.parent ?? vertex.original?.parent
        while let current = above {
            if current === target || current.original === target {
                origin.isCyclic = true
                isCycle = true
                break
            }
            above = current.parent ?? current.original?.parent
        }
        let identity = reference ?? ObjectIdentifier(target)
        var link = origin.references
        while let current = link {
            if current.reference == identity, current.target === target {
                if current.holder === vertex { return }
                origin.isCyclic = true
                isCycle = true
                break
            }
            count += 1
            if count % 16 == 0, !step() { return }
            link = current.next
        }
        let isClosed = isDefinition || closes(target, vertex)
        origin.references = ReferenceLink(
            reference: identity, target: target, holder: vertex, next: origin.references)
        origin.scope = CloseScope(parent: origin.scope, closing: isClosed ? .recursive : .none)
        if target.isOnceClosed {
            origin.scope = CloseScope(parent: origin.scope, closing: .here(vertex))
        }
        if isCycle {
            vertex.cyclic.append((target, origin))
        } else {
            take(from: target, into: vertex, origin)
        }
    }

    private func take(from target: Vertex, into vertex: Vertex, _ origin: Origin) {
        target.subscribers.append(Subscription(subscriber: vertex, origin: origin))
        for conjunct in target.conjuncts {
            insert(Conjunct(node: conjunct.node, origin: origin), into: vertex)
        }
    }

    /// What refers to the place that it stands in would go on without end, unless something else, such as the document,
    /// says where it ends.
    func admitCyclic(of vertex: Vertex) -> Bool {
        guard !vertex.cyclic.isEmpty, exceeded == nil else { return false }
        guard vertex.hasOther else {
            reportOnce("structural cycle", .structuralCycle, in: vertex)
            return false
        }
        let cyclic = vertex.cyclic
        vertex.cyclic = []
        for item in cyclic { take(from: item.target, into: vertex, item.origin) }
        return true
    }

    /// Where a reference is all that a vertex says, both are one: it costs nothing, and a conflict is told once.
    func share(
        _ vertex: Vertex, with target: Vertex, _ expression: Expression, _ environment: Environment?, _ origin: Origin
    ) -> Bool {
        guard vertex.conjuncts.count == 1, vertex.inserted == 1, vertex.forwarded.isEmpty, vertex.tasks.isEmpty,
            vertex.original == nil, vertex.parent != nil, !vertex.isProbe, !vertex.isOnceClosed,
            vertex.structures.isEmpty, vertex.kindShown == nil, vertex.disjunctions.isEmpty, vertex.cyclic.isEmpty,
            vertex.subscribers.isEmpty, vertex.arcs.isEmpty, vertex.errors.isEmpty, vertex.validators.isEmpty,
            !target.isOnceClosed, target.original == nil, !target.isProbe, vertex.label?.isDefinition != true
        else { return false }
        guard case .expression(let own, _) = vertex.conjuncts[0].node, identity(of: own) == identity(of: expression),
            identity(of: own) != nil, !origin.isCyclic
        else { return false }
        var scope = origin.scope
        while let current = scope {
            guard case .none = current.closing else { return false }
            scope = current.parent
        }
        // Neither in a circle of references nor within the other.
        var reached: Vertex? = target
        while let current = reached {
            if current === vertex { return false }
            reached = current.chosen
        }
        var above = vertex.parent
        while let current = above {
            if current === target || current === target.resolved || current.original === target { return false }
            above = current.parent ?? current.original?.parent
        }
        vertex.shared = .expression(expression, environment, origin)
        vertex.chosen = target
        return true
    }

    func identity(of expression: Expression) -> ObjectIdentifier? {
        switch expression {
        case .reference(let reference): ObjectIdentifier(reference)
        case .selection(let selection): ObjectIdentifier(selection)
        case .index(let index): ObjectIdentifier(index)
        default: nil
        }
    }

    /// What is in a definition, or closed by one, is closed for whoever refers to it from outside.
    private func closes(_ target: Vertex, _ vertex: Vertex) -> Bool {
        if isClosedRecursively(target.resolved) { return true }
        var above: Vertex? = target
        while let current = above {
            if current.label?.isDefinition == true { return !isWithin(vertex, current) }
            above = current.parent ?? current.original?.parent
        }
        return false
    }

    private func isWithin(_ vertex: Vertex, _ other: Vertex) -> Bool {
        var above: Vertex? = vertex
        while let current = above {
            if current === other || current.original === other || current === other.original { return true }
            above = current.parent ?? current.original?.parent
        }
        return false
    }
}
