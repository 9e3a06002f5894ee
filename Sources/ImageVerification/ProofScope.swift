// SPDX-License-Identifier: Apache-2.0
public import Policy

/// How much of what lies beside an image is read before it is weighed.
public enum ProofScope: Hashable, Sendable {
    case all
    /// Without what a registry lists as something else than what is wanted. What it lists is unsigned and may be wrong, so
    /// this can cost a second look and never a verdict: whoever is not satisfied by it asks for all.
    case likely(LikelyProofs)
}

/// Which proofs may be those that are wanted, by what a list of referrers says of each.
public struct LikelyProofs: Hashable, Sendable {
    /// URIs of predicate types, of which any may do; in an order that depends on nothing else.
    private let predicateTypes: [String]

    public init(predicateTypes: AtLeastOne<String>) {
        self.predicateTypes = Set(predicateTypes.all).sorted()
    }

    /// What cosign 3 writes as a signature.
    public static let signatures = LikelyProofs(
        predicateTypes: AtLeastOne("https://sigstore.dev/cosign/sign/v1"))

    /// Whether a proof has to be read.
    ///
    /// - Parameter listed: the predicate type that a list gives for it; without one it may be anything.
    public func includes(listed: String?) -> Bool {
        guard let listed, !listed.isEmpty else { return true }
        return predicateTypes.contains { PredicateType.isSame($0, listed) }
    }
}
