// SPDX-License-Identifier: Apache-2.0

/// Base64, RFC 4648, read strictly: no white space, no characters beside the alphabet, no stray bits at the end.
enum Base64 {
    enum Alphabet {
        /// `+/`, padded: what cosign writes into annotations, and what PEM is.
        case standard
        /// One alphabet or the other, padded or not: what protobuf's JSON mapping lets a reader accept.
        case any
    }

    /// `nil` for anything that is not one whole encoding.
    static func decode(_ text: String, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0, alphabet) }
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>, _ alphabet: Alphabet) -> [UInt8]? {
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard text.count % 4 == 0 || padding == 0 && alphabet == .any else { return nil }
        let characters = text.dropLast(padding)
        guard characters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        var isStandard = false
        var isURL = false
        for character in characters {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "/"):
                isStandard = true
                value = character == UInt8(ascii: "+") ? 62 : 63
            case UInt8(ascii: "-"), UInt8(ascii: "_"):
                isURL = true
                value = character == UInt8(ascii: "-") ? 62 : 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= (1 << count) - 1
            }
        }
        guard !isURL || alphabet == .any && !isStandard else { return nil }
        return bits == 0 ? bytes : nil
    }
}
