// SPDX-License-Identifier: Apache-2.0

/// One value of a document: a cursor, cheap to copy, that reads the text when asked.
///
/// Accessors answer `nil` where the value is of another kind; nothing is converted between kinds.
public struct JSONValue: Sendable {
    public enum Kind: Hashable, Sendable {
        case object, array, string, number, bool, null
    }

    private let storage: JSONDocument.Storage
    private let index: Int

    init(storage: JSONDocument.Storage, index: Int) {
        self.storage = storage
        self.index = index
    }

    private var entry: Tape.Entry { storage.tape.entries[index] }

    public var kind: Kind {
        switch entry.kind {
        case .object: .object
        case .array: .array
        case .string, .name: .string
        case .number: .number
        case .true, .false: .bool
        case .null: .null
        }
    }

    // MARK: Scalars

    public var string: String? {
        entry.kind == .string ? storage.string(at: index) : nil
    }

    public var bool: Bool? {
        switch entry.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    public var isNull: Bool { entry.kind == .null }

    /// A number exactly as it is written, so that nothing is lost to rounding.
    public var numberText: String? {
        entry.kind == .number ? String(decoding: raw, as: UTF8.self) : nil
    }

    /// A number written as a plain integer (no fraction, no exponent) that fits; otherwise `nil`.
    public var integer: Int64? { numberText.flatMap { Int64($0) } }

    /// As `integer`, also accepting protobuf's 64-bit integers, which are JSON strings of decimal digits.
    public var integerOrDecimalString: Int64? {
        if let integer { return integer }
        guard let string,
            string.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int64(string)
    }

    // MARK: Containers

    /// The member of that name; `nil` where there is none or this is no object.
    public subscript(name: String) -> JSONValue? {
        var name = name
        return name.withUTF8 { place(ofMember: $0) }.map { JSONValue(storage: storage, index: $0) }
    }

    private func place(ofMember name: UnsafeBufferPointer<UInt8>) -> Int? {
        let entries = storage.tape.entries
        guard entries[index].kind == .object else { return nil }
        let end = Int(entries[index].next)
        return storage.text.withUnsafeBufferPointer { text in
            var at = index + 1
            while at < end {
                let (entry, value) = (entries[at], at + 1)
                if entry.isEscaped {
                    if storage.string(at: at).utf8.elementsEqual(name) { return value }
                } else if Int(entry.end - entry.start) == name.count,
                    UnsafeBufferPointer(rebasing: text[Int(entry.start)..<Int(entry.end)]).elementsEqual(name)
                {
                    return value
                }
                at = Int(entries[value].next)
            }
            return nil
        }
    }

    /// The element at that position, from 0; `nil` beyond the end or where this is no array. Linear in `position`.
    public subscript(position: Int) -> JSONValue? {
        guard entry.kind == .array, position >= 0 else { return nil }
        var iterator = elements.makeIterator()
        for _ in 0..<position where iterator.next() == nil { return nil }
        return iterator.next()
    }

    /// The elements of an array in order; empty where this is no array.
    public var elements: Elements { Elements(parent: self) }

    /// The members of an object in order; empty where this is no object.
    public var members: Members { Members(parent: self) }

    /// How many elements or members there are. Linear.
    public var count: Int {
        switch entry.kind {
        case .array: elements.reduce(into: 0) { count, _ in count += 1 }
        case .object: members.reduce(into: 0) { count, _ in count += 1 }
        default: 0
        }
    }

    /// The entries in a container that have not been looked at yet; none where the value is of another kind.
    private struct Children: Sendable {
        let storage: JSONDocument.Storage
        var at: Int
        let end: Int

        init(of parent: JSONValue, kind: Tape.Kind) {
            storage = parent.storage
            at = parent.index + 1
            end = parent.entry.kind == kind ? Int(parent.entry.next) : at
        }

        /// Moves behind the value at this entry and everything in it.
        mutating func pass(_ value: Int) { at = Int(storage.tape.entries[value].next) }
    }

    public struct Elements: Sequence, IteratorProtocol, Sendable {
        private var children: Children

        fileprivate init(parent: JSONValue) { children = Children(of: parent, kind: .array) }

        public mutating func next() -> JSONValue? {
            guard children.at < children.end else { return nil }
            let value = children.at
            children.pass(value)
            return JSONValue(storage: children.storage, index: value)
        }
    }

    public struct Members: Sequence, IteratorProtocol, Sendable {
        private var children: Children

        fileprivate init(parent: JSONValue) { children = Children(of: parent, kind: .object) }

        /// `nameValue` stands for the name itself, for its position.
        public mutating func next() -> (name: String, value: JSONValue, nameValue: JSONValue)? {
            guard children.at < children.end else { return nil }
            let (storage, name) = (children.storage, children.at)
            children.pass(name + 1)
            return (
                storage.string(at: name), JSONValue(storage: storage, index: name + 1),
                JSONValue(storage: storage, index: name)
            )
        }
    }

    // MARK: The text itself

    /// The value's bytes as they stand in the text; a string's without its quotation marks.
    public var raw: ArraySlice<UInt8> { storage.text[Int(entry.start)..<Int(entry.end)] }

    /// The value as a text of its own; a string's with its quotation marks.
    public var rawText: ArraySlice<UInt8> {
        switch entry.kind {
        case .string, .name: storage.text[(Int(entry.start) - 1)..<(Int(entry.end) + 1)]
        default: raw
        }
    }

    /// Where a person finds the value: the place in the YAML it came from, or else in the JSON text.
    public var position: SourcePosition {
        if !storage.positions.isEmpty { return storage.positions[index] }
        var line = 1
        var column = 1
        for byte in storage.text.prefix(Int(entry.start)) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        if entry.kind == .string || entry.kind == .name { column -= 1 }
        return SourcePosition(line: line, column: column)
    }
}

extension JSONValue.Kind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .object: "object"
        case .array: "array"
        case .string: "string"
        case .number: "number"
        case .bool: "boolean"
        case .null: "null"
        }
    }
}
