// SPDX-License-Identifier: Apache-2.0

/// Text from anywhere as a JSON string that is safe to print: whoever reads the log in a terminal sees no control
/// character, no change of writing direction and no invisible character that the text brought along.
enum LogQuoting {
    /// Bytes of UTF-8 kept of one value; a reference with the longest names is about 500.
    static let maximumBytes = 1024

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    static func append(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        appendUnquoted(text, to: &line)
        line.append(UInt8(ascii: "\""))
    }

    /// The same without the quotation marks.
    static func appendUnquoted(_ text: String, to line: inout [UInt8]) {
        // Nearly everything: names, digests, words of ours.
        var text = text
        let isPlain = text.withUTF8 { bytes in
            guard bytes.count <= maximumBytes, bytes.allSatisfy(Self.isPlain) else { return false }
            line.append(contentsOf: bytes)
            return true
        }
        if isPlain { return }
        var length = 0
        for scalar in text.unicodeScalars {
            length += UTF8.width(scalar)
            guard length <= maximumBytes else {
                line += Array("…".utf8)
                break
            }
            switch scalar {
            case "\"", "\\": line += [UInt8(ascii: "\\"), UInt8(truncatingIfNeeded: scalar.value)]
            case "\n": line += Array("\\n".utf8)
            case "\t": line += Array("\\t".utf8)
            case "\r": line += Array("\\r".utf8)
            case " "..."~": line.append(UInt8(truncatingIfNeeded: scalar.value))
            default:
                if isPrintable(scalar) {
                    line += Array(String(scalar).utf8)
                } else {
                    for unit in String(scalar).utf16 { escape(unit, to: &line) }
                }
            }
        }
    }

    /// Printable ASCII that stands for itself.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func escape(_ unit: UInt16, to line: inout [UInt8]) {
        line += Array("\\u".utf8)
        for shift in [12, 8, 4, 0] { line.append(hexadecimal[Int(unit >> shift) & 15]) }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
