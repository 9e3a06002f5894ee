// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// An IPv4 or IPv6 address as its bytes, so that it is judged by what it is and not by how it is spelled.
public struct IPAddress: Hashable, Sendable {
    /// Network order: four bytes, or sixteen.
    let bytes: [UInt8]

    init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads a literal without brackets or zone; `nil` for anything else, `127.1` and `0x7f.0.0.1` among them.
    public init?(literal: String) {
        let isSpelledAsAddress = literal.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
                true
            default:
                false
            }
        }
        guard isSpelledAsAddress, let address = try? SocketAddress(ipAddress: literal, port: 0) else { return nil }
        self.init(address)
    }

    /// The address of a connection's other end, or of an answer to a name; `nil` for a Unix socket.
    init?(_ address: SocketAddress) {
        // Fixed layout: family and port take 4 bytes, an IPv6 flow label 4 more. The members' names belong to whichever C
        // module the compiler meets first, so they cannot be written down.
        let raw: ArraySlice<UInt8>
        switch address {
        case .v4(let address): raw = withUnsafeBytes(of: address.address) { Array($0.dropFirst(4).prefix(4))[...] }
        case .v6(let address): raw = withUnsafeBytes(of: address.address) { Array($0.dropFirst(8).prefix(16))[...] }
        case .unixDomainSocket: return nil
        }
        self.init(bytes: Array(raw))
    }
}

extension IPAddress {
    /// Where Google and others serve instance metadata.
    static let metadataServer = IPAddress(bytes: [169, 254, 169, 254])

    /// What an address is good for, as far as we care.
    enum Reach: Hashable, Sendable {
        case ordinary
        case loopback
        case forbidden(ForbiddenAddress)
    }

    var reach: Reach { bytes.count == 4 ? Self.reach(v4: bytes[...]) : Self.reach(v6: bytes) }

    private static func reach(v4 bytes: ArraySlice<UInt8>) -> Reach {
        let bytes = Array(bytes)
        guard bytes.count == 4 else { return .forbidden(.reserved) }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0, _, _, _): return .forbidden(.unspecified)
        case (127, _, _, _): return .loopback
        // Where AWS, Google, Azure, OpenStack and others serve instance metadata; Alibaba's, Azure's and Oracle's second
        // ones lie outside of the link-local block.
        case (169, 254, 169, 254), (100, 100, 100, 200), (168, 63, 129, 16), (192, 0, 0, 192):
            return .forbidden(.metadata)
        case (169, 254, _, _): return .forbidden(.linkLocal)
        case (224...239, _, _, _): return .forbidden(.multicast)
        case (240...255, _, _, _): return .forbidden(.reserved)
        default: return .ordinary
        }
    }

    private static func reach(v6 bytes: [UInt8]) -> Reach {
        if bytes.allSatisfy({ $0 == 0 }) { return .forbidden(.unspecified) }
        if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes.last == 1 { return .loopback }
        switch (bytes[0], bytes[1]) {
        case (0xFF, _): return .forbidden(.multicast)
        case (0xFE, 0x80...0xBF): return .forbidden(.linkLocal)
        // fd00:ec2::/32 is Amazon's (metadata, time, credentials of pods), fd20:ce::/32 Google's.
        case (0xFD, 0x00) where bytes[2] == 0x0E && bytes[3] == 0xC2: return .forbidden(.metadata)
        case (0xFD, 0x20) where bytes[2] == 0x00 && bytes[3] == 0xCE: return .forbidden(.metadata)
        default: break
        }
        return embedded(in: bytes).map { reach(v4: $0) } ?? .ordinary
    }

    /// The IPv4 address inside an IPv6 address that a translator or the kernel would reach through it: mapped,
    /// compatible and translated forms (RFC 4291 §2.5.5, RFC 2765), NAT64 (RFC 6052, RFC 8215) and 6to4 (RFC 3056).
    private static func embedded(in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let head = bytes[..<12]
        let isMapped =
            head.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == bytes[11] && [0, 0xFF].contains(bytes[10])
        let isTranslated =
            head.prefix(8).allSatisfy { $0 == 0 } && bytes[8] == 0xFF && bytes[9] == 0xFF && bytes[10] == 0
            && bytes[11] == 0
        let isNAT64 = head.starts(with: [0x00, 0x64, 0xFF, 0x9B])
        if isMapped || isTranslated || isNAT64 { return bytes[12...] }
        if head.starts(with: [0x20, 0x02]) { return bytes[2..<6] }
        return nil
    }
}

/// Why no connection is made to an address: what answers there is never a registry, and often holds secrets.
public enum ForbiddenAddress: String, Hashable, Sendable, CaseIterable {
    case unspecified, loopback, metadata, multicast, reserved
    case linkLocal = "link-local"
    /// A name that means this machine answered with an address that is not.
    case notLoopback = "non-loopback"
}

/// What is to be thought of loopback addresses for one host.
enum LoopbackRule: Hashable, Sendable, CaseIterable {
    /// An ordinary name: pointing it at loopback is how a stranger reaches what listens on this machine.
    case refused
    /// A host that the operator named by flag.
    case allowed
    /// A host spelled as loopback, to which plain HTTP is spoken: only loopback is safe from listeners.
    case required
    /// A cloud's metadata server, which one request named and nothing else may reach.
    case metadata

    /// `nil` where a connection may be made.
    func refusal(of address: IPAddress) -> ForbiddenAddress? {
        switch (address.reach, self) {
        case (.forbidden, .metadata) where address == .metadataServer: nil
        case (.forbidden(let reason), _): reason
        case (.loopback, .refused): .loopback
        case (.ordinary, .required): .notLoopback
        case (.loopback, .allowed), (.loopback, .required), (.ordinary, .refused), (.ordinary, .allowed): nil
        case (.loopback, .metadata), (.ordinary, .metadata): .reserved
        }
    }
}
