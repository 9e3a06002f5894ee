// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// Whether the bytes are the same. Swift's `==` is canonical equivalence, under which U+212A is the letter K and
    /// U+037E is the semicolon: two readers could then disagree about what a proof says.
    func isExactly(_ other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

/// The beginning of a text from outside, for an error to keep: a proof's author does not choose how much memory a
/// reason takes. More than any digest or type name that is worth telling.
func excerpt(_ text: String) -> String {
    let limit = 256
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
}
