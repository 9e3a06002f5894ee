// SPDX-License-Identifier: Apache-2.0

/// On whose behalf an image is asked for: where a workload's own registry credentials are found.
public struct Puller: Hashable, Sendable {
    /// The workload's; `nil` where it is not known, and then no Secret can be.
    public let namespace: String?
    /// The ServiceAccount that the Pods run as; `nil` where it is not known.
    public let serviceAccount: String?
    /// `imagePullSecrets`, names of Secrets of the namespace in their order, each once; at most `maximumPullSecrets`.
    public let pullSecrets: [String]

    /// Each name costs a question to the API server; workloads have one or two, clusters with many registries a dozen.
    public static let maximumPullSecrets = 64

    /// Empty names stand for nothing, as in Kubernetes. Of more Secrets than are read the first count.
    public init(namespace: String?, serviceAccount: String? = nil, pullSecrets: [String] = []) {
        self.namespace = namespace.flatMap { $0.isEmpty ? nil : $0 }
        self.serviceAccount = serviceAccount.flatMap { $0.isEmpty ? nil : $0 }
        var names: [String] = []
        var seen: Set<String> = []
        for name in pullSecrets where !name.isEmpty && names.count < Self.maximumPullSecrets {
            if seen.insert(name).inserted { names.append(name) }
        }
        self.pullSecrets = names
    }
}
