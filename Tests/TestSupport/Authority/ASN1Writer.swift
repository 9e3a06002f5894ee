// SPDX-License-Identifier: Apache-2.0

/// Writes DER (X.690), and whatever else is asked for: nothing is checked, so that a test can write nonsense too.
public enum ASN1Writer {
    /// One element: tag, minimal definite length, content.
    public static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    /// A minimal definite length.
    public static func length(_ count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [UInt8(count)] }
        var octets: [UInt8] = []
        var rest = count
        while rest > 0 {
            octets.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(octets.count)] + octets
    }

    /// A SEQUENCE of encoded elements.
    public static func sequence(_ parts: [[UInt8]]) -> [UInt8] { node(0x30, parts.flatMap { $0 }) }

    /// A SEQUENCE of encoded elements.
    public static func sequence(_ parts: [UInt8]...) -> [UInt8] { sequence(parts) }

    /// A SET OF encoded elements, in DER's order.
    public static func set(_ parts: [[UInt8]]) -> [UInt8] {
        node(0x31, parts.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 })
    }

    /// A constructed, context-specific element: an EXPLICIT tag, or an IMPLICIT one of a constructed type.
    public static func context(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { node(0xA0 | number, content) }

    /// A primitive, context-specific element: an IMPLICIT tag of a string or a number.
    public static func contextPrimitive(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        node(0x80 | number, content)
    }

    /// An INTEGER from a big-endian magnitude, which may have leading zeros.
    public static func integer(magnitude: [UInt8]) -> [UInt8] {
        let trimmed = Array(magnitude.drop { $0 == 0 })
        guard let first = trimmed.first else { return node(0x02, [0]) }
        return node(0x02, first >= 0x80 ? [0] + trimmed : trimmed)
    }

    /// An INTEGER, negative ones too.
    public static func integer(_ value: Int) -> [UInt8] {
        var octets = withUnsafeBytes(of: Int64(value).bigEndian) { Array($0) }
        while octets.count > 1, (octets[0] == 0 && octets[1] < 0x80) || (octets[0] == 0xFF && octets[1] >= 0x80) {
            octets.removeFirst()
        }
        return node(0x02, octets)
    }

    /// A BOOLEAN.
    public static func boolean(_ value: Bool) -> [UInt8] { node(0x01, [value ? 0xFF : 0]) }

    /// A NULL.
    public static let null: [UInt8] = [0x05, 0x00]

    /// An OCTET STRING.
    public static func octets(_ bytes: [UInt8]) -> [UInt8] { node(0x04, bytes) }

    /// A BIT STRING of whole octets.
    public static func bits(_ bytes: [UInt8]) -> [UInt8] { node(0x03, [0] + bytes) }

    /// A BIT STRING of named bits, without trailing zeros as DER wants it.
    public static func namedBits(_ positions: some Sequence<Int>) -> [UInt8] {
        var octets: [UInt8] = []
        var last = -1
        for position in positions {
            while octets.count <= position / 8 { octets.append(0) }
            octets[position / 8] |= 0x80 >> UInt8(position % 8)
            last = max(last, position)
        }
        return node(0x03, [last < 0 ? 0 : UInt8(7 - last % 8)] + octets)
    }

    /// A UTF8String.
    public static func utf8(_ text: String) -> [UInt8] { node(0x0C, Array(text.utf8)) }

    /// An OBJECT IDENTIFIER from its dotted form.
    public static func oid(_ dotted: String) -> [UInt8] {
        let arcs = dotted.split(separator: ".").map { UInt64($0) ?? 0 }
        var content: [UInt8] = []
        if arcs.count >= 2 { content += base128(arcs[0] * 40 + arcs[1]) }
        for arc in arcs.dropFirst(2) { content += base128(arc) }
        return node(0x06, content)
    }

    private static func base128(_ value: UInt64) -> [UInt8] {
        var octets = [UInt8(value & 0x7F)]
        var rest = value >> 7
        while rest > 0 {
            octets.insert(0x80 | UInt8(rest & 0x7F), at: 0)
            rest >>= 7
        }
        return octets
    }
}
