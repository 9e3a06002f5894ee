// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not the JSON that this reader accepts, and where.
///
/// The grammar is RFC 8259, read strictly: duplicate member names, lone surrogates, invalid UTF-8, unescaped control
/// characters, trailing data and leading byte order marks are errors.
public struct JSONError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case trailingData
        case duplicateKey(String)
        case invalidUTF8
        case invalidEscape
        case loneSurrogate
        case controlCharacter
        case invalidNumber
        case tooDeep(limit: Int)
        case tooLarge(limit: Int)
        case tooManyValues(limit: Int)
    }

    public let reason: Reason
    /// Byte offset in the text, from 0.
    public let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpectedEnd: "JSON ends too early"
        case .unexpectedByte(let byte): "unexpected byte 0x\(String(byte, radix: 16))"
        case .trailingData: "data after the JSON value"
        case .duplicateKey(let key): "duplicate key \(printable(key))"
        case .invalidUTF8: "invalid UTF-8"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "lone surrogate in a string"
        case .controlCharacter: "control character in a string"
        case .invalidNumber: "invalid number"
        case .tooDeep(let limit): "nested more than \(limit) levels deep"
        case .tooLarge(let limit): "larger than \(limit) bytes"
        case .tooManyValues(let limit): "more than \(limit) values"
        }
    }
}

/// Text from outside as it may be shown: quoted, control and format characters escaped, cut at `limit` characters; 80 are
/// long enough for an image name, and short enough for one line of a terminal.
package func printable(_ text: String, limit: Int = 80) -> String {
    var shown = "\""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            if scalar == "\"" || scalar == "\\" { shown.unicodeScalars.append("\\") }
            shown.unicodeScalars.append(scalar)
        }
    }
    if text.unicodeScalars.count > limit { shown += "…" }
    return shown + "\""
}
