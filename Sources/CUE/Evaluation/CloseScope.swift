// SPDX-License-Identifier: Apache-2.0

/// Which conjuncts belong together where a struct is closed: a definition that is referred to, what is embedded in a
/// struct, and the struct itself. They form a tree; a closed scope lets in what its own conjuncts have, and, where it is
/// embedded, what is written around it.
final class CloseScope {
    enum Closing {
        case none
        /// A definition: it and all that is in it.
        case recursive
        /// `close()`: this vertex alone.
        case here(Vertex)
    }

    let parent: CloseScope?
    let closing: Closing
    let isEmbedded: Bool

    init(parent: CloseScope?, closing: Closing = .none, isEmbedded: Bool = false) {
        self.parent = parent
        self.closing = closing
        self.isEmbedded = isEmbedded
    }

    func isWithin(_ other: CloseScope) -> Bool {
        var scope: CloseScope? = self
        while let current = scope {
            if current === other { return true }
            scope = current.parent
        }
        return false
    }
}

/// A struct literal within a vertex, and what it lets in.
final class StructEntry {
    let labels: Set<Label>
    var isOpen: Bool
    let scope: CloseScope?
    var dynamicLabels: Set<Label> = []
    var matchers: [Value] = []
    /// Patterns that are not known yet let in everything until they are.
    var unknownPatterns = 0

    init(labels: Set<Label>, isOpen: Bool, scope: CloseScope?) {
        self.labels = labels
        self.isOpen = isOpen
        self.scope = scope
    }
}

extension Evaluation {
    /// Whether anything closes the struct, for itself or as part of a definition.
    func isClosed(_ vertex: Vertex) -> Bool { !closingScopes(of: vertex).isEmpty }

    func isClosedRecursively(_ vertex: Vertex) -> Bool {
        closingScopes(of: vertex).contains { scope in
            if case .recursive = scope.closing { return true }
            return false
        }
    }

    /// The closed scopes that the structs of a vertex stand in.
    private func closingScopes(of vertex: Vertex) -> [CloseScope] {
        var found: [CloseScope] = []
        for entry in vertex.structures {
            var scope = entry.scope
            while let current = scope {
                switch current.closing {
                case .none: break
                case .recursive: if !found.contains(where: { $0 === current }) { found.append(current) }
                case .here(let holder):
                    if holder === vertex, !found.contains(where: { $0 === current }) { found.append(current) }
                }
                scope = current.parent
            }
        }
        return found
    }

    /// Reports the fields that a closed struct does not have.
    func checkClosedness(of vertex: Vertex) {
        let scopes = closingScopes(of: vertex)
        guard !scopes.isEmpty, vertex.list == nil else { return }
        for arc in vertex.arcs where arc.presence != .optional {
            guard let label = arc.label, !label.isHidden else { continue }
            if case .index = label { continue }
            guard step() else { return }
            for scope in scopes where !admits(label, scope, vertex) {
                if !arc.errors.contains(where: { $0.message == "field not allowed" }) {
                    arc.errors.append(Bottom(.conflict, path: arc.path, message: "field not allowed"))
                }
                break
            }
        }
    }

    /// Whether a field that is not there would be refused.
    func refuses(_ label: Label, in vertex: Vertex) -> Bool {
        if case .index = label { return false }
        return closingScopes(of: vertex).contains { !admits(label, $0, vertex) }
    }

    private func admits(_ label: Label, _ closed: CloseScope, _ vertex: Vertex) -> Bool {
        var scope = closed
        var excluded: CloseScope?
        while true {
            for entry in vertex.structures {
                guard let own = entry.scope, own.isWithin(scope) else { continue }
                if let excluded, own.isWithin(excluded) { continue }
                if provides(entry, label) { return true }
            }
            // What is written around an embedding counts; what the embedding is unified with does not.
            if scope.isEmbedded, let parent = scope.parent {
                excluded = scope
                scope = parent
            } else if let parent = scope.parent, parent.isEmbedded, let around = parent.parent {
                excluded = parent
                scope = around
            } else {
                return false
            }
        }
    }

    private func provides(_ entry: StructEntry, _ label: Label) -> Bool {
        if entry.isOpen || entry.unknownPatterns > 0 { return true }
        if entry.labels.contains(label) || entry.dynamicLabels.contains(label) { return true }
        guard let name = label.string else { return false }
        return entry.matchers.contains { matches(name, $0) }
    }
}
