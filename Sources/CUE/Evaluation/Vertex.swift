// SPDX-License-Identifier: Apache-2.0

/// A place in the result: all that it must be, and what is known of it so far.
///
/// Vertices refer to each other in circles; `Evaluation` takes them apart when it is done.
final class Vertex {
    let label: Label?
    private(set) var parent: Vertex?
    /// For one alternative of a disjunction: the vertex that has the disjunction.
    var original: Vertex?
    var presence = Presence.regular
    var conjuncts: [Conjunct] = []
    /// How many of them were put in.
    var inserted = 0
    /// Conjuncts of vertices that this one refers to, which came later.
    var forwarded: [Conjunct] = []
    var arcs: [Vertex] = []
    private var arcIndex: [Label: Vertex] = [:]
    var subscribers: [Subscription] = []

    // MARK: What is known

    var kind = Kind.top
    /// What narrowed the kind last.
    var kindShown: Shown?
    var scalar: Scalar?
    var scalarShown: Shown?
    var lower: Bound?
    var upper: Bound?
    /// Other bounds.
    var checks: [Bound] = []
    var validators: [Validator] = []
    var structures: [StructEntry] = []
    /// The struct to show, where something makes this one a struct.
    var structureShown: Shown?
    var list: ListShape?
    var patterns: [Pattern] = []
    var errors: [Bottom] = []
    /// Something here did not come through a reference that is met again.
    var hasOther = false
    /// References to what this vertex stands in; they count only where there is something else.
    var cyclic: [(target: Vertex, origin: Origin)] = []
    /// It was made to try whether two values fit; functions that try do not try again.
    var isProbe = false
    /// All it says is a reference, and it is the vertex referred to.
    var shared: Task?
    var isDeepening = false
    /// Made within an attempt to do something, and made anew in the next.
    var isTemporary = false
    /// A comprehension has gone through the fields; there can be no others.
    var isFrozen = false

    // MARK: Work

    var tasks: [Task] = []
    var isProcessing = false
    var isFinished = false
    /// Nothing in it and below it is left to do.
    var isSettled = false
    var attempted = -1
    /// Why a task could not be done yet.
    var blocked: Bottom?

    // MARK: Disjunctions

    var disjunctions: [PendingDisjunction] = []
    var occurrences: [ObjectIdentifier: Int] = [:]
    var choices: [DisjunctionKey: Int] = [:]
    var alternatives: [Alternative] = []
    /// Whether any disjunction here has a default, even if none is left.
    var hasDefaults = false
    /// The one alternative that is left.
    var chosen: Vertex?
    /// Whether it is a default.
    var isChosenDefault = false
    /// How many conjuncts there were when the alternatives were tried; less than 0: not tried yet.
    var expandedWith = -1
    /// Made by `close()`.
    var isOnceClosed = false

    init(label: Label?, parent: Vertex?) {
        self.label = label
        self.parent = parent
    }

    func arc(_ label: Label) -> Vertex? { arcIndex[label] }

    func append(_ arc: Vertex, _ label: Label) {
        arcs.append(arc)
        arcIndex[label] = arc
    }

    /// A name for something that is elsewhere.
    func bind(_ label: Label, to vertex: Vertex) { arcIndex[label] = vertex }

    /// Nothing in it waits for anything.
    var isDone: Bool { tasks.isEmpty && (disjunctions.isEmpty || alternatives.isEmpty) }

    /// The alternative that is left, or the vertex itself.
    var resolved: Vertex {
        var vertex = self
        while let chosen = vertex.chosen { vertex = chosen }
        return vertex
    }

    var path: [Label] {
        var labels: [Label] = []
        var vertex: Vertex? = self
        // An expression within another begins a path of its own.
        while let current = vertex, let label = current.label {
            labels.append(label)
            vertex = current.parent
        }
        return labels.reversed()
    }

    /// Breaks the circles.
    func dismantle() {
        parent = nil
        original = nil
        chosen = nil
        conjuncts = []
        forwarded = []
        arcs = []
        arcIndex = [:]
        subscribers = []
        structures = []
        patterns = []
        list = nil
        tasks = []
        cyclic = []
        shared = nil
        disjunctions = []
        alternatives = []
        validators = []
        kindShown = nil
        scalarShown = nil
        structureShown = nil
    }
}

/// Who has taken the conjuncts of a vertex for its own.
struct Subscription {
    let subscriber: Vertex
    let origin: Origin
}

/// Something that needs other values first.
enum Task {
    case expression(Expression, Environment?, Origin)
    case comprehension(Comprehension, Environment, Origin, StructEntry)
    case dynamicField(Expression, Presence, Expression, Environment, Origin, StructEntry)
    case pattern(Expression, Expression, Environment, Origin, StructEntry)
    case list(ListLiteral, Environment?, Origin)

    /// Whether others should be done first.
    var isLate: Bool {
        switch self {
        case .comprehension, .dynamicField: true
        default: false
        }
    }
}

/// A constraint for all fields whose names it matches.
struct Pattern {
    let matcher: Value
    let value: Expression
    let environment: Environment
    let origin: Origin
}

/// Of a list: how long it is, and what further elements must be.
struct ListShape {
    var count: Int
    var isOpen: Bool
    var rests: [(from: Int, conjunct: Conjunct)] = []
    var at: Int?
}

/// A disjunction by where it is written, and the how manieth of that within one vertex.
struct DisjunctionKey: Hashable {
    let node: ObjectIdentifier
    let occurrence: Int
}

struct PendingDisjunction {
    let key: DisjunctionKey
    let alternatives: [(conjunct: Conjunct, isDefault: Bool)]
    let keep: AnyObject
}

/// What is left of a disjunction.
struct Alternative {
    let vertex: Vertex
    var isDefault: Bool
}
