// SPDX-License-Identifier: Apache-2.0
internal import Crypto

// Apart from `Digest` itself, so that reading names needs no cryptography.
/// A SHA-256 as four numbers: a key that holds no memory of its own.
package func sha256Words(of bytes: [UInt8]) -> (UInt64, UInt64, UInt64, UInt64) {
    SHA256.hash(data: bytes).withUnsafeBytes { hash in
        func word(_ index: Int) -> UInt64 { hash.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
        return (word(0), word(1), word(2), word(3))
    }
}

extension Digest {
    /// The digest of these bytes.
    public init(of bytes: some Sequence<UInt8>, _ algorithm: Algorithm = .sha256) {
        let bytes = Array(bytes)
        switch algorithm {
        case .sha256: self.init(streamed: .sha256, hash: SHA256.hash(data: bytes))
        case .sha512: self.init(streamed: .sha512, hash: SHA512.hash(data: bytes))
        }
    }

    /// Whether these bytes have this digest.
    public func matches(_ bytes: some Sequence<UInt8>) -> Bool { Digest(of: bytes, algorithm) == self }
}
