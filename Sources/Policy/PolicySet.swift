// SPDX-License-Identifier: Apache-2.0
public import OCI

/// Every policy in force at one moment; a value, swapped whole when a document changes.
public struct PolicySet: Sendable {
    /// In order of name.
    public let policies: [ClusterImagePolicy]
    /// Documents that cannot be read and have no last good version; each denies what its globs name.
    public let broken: [BrokenPolicy]
    /// Sources that are gone or unreadable as a whole and have no last good version, so that nobody knows which policies
    /// they hold: while there is one, every image is denied.
    public let missing: [String]
    /// Over `policies`.
    private let index: PolicyIndex
    /// Over `broken`.
    private let brokenIndex: PolicyIndex

    /// Policies of one name that differ contradict each other, and nobody knows which was meant: both become broken.
    /// Equal ones are one. What they refer to is taken out of `resources`.
    public init(
        policies: [ClusterImagePolicy], broken: [BrokenPolicy] = [], missing: [String] = [],
        resources: PolicyResources = PolicyResources()
    ) {
        var unique: [ClusterImagePolicy] = []
        var broken = broken
        for (name, group) in Dictionary(grouping: policies, by: \.name) {
            if Set(group.map(\.documentHash)).count == 1, let policy = group.first {
                unique.append(policy.resolved(with: resources))
                continue
            }
            for policy in group {
                broken.append(
                    BrokenPolicy(
                        name: name, reason: "\(group.count) documents of this name say different things",
                        mode: policy.mode, images: policy.images))
            }
        }
        self.policies = unique.sorted { $0.name < $1.name }
        self.broken = broken.sorted { ($0.name, $0.reason) < ($1.name, $1.reason) }
        self.missing = missing.sorted()
        index = PolicyIndex(self.policies.map(\.images))
        brokenIndex = PolicyIndex(self.broken.map(\.images))
    }

    /// What governs an image of a workload. Without a workload (the command line) a policy with `match` applies too.
    public func policies(for reference: ImageReference, workload: WorkloadFacts?) -> PolicySelection {
        let image = ComparedName(reference)
        return PolicySelection(
            policies: index.documents(naming: image).map { policies[$0] }.filter { $0.governs(workload) },
            broken: brokenIndex.documents(naming: image).map { broken[$0] }, missing: missing)
    }

    /// The modes that decide about an image that could not be judged; empty where nothing governs it.
    ///
    /// A reference without digest may become any digest of its repository. So whatever enforces counts if it governs
    /// one of them, and whatever warns only if it governs them all. What a glob says about the tag counts for nothing: no
    /// image is judged by it.
    public func modesOfAnyDigest(of reference: ImageReference, workload: WorkloadFacts?) -> [EnforcementMode] {
        if reference.digest != nil { return policies(for: reference, workload: workload).modes }
        let image = UnpinnedName(reference)
        let named = index.documents(naming: image) { policies[$0].mode.decidingDigests }
        let brokenNamed = brokenIndex.documents(naming: image) { broken[$0].mode.decidingDigests }
        return PolicySelection(
            policies: named.map { policies[$0] }.filter { $0.governs(workload) },
            broken: brokenNamed.map { broken[$0] }, missing: missing
        ).modes
    }
}

extension EnforcementMode {
    /// Of an image whose digest is not known, which digests a glob must name for its policy's mode to count: what
    /// denies counts at the slightest chance, what lets pass only where it is sure.
    var decidingDigests: UnpinnedName.Digests {
        switch self {
        case .enforce: .some
        case .warn: .every
        }
    }
}

/// What governs one image: all of it must admit.
public struct PolicySelection: Sendable {
    /// In order of name.
    public let policies: [ClusterImagePolicy]
    public let broken: [BrokenPolicy]
    public let missing: [String]

    /// Whether nothing governs the image, which is a decision of its own (`--no-match`).
    public var isEmpty: Bool { policies.isEmpty && broken.isEmpty && missing.isEmpty }

    /// A source that is gone counts as one policy that enforces.
    public var modes: [EnforcementMode] {
        policies.map(\.mode) + broken.map(\.mode) + missing.map { _ in .enforce }
    }

    /// Judgements that need no evidence: of broken documents, and of sources that are gone.
    public var denials: [Judgement] {
        broken.map(\.judgement)
            + missing.map { source in
                let sentence =
                    "the policies at \(quoted(source)) are gone, so that nobody knows what they require; bring them back"
                return Judgement(
                    policy: source, mode: .enforce, outcome: .denied(AtLeastOne(DenialReason(.brokenPolicy, sentence))))
            }
    }
}
