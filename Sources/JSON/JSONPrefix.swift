// SPDX-License-Identifier: Apache-2.0

/// Finds one string in JSON text that may end anywhere, may break off in the middle of a value, or may be spoilt later
/// on. For answers to senders whose text was refused; never for a decision in anybody's favour.
///
/// Where a name stands twice the first one that leads to a string counts, because a text cut short cannot be searched
/// for the second. A text that `JSONDocument` would refuse can therefore still yield a string here.
public enum JSONPrefix {
    /// The string that `path` leads to from the outermost object, through objects only; `nil` where the text ends or
    /// goes wrong before it, where it is no string, and where it takes more than `maximumBytes` as it is written.
    /// Time is linear in the text, and nothing is kept but a position.
    public static func string(at path: [String], in text: [UInt8], maximumBytes: Int) -> String? {
        search(text.span, path: path, maximumBytes: maximumBytes)
    }

    private static func search(_ text: Span<UInt8>, path: [String], maximumBytes: Int) -> String? {
        guard !path.isEmpty else { return nil }
        var at = skipSpace(text, from: 0)
        guard at < text.count, text[at] == UInt8(ascii: "{") else { return nil }
        at = skipSpace(text, from: at + 1)
        /// How many names of `path` lead to the object that is open.
        var level = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "}") {
                guard level > 0 else { return nil }
                level -= 1
                at = skipSpace(text, from: at + 1)
                guard at < text.count else { return nil }
                if text[at] == UInt8(ascii: ",") { at = skipSpace(text, from: at + 1) }
                continue
            }
            guard text[at] == UInt8(ascii: "\""), let name = try? StringDecoding.scan(text, from: at + 1) else {
                return nil
            }
            let isOnPath = value(text, from: at + 1, name).utf8.elementsEqual(path[level].utf8)
            at = skipSpace(text, from: name.end + 1)
            guard at < text.count, text[at] == UInt8(ascii: ":") else { return nil }
            at = skipSpace(text, from: at + 1)
            guard at < text.count else { return nil }
            let isLast = level == path.count - 1
            if isOnPath, isLast, text[at] == UInt8(ascii: "\"") {
                guard let string = try? StringDecoding.scan(text, from: at + 1), string.end - at - 1 <= maximumBytes
                else { return nil }
                return value(text, from: at + 1, string)
            }
            if isOnPath, !isLast, text[at] == UInt8(ascii: "{") {
                level += 1
                at = skipSpace(text, from: at + 1)
                continue
            }
            guard let end = skipValue(text, from: at) else { return nil }
            at = skipSpace(text, from: end)
            guard at < text.count else { return nil }
            if text[at] == UInt8(ascii: ",") {
                at = skipSpace(text, from: at + 1)
            } else if text[at] != UInt8(ascii: "}") {
                return nil
            }
        }
        return nil
    }

    private static func value(_ text: Span<UInt8>, from start: Int, _ scan: StringDecoding.Scan) -> String {
        // The tape's offsets have 32 bits; a string that ends beyond is not looked at.
        guard let start = UInt32(exactly: start), let end = UInt32(exactly: scan.end) else { return "" }
        return StringDecoding.string(
            text, Tape.Entry(kind: .string, isEscaped: scan.isEscaped, start: start, end: end, next: 0))
    }

    /// The offset after the value at `offset`, found by its quotation marks and brackets alone.
    private static func skipValue(_ text: Span<UInt8>, from offset: Int) -> Int? {
        var at = offset
        var depth = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                guard let string = try? StringDecoding.scan(text, from: at + 1) else { return nil }
                at = string.end + 1
                if depth == 0 { return at }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return at }
                depth -= 1
                at += 1
                if depth == 0 { return at }
            case UInt8(ascii: ",") where depth == 0:
                return at
            default:
                at += 1
            }
        }
        return nil
    }

    private static func skipSpace(_ text: Span<UInt8>, from offset: Int) -> Int {
        var at = offset
        while at < text.count, text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x0D || text[at] == 0x09 { at += 1 }
        return at
    }
}
