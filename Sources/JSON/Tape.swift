// SPDX-License-Identifier: Apache-2.0

/// A document's values in the order in which they stand in the text.
///
///     {"a":[1,true]}   ->   object(next 5) name("a") array(next 5) number(1) true
///
/// A member's value follows its name; a container's `next` is the entry after its last descendant, so that skipping
/// any value is one addition. Nothing is copied out of the text: entries are offsets.
struct Tape: Sendable {
    enum Kind: UInt8, Sendable, BitwiseCopyable {
        case object, array, string, name, number, `true`, `false`, null
    }

    struct Entry: Sendable, BitwiseCopyable {
        let kind: Kind
        /// Whether a string or name holds a backslash, so that its bytes are not its value.
        let isEscaped: Bool
        /// First byte of the value; for strings and names, the byte after the quotation mark.
        let start: UInt32
        /// The byte after the value; for strings and names, the closing quotation mark.
        var end: UInt32
        /// The entry after this value and everything in it.
        var next: UInt32
    }

    let entries: [Entry]
}
