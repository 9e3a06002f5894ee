// SPDX-License-Identifier: Apache-2.0
import JSON

/// Canonical JSON as TUF signs it (the OLPC dialect): members in order of their names' code points, no white space,
/// strings with only `"` and `\` escaped, whole numbers only. TUF 1.0 §4.2.
enum CanonicalJSON {
    /// `nil` where the value has a number that is not whole or does not fit 64 bits: that has no canonical form.
    static func bytes(of value: JSONValue) -> [UInt8]? {
        var bytes: [UInt8] = []
        return append(value, to: &bytes) ? bytes : nil
    }

    /// The depth is bounded by the limits under which the document was read.
    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) -> Bool {
        switch value.kind {
        case .object:
            bytes.append(UInt8(ascii: "{"))
            // Names in UTF-8 sort as their code points do. Two that are equal were refused by the reader.
            let members = value.members.map { (name: Array($0.name.utf8), value: $0.value) }
                .sorted { $0.name.lexicographicallyPrecedes($1.name) }
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                guard append(member.value, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "}"))
        case .array:
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for element in value.elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                guard append(element, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "]"))
        case .string: append(Array((value.string ?? "").utf8), to: &bytes)
        case .number:
            guard let number = value.integer else { return false }
            bytes += Array(String(number).utf8)
        case .bool: bytes += Array((value.bool == true ? "true" : "false").utf8)
        case .null: bytes += Array("null".utf8)
        }
        return true
    }

    private static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
