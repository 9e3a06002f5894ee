// SPDX-License-Identifier: Apache-2.0

/// The scripts of Unicode 17 by their long names; the standard library knows none.
enum ScriptTable {
    /// The characters of the script with this canonical name; nil where there is none.
    static func set(named canonical: String) -> ScalarSet? {
        for line in lines.utf8.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let name = fields.first, UnicodeClass.canonical(name) == canonical else { continue }
            var next: UInt32 = 0
            var ranges: [ScalarRange] = []
            for field in fields.dropFirst() {
                let parts = field.split(separator: UInt8(ascii: "+"))
                let first = next + parts[0].reduce(0) { $0 * 16 + (hexadecimal($1) ?? 0) }
                let length = parts.count > 1 ? parts[1].reduce(0) { $0 * 16 + (hexadecimal($1) ?? 0) } : 1
                ranges.append(ScalarRange(first, first + length - 1))
                next = first + length
            }
            return ScalarSet(ranges)
        }
        return nil
    }
}
