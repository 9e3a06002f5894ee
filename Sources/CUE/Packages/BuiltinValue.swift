// SPDX-License-Identifier: Apache-2.0

/// A concrete value of CUE, as functions of the standard packages take and give it.
///
/// Two are equal if they are the same value of the same kind: strings by their bytes, `1` and `1.0` not at all.
indirect enum BuiltinValue: Sendable {
    case null
    case bool(Bool)
    case number(Number)
    case string(String)
    case bytes([UInt8])
    case list([BuiltinValue])
    /// In order; each name once.
    case structure([Field])

    struct Field: Hashable, Sendable {
        var name: String
        var value: BuiltinValue

        init(name: String, value: BuiltinValue) {
            self.name = name
            self.value = value
        }

        static func == (left: Field, right: Field) -> Bool {
            left.name.utf8.elementsEqual(right.name.utf8) && left.value == right.value
        }

        func hash(into hasher: inout Hasher) {
            for byte in name.utf8 { hasher.combine(byte) }
            hasher.combine(value)
        }
    }

    /// An int.
    static func int(_ value: Int) -> BuiltinValue { .number(Number(value)) }

    static func strings(_ values: some Sequence<String>) -> BuiltinValue { .list(values.map { .string($0) }) }

    /// Text made of parts of texts, each cut where a character begins.
    static func string(utf8: some Collection<UInt8>) -> BuiltinValue {
        .string(String(decoding: utf8, as: UTF8.self))
    }
}

extension BuiltinValue {
    /// `nil` for what has parts.
    var scalar: Scalar? {
        switch self {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .number(let number): .number(number)
        case .string(let string): .string(string)
        case .bytes(let bytes): .bytes(bytes)
        case .list, .structure: nil
        }
    }
}

extension BuiltinValue: Hashable {
    static func == (left: BuiltinValue, right: BuiltinValue) -> Bool {
        switch (left, right) {
        case (.list(let left), .list(let right)): left == right
        case (.structure(let left), .structure(let right)): left == right
        default: if let left = left.scalar, let right = right.scalar { left == right } else { false }
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .list(let values): hasher.combine(values)
        case .structure(let fields): hasher.combine(fields)
        case .null, .bool, .number, .string, .bytes: hasher.combine(scalar)
        }
    }
}

extension BuiltinValue: CustomStringConvertible {
    /// As CUE shows a value within a message: `[1,"a",{b:null}]`.
    var description: String {
        switch self {
        case .list(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
        case .structure(let fields):
            "{" + fields.map { Self.label($0.name) + ":" + $0.value.description }.joined(separator: ",") + "}"
        case .null, .bool, .number, .string, .bytes: scalar?.description ?? ""
        }
    }

    private static func label(_ name: String) -> String {
        let isIdentifier = name.unicodeScalars.enumerated().allSatisfy { at, scalar in
            scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic && scalar.isASCII
                || at > 0 && ("0"..."9").contains(scalar)
        }
        let isPlain = isIdentifier && !name.isEmpty && !name.utf8.starts(with: "_".utf8)
        return isPlain ? name : Quotation.string(name)
    }
}
