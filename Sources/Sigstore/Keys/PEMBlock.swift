// SPDX-License-Identifier: Apache-2.0

/// A block of a PEM text, RFC 7468.
///
/// As lax as the readers that operators' keys have passed so far: free text around the block, any length of line, white
/// space in and after lines. As strict as a trust anchor needs: whatever else looks like a boundary is an error, so
/// that a second key is never overlooked where there may be one only.
struct PEMBlock {
    /// `PUBLIC KEY`, `RSA PUBLIC KEY`, …
    let label: String
    /// What the base64 says; not empty.
    let bytes: [UInt8]

    private static let beginning = Array("-----BEGIN ".utf8)
    private static let ending = Array("-----END ".utf8)
    private static let dashes = Array("-----".utf8)

    init(in text: String) throws(KeyError) {
        let blocks = try Self.all(in: text, atMost: 1)
        guard let only = blocks.first else { throw .notPEM }
        self = only
    }

    private init(label: String, bytes: [UInt8]) {
        self.label = label
        self.bytes = bytes
    }

    /// Every block of the text, in order; at least one, and an error for more than `limit`.
    static func all(in text: String, atMost limit: Int) throws(KeyError) -> [PEMBlock] {
        // Bytes, since every entry of a log holds a certificate in PEM and characters cost more than the signature.
        let lines = Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let beginnings = lines.indices.filter { lines[$0].holds(Self.beginning) }
        guard !beginnings.isEmpty else { throw .notPEM }
        guard beginnings.count <= limit else { throw .severalBlocks(beginnings.count) }
        let ends = lines.indices.filter { lines[$0].holds(Self.ending) }
        guard ends.count == beginnings.count else { throw .notPEM }
        var blocks: [PEMBlock] = []
        var last = -1
        for (begin, end) in zip(beginnings, ends) {
            guard begin > last, end > begin, let label = Self.label(of: lines[begin], after: Self.beginning),
                let endLabel = Self.label(of: lines[end], after: Self.ending), endLabel.isExactly(label),
                let bytes = Base64.decode(Self.body(lines[(begin + 1)..<end])), !bytes.isEmpty
            else { throw .notPEM }
            blocks.append(PEMBlock(label: label, bytes: bytes))
            last = end
        }
        return blocks
    }

    /// The label of a boundary that fills its line; white space after it is nothing.
    private static func label(of line: ArraySlice<UInt8>, after boundary: [UInt8]) -> String? {
        var line = line
        while let last = line.last, isSpace(last) { line = line.dropLast() }
        guard line.starts(with: boundary) else { return nil }
        line = line.dropFirst(boundary.count)
        guard line.count > dashes.count, line.suffix(dashes.count).elementsEqual(dashes) else { return nil }
        line = line.dropLast(dashes.count)
        // Labels are compared as strings, for which U+212A is the letter K.
        guard line.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
        return String(decoding: line, as: UTF8.self)
    }

    private static func body(_ lines: ArraySlice<ArraySlice<UInt8>>) -> String {
        var body: [UInt8] = []
        for line in lines { body += line.contains(where: isSpace) ? line.filter { !isSpace($0) }[...] : line }
        return String(decoding: body, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}

extension ArraySlice<UInt8> {
    /// Whether a boundary stands in here, which begins with a dash as no other line of a block does.
    fileprivate func holds(_ boundary: [UInt8]) -> Bool {
        var rest = self
        while let dash = rest.firstIndex(of: UInt8(ascii: "-")) {
            rest = rest[dash...]
            if rest.starts(with: boundary) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
