// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy
public import Sigstore

/// What all policies say about one image.
public struct ImageVerdict: Sendable {
    public let reference: ImageReference
    /// `nil` where the reference could not be resolved.
    public let image: ResolvedImage?
    public let finding: Finding
    /// Whether all of it was remembered: then no registry had to be asked.
    public let isCached: Bool
    /// The trust material by which proofs were checked; `nil` where none was looked at.
    public let trust: TrustGeneration?

    public enum Finding: Sendable {
        /// One judgement per matching policy, in order of policy name.
        case judged(AtLeastOne<Judgement>)
        /// No policy names the image; what the operator wants then.
        case noMatchingPolicy(NoMatchAction)
        /// The tag names nothing, or nobody could be asked; every matching policy's mode is told along.
        case unresolved(DenialReason, modes: [EnforcementMode])
        case outage(Outage, modes: [EnforcementMode])
    }

    public init(
        reference: ImageReference, image: ResolvedImage?, finding: Finding, isCached: Bool,
        trust: TrustGeneration? = nil
    ) {
        self.reference = reference
        self.image = image
        self.finding = finding
        self.isCached = isCached
        self.trust = trust
    }
}
