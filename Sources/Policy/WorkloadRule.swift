// SPDX-License-Identifier: Apache-2.0

/// One entry of `match`: a kind of workload, and the labels that it must have.
public struct WorkloadRule: Hashable, Sendable {
    /// Empty means the core group, and no other.
    public let group: String
    /// `*` means any; empty means none, so that a rule without version names no workload.
    public let version: String
    /// One of `knownResources`; empty means none.
    public let resource: String
    /// `nil`: whatever its labels.
    public let selector: LabelSelector?

    /// The resources that `match` may name.
    public static let knownResources: Set<String> = [
        "replicasets", "deployments", "pods", "cronjobs", "jobs", "statefulsets", "daemonsets",
    ]

    public init(group: String, version: String, resource: String, selector: LabelSelector? = nil) {
        self.group = group
        self.version = version
        self.resource = resource
        self.selector = selector
    }

    public func matches(_ workload: WorkloadFacts) -> Bool {
        !resource.isEmpty && resource == workload.resource && group == workload.group
            && (version == "*" || (!version.isEmpty && version == workload.version))
            && (selector?.matches(workload.labels) ?? true)
    }
}
