// SPDX-License-Identifier: Apache-2.0

/// Text from outside, made fit to stand in a message: one line, nothing that a terminal acts on or that turns the order
/// of what is read, and no longer than asked. Lengths are in Unicode scalars, which Kubernetes calls runes.
enum PlainText {
    /// Control, format (bidirectional marks among them), private, unassigned characters and every separator but the
    /// space are written `\u{…}`.
    static func escaped(_ text: String, limit: Int) -> String {
        if isPlain(text, limit: limit) { return text }
        var shown = ""
        for scalar in text.unicodeScalars.prefix(limit + 1) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                shown += escape(scalar)
            case .spaceSeparator where scalar != " ":
                shown += escape(scalar)
            default:
                shown.unicodeScalars.append(scalar)
            }
        }
        return cut(shown, to: limit)
    }

    /// As `escaped`, and with everything outside ASCII escaped: for names, in which nothing else is valid and in which
    /// another script's letters would only mislead.
    static func name(_ text: String, limit: Int = 512) -> String {
        if isPlain(text, limit: limit) { return text }
        var shown = ""
        for scalar in text.unicodeScalars.prefix(limit + 1) {
            if 0x20..<0x7F ~= scalar.value {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += escape(scalar)
            }
        }
        return cut(shown, to: limit)
    }

    /// At most `limit` scalars; what is cut off is cut after a word and marked by `…`.
    static func cut(_ text: String, to limit: Int) -> String {
        let scalars = text.unicodeScalars
        guard limit > 0 else { return "" }
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end != scalars.endIndex
        else { return text }
        // One place is the ellipsis'.
        let head = scalars[..<scalars.index(before: end)]
        // A word longer than half the line is cut within.
        let half = scalars.index(scalars.startIndex, offsetBy: limit / 2)
        let space = head.lastIndex(of: " ").flatMap { $0 >= half ? $0 : nil } ?? head.endIndex
        return String(head[..<space]) + "…"
    }

    /// Printable ASCII that need not be cut: nearly everything.
    private static func isPlain(_ text: String, limit: Int) -> Bool {
        var text = text
        return text.withUTF8 { $0.count <= limit && $0.allSatisfy { 0x20..<0x7F ~= $0 } }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }
}
