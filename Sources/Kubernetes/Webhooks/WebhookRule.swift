// SPDX-License-Identifier: Apache-2.0
import Admission
import JSON

/// Resources of one group and version whose creations and updates are reviewed. Never DELETE, which names no image and
/// must always be possible, and never CONNECT.
public struct WebhookRule: Hashable, Sendable {
    public let group: String
    public let version: String
    public let resources: [String]
    public let isNamespaced: Bool

    /// Every kind that is judged, by name: what a later version of Kubernetes brings is not refused unseen.
    static let workloads: [WebhookRule] = {
        var rules: [WebhookRule] = []
        for kind in WorkloadKind.all {
            // Ephemeral containers are how an image gets into a Pod that runs. `resize`, `status`, `binding` and `scale`
            // cannot name or change one.
            let resources = kind.isPod ? [kind.resource, "\(kind.resource)/ephemeralcontainers"] : [kind.resource]
            if let last = rules.last, last.group == kind.group, last.version == kind.version {
                rules[rules.count - 1] = WebhookRule(
                    group: kind.group, version: kind.version, resources: last.resources + resources,
                    isNamespaced: true)
            } else {
                rules.append(
                    WebhookRule(group: kind.group, version: kind.version, resources: resources, isNamespaced: true))
            }
        }
        return rules
    }()

    static let policies = [
        WebhookRule(
            group: "policy.sigstore.dev", version: "v1alpha1", resources: ["clusterimagepolicies", "trustroots"],
            isNamespaced: false),
        WebhookRule(
            group: "policy.sigstore.dev", version: "v1beta1", resources: ["clusterimagepolicies"],
            isNamespaced: false),
    ]

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("apiGroups", [group])
            writer.member("apiVersions", [version])
            writer.member("operations", ["CREATE", "UPDATE"])
            writer.member("resources", resources)
            writer.member("scope", isNamespaced ? "Namespaced" : "Cluster")
        }
    }
}

/// One requirement of a label selector on namespaces.
public struct NamespaceRequirement: Hashable, Sendable {
    public let key: String
    /// `In`, `NotIn`.
    public let operation: String
    public let values: [String]
}
