// SPDX-License-Identifier: Apache-2.0

/// One kind of object that the server keeps.
struct APIResource: Sendable {
    let group: String
    /// Served versions; the first is the one that is preferred.
    let versions: [String]
    /// The version in which objects are kept.
    let storageVersion: String
    let plural: String
    let kind: String
    var isNamespaced = false
    var hasStatus = false
    /// Whether `metadata.generation` counts the changes of anything but `metadata` and `status`.
    var countsGenerations = false
    /// Whether it is defined by a CustomResourceDefinition; these are answered as they are kept.
    var isCustom = false
    /// Whether an update may come without a resource version.
    var allowsUnconditionalUpdate = false
    /// Beside `status`.
    var subresources: [String] = []

    /// `secrets`, or `clusterimagepolicies.policy.sigstore.dev`.
    var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// `Secret`, or `ClusterImagePolicy.policy.sigstore.dev`.
    var qualifiedKind: String { group.isEmpty ? kind : "\(kind).\(group)" }

    func apiVersion(_ version: String) -> String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The object as that version shows it; only `apiVersion` differs between versions here.
    func shown(_ object: JSONTree, in version: String) -> JSONTree {
        var object = object
        object["apiVersion"] = .string(apiVersion(version))
        object["kind"] = .string(kind)
        return object
    }

    static func find(group: String, version: String, plural: String) -> APIResource? {
        all.first { $0.group == group && $0.plural == plural && $0.versions.contains(version) }
    }

    static func find(kind: String, apiVersion: String) -> APIResource? {
        all.first { resource in
            resource.kind == kind && resource.versions.contains { resource.apiVersion($0) == apiVersion }
        }
    }

    private static func builtIn(
        _ group: String, _ plural: String, _ kind: String, namespaced: Bool = true, status: Bool = false,
        generations: Bool = false, unconditional: Bool = true, subresources: [String] = []
    ) -> APIResource {
        APIResource(
            group: group, versions: ["v1"], storageVersion: "v1", plural: plural, kind: kind, isNamespaced: namespaced,
            hasStatus: status, countsGenerations: generations, allowsUnconditionalUpdate: unconditional,
            subresources: subresources)
    }

    static let all: [APIResource] = [
        builtIn("", "secrets", "Secret"), builtIn("", "configmaps", "ConfigMap"),
        builtIn("", "namespaces", "Namespace", namespaced: false, status: true),
        builtIn("", "serviceaccounts", "ServiceAccount"),
        builtIn("", "services", "Service", status: true),
        builtIn("", "pods", "Pod", status: true, generations: true, subresources: ["ephemeralcontainers"]),
        builtIn("", "podtemplates", "PodTemplate", generations: true),
        builtIn(
            "", "replicationcontrollers", "ReplicationController", status: true, generations: true,
            subresources: ["scale"]),
        builtIn("", "events", "Event"), builtIn("", "nodes", "Node", namespaced: false, status: true),
        builtIn("apps", "deployments", "Deployment", status: true, generations: true, subresources: ["scale"]),
        builtIn("apps", "replicasets", "ReplicaSet", status: true, generations: true, subresources: ["scale"]),
        builtIn("apps", "statefulsets", "StatefulSet", status: true, generations: true, subresources: ["scale"]),
        builtIn("apps", "daemonsets", "DaemonSet", status: true, generations: true),
        builtIn("batch", "jobs", "Job", status: true, generations: true),
        builtIn("batch", "cronjobs", "CronJob", status: true, generations: true),
        builtIn("coordination.k8s.io", "leases", "Lease", unconditional: false),
        builtIn(
            "admissionregistration.k8s.io", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
            namespaced: false, generations: true, unconditional: false),
        builtIn(
            "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration",
            namespaced: false, generations: true, unconditional: false),
        builtIn(
            "admissionregistration.k8s.io", "validatingadmissionpolicies", "ValidatingAdmissionPolicy",
            namespaced: false, status: true, generations: true, unconditional: false),
        builtIn(
            "admissionregistration.k8s.io", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding",
            namespaced: false, generations: true, unconditional: false),
        builtIn(
            "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false,
            status: true, generations: true, unconditional: false),
        APIResource(
            group: "policy.sigstore.dev", versions: ["v1beta1", "v1alpha1"], storageVersion: "v1beta1",
            plural: "clusterimagepolicies", kind: "ClusterImagePolicy", hasStatus: true, countsGenerations: true,
            isCustom: true),
        APIResource(
            group: "policy.sigstore.dev", versions: ["v1alpha1", "v1beta1"], storageVersion: "v1alpha1",
            plural: "trustroots", kind: "TrustRoot", hasStatus: true, countsGenerations: true, isCustom: true),
        APIResource(
            group: "wgpolicyk8s.io", versions: ["v1alpha2", "v1beta1"], storageVersion: "v1alpha2",
            plural: "policyreports", kind: "PolicyReport", isNamespaced: true, countsGenerations: true, isCustom: true),
        APIResource(
            group: "wgpolicyk8s.io", versions: ["v1alpha2", "v1beta1"], storageVersion: "v1alpha2",
            plural: "clusterpolicyreports", kind: "ClusterPolicyReport", countsGenerations: true, isCustom: true),
    ]
}
