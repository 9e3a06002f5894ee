// SPDX-License-Identifier: Apache-2.0

/// The kinds that a value can still be of.
struct Kind: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    static let null = Kind(rawValue: 1)
    static let bool = Kind(rawValue: 2)
    static let int = Kind(rawValue: 4)
    static let float = Kind(rawValue: 8)
    static let string = Kind(rawValue: 16)
    static let bytes = Kind(rawValue: 32)
    static let function = Kind(rawValue: 64)
    static let list = Kind(rawValue: 128)
    static let structure = Kind(rawValue: 256)

    static let number: Kind = [.int, .float]
    static let top = Kind(rawValue: 511)
    static let data: Kind = [.null, .bool, .int, .float, .string, .bytes, .list, .structure]
}

extension Kind: CustomStringConvertible {
    /// As CUE names it: `int`, `(string|bytes)`, `_` for any.
    var description: String {
        if isEmpty { return "_|_" }
        if isSuperset(of: .data) { return "_" }
        var names: [String] = []
        let all: [(Kind, String)] = [
            (.null, "null"), (.bool, "bool"), (.int, "int"), (.float, "float"), (.string, "string"), (.bytes, "bytes"),
            (.function, "func"), (.list, "list"), (.structure, "struct"),
        ]
        let hasNumber = isSuperset(of: .number)
        for (kind, name) in all where contains(kind) && !(hasNumber && Kind.number.contains(kind)) {
            names.append(name)
        }
        if hasNumber { names.append("number") }
        return names.count == 1 ? names[0] : "(" + names.joined(separator: "|") + ")"
    }
}
