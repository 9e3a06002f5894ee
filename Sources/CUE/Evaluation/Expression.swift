// SPDX-License-Identifier: Apache-2.0

/// An expression whose names are resolved: what is evaluated. `at` is a byte of the policy's text.
indirect enum Expression: Sendable {
    case scalar(Scalar, at: Int)
    case bottom(at: Int)
    case top
    case type(TypeConstraint)
    case structure(StructLiteral)
    case list(ListLiteral)
    case reference(Reference)
    case function(Function)
    /// What a package has under a name: `time.Hour`.
    case member(String, Expression)
    case selection(Selection)
    case index(Index)
    case slice(Slice)
    case interpolation(Interpolation)
    case bound(Bound.Relation, Expression, at: Int)
    case unary(String, Expression, at: Int)
    case binary(Operation)
    case call(Call)
    case disjunction(Disjunction)

    var at: Int {
        switch self {
        case .scalar(_, let at), .bottom(let at), .bound(_, _, let at), .unary(_, _, let at): at
        case .top, .type, .function: 0
        case .member(_, let value): value.at
        case .structure(let literal): literal.at
        case .list(let literal): literal.at
        case .reference(let reference): reference.at
        case .selection(let selection): selection.base.at
        case .index(let index): index.base.at
        case .slice(let slice): slice.base.at
        case .interpolation(let interpolation): interpolation.at
        case .binary(let operation): operation.left.at
        case .call(let call): call.at
        case .disjunction(let disjunction): disjunction.alternatives.first?.value.at ?? 0
        }
    }
}

/// A predeclared type: `int`, `uint8`, `float64`.
struct TypeConstraint: Sendable {
    let name: String
    let kind: Kind
    /// In the order in which they are printed.
    var bounds: [Bound] = []
}

/// `<5`, `!="x"`, `=~"^a"`, its operand known.
struct Bound: Sendable {
    enum Relation: String, Sendable {
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case unequal = "!="
        case matches = "=~"
        case matchesNot = "!~"
    }

    let relation: Relation
    let operand: Scalar
    let at: Int?
}

/// A name, and where its meaning is found: so many environments outward.
final class Reference: Sendable {
    enum Target: Sendable {
        case field(Label)
        case letClause(LetClause)
        /// The name of the field that a pattern matched.
        case matchedLabel
        /// The struct that the environment belongs to.
        case enclosing
        /// A field whose label is computed there.
        case dynamicField(Expression)
    }

    let name: String
    let up: Int
    let target: Target
    let at: Int

    init(name: String, up: Int, target: Target, at: Int) {
        self.name = name
        self.up = up
        self.target = target
        self.at = at
    }
}

/// `let name = value`.
final class LetClause: Sendable {
    let name: String
    let value: Expression

    init(name: String, value: Expression) {
        self.name = name
        self.value = value
    }
}

final class Selection: Sendable {
    let base: Expression
    let label: Label
    let at: Int

    init(base: Expression, label: Label, at: Int) {
        self.base = base
        self.label = label
        self.at = at
    }
}

final class Index: Sendable {
    let base: Expression
    let index: Expression

    init(base: Expression, index: Expression) {
        self.base = base
        self.index = index
    }
}

final class Slice: Sendable {
    let base: Expression
    let low: Expression?
    let high: Expression?

    init(base: Expression, low: Expression?, high: Expression?) {
        self.base = base
        self.low = low
        self.high = high
    }
}

final class Interpolation: Sendable {
    let isBytes: Bool
    /// One more than there are values.
    let texts: [[UInt8]]
    let values: [Expression]
    let at: Int

    init(isBytes: Bool, texts: [[UInt8]], values: [Expression], at: Int) {
        self.isBytes = isBytes
        self.texts = texts
        self.values = values
        self.at = at
    }
}

final class Operation: Sendable {
    let name: String
    let left: Expression
    let right: Expression

    init(name: String, left: Expression, right: Expression) {
        self.name = name
        self.left = left
        self.right = right
    }
}

final class Call: Sendable {
    let function: Expression
    let arguments: [Expression]
    let at: Int

    init(function: Expression, arguments: [Expression], at: Int) {
        self.function = function
        self.arguments = arguments
        self.at = at
    }
}

final class Disjunction: Sendable {
    let alternatives: [(value: Expression, isDefault: Bool)]

    init(alternatives: [(value: Expression, isDefault: Bool)]) {
        self.alternatives = alternatives
    }
}
