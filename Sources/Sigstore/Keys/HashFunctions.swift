// SPDX-License-Identifier: Apache-2.0
import Crypto
import OCI

extension HashAlgorithm {
    /// Bytes of a digest.
    var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    func hash(_ message: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: message))
        case .sha384: Array(SHA384.hash(data: message))
        case .sha512: Array(SHA512.hash(data: message))
        }
    }
}

/// Hashes of bytes that nobody holds; each is there that was asked for.
struct MessageDigests: Hashable, Sendable {
    fileprivate var sha256: [UInt8]?
    fileprivate var sha384: [UInt8]?
    fileprivate var sha512: [UInt8]?

    subscript(algorithm: HashAlgorithm) -> [UInt8]? {
        switch algorithm {
        case .sha256: sha256
        case .sha384: sha384
        case .sha512: sha512
        }
    }
}

/// Hashes bytes as they come.
struct MessageHashing: Sendable {
    private var sha256: SHA256?
    private var sha384: SHA384?
    private var sha512: SHA512?

    init(_ algorithms: Set<HashAlgorithm>) {
        sha256 = algorithms.contains(.sha256) ? SHA256() : nil
        sha384 = algorithms.contains(.sha384) ? SHA384() : nil
        sha512 = algorithms.contains(.sha512) ? SHA512() : nil
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        sha384?.update(bufferPointer: bytes)
        sha512?.update(bufferPointer: bytes)
    }

    /// Of all bytes until now.
    var digests: MessageDigests {
        MessageDigests(
            sha256: sha256.map { Array($0.finalize()) }, sha384: sha384.map { Array($0.finalize()) },
            sha512: sha512.map { Array($0.finalize()) })
    }
}

extension OCI.Digest.Algorithm {
    var function: HashAlgorithm {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }
}
