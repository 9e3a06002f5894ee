// SPDX-License-Identifier: Apache-2.0
import JSON

/// `encoding/json`.
enum JSONPackage {
    static let path = "encoding/json"
    static let package = Package(
        path, functions: [marshal, marshalStream, unmarshal, valid, compact, indent, htmlEscape],
        unsupported: ["UnmarshalStream"], evaluated: ["Validate"])

    // MARK: Writing

    private static let marshal = Builtin(path, "Marshal", [.any], .string) { (call) throws(BuiltinError) in
        var text: [UInt8] = []
        try write(call.value(0), to: &text, call)
        return .string(utf8: text)
    }

    private static let marshalStream = Builtin(path, "MarshalStream", [.any], .string) {
        (call) throws(BuiltinError) in
        guard case .list(let values) = call.value(0) else {
            throw call.failure("cannot use value \(call.value(0)) (type \(call.value(0).kind)) as list")
        }
        var text: [UInt8] = []
        for value in values {
            try write(value, to: &text, call)
            text.append(UInt8(ascii: "\n"))
        }
        return .string(utf8: text)
    }

    /// As deep as the value is, which its maker bounds.
    private static func write(_ value: BuiltinValue, to text: inout [UInt8], _ call: BuiltinCall) throws(BuiltinError) {
        switch value {
        case .null: text += "null".utf8
        case .bool(let bool): text += (bool ? "true" : "false").utf8
        case .number(let number): text += number.description.utf8
        case .string(let string): write(string, to: &text)
        case .bytes: throw call.unsupported("bytes")
        case .list(let values):
            text.append(UInt8(ascii: "["))
            for (at, value) in values.enumerated() {
                if at > 0 { text.append(UInt8(ascii: ",")) }
                try write(value, to: &text, call)
            }
            text.append(UInt8(ascii: "]"))
        case .structure(let fields):
            text.append(UInt8(ascii: "{"))
            for (at, field) in fields.enumerated() {
                if at > 0 { text.append(UInt8(ascii: ",")) }
                write(field.name, to: &text)
                text.append(UInt8(ascii: ":"))
                try write(field.value, to: &text, call)
            }
            text.append(UInt8(ascii: "}"))
        }
        try call.admit(bytes: text.count)
    }

    private static func write(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += [UInt8(ascii: "\\"), UInt8(truncatingIfNeeded: scalar.value)]
            case "\u{08}": text += "\\b".utf8
            case "\u{0C}": text += "\\f".utf8
            case "\n": text += "\\n".utf8
            case "\r": text += "\\r".utf8
            case "\t": text += "\\t".utf8
            case _ where scalar.value < 0x20 || scalar.value == 0x2028 || scalar.value == 0x2029:
                text += ("\\u" + scalar.hexadecimal(digits: 4)).utf8
            default: text += String(scalar).utf8
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    // MARK: Reading

    /// Go's reader takes some texts that ours does not; those are not supported.
    private static func document(_ call: BuiltinCall) throws(BuiltinError) -> JSONDocument {
        let text = try call.bytes(0)
        do throws(JSONError) {
            return try JSONDocument(parsing: text)
        } catch {
            switch error.reason {
            case .duplicateKey, .invalidUTF8, .loneSurrogate, .tooDeep, .tooLarge, .tooManyValues:
                throw call.unsupported("\(error)")
            default: throw call.failure("json: invalid JSON")
            }
        }
    }

    private static let unmarshal = Builtin(path, "Unmarshal", [.stringOrBytes], .any) { (call) throws(BuiltinError) in
        let document = try document(call)
        return try value(document.root, call)
    }

    /// As deep as the reader's own bound.
    private static func value(_ json: JSONValue, _ call: BuiltinCall) throws(BuiltinError) -> BuiltinValue {
        switch json.kind {
        case .null: return .null
        case .bool: return .bool(json.bool ?? false)
        case .string: return .string(json.string ?? "")
        case .number:
            let text = json.numberText ?? ""
            return .number(try call.compute { () throws(NumberError) in try Number(readingJSON: text) })
        case .array:
            var list: [BuiltinValue] = []
            for element in json.elements { list.append(try value(element, call)) }
            return .list(list)
        case .object:
            var fields: [BuiltinValue.Field] = []
            for member in json.members {
                fields.append(BuiltinValue.Field(name: member.name, value: try value(member.value, call)))
            }
            return .structure(fields)
        }
    }

    private static let valid = Builtin(path, "Valid", [.stringOrBytes], .bool) { (call) throws(BuiltinError) in
        do throws(BuiltinError) {
            _ = try document(call)
        } catch {
            if error.isUnsupported { throw error }
            return .bool(false)
        }
        return .bool(true)
    }

    // MARK: Spacing

    private static let compact = Builtin(path, "Compact", [.stringOrBytes], .string) { (call) throws(BuiltinError) in
        var text: [UInt8] = []
        _ = try document(call)
        tokens(try call.bytes(0)) { token in text += token }
        return .string(utf8: text)
    }

    private static let indent = Builtin(path, "Indent", [.stringOrBytes, .string, .string], .string) {
        (call) throws(BuiltinError) in
        let (source, prefix, step) = (try call.bytes(0), try call.utf8(1), try call.utf8(2))
        _ = try document(call)
        guard let last = source.last, !isSpace(last) else { throw call.unsupported("space behind the value") }
        var text: [UInt8] = []
        var depth = 0
        var previous: UInt8 = 0
        var isTooLong = false
        let line = { text += [UInt8(ascii: "\n")] + prefix + [[UInt8]](repeating: step, count: depth).joined() }
        tokens(source) { token in
            guard !isTooLong, let first = token.first else { return }
            let closes = first == UInt8(ascii: "}") || first == UInt8(ascii: "]")
            let opened = previous == UInt8(ascii: "{") || previous == UInt8(ascii: "[")
            if closes { depth -= 1 }
            if opened != closes || previous == UInt8(ascii: ",") { line() }
            text += token
            if first == UInt8(ascii: ":") { text.append(UInt8(ascii: " ")) }
            if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { depth += 1 }
            previous = first == UInt8(ascii: "\"") ? 0 : first
            isTooLong = text.count > BuiltinLimits.bytes
        }
        try call.admit(bytes: text.count)
        return .string(utf8: text)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }

    /// The tokens of a text that is good JSON.
    private static func tokens(_ text: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
        var at = 0
        while at < text.count {
            let start = at
            at += 1
            switch text[start] {
            case _ where isSpace(text[start]): continue
            case UInt8(ascii: "\""):
                while at < text.count, text[at] != UInt8(ascii: "\"") {
                    at += text[at] == UInt8(ascii: "\\") ? 2 : 1
                }
                at = min(at + 1, text.count)
            case _ where "{}[]:,".utf8.contains(text[start]): break
            default: while at < text.count, !isSpace(text[at]), !"{}[]:,\"".utf8.contains(text[at]) { at += 1 }
            }
            body(text[start..<at])
        }
    }

    private static let htmlEscape = Builtin(path, "HTMLEscape", [.stringOrBytes], .string) {
        (call) throws(BuiltinError) in
        var escaped = ""
        for scalar in String(decoding: try call.bytes(0), as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x26, 0x3C, 0x3E, 0x2028, 0x2029: escaped += "\\u" + scalar.hexadecimal(digits: 4)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return .string(escaped)
    }
}
