// SPDX-License-Identifier: Apache-2.0

/// The classes of Perl and POSIX; in this dialect they hold ASCII alone.
enum ASCIIClass {
    /// `\d`, `\s` or `\w` by its small letter.
    static func perl(_ letter: UInt8) -> ScalarSet? {
        switch letter {
        case UInt8(ascii: "d"): ScalarSet([ScalarRange(0x30, 0x39)])
        // Not the vertical tab, unlike [:space:].
        case UInt8(ascii: "s"): ScalarSet([ScalarRange(0x09, 0x0A), ScalarRange(0x0C, 0x0D), ScalarRange(0x20, 0x20)])
        case UInt8(ascii: "w"): word
        default: nil
        }
    }

    /// What `\b` takes for a part of a word.
    static let word = ScalarSet([
        ScalarRange(0x30, 0x39), ScalarRange(0x41, 0x5A), ScalarRange(0x5F, 0x5F), ScalarRange(0x61, 0x7A),
    ])

    /// `[:name:]` by its name.
    static func posix(_ name: String) -> ScalarSet? {
        let ranges: [(UInt32, UInt32)]
        switch name {
        case "alnum": ranges = [(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)]
        case "alpha": ranges = [(0x41, 0x5A), (0x61, 0x7A)]
        case "ascii": ranges = [(0x00, 0x7F)]
        case "blank": ranges = [(0x09, 0x09), (0x20, 0x20)]
        case "cntrl": ranges = [(0x00, 0x1F), (0x7F, 0x7F)]
        case "digit": ranges = [(0x30, 0x39)]
        case "graph": ranges = [(0x21, 0x7E)]
        case "lower": ranges = [(0x61, 0x7A)]
        case "print": ranges = [(0x20, 0x7E)]
        case "punct": ranges = [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)]
        case "space": ranges = [(0x09, 0x0D), (0x20, 0x20)]
        case "upper": ranges = [(0x41, 0x5A)]
        case "word": return word
        case "xdigit": ranges = [(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]
        default: return nil
        }
        return ScalarSet(ranges.map { ScalarRange($0.0, $0.1) })
    }
}
