// SPDX-License-Identifier: Apache-2.0

/// Base64 that comes in pieces, of one alphabet or the other; padding is kept from it, and counted by whoever knows where
/// the text ends. What it accepts is what `Base64.decode(_:.any)` does.
struct StreamedBase64: Sendable {
    /// Bytes that are handed on at a time.
    private static let pieceBytes = 48 << 10

    private var decoder = Base64.Groups()
    /// Characters of a group that is not whole yet.
    private var rest: [UInt8] = []
    private var piece: [UInt8] = []

    /// Decodes characters, and hands on what they make.
    mutating func read(_ text: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Void) {
        var text = text[...]
        if !rest.isEmpty {
            let missing = text.prefix(4 - rest.count)
            rest += missing
            text = text.dropFirst(missing.count)
            guard rest.count == 4 else { return }
            let group = rest
            rest = []
            group.withUnsafeBytes { decode($0, take) }
        }
        while text.count >= 4 {
            let whole = text.prefix(min(text.count & ~3, Self.pieceBytes / 3 * 4))
            decode(UnsafeRawBufferPointer(rebasing: whole), take)
            text = text.dropFirst(whole.count)
        }
        rest += text
    }

    private mutating func decode(_ text: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Void) {
        if piece.isEmpty { piece = [UInt8](repeating: 0, count: Self.pieceBytes) }
        let count = piece.withUnsafeMutableBytes { decoder.decode(text, into: $0) }
        piece.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    /// The text has ended; whether it was one whole encoding with so many equals signs behind it.
    mutating func finish(padding: Int, _ take: (UnsafeRawBufferPointer) -> Void) -> Bool {
        guard padding == 0 || (rest.count + padding) % 4 == 0, rest.count != 1 else { return false }
        guard let last = decoder.last(rest) else { return false }
        last.withUnsafeBytes { take($0) }
        return decoder.isOfOneAlphabet
    }
}
