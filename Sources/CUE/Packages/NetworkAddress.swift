// SPDX-License-Identifier: Apache-2.0

/// An IP address as Go's `net/netip` reads and writes it: 4 or 16 bytes, and the zone of an IPv6 address.
struct NetworkAddress: Hashable, Sendable {
    let bytes: [UInt8]
    /// Empty where there is none.
    let zone: String

    /// 4 or 16 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
        zone = ""
    }

    private init(bytes: [UInt8], zone: String) {
        self.bytes = bytes
        self.zone = zone
    }

    var is4: Bool { bytes.count == 4 }
    /// Also of an IPv4 address written within IPv6.
    var is6: Bool { bytes.count == 16 }
    var isMapped: Bool { is6 && bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF }

    /// IPv4 within IPv6 as the IPv4 address that it stands for.
    var unmapped: NetworkAddress {
        isMapped ? NetworkAddress(bytes: Array(bytes.suffix(4)), zone: "") : self
    }

    var bytes16: [UInt8] {
        is6 ? bytes : [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes
    }

    // MARK: Reading

    struct Malformed: Error, Hashable, Sendable {
        /// In Go's words.
        let message: String
    }

    init(parsing text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        switch bytes.first(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }) {
        case UInt8(ascii: "."):
            guard let four = Self.four(bytes[...]) else { throw Self.error(text, "unable to parse IPv4") }
            self.init(bytes: four, zone: "")
        case UInt8(ascii: ":"): try self.init(six: bytes, text: text)
        case UInt8(ascii: "%"): throw Self.error(text, "missing IPv6 address")
        default: throw Self.error(text, "unable to parse IP")
        }
    }

    private static func error(_ text: String, _ reason: String) -> Malformed {
        Malformed(message: "ParseAddr(\(GoQuoting.quoted(text))): \(reason)")
    }

    /// Four decimal numbers up to 255 without zeros in front.
    private static func four(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let fields = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard fields.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for field in fields {
            guard (1...3).contains(field.count), field.count == 1 || field.first != UInt8(ascii: "0"),
                field.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
                let byte = UInt8(String(decoding: field, as: UTF8.self))
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private init(six: [UInt8], text: String) throws(Malformed) {
        var rest = six[...]
        var zone = ""
        if let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            zone = String(decoding: rest[(percent + 1)...], as: UTF8.self)
            guard !zone.isEmpty else { throw Self.error(text, "zone must be a non-empty string") }
            rest = rest[..<percent]
        }
        var bytes: [UInt8] = []
        var gap: Int?
        if rest.starts(with: "::".utf8) {
            gap = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty, bytes.count < 16 {
            let digits = rest.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ".") }
            if rest.dropFirst(digits.count).first == UInt8(ascii: ".") {
                guard gap != nil ? bytes.count <= 12 : bytes.count == 12, let four = Self.four(rest) else {
                    throw Self.error(text, "embedded IPv4 address must replace the final 2 fields of the address")
                }
                bytes += four
                rest = []
                break
            }
            guard (1...4).contains(digits.count),
                digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let field = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw Self.error(text, "each colon-separated field must have at least one digit") }
            bytes += [UInt8(field >> 8), UInt8(field & 0xFF)]
            rest = rest.dropFirst(digits.count)
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst()
            guard let next = rest.first else { throw Self.error(text, "colon must be followed by more characters") }
            if next == UInt8(ascii: ":") {
                guard gap == nil else { throw Self.error(text, "multiple :: in address") }
                gap = bytes.count
                rest = rest.dropFirst()
            }
        }
        guard rest.isEmpty else { throw Self.error(text, "trailing garbage after address") }
        if bytes.count < 16 {
            guard let gap else { throw Self.error(text, "address string too short") }
            bytes.insert(contentsOf: [UInt8](repeating: 0, count: 16 - bytes.count), at: gap)
        } else if gap != nil {
            throw Self.error(text, "the :: must expand to at least one field of zeros")
        }
        self.init(bytes: bytes, zone: zone)
    }

    // MARK: What kind

    var isUnspecified: Bool { zone.isEmpty && bytes.allSatisfy { $0 == 0 } }

    var isLoopback: Bool {
        let plain = unmapped
        return plain.is4 ? plain.bytes[0] == 127 : plain.bytes.dropLast().allSatisfy { $0 == 0 } && plain.bytes[15] == 1
    }

    var isMulticast: Bool {
        let plain = unmapped
        return plain.is4 ? plain.bytes[0] & 0xF0 == 0xE0 : plain.bytes[0] == 0xFF
    }

    var isInterfaceLocalMulticast: Bool {
        let plain = unmapped
        return plain.is6 && plain.bytes[0] == 0xFF && plain.bytes[1] & 0x0F == 0x01
    }

    var isLinkLocalMulticast: Bool {
        let plain = unmapped
        if plain.is4 { return plain.bytes[0] == 224 && plain.bytes[1] == 0 && plain.bytes[2] == 0 }
        return plain.bytes[0] == 0xFF && plain.bytes[1] & 0x0F == 0x02
    }

    var isLinkLocalUnicast: Bool {
        let plain = unmapped
        if plain.is4 { return plain.bytes[0] == 169 && plain.bytes[1] == 254 }
        return plain.bytes[0] == 0xFE && plain.bytes[1] & 0xC0 == 0x80
    }

    var isGlobalUnicast: Bool {
        let plain = unmapped
        if plain.is4, plain.bytes.allSatisfy({ $0 == 0 }) || plain.bytes.allSatisfy({ $0 == 255 }) { return false }
        return !plain.bytes.allSatisfy { $0 == 0 } && !plain.isLoopback && !plain.isMulticast
            && !plain.isLinkLocalUnicast
    }

    /// The address so many further on; `nil` beyond either end, told by the sign of what is beyond.
    func advanced(by offset: Number) -> (address: NetworkAddress?, isBelow: Bool) {
        var value = Magnitude.zero
        for byte in bytes { value = value.multiplied(by: 256, adding: UInt32(byte)) }
        let sum: Magnitude
        if offset.isNegative {
            guard offset.coefficient <= value else { return (nil, true) }
            sum = value.difference(from: offset.coefficient)
        } else {
            sum = value.adding(offset.coefficient)
        }
        let digits = sum.digits(radix: 256).map { UInt8(truncatingIfNeeded: $0) }
        guard digits.count <= bytes.count else { return (nil, false) }
        let all = [UInt8](repeating: 0, count: bytes.count - digits.count) + digits.reversed()
        return (NetworkAddress(bytes: all), false)
    }
}

extension NetworkAddress: CustomStringConvertible {
    /// RFC 5952 for IPv6.
    var description: String {
        if is4 { return bytes.map(String.init).joined(separator: ".") }
        let suffix = zone.isEmpty ? "" : "%" + zone
        if isMapped { return "::ffff:" + unmapped.description + suffix }
        let fields = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var longest = 0..<0
        var at = 0
        while at < 8 {
            let end = fields[at...].firstIndex { $0 != 0 } ?? 8
            if end - at > max(longest.count, 1) { longest = at..<end }
            at = end + 1
        }
        let text = { (range: Range<Int>) in range.map { String(fields[$0], radix: 16) }.joined(separator: ":") }
        if longest.isEmpty { return text(0..<8) + suffix }
        return text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8) + suffix
    }
}

/// An address and how many of its first bits count, as `10.0.0.0/8`.
struct NetworkPrefix: Hashable, Sendable {
    let address: NetworkAddress
    let bits: Int

    init(parsing text: String) throws(NetworkAddress.Malformed) {
        let failure = { (reason: String) in
            NetworkAddress.Malformed(message: "netip.ParsePrefix(\(GoQuoting.quoted(text))): \(reason)")
        }
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { throw failure("no '/'") }
        let length = String(text[text.index(after: slash)...])
        do throws(NetworkAddress.Malformed) {
            address = try NetworkAddress(parsing: String(text[..<slash]))
        } catch { throw failure(error.message) }
        guard address.zone.isEmpty else { throw failure("IPv6 zones cannot be present in a prefix") }
        guard !length.isEmpty, length.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            length.utf8.count == 1 || length.utf8.first != UInt8(ascii: "0"), let bits = Int(length)
        else { throw failure("bad bits after slash: \(GoQuoting.quoted(length))") }
        guard bits <= address.bytes.count * 8 else { throw failure("prefix length out of range") }
        self.bits = bits
    }
}
