// SPDX-License-Identifier: Apache-2.0

/// What a parameter takes and a result is.
enum BuiltinKind: Hashable, Sendable {
    case null, bool, int, float, number, string, bytes, stringOrBytes, list, structure, any

    func admits(_ value: BuiltinValue) -> Bool {
        switch (self, value) {
        case (.any, _), (.null, .null), (.bool, .bool), (.number, .number), (.list, .list), (.structure, .structure),
            (.string, .string), (.bytes, .bytes), (.stringOrBytes, .string), (.stringOrBytes, .bytes):
            true
        case (.int, .number(let number)): number.isInteger
        case (.float, .number(let number)): !number.isInteger
        default: false
        }
    }
}

extension BuiltinKind: CustomStringConvertible {
    /// As CUE names it in messages.
    var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .number: "number"
        case .string: "string"
        case .bytes: "bytes"
        case .stringOrBytes: "(string|bytes)"
        case .list: "list"
        case .structure: "struct"
        case .any: "_"
        }
    }
}

extension BuiltinValue {
    /// The narrowest kind.
    var kind: BuiltinKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number(let number): number.isInteger ? .int : .float
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .structure: .structure
        }
    }
}
