// SPDX-License-Identifier: Apache-2.0
import JSON
import RE2

/// One evaluation: a tree of vertices, and what it may still cost.
///
/// A bound that is reached is kept in `exceeded`, and everything ends quickly from then on; whoever asks must look at it
/// before any answer counts.
final class Evaluation {
    private(set) var exceeded: String?
    private(set) var steps = 0
    private let mostSteps: Int
    private var depth = 0
    private var textBytes = 0
    private var vertices: [Vertex] = []
    private var environments: [Environment] = []
    /// Counts what was learned, so that what is blocked is tried again only then.
    var epoch = 0
    /// The vertex that errors are told of.
    var current: Vertex
    let root: Vertex
    var expressions: [String: Result<RegularExpression, RegularExpressionError>] = [:]

    init(documentBytes: Int = 0) {
        mostSteps = CUELimits.steps(documentBytes: documentBytes)
        root = Vertex(label: nil, parent: nil)
        current = root
        vertices.append(root)
    }

    /// Takes the circles apart.
    func end() {
        for environment in environments { environment.lets = [:] }
        for vertex in vertices { vertex.dismantle() }
        vertices = []
        environments = []
    }

    // MARK: Bounds

    /// Counts one step; false where everything is to end.
    func step(_ count: Int = 1) -> Bool {
        steps += count
        if steps > mostSteps, exceeded == nil {
            exceeded = "the evaluation takes more than \(mostSteps) steps"
        }
        return exceeded == nil
    }

    /// Counts one level; to be undone by `leave` in any case.
    func enter() -> Bool {
        depth += 1
        if depth > CUELimits.depth, exceeded == nil {
            exceeded = "the evaluation is nested deeper than \(CUELimits.depth) levels"
        }
        return step()
    }

    func leave() { depth -= 1 }

    func admit(bytes: Int) -> Bool {
        textBytes += bytes
        if textBytes > CUELimits.textBytes, exceeded == nil {
            exceeded = "the evaluation makes more than \(CUELimits.textBytes) bytes of text"
        }
        return exceeded == nil
    }

    func exceed(_ what: String) {
        if exceeded == nil { exceeded = what }
    }

    func makeVertex(_ label: Label?, in parent: Vertex?) -> Vertex {
        let vertex = Vertex(label: label, parent: parent)
        vertices.append(vertex)
        if vertices.count > CUELimits.values, exceeded == nil {
            exceeded = "the evaluation makes more than \(CUELimits.values) values"
        }
        return vertex
    }

    func makeEnvironment(up: Environment?, vertex: Vertex, matched: Label? = nil) -> Environment {
        let environment = Environment(up: up, vertex: vertex, matched: matched)
        environments.append(environment)
        return environment
    }

    /// Something is known of a vertex that was not before. What is made anew for each attempt does not count, or there
    /// would be no end of attempts.
    func learn(_ vertex: Vertex) {
        var above: Vertex? = vertex
        while let current = above {
            if current.isTemporary { return }
            above = current.parent
        }
        epoch += 1
    }

    // MARK: Errors

    func bottom(_ code: Bottom.Code = .conflict, _ message: String, at: Int? = nil) -> Bottom {
        Bottom(code, path: current.path, message: message, at: at)
    }

    func failure(_ message: String, at: Int? = nil) -> Value { .bottom(bottom(.conflict, message, at: at)) }

    func incomplete(_ message: String, at: Int? = nil) -> Value { .bottom(bottom(.incomplete, message, at: at)) }

    // MARK: Evaluating

    /// Learns what can be learned of a vertex itself; of its fields only that they are there.
    func evaluate(_ vertex: Vertex) {
        if vertex.isProcessing { return }
        let hasNews = vertex.inserted < vertex.conjuncts.count || !vertex.forwarded.isEmpty
        if vertex.isFinished, !hasNews, vertex.isDone || vertex.attempted == epoch { return }
        let outer = current
        defer {
            leave()
            vertex.isProcessing = false
            current = outer
        }
        vertex.isProcessing = true
        guard enter() else { return }
        current = vertex
        repeat {
            insertNews(into: vertex)
        } while runTasks(of: vertex) || admitCyclic(of: vertex)
        let attempted = epoch
        finish(vertex)
        vertex.attempted = attempted
        vertex.isFinished = true
    }

    private func insertNews(into vertex: Vertex) {
        while exceeded == nil {
            if vertex.inserted < vertex.conjuncts.count {
                let conjunct = vertex.conjuncts[vertex.inserted]
                vertex.inserted += 1
                insert(conjunct, into: vertex)
            } else if !vertex.forwarded.isEmpty {
                insert(vertex.forwarded.removeFirst(), into: vertex)
            } else {
                return
            }
            vertex.expandedWith = -1
        }
    }

    /// Evaluates a vertex and all that is in it.
    func evaluateDeeply(_ vertex: Vertex) {
        guard !vertex.isSettled, exceeded == nil else { return }
        if vertex.isDeepening { return }
        // What is a document's and nothing else's is without conflict.
        if vertex.inserted == 0, vertex.conjuncts.count == 1, case .json = vertex.conjuncts[0].node { return }
        guard enter() else { return leave() }
        vertex.isDeepening = true
        defer {
            vertex.isDeepening = false
            leave()
        }
        evaluate(vertex)
        if vertex.errors.contains(where: { $0.code == .structuralCycle }) { return }
        let resolved = vertex.resolved
        if resolved !== vertex {
            if resolved.isDeepening, vertex.shared != nil {
                let outer = current
                current = vertex
                reportOnce("structural cycle", .structuralCycle, in: vertex)
                current = outer
                return
            }
            evaluateDeeply(resolved)
            vertex.isSettled = resolved.isSettled && vertex.tasks.isEmpty && !vertex.isProcessing
            return
        }
        guard vertex.alternatives.isEmpty else {
            vertex.isSettled =
                vertex.tasks.isEmpty && !vertex.isProcessing && vertex.alternatives.allSatisfy { $0.vertex.isSettled }
            return
        }
        var isSettled = vertex.tasks.isEmpty && !vertex.isProcessing
        var position = 0
        while position < vertex.arcs.count, exceeded == nil {
            let arc = vertex.arcs[position]
            position += 1
            guard arc.presence != .optional else { continue }
            evaluateDeeply(arc)
            isSettled = isSettled && (arc.isSettled || arc.inserted == 0)
        }
        checkValidators(of: vertex)
        vertex.isSettled = isSettled
    }

    /// Until nothing more is learned.
    func evaluateAll() {
        var before: Int
        repeat {
            before = epoch
            evaluateDeeply(root)
        } while before != epoch && exceeded == nil && !root.isSettled
    }

    /// Whether a vertex or anything in it is in conflict.
    func hasConflict(_ vertex: Vertex) -> Bool {
        guard enter() else {
            leave()
            return true
        }
        defer { leave() }
        if vertex.errors.contains(where: { !$0.isIncomplete }) { return true }
        let vertex = vertex.resolved
        if vertex.errors.contains(where: { !$0.isIncomplete }) { return true }
        return vertex.arcs.contains {
            $0.presence != .optional && !($0.inserted == 0 && $0.errors.isEmpty) && hasConflict($0)
        }
    }
}
