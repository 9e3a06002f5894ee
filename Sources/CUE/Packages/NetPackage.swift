// SPDX-License-Identifier: Apache-2.0

/// `net`: addresses, hosts and URLs.
enum NetPackage {
    static let path = "net"
    static let package = Package(
        path, functions: addresses + hosts + urls, constants: ["IPv4len": .int(4), "IPv6len": .int(16)])

    /// The address that a value stands for: text, or a list of its bytes.
    private static func address(_ value: BuiltinValue) -> NetworkAddress? {
        switch value {
        case .string(let text): return try? NetworkAddress(parsing: text)
        case .bytes(let bytes):
            return String(validating: bytes, as: UTF8.self).flatMap { try? NetworkAddress(parsing: $0) }
        case .list(let list):
            var bytes: [UInt8] = []
            for element in list.prefix(17) {
                guard case .number(let number) = element, number.isInteger, let int = number.int,
                    let byte = UInt8(exactly: int)
                else { return nil }
                bytes.append(byte)
            }
            return NetworkAddress(bytes: bytes)
        default: return nil
        }
    }

    private static func required(_ call: BuiltinCall) throws(BuiltinError) -> NetworkAddress {
        guard let address = address(call.value(0)) else {
            throw call.failure("invalid IP \(call.value(0))")
        }
        return address
    }

    /// `nil` for what is neither text nor bytes.
    private static func prefix(_ call: BuiltinCall) throws(BuiltinError) -> NetworkPrefix? {
        let text: String
        switch call.value(0) {
        case .string(let string): text = string
        case .bytes(let bytes): text = String(decoding: bytes, as: UTF8.self)
        default: return nil
        }
        do throws(NetworkAddress.Malformed) { return try NetworkPrefix(parsing: text) } catch {
            throw call.failure(error.message)
        }
    }

    private static let addresses: [Builtin] = [
        test("IP") { _ in true }, test("IPv4") { $0.is4 }, test("IPv6") { $0.is6 },
        test("LoopbackIP") { $0.isLoopback }, test("MulticastIP") { $0.isMulticast },
        test("InterfaceLocalMulticastIP") { $0.isInterfaceLocalMulticast },
        test("LinkLocalMulticastIP") { $0.isLinkLocalMulticast },
        test("LinkLocalUnicastIP") { $0.isLinkLocalUnicast }, test("GlobalUnicastIP") { $0.isGlobalUnicast },
        test("UnspecifiedIP") { $0.isUnspecified },
        Builtin(path, "IPCIDR", [.any], .bool) { (call) throws(BuiltinError) in
            // CUE lets pass what is neither text nor bytes.
            _ = try prefix(call)
            return .bool(true)
        },
        Builtin(path, "ParseIP", [.string], .list) { (call) throws(BuiltinError) in
            let text = try call.string(0)
            guard let address = address(.string(text)) else {
                throw call.failure("invalid IP address \(GoQuoting.quoted(text))")
            }
            return list(address.bytes)
        },
        Builtin(path, "ToIP4", [.any], .list) { (call) throws(BuiltinError) in
            let address = try required(call)
            guard address.is4 else { throw call.failure("cannot convert \"\(address)\" to IPv4") }
            return list(address.bytes)
        },
        Builtin(path, "ToIP16", [.any], .list) { (call) throws(BuiltinError) in
            list(try required(call).bytes16)
        },
        Builtin(path, "IPString", [.any], .string) { (call) throws(BuiltinError) in
            .string(try required(call).description)
        },
        Builtin(path, "AddIP", [.any, .int], .string) { (call) throws(BuiltinError) in
            let offset = try call.integer(1)
            if let prefix = try? prefix(call) {
                return .string("\(try advanced(prefix.address, by: offset, call))/\(prefix.bits)")
            }
            guard BuiltinKind.stringOrBytes.admits(call.value(0)) else {
                throw call.unsupported("an address as a list")
            }
            return .string("\(try advanced(try required(call), by: offset, call))")
        },
        Builtin(path, "AddIPCIDR", [.any, .int], .string) { (call) throws(BuiltinError) in
            let offset = try call.integer(1)
            guard let prefix = try prefix(call) else { throw call.unsupported("a network as a list") }
            var shifted = offset.coefficient
            for _ in 0..<(prefix.address.bytes.count * 8 - prefix.bits) {
                shifted = shifted.multiplied(by: 2, adding: 0)
            }
            let step = try call.compute { () throws(NumberError) in
                try Number(isInteger: true, isNegative: offset.isNegative, coefficient: shifted, exponent: 0)
            }
            return .string("\(try advanced(prefix.address, by: step, call))/\(prefix.bits)")
        },
    ]

    private static func test(
        _ name: String, _ holds: @escaping @Sendable (NetworkAddress) -> Bool
    ) -> Builtin {
        Builtin(path, name, [.any], .bool) { (call) throws(BuiltinError) in
            .bool(address(call.value(0)).map(holds) ?? false)
        }
    }

    private static func list(_ bytes: [UInt8]) -> BuiltinValue { .list(bytes.map { .int(Int($0)) }) }

    private static func advanced(
        _ address: NetworkAddress, by offset: Number, _ call: BuiltinCall
    ) throws(BuiltinError) -> NetworkAddress {
        let (sum, isBelow) = address.advanced(by: offset)
        guard let sum else {
            throw call.failure(
                "IP address arithmetic resulted in out-of-range address (\(isBelow ? "underflow" : "overflow"))")
        }
        return sum
    }

    private static let hosts: [Builtin] = [
        Builtin(path, "SplitHostPort", [.string], .list) { (call) throws(BuiltinError) in
            let text = try call.string(0)
            let (host, port) = try split(Array(text.utf8), text, call)
            return .list([.string(utf8: host), .string(utf8: port)])
        },
        Builtin(path, "JoinHostPort", [.any, .any], .string) { (call) throws(BuiltinError) in
            let host: String
            switch call.value(0) {
            case .string(let text): host = text
            case .bytes(let bytes): host = String(decoding: bytes, as: UTF8.self)
            case .list:
                guard let address = address(call.value(0)) else {
                    throw call.failure("invalid host \(call.value(0))")
                }
                host = address.description
            default: throw call.failure("cannot use value \(call.value(0)) (type \(call.value(0).kind)) as string")
            }
            let port: String
            switch call.value(1) {
            case .string(let text): port = text
            case .bytes(let bytes): port = String(decoding: bytes, as: UTF8.self)
            default: port = String(try call.int(1))
            }
            let isSix = host.utf8.contains(UInt8(ascii: ":"))
            return .string((isSix ? "[\(host)]" : host) + ":" + port)
        },
        Builtin(path, "FQDN", [.string], .bool) { (call) throws(BuiltinError) in
            .bool(try isFQDN(try call.utf8(0), call))
        },
    ]

    private static func split(
        _ bytes: [UInt8], _ text: String, _ call: BuiltinCall
    ) throws(BuiltinError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        let failure = { (reason: String) in call.failure("address \(text): \(reason)") }
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
            throw failure("missing port in address")
        }
        var host = bytes[..<colon]
        var (searchOpen, searchClose) = (0, 0)
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw failure("missing ']' in address") }
            guard end + 1 < bytes.count else { throw failure("missing port in address") }
            guard end + 1 == colon else {
                throw failure(
                    bytes[end + 1] == UInt8(ascii: ":") ? "too many colons in address" : "missing port in address")
            }
            host = bytes[1..<end]
            (searchOpen, searchClose) = (1, end + 1)
        } else if host.contains(UInt8(ascii: ":")) {
            throw failure("too many colons in address")
        }
        guard !bytes[searchOpen...].contains(UInt8(ascii: "[")) else { throw failure("unexpected '[' in address") }
        guard !bytes[searchClose...].contains(UInt8(ascii: "]")) else { throw failure("unexpected ']' in address") }
        return (host, bytes[(colon + 1)...])
    }

    /// A domain name of letters, digits and hyphens. Punycode and whatever the rules for it may change is not
    /// supported.
    private static func isFQDN(_ name: [UInt8], _ call: BuiltinCall) throws(BuiltinError) -> Bool {
        guard name.allSatisfy({ $0 < 0x80 }) else { return false }
        let length = name.last == UInt8(ascii: ".") ? name.count - 1 : name.count
        guard length >= 1, length <= 253 else { return false }
        let labels = name.prefix(length).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-")
            else { return false }
            let isPlain = label.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "-")
            }
            guard isPlain, !label.dropFirst(2).starts(with: "--".utf8) else {
                throw call.unsupported("a name with other than small letters, digits and single hyphens")
            }
        }
        return true
    }

    private static let urls: [Builtin] = [
        Builtin(path, "URL", [.string], .bool) { (call) throws(BuiltinError) in
            _ = try url(call)
            return .bool(true)
        },
        Builtin(path, "AbsURL", [.string], .bool) { (call) throws(BuiltinError) in
            guard !(try url(call).scheme.isEmpty) else { throw call.failure("URL is not absolute") }
            return .bool(true)
        },
        escape("PathEscape", keeping: "$&+=:@", spaceIsPlus: false),
        escape("QueryEscape", keeping: "", spaceIsPlus: true),
        unescape("PathUnescape", plusIsSpace: false), unescape("QueryUnescape", plusIsSpace: true),
    ]

    private static func failure(_ error: URLSyntax.Malformed, _ call: BuiltinCall, _ prefix: String) -> BuiltinError {
        switch error {
        case .reason(let reason): call.failure(prefix + reason)
        case .unsupported(let what): call.unsupported(what)
        }
    }

    private static func url(_ call: BuiltinCall) throws(BuiltinError) -> URLSyntax {
        let text = try call.string(0)
        do throws(URLSyntax.Malformed) { return try URLSyntax(parsing: text) } catch {
            throw failure(error, call, "parse \(GoQuoting.quoted(text)): ")
        }
    }

    private static func escape(_ name: String, keeping kept: String, spaceIsPlus: Bool) -> Builtin {
        Builtin(path, name, [.string], .string) { (call) throws(BuiltinError) in
            .string(utf8: URLSyntax.escaped(try call.utf8(0), keeping: kept, spaceIsPlus: spaceIsPlus))
        }
    }

    private static func unescape(_ name: String, plusIsSpace: Bool) -> Builtin {
        Builtin(path, name, [.string], .string) { (call) throws(BuiltinError) in
            let text = try call.utf8(0)
            do throws(URLSyntax.Malformed) {
                return .string(utf8: try URLSyntax.unescaped(text[...], plusIsSpace: plusIsSpace))
            } catch { throw failure(error, call, "") }
        }
    }
}
