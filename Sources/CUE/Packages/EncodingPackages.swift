// SPDX-License-Identifier: Apache-2.0

/// `encoding/base64`, in the standard alphabet with padding; the first argument, null, stands for it.
enum Base64Package {
    static let path = "encoding/base64"
    static let package = Package(path, functions: [encode, decode, encodedLen, decodedLen])

    private static func checkEncoding(_ call: BuiltinCall) throws(BuiltinError) {
        guard call.value(0) == .null else {
            throw call.failure(
                "base64: unsupported encoding: cannot use value \(call.value(0)) (type \(call.value(0).kind)) as null")
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let encode = Builtin(path, "Encode", [.any, .stringOrBytes], .string) {
        (call) throws(BuiltinError) in
        try checkEncoding(call)
        let bytes = try call.bytes(1)
        try call.admit(bytes: bytes.count / 3 * 4)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for byte in group { word = word << 8 | UInt32(byte) }
            word <<= UInt32(3 - group.count) * 8
            for at in 0..<4 {
                text.append(
                    at <= group.count
                        ? alphabet[Int(word >> UInt32(18 - 6 * at) & 63)] : UInt8(ascii: "="))
            }
        }
        return .string(utf8: text)
    }

    private static let decode = Builtin(path, "Decode", [.any, .string], .stringOrBytes) {
        (call) throws(BuiltinError) in
        try checkEncoding(call)
        let text = try call.utf8(1)
        var bytes: [UInt8] = []
        var group: [UInt8] = []
        var at = 0
        let corrupt = { (at: Int) in call.failure("illegal base64 data at input byte \(at)") }
        // Line ends may stand anywhere.
        let isBreak = { (byte: UInt8) in byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
        while at < text.count {
            let byte = text[at]
            at += 1
            if isBreak(byte) { continue }
            if let value = value(of: byte) {
                group.append(value)
                if group.count == 4 { append(&group, to: &bytes) }
                continue
            }
            guard byte == UInt8(ascii: "="), group.count >= 2 else { throw corrupt(at - 1) }
            if group.count == 2 {
                while at < text.count, isBreak(text[at]) { at += 1 }
                guard at < text.count else { throw corrupt(text.count) }
                guard text[at] == UInt8(ascii: "=") else { throw corrupt(at - 1) }
                at += 1
            }
            append(&group, to: &bytes)
            while at < text.count, isBreak(text[at]) { at += 1 }
            guard at == text.count else { throw corrupt(at) }
        }
        guard group.isEmpty else { throw corrupt(at - group.count) }
        return .bytes(bytes)
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func append(_ group: inout [UInt8], to bytes: inout [UInt8]) {
        var word: UInt32 = 0
        for value in group { word = word << 6 | UInt32(value) }
        word <<= UInt32(4 - group.count) * 6
        for at in 0..<(group.count - 1) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * at))) }
        group = []
    }

    /// Lengths beyond what a text can have are not supported.
    private static func length(_ call: BuiltinCall, _ at: Int) throws(BuiltinError) -> Int {
        let length = try call.int(at)
        guard (0...Int(Int32.max)).contains(length) else { throw call.unsupported("the length \(length)") }
        return length
    }

    private static let encodedLen = Builtin(path, "EncodedLen", [.any, .int], .int) { (call) throws(BuiltinError) in
        try checkEncoding(call)
        return .int((try length(call, 1) + 2) / 3 * 4)
    }

    private static let decodedLen = Builtin(path, "DecodedLen", [.any, .int], .int) { (call) throws(BuiltinError) in
        try checkEncoding(call)
        return .int(try length(call, 1) / 4 * 3)
    }
}

/// `encoding/hex`, in small letters.
enum HexPackage {
    static let path = "encoding/hex"
    static let package = Package(
        path, functions: [encode, decode, encodedLen, decodedLen], unsupported: ["Dump"])

    private static let digits = Array("0123456789abcdef".utf8)

    private static let encode = Builtin(path, "Encode", [.stringOrBytes], .string) { (call) throws(BuiltinError) in
        .string(utf8: try call.bytes(0).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static let decode = Builtin(path, "Decode", [.string], .stringOrBytes) { (call) throws(BuiltinError) in
        let text = try call.utf8(0)
        var values: [UInt8] = []
        for byte in text {
            guard
                let value = Unicode.Scalar(byte).properties.isASCIIHexDigit
                    ? UInt8(String(Unicode.Scalar(byte)), radix: 16) : nil
            else {
                let code = Unicode.Scalar(byte)
                throw call.failure(
                    "encoding/hex: invalid byte: U+\(code.hexadecimal(digits: 4).uppercased()) "
                        + GoQuoting.quoted(code, plain: .printable))
            }
            values.append(value)
        }
        guard values.count % 2 == 0 else { throw call.failure("encoding/hex: odd length hex string") }
        return .bytes(stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] })
    }

    private static let encodedLen = Builtin(path, "EncodedLen", [.int], .int) { (call) throws(BuiltinError) in
        let (length, over) = try call.int(0).multipliedReportingOverflow(by: 2)
        guard !over else { throw call.unsupported("so large a length") }
        return .int(length)
    }

    private static let decodedLen = Builtin(path, "DecodedLen", [.int], .int) { (call) throws(BuiltinError) in
        .int(try call.int(0) / 2)
    }
}
