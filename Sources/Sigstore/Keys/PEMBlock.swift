// SPDX-License-Identifier: Apache-2.0

/// The only block of a PEM text, RFC 7468.
///
/// As lax as the readers that operators' keys have passed so far: free text around the block, any length of line, white
/// space in and after lines. As strict as a trust anchor needs: whatever else looks like a boundary is an error, so
/// that a second key is never overlooked.
struct PEMBlock {
    /// `PUBLIC KEY`, `RSA PUBLIC KEY`, …
    let label: String
    /// What the base64 says; not empty.
    let bytes: [UInt8]

    private static let beginning = "-----BEGIN "
    private static let ending = "-----END "
    private static let dashes = "-----"

    init(in text: String) throws(KeyError) {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        let boundaries = lines.indices.filter { lines[$0].utf8.contains(Self.beginning) }
        guard let begin = boundaries.first else { throw .notPEM }
        guard boundaries.count == 1 else { throw .severalBlocks(boundaries.count) }
        let ends = lines.indices.filter { lines[$0].utf8.contains(Self.ending) }
        guard let end = ends.first, ends.count == 1, end > begin,
            let label = Self.label(of: lines[begin], after: Self.beginning),
            let endLabel = Self.label(of: lines[end], after: Self.ending), endLabel.isExactly(label),
            let bytes = Base64.decode(Self.body(lines[(begin + 1)..<end])), !bytes.isEmpty
        else { throw .notPEM }
        self.label = label
        self.bytes = bytes
    }

    /// The label of a boundary that fills its line; white space after it is nothing.
    private static func label(of line: Substring, after boundary: String) -> String? {
        var line = line.utf8
        while let last = line.last, isSpace(last) { line = line.dropLast() }
        guard line.starts(with: boundary.utf8) else { return nil }
        line = line.dropFirst(boundary.utf8.count)
        guard line.count > dashes.utf8.count, line.suffix(dashes.utf8.count).elementsEqual(dashes.utf8) else {
            return nil
        }
        return String(Substring(line.dropLast(dashes.utf8.count)))
    }

    private static func body(_ lines: ArraySlice<Substring>) -> String {
        String(decoding: lines.flatMap { $0.utf8.filter { !isSpace($0) } }, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}

extension Substring.UTF8View {
    /// Whether a short ASCII text stands in here.
    fileprivate func contains(_ text: String) -> Bool {
        indices.contains { self[$0...].starts(with: text.utf8) }
    }
}
