// SPDX-License-Identifier: Apache-2.0
public import Sigstore
import Synchronization

/// The trust material by which proofs are checked now; replaced as a whole, while verdicts go on.
public final class TrustInForce: Sendable {
    private let state: Mutex<TrustMaterial>

    public init(_ material: TrustMaterial) { state = Mutex(material) }

    /// One consistent material: a check takes it once, and its generation is part of what is remembered.
    public var current: TrustMaterial { state.withLock { $0 } }

    /// Of the material in force now.
    var generation: TrustGeneration { state.withLock { $0.generation } }

    public func replace(with material: TrustMaterial) { state.withLock { $0 = material } }
}
