// SPDX-License-Identifier: Apache-2.0

/// `uuid`, but for those made by hashing.
enum UUIDPackage {
    static let path = "uuid"
    static let package = Package(
        path, functions: [valid, parse, urn, version, variant],
        constants: [
            "ns": .structure(
                [
                    ("DNS", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"), ("URL", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"),
                    ("OID", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"), ("X500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"),
                    ("Nil", "00000000-0000-0000-0000-000000000000"),
                ].map { BuiltinValue.Field(name: $0.0, value: .string($0.1)) }),
            "variants": .structure(
                ["Invalid", "RFC4122", "Reserved", "Microsoft", "Future"].enumerated().map {
                    BuiltinValue.Field(name: $0.element, value: .int($0.offset))
                }),
        ],
        unsupported: ["FromInt", "MD5", "SHA1", "ToInt"])

    /// The 32 digits of a UUID: with hyphens, alone, in braces or as a URN.
    private static func digits(_ call: BuiltinCall) throws(BuiltinError) -> [UInt8] {
        var text = try call.utf8(0)
        switch text.count {
        case 36, 32: break
        case 45:
            let prefix = String(decoding: text.prefix(9), as: UTF8.self)
            guard prefix.lowercased() == "urn:uuid:" else {
                throw call.failure("invalid urn prefix: \(GoQuoting.quoted(prefix))")
            }
            text = Array(text.dropFirst(9))
        case 38:
            guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") else {
                // The parser of Go does not look at the braces, its validator does.
                throw call.unsupported("38 bytes without braces")
            }
            text = Array(text.dropFirst().dropLast())
        default: throw call.failure("invalid UUID length: \(text.count)")
        }
        if text.count == 36 {
            guard [8, 13, 18, 23].allSatisfy({ text[$0] == UInt8(ascii: "-") }) else {
                throw call.failure("invalid UUID format")
            }
            text = [23, 18, 13, 8].reduce(into: text) { text, at in text.remove(at: at) }
        }
        guard text.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else {
            throw call.failure("invalid UUID format")
        }
        return Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
    }

    private static func hyphenated(_ digits: [UInt8]) -> String {
        let text = { (range: Range<Int>) in String(decoding: digits[range], as: UTF8.self) }
        return [text(0..<8), text(8..<12), text(12..<16), text(16..<20), text(20..<32)].joined(separator: "-")
    }

    private static let valid = Builtin(path, "Valid", [.string], .bool) { (call) throws(BuiltinError) in
        _ = try digits(call)
        return .bool(true)
    }

    private static let parse = Builtin(path, "Parse", [.string], .string) { (call) throws(BuiltinError) in
        .string(hyphenated(try digits(call)))
    }

    private static let urn = Builtin(path, "URN", [.string], .string) { (call) throws(BuiltinError) in
        .string("urn:uuid:" + hyphenated(try digits(call)))
    }

    private static let version = Builtin(path, "Version", [.string], .int) { (call) throws(BuiltinError) in
        .int(try digit(12, call))
    }

    private static let variant = Builtin(path, "Variant", [.string], .int) { (call) throws(BuiltinError) in
        switch try digit(16, call) {
        case 0..<8: .int(2)
        case 8..<12: .int(1)
        case 12..<14: .int(3)
        default: .int(4)
        }
    }

    private static func digit(_ at: Int, _ call: BuiltinCall) throws(BuiltinError) -> Int {
        Int(String(Unicode.Scalar(try digits(call)[at])), radix: 16) ?? 0
    }
}
