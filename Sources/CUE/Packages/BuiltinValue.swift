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

extension BuiltinValue: Hashable {
    static func == (left: BuiltinValue, right: BuiltinValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left.isInteger == right.isInteger && left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.structure(let left), .structure(let right)): left == right
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
            hasher.combine(value.utf8.count)
        case .bytes(let value): hasher.combine(value)
        case .list(let values): hasher.combine(values)
        case .structure(let fields): hasher.combine(fields)
        }
    }
}

extension BuiltinValue: CustomStringConvertible {
    /// As CUE shows a value within a message: `[1,"a",{b:null}]`.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): value.description
        case .string(let value): Self.quoted(value, by: "\"")
        case .bytes(let value): Self.quoted(String(decoding: value, as: UTF8.self), by: "'")
        case .list(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
        case .structure(let fields):
            "{" + fields.map { Self.label($0.name) + ":" + $0.value.description }.joined(separator: ",") + "}"
        }
    }

    private static func label(_ name: String) -> String {
        let isIdentifier = name.unicodeScalars.enumerated().allSatisfy { at, scalar in
            scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic && scalar.isASCII
                || at > 0 && ("0"..."9").contains(scalar)
        }
        let isPlain = isIdentifier && !name.isEmpty && !name.utf8.starts(with: "_".utf8)
        return isPlain ? name : quoted(name, by: "\"")
    }

    private static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
        var quoted = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": quoted += "\\" + String(scalar)
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case "\u{07}": quoted += "\\a"
            case "\u{08}": quoted += "\\b"
            case "\u{0B}": quoted += "\\v"
            case "\u{0C}": quoted += "\\f"
            case _ where !scalar.isPrintable: quoted += "\\u" + scalar.hexadecimal(digits: 4)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        quoted.unicodeScalars.append(quote)
        return quoted
    }
}
