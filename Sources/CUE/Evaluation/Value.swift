// SPDX-License-Identifier: Apache-2.0
import JSON

/// What an expression gives, or what is put into a vertex.
indirect enum Value {
    case bottom(Bottom)
    case scalar(Scalar)
    case top
    case type(TypeConstraint)
    case bound(Bound)
    case validator(Validator)
    case conjunction([Value])
    /// What `or` gives.
    case alternatives([Value], node: AnyObject)
    case vertex(Vertex)
    case function(Function)
    /// A struct or list that a function made.
    case data(BuiltinValue)
    /// A closed list of what is elsewhere.
    case elements([Conjunct.Node])
    /// `{x: first, y: second}`, for a comparer.
    case pair(Value, Value)

    var bottom: Bottom? {
        if case .bottom(let bottom) = self { return bottom }
        return nil
    }
}

/// A function that was called with one argument fewer than it takes: the value itself is the first.
struct Validator {
    let function: Function
    let arguments: [Value]
    let at: Int
}

/// Why there is no value.
final class Bottom {
    enum Code: Int {
        /// It can never be mended.
        case conflict
        case structuralCycle
        /// Something that is not known yet is needed.
        case incomplete
        case cycle
    }

    let code: Code
    let path: [Label]
    let message: String
    /// A byte of the policy's text, if the reference implementation tells a place.
    let at: Int?
    /// The errors of each alternative of a disjunction.
    let parts: [Bottom]

    init(_ code: Code, path: [Label], message: String, at: Int? = nil, parts: [Bottom] = []) {
        self.code = code
        self.path = path
        self.message = message
        self.at = at
        self.parts = parts
    }

    var isIncomplete: Bool { code == .incomplete || code == .cycle }

    /// Itself and all parts, as the reference implementation lists them.
    var count: Int { parts.reduce(1) { $0 + $1.count } }
}

/// Where the names of an expression are looked up.
final class Environment {
    let up: Environment?
    let vertex: Vertex
    /// What a pattern matched.
    let matched: Label?
    /// The values of let clauses that were asked for.
    var lets: [ObjectIdentifier: Vertex] = [:]

    init(up: Environment?, vertex: Vertex, matched: Label? = nil) {
        self.up = up
        self.vertex = vertex
        self.matched = matched
    }

    func outward(_ count: Int) -> Environment? {
        var environment: Environment? = self
        for _ in 0..<count { environment = environment?.up }
        return environment
    }
}

/// What is shown of a conjunct in a message.
enum Shown {
    case expression(Expression)
    case value(Value)
    case json(JSONValue)
    case data(BuiltinValue)
}

/// Something that a vertex must be, and how it came there.
struct Conjunct {
    enum Node {
        case expression(Expression, Environment?)
        case json(JSONValue)
        case data(BuiltinValue)
        case value(Value)
    }

    let node: Node
    var origin: Origin
}

/// How a conjunct came to a vertex: under which closed structs, and through which references.
struct Origin {
    var scope: CloseScope?
    var references: ReferenceLink?
    /// It came by a reference that is met again.
    var isCyclic = false
}

/// The references that led to a conjunct, the last first.
final class ReferenceLink {
    let reference: ObjectIdentifier
    let target: Vertex
    let holder: Vertex
    let next: ReferenceLink?

    init(reference: ObjectIdentifier, target: Vertex, holder: Vertex, next: ReferenceLink?) {
        self.reference = reference
        self.target = target
        self.holder = holder
        self.next = next
    }
}
