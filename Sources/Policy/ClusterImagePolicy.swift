// SPDX-License-Identifier: Apache-2.0
public import OCI

/// A `ClusterImagePolicy` document, read and compiled.
public struct ClusterImagePolicy: Sendable {
    public let name: String
    public let mode: EnforcementMode
    /// The images that it governs: those that any of these names.
    public let images: [Glob]
    /// The workloads that it governs: those that any of these names; every workload where there is none.
    public let match: [WorkloadRule]
    /// Any of them admits.
    public internal(set) var authorities: [Authority]
    /// Whether a policy without authorities admits what it governs: never but where the operator says so.
    public let admitsWithoutAuthorities: Bool
    /// What everything that the authorities found has to satisfy besides; `nil` asks for nothing more.
    public internal(set) var program: PolicyProgram?
    /// Bytes of one proof; a larger one is an unreadable candidate.
    public let maximumProofBytes: Int
    /// Why what it refers to cannot be used, a sentence each; empty before that is looked up.
    public internal(set) var unresolved: [String] = []
    /// SHA-256 of the document's meaning, with all that it refers to: what caches of verdicts are keyed by.
    public internal(set) var documentHash: Digest

    public init(
        name: String, mode: EnforcementMode, images: [Glob], match: [WorkloadRule], authorities: [Authority],
        admitsWithoutAuthorities: Bool = false, program: PolicyProgram? = nil,
        maximumProofBytes: Int = ProofExtent.defaultBytes, documentHash: Digest
    ) {
        self.name = name
        self.mode = mode
        self.images = images
        self.match = match
        self.authorities = authorities
        self.admitsWithoutAuthorities = admitsWithoutAuthorities
        self.program = program
        self.maximumProofBytes = maximumProofBytes
        self.documentHash = documentHash
    }

    /// Whether what it says of the same evidence may change with the time of day: programs in CUE cannot tell it, and
    /// those of another language could.
    package var mayReadClock: Bool {
        let programs = authorities.flatMap { $0.attestations.compactMap(\.program) } + [program].compactMap { $0 }
        return programs.contains { $0.language != .cue }
    }

    /// Whether it governs a workload with an image that its globs name (`PolicyIndex`).
    func governs(_ workload: WorkloadFacts?) -> Bool {
        // On the command line there is no workload; the image could be run by one that a rule names.
        guard let workload, !match.isEmpty else { return true }
        return match.contains { $0.matches(workload) }
    }
}
