// SPDX-License-Identifier: Apache-2.0

/// One JSON text that has been read and found well-formed; immutable.
public struct JSONDocument: Sendable {
    /// What every value of one document shares.
    final class Storage: Sendable {
        let text: [UInt8]
        let tape: Tape
        /// Where each tape entry stands in the YAML that the text was made from; empty for JSON.
        let positions: [SourcePosition]

        init(text: [UInt8], tape: Tape, positions: [SourcePosition]) {
            self.text = text
            self.tape = tape
            self.positions = positions
        }

        func string(at index: Int) -> String {
            let text = text
            return StringDecoding.string(text.span, tape.entries[index])
        }
    }

    private let storage: Storage

    /// Reads the whole of `text`; throws at the first thing that is not strict JSON or is beyond `limits`.
    public init(parsing text: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: text, limits: limits, positions: [])
    }

    /// For readers of other notations: `positions` has one place per value and member name, in the order of the text.
    package init(parsing text: [UInt8], limits: JSONLimits, positions: [SourcePosition]) throws(JSONError) {
        let tape = try TapeBuilder.tape(of: text.span, limits: limits)
        storage = Storage(text: text, tape: tape, positions: positions.count == tape.entries.count ? positions : [])
    }

    /// The outermost value.
    public var root: JSONValue { JSONValue(storage: storage, index: 0) }

    /// The bytes that were read, unchanged.
    public var text: [UInt8] { storage.text }
}

/// A place in a text that a person wrote: line and column, both from 1, columns in characters.
public struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
    public let line: Int
    public let column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column)" }
}
