// SPDX-License-Identifier: Apache-2.0

/// Base64, RFC 4648, read strictly: no white space, no characters beside the alphabet, no stray bits at the end.
package enum Base64 {
    package enum Alphabet {
        /// `+/`, padded: what cosign writes into annotations, and what PEM is.
        case standard
        /// One alphabet or the other, padded or not: what protobuf's JSON mapping lets a reader accept.
        case any
    }

    /// `nil` for anything that is not one whole encoding.
    package static func decode(_ text: String, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0, alphabet) }
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>, _ alphabet: Alphabet) -> [UInt8]? {
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard text.count % 4 == 0 || padding == 0 && alphabet == .any else { return nil }
        let characters = UnsafeBufferPointer(rebasing: text.dropLast(padding))
        guard characters.count % 4 != 1 else { return nil }
        var seen: UInt8 = 0
        var strayBits: UInt32 = 0
        // A bill of materials is a megabyte and more of it, so groups are read whole: three bytes each, and one or two of
        // what is left, which is what the capacity is.
        let bytes = [UInt8](unsafeUninitializedCapacity: characters.count / 4 * 3 + 2) { bytes, count in
            values.withUnsafeBufferPointer { values in
                func value(_ at: Int) -> UInt32 {
                    let value = values[Int(characters[at])]
                    seen |= value
                    return UInt32(value & 0x3F)
                }
                func write(_ byte: UInt32) {
                    bytes.initializeElement(at: count, to: UInt8(truncatingIfNeeded: byte))
                    count += 1
                }
                let groups = characters.count & ~3
                for at in stride(from: 0, to: groups, by: 4) {
                    let bits = value(at) << 18 | value(at + 1) << 12 | value(at + 2) << 6 | value(at + 3)
                    write(bits >> 16)
                    write(bits >> 8)
                    write(bits)
                }
                if characters.count > groups {
                    var bits = value(groups) << 18 | value(groups + 1) << 12
                    if characters.count > groups + 2 { bits |= value(groups + 2) << 6 }
                    write(bits >> 16)
                    if characters.count > groups + 2 { write(bits >> 8) }
                    strayBits = characters.count > groups + 2 ? bits & 0xFF : bits & 0xFFFF
                }
            }
        }
        let alphabets = seen & (onlyStandard | onlyURL)
        guard alphabets != onlyStandard | onlyURL, alphabets != onlyURL || alphabet == .any else { return nil }
        return strayBits == 0 ? bytes : nil
    }

    /// Marks of the characters that one alphabet has and the other has not; both together no text may have, and so a
    /// character of neither has both.
    fileprivate static let onlyStandard: UInt8 = 0x40
    fileprivate static let onlyURL: UInt8 = 0x80

    /// The six bits of each character, and its marks.
    fileprivate static let values: [UInt8] = {
        var values = [UInt8](repeating: onlyStandard | onlyURL, count: 256)
        let common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        for (value, character) in common.utf8.enumerated() { values[Int(character)] = UInt8(value) }
        values[Int(UInt8(ascii: "+"))] = 62 | onlyStandard
        values[Int(UInt8(ascii: "/"))] = 63 | onlyStandard
        values[Int(UInt8(ascii: "-"))] = 62 | onlyURL
        values[Int(UInt8(ascii: "_"))] = 63 | onlyURL
        return values
    }()
}

extension Base64 {
    /// Whole groups of four characters, decoded one after another.
    struct Groups: Sendable {
        private var seen: UInt8 = 0

        /// Decodes characters, a multiple of four, into three bytes of each group; how many bytes those are.
        mutating func decode(_ text: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> Int {
            var seen = seen
            var count = 0
            values.withUnsafeBufferPointer { values in
                for at in stride(from: 0, to: min(text.count & ~3, bytes.count / 3 * 4), by: 4) {
                    let (one, two) = (values[Int(text[at])], values[Int(text[at + 1])])
                    let (three, four) = (values[Int(text[at + 2])], values[Int(text[at + 3])])
                    seen |= one | two | three | four
                    let bits =
                        UInt32(one & 0x3F) << 18 | UInt32(two & 0x3F) << 12 | UInt32(three & 0x3F) << 6
                        | UInt32(four & 0x3F)
                    bytes[count] = UInt8(truncatingIfNeeded: bits >> 16)
                    bytes[count + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                    bytes[count + 2] = UInt8(truncatingIfNeeded: bits)
                    count += 3
                }
            }
            self.seen = seen
            return count
        }

        /// What the characters make that are left of the last group; `nil` where there are stray bits.
        mutating func last(_ text: [UInt8]) -> [UInt8]? {
            var bits: UInt32 = 0
            for (position, character) in text.prefix(3).enumerated() {
                let value = values[Int(character)]
                seen |= value
                bits |= UInt32(value & 0x3F) << (18 - 6 * UInt32(position))
            }
            switch text.count {
            case 0: return []
            case 2 where bits & 0xFFFF == 0: return [UInt8(truncatingIfNeeded: bits >> 16)]
            case 3 where bits & 0xFF == 0:
                return [UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8)]
            default: return nil
            }
        }

        /// Whether no character was of neither alphabet, and none of one with another of the other.
        var isOfOneAlphabet: Bool { seen & (onlyStandard | onlyURL) != onlyStandard | onlyURL }
    }
}
