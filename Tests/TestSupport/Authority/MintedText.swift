// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials

/// The encodings that Sigstore's formats share.
public enum MintedText {
    /// Base64 with the standard alphabet and padding.
    public static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// Base64 with the URL alphabet, without padding.
    public static func base64URL(_ bytes: [UInt8]) -> String {
        String(base64(bytes).compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }

    /// Lower-case hex.
    public static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// A PEM text of one block, lines of 64. RFC 7468.
    public static func pem(_ label: String, _ der: [UInt8]) -> String {
        var lines = ["-----BEGIN \(label)-----"]
        var rest = Substring(base64(der))
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        return (lines + ["-----END \(label)-----", ""]).joined(separator: "\n")
    }

    /// The DSSE pre-authentication encoding: what an envelope's signature is over.
    public static func preAuthentication(type: String, payload: [UInt8]) -> [UInt8] {
        Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
    }

    /// So many random bytes.
    public static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// A number as so many big-endian bytes.
    static func bigEndian(_ value: UInt64, bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (bytes - 1 - $0))) }
    }
}

/// The hash functions that Sigstore's formats name, and SHA-1, which they must not.
public enum MintedHash: String, Hashable, Sendable, CaseIterable {
    case sha1, sha256, sha384, sha512

    /// The hash of the bytes.
    public func callAsFunction(_ bytes: [UInt8]) -> [UInt8] { Array(digest(bytes)) }

    func digest(_ bytes: [UInt8]) -> any Crypto.Digest {
        switch self {
        case .sha1: Insecure.SHA1.hash(data: bytes)
        case .sha256: SHA256.hash(data: bytes)
        case .sha384: SHA384.hash(data: bytes)
        case .sha512: SHA512.hash(data: bytes)
        }
    }

    /// The object identifier of the hash function.
    public var oid: String {
        switch self {
        case .sha1: "1.3.14.3.2.26"
        case .sha256: "2.16.840.1.101.3.4.2.1"
        case .sha384: "2.16.840.1.101.3.4.2.2"
        case .sha512: "2.16.840.1.101.3.4.2.3"
        }
    }

    /// Sigstore's name: `SHA2_256`.
    public var sigstoreName: String { self == .sha1 ? "SHA1" : "SHA2_" + rawValue.dropFirst(3) }
}
