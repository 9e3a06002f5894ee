// SPDX-License-Identifier: Apache-2.0

/// What `\p{Name}` may name: a general category, one of its other names, a script, `Any`, `Assigned` or `ASCII`.
enum UnicodeClass {
    /// The characters of the class; nil where there is none of this name. Case, spaces, `_` and `-` do not matter.
    static func set(named name: some Sequence<UInt8>) -> ScalarSet? {
        let canonical = canonical(name)
        switch canonical {
        case "Any": return .all
        case "Ascii": return ScalarSet([ScalarRange(0, 0x7F)])
        case "Assigned": return CategoryTable.set(named: "Cn")?.inverted
        default: return CategoryTable.set(named: canonical) ?? ScriptTable.set(named: canonical)
        }
    }

    /// The name with its first letter large and the others small, without spaces, `_` and `-`.
    static func canonical(_ name: some Sequence<UInt8>) -> String {
        var bytes: [UInt8] = []
        for byte in name {
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: " "): continue
            case UInt8(ascii: "a")...UInt8(ascii: "z") where bytes.isEmpty: bytes.append(byte - 0x20)
            case UInt8(ascii: "A")...UInt8(ascii: "Z") where !bytes.isEmpty: bytes.append(byte + 0x20)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
