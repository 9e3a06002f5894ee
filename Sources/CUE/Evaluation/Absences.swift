// SPDX-License-Identifier: Apache-2.0
import JSON

/// What a document lacks of that which a policy names.
extension Evaluation {
    /// Every field of the result that the document does not have, the outermost of those within each other.
    func absences(from document: JSONValue) -> [Bottom] {
        var found: [Bottom] = []
        collectAbsences(root, document, into: &found)
        return found
    }

    private func collectAbsences(_ vertex: Vertex, _ value: JSONValue, into found: inout [Bottom]) {
        guard found.count < CUELimits.reportedConflicts else { return }
        guard enter() else { return leave() }
        defer { leave() }
        var resolved = vertex.resolved
        // Several alternatives without one default are told as incomplete.
        let defaults = resolved.alternatives.filter(\.isDefault)
        if defaults.count == 1 { resolved = defaults[0].vertex.resolved }
        for arc in resolved.arcs where arc.presence == .regular {
            // What is the document's alone nobody demands.
            if arc.inserted == 0, !arc.isFinished { continue }
            let member: JSONValue?
            switch arc.label {
            case .string(let name)?: member = value[name]
            case .index(let index)?: member = value.kind == .array ? Self.element(index, of: value) : nil
            case .definition?, .hidden?, nil: continue
            }
            if let member {
                collectAbsences(arc, member, into: &found)
            } else {
                found.append(Bottom(.conflict, path: arc.path, message: "field is required but not present"))
            }
        }
    }

    private static func element(_ index: Int, of list: JSONValue) -> JSONValue? {
        guard index >= 0, index < list.count else { return nil }
        return list.elements.enumerated().first { $0.offset == index }?.element
    }
}
