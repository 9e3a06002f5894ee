// SPDX-License-Identifier: Apache-2.0

/// A content digest, `sha256:` or `sha512:` and lower-case hex. OCI image-spec, descriptor.md "Digests".
public struct Digest: Hashable, Sendable {
    public enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256, sha512

        /// Hex characters of the encoded part.
        public var hexLength: Int { self == .sha256 ? 64 : 128 }
    }

    public let algorithm: Algorithm
    /// Lower-case hex, as long as the algorithm says.
    public let hex: String

    /// Reads `algorithm:hex`; throws for any other algorithm, length or character, upper-case hex among them.
    public init(_ text: String) throws(DigestError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .missingAlgorithm }
        guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
            throw .unknownAlgorithm(String(text[..<colon]))
        }
        let hex = text[text.utf8.index(after: colon)...]
        guard hex.utf8.count == algorithm.hexLength else {
            throw .wrongLength(expected: algorithm.hexLength, found: hex.utf8.count)
        }
        guard hex.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }) else { throw .notLowerCaseHex }
        self.algorithm = algorithm
        self.hex = String(hex)
    }

    /// For a hash that was computed while the bytes streamed by; the caller answers for it.
    package init(streamed algorithm: Algorithm, hash: some Sequence<UInt8>) {
        self.algorithm = algorithm
        hex = lowerHex(hash)
    }

    /// `sha256-<hex>`: the stem of the tags under which cosign keeps what belongs to a digest, and the name of the
    /// fallback tag of OCI distribution-spec "Referrers Tag Schema".
    public var tagStem: String { "\(algorithm.rawValue)-\(hex)" }
}

extension Digest: CustomStringConvertible {
    public var description: String { "\(algorithm.rawValue):\(hex)" }
}

public enum DigestError: Error, Hashable, Sendable {
    case missingAlgorithm
    case unknownAlgorithm(String)
    case wrongLength(expected: Int, found: Int)
    case notLowerCaseHex
}

extension DigestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingAlgorithm: "a digest is written algorithm:hex"
        case .unknownAlgorithm: "the digest's algorithm is neither sha256 nor sha512"
        case .wrongLength(let expected, let found): "the digest has \(found) characters of hex, not \(expected)"
        case .notLowerCaseHex: "a digest is lower-case hex"
        }
    }
}

/// Lower-case hex of bytes.
package func lowerHex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
