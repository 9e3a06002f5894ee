// SPDX-License-Identifier: Apache-2.0

/// What is reported when everything is evaluated.
extension Evaluation {
    /// All conflicts, in the order of the reference implementation: that of the fields, what is within one before the
    /// field itself; each once.
    func conflicts(concrete: Bool) -> [Bottom] {
        var found: [Bottom] = []
        collect(root, concrete: concrete, into: &found)
        var seen: Set<String> = []
        return found.filter { seen.insert(CUE.path($0.path) + ": " + $0.message).inserted }
    }

    private func collect(_ vertex: Vertex, concrete: Bool, into found: inout [Bottom]) {
        guard found.count < CUELimits.reportedConflicts * 8 else { return }
        guard enter() else { return leave() }
        defer { leave() }
        // What is a document's alone is without conflict and concrete.
        if vertex.inserted == 0, vertex.errors.isEmpty, !vertex.isFinished { return }
        let resolved = vertex.resolved
        if resolved !== vertex { found += vertex.errors.filter { !$0.isIncomplete } }
        // Told where it belongs; what belongs nowhere is told here.
        if vertex.shared != nil, !concrete, isInTree(resolved) { return }
        let own = resolved.errors.filter { !$0.isIncomplete }
        defer { found += own.flatMap { [$0] + Self.parts(of: $0) } }
        if concrete, own.isEmpty { checkConcrete(resolved, into: &found) }
        if !resolved.alternatives.isEmpty { return }
        for arc in resolved.arcs {
            switch arc.presence {
            case .optional: continue
            case .required:
                if concrete {
                    found.append(
                        Bottom(.conflict, path: arc.path, message: "field is required but not present"))
                }
                collect(arc, concrete: false, into: &found)
            case .regular:
                let isSchema = arc.label?.isDefinition ?? false
                collect(arc, concrete: concrete && !isSchema && arc.label?.isHidden == false, into: &found)
            }
        }
    }

    private func isInTree(_ vertex: Vertex) -> Bool {
        var current = vertex
        while let parent = current.parent ?? current.original {
            if let label = current.label, current.original == nil, parent.resolved.arc(label) !== current,
                parent.arc(label) !== current
            {
                return false
            }
            guard current.label != nil || current.original != nil else { return false }
            if current.label != nil, current.presence == .optional { return false }
            current = parent
        }
        return current === root
    }

    private static func parts(of bottom: Bottom) -> [Bottom] { bottom.parts.flatMap { [$0] + parts(of: $0) } }

    private func checkConcrete(_ vertex: Vertex, into found: inout [Bottom]) {
        var vertex = vertex
        if !vertex.alternatives.isEmpty {
            let defaults = vertex.alternatives.filter(\.isDefault)
            guard defaults.count == 1 else {
                found.append(
                    Bottom(.conflict, path: vertex.path, message: "incomplete value \(text(.vertex(vertex)))"))
                return
            }
            vertex = defaults[0].vertex.resolved
            collect(vertex, concrete: true, into: &found)
            return
        }
        if let blocked = vertex.blocked {
            found.append(Bottom(.conflict, path: vertex.path, message: blocked.message, at: blocked.at))
        } else if vertex.scalar == nil, vertex.list == nil, vertex.structureShown == nil,
            !vertex.structures.contains(where: { !$0.isOpen || !$0.labels.isEmpty }), vertex.kind != .null
        {
            found.append(Bottom(.conflict, path: vertex.path, message: "incomplete value \(text(.vertex(vertex)))"))
        }
        for validator in vertex.validators {
            guard case .evaluated(.minFields) = validator.function, let first = validator.arguments.first,
                case .scalar(.number(let bound)) = first, let least = bound.int
            else { continue }
            let count = fieldCount(of: vertex)
            if count < least {
                found.append(
                    Bottom(
                        .conflict, path: vertex.path,
                        message: "invalid value \(text(.vertex(vertex))) (does not satisfy "
                            + "\(text(.validator(validator)))): len(fields) < MinFields(\(least)) (\(count) < \(least))"
                    ))
            }
        }
    }
}
