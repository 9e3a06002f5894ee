// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport

extension JSONTree {
    /// The tree of a JSON text, to be changed and written again; `nil` where it is none.
    init?(parsing text: [UInt8]) {
        guard let document = try? JSONDocument(parsing: text) else { return nil }
        self.init(document.root)
    }

    /// The same document as a tree.
    init(_ value: JSONValue) {
        switch value.kind {
        case .object: self = .object(value.members.map { Member($0.name, JSONTree($0.value)) })
        case .array: self = .array(value.elements.map { JSONTree($0) })
        case .string: self = .string(value.string ?? "")
        case .number, .bool: self = .raw(Array(value.raw))
        case .null: self = .null
        }
    }
}
