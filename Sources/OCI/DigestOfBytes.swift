// SPDX-License-Identifier: Apache-2.0
internal import Crypto

// Apart from `Digest` itself, so that reading names needs no cryptography.
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
