// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy

/// The face of this target towards admission and the command line.
public protocol ImageVerifying: Sendable {
    /// What all policies say about one image of a workload; `nil` where there is no workload (the command line).
    /// Never throws: whatever goes wrong is part of the verdict.
    func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict

    /// The same of several images, where nobody has to be asked for any of it and nothing has to be checked; `nil` where
    /// `verdict` has to be called for one. Returns at once.
    ///
    /// - Parameter most: `nil` too where more than so many verdicts, one for each policy and image, would be looked up.
    func remembered(
        on references: [ImageReference], for workload: WorkloadFacts?, atMost most: Int
    ) -> RememberedVerdicts?

    /// Whether `remembered` would answer the same again.
    func holds(_ terms: VerdictTerms) -> Bool

    /// What `resolve` would answer, where nobody has to be asked; `nil` where somebody has to be.
    func rememberedImage(_ reference: ImageReference, for puller: Puller?) -> ResolvedImage?

    /// The digest that a tag names now, for pinning; asked for with the workload's credentials.
    func resolve(
        _ reference: ImageReference, for puller: Puller?, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup

    /// What every image would get if it could not be judged: the modes of the policies that name it, so that an
    /// answer without a verdict can still tell a warning from a denial.
    func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes
}

extension ImageVerifying {
    /// For what remembers nothing.
    public func remembered(
        on references: [ImageReference], for workload: WorkloadFacts?, atMost most: Int
    ) -> RememberedVerdicts? { nil }
    public func holds(_ terms: VerdictTerms) -> Bool { false }
    public func rememberedImage(_ reference: ImageReference, for puller: Puller?) -> ResolvedImage? { nil }
}

/// How strictly the policies that name an image are taken.
public enum PolicyModes: Hashable, Sendable {
    /// Every matching policy warns, and there is at least one.
    case allWarn
    /// At least one matching policy enforces.
    case enforced
    /// No policy names it.
    case noMatch(NoMatchAction)
}
