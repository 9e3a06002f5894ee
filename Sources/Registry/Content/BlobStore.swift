// SPDX-License-Identifier: Apache-2.0
public import ImageVerification
public import OCI

/// Remembers content by its digest. What it hands out is believed to have that digest, since only checked bytes are kept.
public protocol BlobStore: Sendable {
    func blob(_ digest: Digest) -> [UInt8]?
    func keep(_ bytes: [UInt8], as digest: Digest)
    /// Whether it may take as long as a disk does.
    var isOnDisk: Bool { get }
}

extension BlobStore {
    public var isOnDisk: Bool { false }
}

/// Remembers nothing.
public struct NoBlobStore: BlobStore {
    public init() {}

    public func blob(_ digest: Digest) -> [UInt8]? { nil }
    public func keep(_ bytes: [UInt8], as digest: Digest) {}
}

extension ByteBoundedCache: BlobStore where Key == Digest, Value == [UInt8] {
    public func blob(_ digest: Digest) -> [UInt8]? { value(for: digest) }
    public func keep(_ bytes: [UInt8], as digest: Digest) { insert(bytes, for: digest, bytes: bytes.count) }
}
