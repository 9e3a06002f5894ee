// SPDX-License-Identifier: Apache-2.0
internal import OCI

/// Whom the verifier believes besides the keys that policies name: certificate authorities, logs, timestamp
/// authorities. None of them is checked yet, so the only material is `none`.
public struct TrustMaterial: Hashable, Sendable {
    /// Changes whenever what is believed changes; caches and verdicts carry it.
    public let generation: TrustGeneration

    /// Nothing is believed: only keys that policies name can prove anything.
    public static let none = TrustMaterial(generation: TrustGeneration(of: []))
}

/// A hash over all trust material in force. Two equal generations believe the same.
public struct TrustGeneration: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(of material: [UInt8]) { description = Digest(of: material).hex }
}
