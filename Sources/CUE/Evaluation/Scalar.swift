// SPDX-License-Identifier: Apache-2.0

/// A value without parts. Two are equal if kind and value are: strings by their bytes, `1` and `1.0` not at all.
enum Scalar: Sendable {
    case null
    case bool(Bool)
    case number(Number)
    case string(String)
    case bytes([UInt8])

    var kind: Kind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number(let number): number.isInteger ? .int : .float
        case .string: .string
        case .bytes: .bytes
        }
    }
}

extension Scalar: Hashable {
    static func == (left: Scalar, right: Scalar) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left.isInteger == right.isInteger && left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)): left == right
        default: false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value):
            for byte in value.utf8 { hasher.combine(byte) }
        case .bytes(let value): hasher.combine(value)
        }
    }
}

extension Scalar: CustomStringConvertible {
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): value.description
        case .string(let value): Quotation.string(value)
        case .bytes(let value): Quotation.bytes(value)
        }
    }
}
