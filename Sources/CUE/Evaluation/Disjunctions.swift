// SPDX-License-Identifier: Apache-2.0

/// Each alternative is tried in a vertex of its own, with all other conjuncts; what is in conflict falls away.
///
/// The specification's pairs of value and default: an alternative is a default if every disjunction that has defaults
/// offers it as one.
extension Evaluation {
    func insert(
        alternatives: [(conjunct: Conjunct, isDefault: Bool)], node: AnyObject, into vertex: Vertex
    ) {
        let identity = ObjectIdentifier(node)
        if let choice = choice(of: node, in: vertex), alternatives.indices.contains(choice) {
            insert(alternatives[choice].conjunct, into: vertex)
            return
        }
        let key = DisjunctionKey(node: identity, occurrence: vertex.occurrences[identity, default: 0])
        vertex.occurrences[identity] = key.occurrence + 1
        if alternatives.count == 1 {
            insert(alternatives[0].conjunct, into: vertex)
            return
        }
        vertex.disjunctions.append(PendingDisjunction(key: key, alternatives: alternatives, keep: node))
        vertex.expandedWith = -1
    }

    /// What this vertex tries of a disjunction, where it was made to try one.
    func choice(of node: AnyObject, in vertex: Vertex) -> Int? {
        guard !vertex.choices.isEmpty else { return nil }
        let identity = ObjectIdentifier(node)
        let occurrence = vertex.occurrences[identity, default: 0]
        guard let choice = vertex.choices[DisjunctionKey(node: identity, occurrence: occurrence)] else { return nil }
        vertex.occurrences[identity] = occurrence + 1
        return choice
    }

    /// Tries the alternatives of the first disjunction; each of them tries the next.
    func expand(_ vertex: Vertex) {
        guard let disjunction = vertex.disjunctions.first, vertex.errors.isEmpty else { return }
        // Tried again where something new may decide what was undecided.
        if vertex.expandedWith == vertex.conjuncts.count, vertex.attempted == epoch || isDecided(vertex) { return }
        vertex.expandedWith = vertex.conjuncts.count
        let before = (vertex.alternatives.count, vertex.chosen != nil)
        vertex.alternatives = []
        vertex.chosen = nil
        var failures: [Bottom] = []
        var found: [Found] = []
        let hasMarks = disjunction.alternatives.contains { $0.isDefault }
        for (position, alternative) in disjunction.alternatives.enumerated() {
            guard step() else { return }
            if let failure = quickFailure(alternative.conjunct, of: vertex) {
                failures.append(failure)
                continue
            }
            let clone = makeVertex(vertex.label, in: vertex.parent)
            clone.original = vertex
            clone.presence = vertex.presence
            clone.isProbe = vertex.isProbe
            clone.isTemporary = true
            clone.conjuncts = vertex.conjuncts
            clone.choices = vertex.choices
            clone.choices[disjunction.key] = position
            // Errors are told of the place in the result.
            evaluateDeeply(clone)
            guard exceeded == nil else { return }
            if let failure = conflict(in: clone) {
                failures += failure
                continue
            }
            let resolved = clone.resolved
            if resolved.alternatives.isEmpty {
                found.append(
                    Found(
                        vertex: resolved, hasDefaults: clone.hasDefaults,
                        isDefault: clone.hasDefaults && clone.isChosenDefault, isMarked: alternative.isDefault))
            } else {
                for inner in resolved.alternatives {
                    found.append(
                        Found(
                            vertex: inner.vertex, hasDefaults: resolved.hasDefaults, isDefault: inner.isDefault,
                            isMarked: alternative.isDefault))
                }
            }
        }
        conclude(vertex, found, failures, hasMarks: hasMarks)
        for alternative in vertex.alternatives { alternative.vertex.isTemporary = vertex.isTemporary }
        vertex.chosen?.isTemporary = vertex.isTemporary
        if before != (vertex.alternatives.count, vertex.chosen != nil) { learn(vertex) }
    }

    private func isDecided(_ vertex: Vertex) -> Bool {
        if let chosen = vertex.chosen { return chosen.isSettled }
        return vertex.alternatives.allSatisfy { $0.vertex.isSettled }
    }

    private struct Found {
        let vertex: Vertex
        /// Of the disjunctions within.
        let hasDefaults: Bool
        let isDefault: Bool
        let isMarked: Bool
    }

    private func conclude(_ vertex: Vertex, _ found: [Found], _ failures: [Bottom], hasMarks: Bool) {
        guard !found.isEmpty else {
            let count = failures.reduce(0) { $0 + $1.count }
            vertex.errors.append(
                Bottom(
                    .conflict, path: vertex.path, message: "\(count) errors in empty disjunction:", parts: failures))
            return
        }
        let hasDefaults = hasMarks || found.contains { $0.hasDefaults }
        var alternatives: [Alternative] = []
        var scalars: [Scalar: Int] = [:]
        for item in found {
            let isDefault: Bool
            if hasMarks {
                isDefault = item.isMarked && (!item.hasDefaults || item.isDefault)
            } else {
                isDefault = item.hasDefaults && item.isDefault
            }
            if let scalar = item.vertex.scalar, item.vertex.tasks.isEmpty {
                if let known = scalars[scalar] {
                    alternatives[known].isDefault = alternatives[known].isDefault || isDefault
                    continue
                }
                scalars[scalar] = alternatives.count
            } else if alternatives.count < 16,
                let known = alternatives.firstIndex(where: { isSameData($0.vertex, item.vertex) })
            {
                alternatives[known].isDefault = alternatives[known].isDefault || isDefault
                continue
            }
            alternatives.append(Alternative(vertex: item.vertex, isDefault: isDefault))
        }
        vertex.hasDefaults = hasDefaults
        if alternatives.count == 1 {
            vertex.chosen = alternatives[0].vertex
            vertex.isChosenDefault = alternatives[0].isDefault
        } else {
            vertex.alternatives = alternatives
        }
    }

    /// What is in conflict in an alternative; `nil` where nothing is.
    private func conflict(in vertex: Vertex) -> [Bottom]? {
        var found: [Bottom] = []
        collectConflicts(of: vertex, into: &found)
        return found.isEmpty ? nil : found
    }

    private func collectConflicts(of vertex: Vertex, into found: inout [Bottom]) {
        guard enter() else { return leave() }
        defer { leave() }
        let resolved = vertex.resolved
        if resolved !== vertex { found += vertex.errors.filter { !$0.isIncomplete } }
        if vertex.errors.contains(where: { $0.code == .structuralCycle }), resolved === vertex {
            found += vertex.errors
            return
        }
        found += resolved.errors.filter { !$0.isIncomplete }
        guard resolved.alternatives.isEmpty else { return }
        for arc in resolved.arcs where arc.presence != .optional && (arc.inserted > 0 || !arc.errors.isEmpty) {
            collectConflicts(of: arc, into: &found)
        }
    }

    /// A literal that cannot be what the vertex is known to be, without trying.
    private func quickFailure(_ conjunct: Conjunct, of vertex: Vertex) -> Bottom? {
        guard case .expression(.scalar(let scalar, _), _) = conjunct.node, let shown = vertex.kindShown else {
            return nil
        }
        if vertex.kind.isDisjoint(with: scalar.kind) {
            return Bottom(
                .conflict, path: vertex.path,
                message: "conflicting values \(text(shown)) and \(scalar) "
                    + "(mismatched types \(vertex.kind) and \(scalar.kind))")
        }
        if let known = vertex.scalar, known != scalar {
            return Bottom(.conflict, path: vertex.path, message: "conflicting values \(scalar) and \(known)")
        }
        return nil
    }

    /// Whether two are the same data, so that one of them is enough.
    func isSameData(_ left: Vertex, _ right: Vertex) -> Bool {
        guard enter() else {
            leave()
            return false
        }
        defer { leave() }
        let (left, right) = (left.resolved, right.resolved)
        if left === right { return true }
        guard left.alternatives.isEmpty, right.alternatives.isEmpty, left.tasks.isEmpty, right.tasks.isEmpty else {
            return false
        }
        if let scalar = left.scalar { return scalar == right.scalar }
        guard right.scalar == nil, left.kind == right.kind, left.arcs.count == right.arcs.count else { return false }
        guard left.kind == .list || left.kind == .structure else {
            return isSameConstraint(left, right)
        }
        guard isClosed(left) == isClosed(right), left.patterns.isEmpty, right.patterns.isEmpty else { return false }
        guard left.list?.isOpen == right.list?.isOpen, left.list?.rests.isEmpty != false,
            right.list?.rests.isEmpty != false
        else { return false }
        guard left.validators.isEmpty, right.validators.isEmpty else { return false }
        for arc in left.arcs {
            guard let label = arc.label, let other = right.arc(label), arc.presence == other.presence else {
                return false
            }
            evaluate(arc)
            evaluate(other)
            guard isSameData(arc, other) else { return false }
        }
        return true
    }

    private func isSameConstraint(_ left: Vertex, _ right: Vertex) -> Bool {
        func isSame(_ left: Bound?, _ right: Bound?) -> Bool {
            left?.relation == right?.relation && left?.operand == right?.operand
        }
        return isSame(left.lower, right.lower) && isSame(left.upper, right.upper) && left.checks.isEmpty
            && right.checks.isEmpty && left.validators.isEmpty && right.validators.isEmpty
    }
}
