// SPDX-License-Identifier: Apache-2.0

/// One entry of `NO_PROXY`: where requests go without a proxy.
enum ProxyException: Hashable, Sendable {
    case everything
    /// A network, whatever the port.
    case network(IPNetwork)
    case address(IPAddress, port: String)
    /// A name's end with a dot in front, and whether the name without the dot counts as well.
    case domain(suffix: String, includesItself: Bool, port: String)

    /// The entries of a list, separated by commas. An entry that means nothing is passed over, and what follows `*` too.
    static func list(_ text: String) -> [ProxyException] {
        var list: [ProxyException] = []
        for entry in text.split(separator: ",") {
            let entry = trimmed(entry).lowercased()
            if entry == "*" { return [.everything] }
            if let exception = ProxyException(entry) { list.append(exception) }
        }
        return list
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private init?(_ entry: String) {
        if let network = IPNetwork(entry) {
            self = .network(network)
            return
        }
        var name = entry
        var port = ""
        if let (host, digits) = Self.hostAndPort(entry) { (name, port) = (host, digits) }
        if let address = IPAddress(literal: name) {
            self = .address(address.unmapped, port: port)
            return
        }
        guard !name.isEmpty else { return nil }
        if name.hasPrefix("*.") { name.removeFirst() }
        let includesItself = !name.hasPrefix(".")
        self = .domain(suffix: includesItself ? ".\(name)" : name, includesItself: includesItself, port: port)
    }

    /// What Go's `net.SplitHostPort` splits: one colon, or brackets and a colon behind them.
    private static func hostAndPort(_ text: String) -> (host: String, port: String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        let port = String(text[text.index(after: colon)...])
        if host.first == "[" {
            guard host.last == "]" else { return nil }
            host = host.dropFirst().dropLast()
            guard !host.contains("["), !host.contains("]") else { return nil }
        } else {
            guard !host.contains(where: { ":[]".contains($0) }) else { return nil }
        }
        guard !port.contains("["), !port.contains("]") else { return nil }
        return (String(host), port)
    }

    func matches(_ host: Host, port: String) -> Bool {
        let name = host.unbracketed
        switch self {
        case .everything: return true
        case .network(let network):
            guard let address = host.address else { return false }
            return network.contains(address)
        case .address(let address, let own):
            return host.address?.unmapped == address && (own.isEmpty || own == port)
        // An address is compared as its text, too.
        case .domain(let suffix, let includesItself, let own):
            let isNamed = name.hasSuffix(suffix) || (includesItself && name == suffix.dropFirst())
            return isNamed && (own.isEmpty || own == port)
        }
    }
}

/// Addresses that begin alike, as `10.0.0.0/8`.
struct IPNetwork: Hashable, Sendable {
    private let prefix: [UInt8]
    private let bits: Int

    /// Reads an address, a slash and a number of bits.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(literal: String(parts[0])),
            (1...3).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let bits = Int(parts[1]), bits <= address.bytes.count * 8
        else { return nil }
        let unmapped = address.unmapped
        prefix = unmapped.bytes
        self.bits = unmapped.bytes.count == address.bytes.count ? bits : max(0, bits - 96)
    }

    func contains(_ address: IPAddress) -> Bool {
        let bytes = address.unmapped.bytes
        guard bytes.count == prefix.count else { return false }
        let whole = bits / 8
        guard bytes.prefix(whole) == prefix.prefix(whole) else { return false }
        guard bits % 8 > 0, whole < bytes.count else { return true }
        return (bytes[whole] ^ prefix[whole]) >> (8 - bits % 8) == 0
    }
}

extension IPAddress {
    /// The IPv4 address that an IPv4-mapped IPv6 address stands for (RFC 4291 §2.5.5.2); else itself.
    var unmapped: IPAddress {
        guard bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return self
        }
        return IPAddress(bytes: Array(bytes.suffix(4))) ?? self
    }
}
