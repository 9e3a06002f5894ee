// SPDX-License-Identifier: Apache-2.0

/// Calling functions.
extension Evaluation {
    func evaluate(_ call: Call, _ environment: Environment?) -> Value {
        let function: Function
        switch evaluate(call.function, environment) {
        case .function(let found): function = found
        case .bottom(let error): return .bottom(error)
        case let other:
            return failure(
                "cannot call non-function \(text(call.function)) (type \(kind(of: other)))", at: call.at)
        }
        switch function {
        case .evaluated(let own): return evaluate(own, call, environment)
        case .library(let builtin):
            let least = builtin.parameters.count - builtin.defaults.count
            if call.arguments.count < least || call.arguments.count > builtin.parameters.count {
                if call.arguments.count == builtin.parameters.count - 1, builtin.result == .bool {
                    var arguments: [Value] = []
                    for argument in call.arguments {
                        let value = evaluate(argument, environment)
                        if case .bottom = value { return value }
                        arguments.append(value)
                    }
                    return constraint(of: function, arguments, at: call.at)
                }
                return wrongCount(of: builtin.path, call.arguments.count, builtin.parameters.count, at: call.at)
            }
            var arguments: [BuiltinValue] = []
            for (position, argument) in call.arguments.enumerated() {
                let value = evaluate(argument, environment)
                if let error = mistyped(value, position, builtin, at: call.at) { return error }
                switch data(of: value) {
                case .success(let data): arguments.append(data)
                case .failure(let stop): return .bottom(stop.bottom)
                }
            }
            return evaluate(builtin, arguments, at: call.at)
        }
    }

    func wrongCount(of name: String, _ count: Int, _ wanted: Int, at: Int) -> Value {
        failure(
            "\(count < wanted ? "not enough" : "too many") arguments in call to \(name) (have \(count), want \(wanted))",
            at: at)
    }

    /// A constraint whose kind can never be what the function takes.
    private func mistyped(_ value: Value, _ position: Int, _ builtin: Builtin, at: Int) -> Value? {
        guard builtin.parameters.indices.contains(position) else { return nil }
        let wanted = Kind(builtin.parameters[position])
        let kind: Kind
        switch value {
        case .vertex(let vertex): kind = vertex.alternatives.isEmpty ? vertex.kind : .top
        case .type(let type): kind = type.kind
        default: return nil
        }
        guard kind.isDisjoint(with: wanted) else { return nil }
        return failure(
            "cannot use \(text(value)) (type \(kind)) as \(builtin.parameters[position]) in argument \(position + 1) "
                + "to \(builtin.path)", at: at)
    }

    func evaluate(_ builtin: Builtin, _ arguments: [BuiltinValue], at: Int?) -> Value {
        _ = step(8 + arguments.reduce(0) { $0 + Self.size($1) } / 32)
        let result: BuiltinValue
        do throws(BuiltinError) {
            result = try builtin.call(arguments)
        } catch {
            if error.isUnsupported { exceed(error.message) }
            return failure(error.message, at: at)
        }
        guard admit(bytes: Self.size(result)), step(Self.size(result) / 64) else {
            return incomplete("a bound was reached")
        }
        return Self.value(result)
    }

    static func value(_ data: BuiltinValue) -> Value {
        data.scalar.map { .scalar($0) } ?? .data(data)
    }

    /// About how many bytes a value takes.
    private static func size(_ value: BuiltinValue) -> Int {
        switch value {
        case .null, .bool: 1
        case .number(let number): number.coefficient.digitCount
        case .string(let string): string.utf8.count
        case .bytes(let bytes): bytes.count
        case .list(let elements): elements.reduce(16) { $0 + 16 + size($1) }
        case .structure(let fields): fields.reduce(16) { $0 + 16 + $1.name.utf8.count + size($1.value) }
        }
    }

    // MARK: Values to data

    /// A concrete value; what it lacks, if it is not concrete.
    func data(of value: Value) -> Outcome<BuiltinValue> {
        switch value {
        case .bottom(let bottom): return .failure(Stop(bottom: bottom))
        case .scalar(let scalar): return .success(Self.data(scalar))
        case .data(let data): return .success(data)
        case .vertex(let vertex): return data(of: vertex)
        case .elements: return data(of: anonymous(value))
        default:
            return .failure(Stop(bottom: bottom(.incomplete, "non-concrete value \(text(value))")))
        }
    }

    static func data(_ scalar: Scalar) -> BuiltinValue {
        switch scalar {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .number(let number): .number(number)
        case .string(let string): .string(string)
        case .bytes(let bytes): .bytes(bytes)
        }
    }

    private func data(of vertex: Vertex) -> Outcome<BuiltinValue> {
        guard enter() else {
            leave()
            return .failure(Stop(bottom: bottom(.incomplete, "a bound was reached")))
        }
        defer { leave() }
        evaluate(vertex)
        switch settled(vertex) {
        case .bottom(let bottom): return .failure(Stop(bottom: bottom))
        case .scalar(let scalar): return .success(Self.data(scalar))
        case .vertex(let found):
            guard found.alternatives.isEmpty else { break }
            if found.kind == .list {
                var elements: [BuiltinValue] = []
                for arc in found.arcs {
                    switch data(of: arc) {
                    case .success(let element): elements.append(element)
                    case .failure(let stop): return .failure(stop)
                    }
                }
                return .success(.list(elements))
            }
            if found.kind == .structure {
                var fields: [BuiltinValue.Field] = []
                for arc in found.arcs where arc.presence == .regular {
                    guard let name = arc.label?.string else { continue }
                    switch data(of: arc) {
                    case .success(let value): fields.append(.init(name: name, value: value))
                    case .failure(let stop): return .failure(stop)
                    }
                }
                if let blocked = found.blocked { return .failure(Stop(bottom: blocked)) }
                return .success(.structure(fields))
            }
        default: break
        }
        return .failure(Stop(bottom: bottom(.incomplete, "non-concrete value \(text(.vertex(vertex)))")))
    }
}

extension Kind {
    init(_ kind: BuiltinKind) {
        self =
            switch kind {
            case .null: .null
            case .bool: .bool
            case .int: .int
            case .float: .float
            case .number: .number
            case .string: .string
            case .bytes, .stringOrBytes: [.string, .bytes]
            case .list: .list
            case .structure: .structure
            case .any: .top
            }
    }
}
