// SPDX-License-Identifier: Apache-2.0
import JSON

/// A JSON document under construction: members keep their order and may repeat, so that a test can write anything.
///
///     bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "0"
public indirect enum JSONTree: Sendable {
    /// One member of an object.
    public struct Member: Sendable {
        /// The name.
        public var name: String
        /// The value.
        public var value: JSONTree

        /// A member.
        public init(_ name: String, _ value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    case object([Member])
    case array([JSONTree])
    case string(String)
    case integer(Int64)
    case bool(Bool)
    case null
    /// Bytes that stand in the text as they are.
    case raw([UInt8])

    /// The JSON text without white space, members in their order.
    public var bytes: [UInt8] { written(sorted: false) }

    /// The canonical form of RFC 8785 as far as ASCII names and whole numbers need it: members sorted by name.
    public var canonicalBytes: [UInt8] { written(sorted: true) }

    private func written(sorted: Bool) -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer, sorted: sorted)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter, sorted: Bool) {
        switch self {
        case .object(let members):
            writer.object { writer in
                for member in sorted ? members.sorted(by: { $0.name < $1.name }) : members {
                    writer.name(member.name)
                    member.value.write(to: &writer, sorted: sorted)
                }
            }
        case .array(let values):
            writer.array { writer in for value in values { value.write(to: &writer, sorted: sorted) } }
        case .string(let text): writer.string(text)
        case .integer(let number): writer.integer(number)
        case .bool(let value): writer.bool(value)
        case .null: writer.null()
        case .raw(let bytes): writer.raw(bytes)
        }
    }

    /// The first member of that name. Setting adds one where there is none; `remove` takes one away.
    public subscript(name: String) -> JSONTree {
        get {
            guard case .object(let members) = self else { return .null }
            return members.first { $0.name == name }?.value ?? .null
        }
        set {
            guard case .object(var members) = self else {
                self = .object([Member(name, newValue)])
                return
            }
            if let index = members.firstIndex(where: { $0.name == name }) {
                members[index].value = newValue
            } else {
                members.append(Member(name, newValue))
            }
            self = .object(members)
        }
    }

    /// An element of an array; `.null` where there is none, and setting beyond the end appends.
    public subscript(index: Int) -> JSONTree {
        get {
            guard case .array(let values) = self, values.indices.contains(index) else { return .null }
            return values[index]
        }
        set {
            guard case .array(var values) = self else { return }
            if values.indices.contains(index) { values[index] = newValue } else { values.append(newValue) }
            self = .array(values)
        }
    }

    /// Takes away every member of that name.
    public mutating func remove(_ name: String) {
        guard case .object(let members) = self else { return }
        self = .object(members.filter { $0.name != name })
    }

    /// Adds a member even where there is one of that name.
    public mutating func append(_ name: String, _ value: JSONTree) {
        guard case .object(let members) = self else { return }
        self = .object(members + [Member(name, value)])
    }

    /// The text of a string; empty for anything else.
    public var text: String { if case .string(let text) = self { text } else { "" } }

    /// The elements of an array; none for anything else.
    public var elements: [JSONTree] { if case .array(let values) = self { values } else { [] } }

    /// Bytes as a base64 string.
    public static func base64(_ bytes: [UInt8]) -> JSONTree { .string(MintedText.base64(bytes)) }

    /// A 64-bit number as protobuf's JSON writes it: a string.
    static func int64(_ value: Int64) -> JSONTree { .string(String(value)) }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
    /// An object, members in this order.
    public init(dictionaryLiteral elements: (String, JSONTree)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
