// SPDX-License-Identifier: Apache-2.0
public import JSON
import YAML

extension JSONTree {
    /// A document's value, members in their order; numbers that are no integers of 64 bits stay as they are written.
    public init(of value: JSONValue) {
        switch value.kind {
        case .object: self = .object(value.members.map { Member($0.name, JSONTree(of: $0.value)) })
        case .array: self = .array(value.elements.map { JSONTree(of: $0) })
        case .string: self = .string(value.string ?? "")
        case .bool: self = .bool(value.bool ?? false)
        case .null: self = .null
        case .number: self = value.integer.map { .integer($0) } ?? .raw(Array(value.raw))
        }
    }

    /// One JSON text.
    public init(json text: [UInt8]) throws { self.init(of: try JSONDocument(parsing: text).root) }

    /// The first document of a YAML text, which may be JSON.
    public init(yaml text: String) throws {
        self = try YAMLDocument.parse(Array(text.utf8)).first.map { JSONTree(of: $0.root) } ?? .null
    }

    /// The members of an object; none for anything else.
    public var members: [Member] { if case .object(let members) = self { members } else { [] } }

    /// The member of that name; `nil` where there is none, which `subscript` does not tell from `null`.
    public func member(_ name: String) -> JSONTree? { members.first { $0.name == name }?.value }

    /// What lies at the end of that path of members; `nil` where there is nothing.
    public func at(_ path: String...) -> JSONTree? {
        path.reduce(JSONTree?.some(self)) { value, name in value?.member(name) }
    }

    /// The text of a string; `nil` for anything else.
    public var string: String? { if case .string(let text) = self { text } else { nil } }

    /// A number; `nil` for anything else.
    public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }

    /// `true` or `false`; `nil` for anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// Whether it is an object.
    public var isObject: Bool { if case .object = self { true } else { false } }

    /// Whether it is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The text as JSON.
    public var jsonText: String { String(decoding: bytes, as: UTF8.self) }
}

/// Equal by meaning: the order of members does not count.
extension JSONTree: Equatable {
    public static func == (left: JSONTree, right: JSONTree) -> Bool {
        switch (left, right) {
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { member in
                    right.first { $0.name == member.name }.map { $0.value == member.value } ?? false
                }
        case (.array(let left), .array(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.bool(let left), .bool(let right)): left == right
        case (.raw(let left), .raw(let right)): left == right
        case (.null, .null): true
        default: false
        }
    }
}

extension JSONTree {
    /// `metadata`.
    public var metadata: JSONTree {
        get { self["metadata"] }
        set { self["metadata"] = newValue }
    }

    /// `metadata.name`; empty where there is none.
    public var name: String { metadata["name"].text }

    /// `metadata.namespace`; empty where there is none.
    public var namespace: String { metadata["namespace"].text }

    /// `metadata.resourceVersion`; empty where there is none.
    public var resourceVersion: String { metadata["resourceVersion"].text }

    /// `metadata.labels`.
    var labels: [String: String] {
        Dictionary(metadata["labels"].members.map { ($0.name, $0.value.text) }, uniquingKeysWith: { first, _ in first })
    }

    var finalizers: [String] { metadata["finalizers"].elements.compactMap(\.string) }
}
