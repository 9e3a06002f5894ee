// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Synchronization

/// Asks for the verdict on an image once for all workloads that policies cannot tell apart, so that an audit of
/// thousands of Pods asks registries as often as there are images.
final class OnceVerifier: ImageVerifying {
    private struct Key: Hashable {
        let reference: ImageReference
        let resource: [String]
        let labels: [String: String]
        let puller: Puller?
    }

    private let verifier: ImageVerifier
    /// Whether some policy looks at the kind and the labels of workloads.
    private let matches: Bool
    /// Whether some policy looks at the objects themselves.
    private let readsObjects: Bool
    /// Whether registries are asked with workloads' own credentials, so that they may answer one what they do not another.
    private let separatesWorkloads: Bool
    private let known = Mutex<[Key: ImageVerdict]>([:])
    /// Verdicts that are kept: images of the largest clusters, several times. A verdict takes a few KiB at most.
    private static let maximumKnown = 50_000

    init(_ verifier: ImageVerifier, _ policies: PolicySet, separatesWorkloads: Bool) {
        self.verifier = verifier
        self.separatesWorkloads = separatesWorkloads
        matches = policies.policies.contains { !$0.match.isEmpty }
        readsObjects = policies.policies.contains { policy in
            policy.program.map { $0.inputs.specification || $0.inputs.metadata || $0.inputs.type } ?? false
        }
    }

    /// Images that were judged.
    var count: Int { Set(known.withLock { $0.keys.map(\.reference) }).count }

    func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict {
        let resource = [workload?.group, workload?.version, workload?.resource].map { $0 ?? "" }
        let key = Key(
            reference: reference, resource: matches ? resource : [], labels: matches ? workload?.labels ?? [:] : [:],
            puller: separatesWorkloads ? workload?.puller : nil)
        if !readsObjects, let verdict = known.withLock({ $0[key] }) { return verdict }
        let verdict = await verifier.verdict(on: reference, for: workload, deadline: deadline)
        known.withLock { known in
            if known.count < Self.maximumKnown { known[key] = verdict }
        }
        return verdict
    }

    func resolve(
        _ reference: ImageReference, for puller: Puller?, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        try await verifier.resolve(reference, for: puller, deadline: deadline)
    }

    func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes {
        verifier.modes(for: reference, workload: workload)
    }
}
