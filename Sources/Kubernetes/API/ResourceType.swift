// SPDX-License-Identifier: Apache-2.0

/// A resource of the API as its URLs name it: group, version, plural.
public struct ResourceType: Hashable, Sendable {
    /// Empty for the core group.
    public let group: String
    public let version: String
    /// As in URLs: `configmaps`.
    public let plural: String
    /// As objects write it: `ConfigMap`.
    public let kind: String
    public let isNamespaced: Bool

    public init(group: String, version: String, plural: String, kind: String, isNamespaced: Bool) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// As objects write it: `v1`, `apps/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of all of them, of one namespace, or of one of them.
    func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if isNamespaced, let namespace { path += "/namespaces/\(URLText.escaped(namespace))" }
        path += "/\(plural)"
        if let name { path += "/\(URLText.escaped(name))" }
        if let subresource { path += "/\(subresource)" }
        return path
    }

    private static func core(_ plural: String, _ kind: String, isNamespaced: Bool = true) -> ResourceType {
        ResourceType(group: "", version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced)
    }

    private static func apps(_ plural: String, _ kind: String) -> ResourceType {
        ResourceType(group: "apps", version: "v1", plural: plural, kind: kind, isNamespaced: true)
    }

    private static func clusterWide(_ group: String, _ version: String, _ plural: String, _ kind: String)
        -> ResourceType
    {
        ResourceType(group: group, version: version, plural: plural, kind: kind, isNamespaced: false)
    }

    public static let secrets = core("secrets", "Secret")
    public static let configMaps = core("configmaps", "ConfigMap")
    public static let serviceAccounts = core("serviceaccounts", "ServiceAccount")
    public static let pods = core("pods", "Pod")
    public static let replicationControllers = core("replicationcontrollers", "ReplicationController")
    public static let podTemplates = core("podtemplates", "PodTemplate")
    public static let events = core("events", "Event")
    public static let namespaces = core("namespaces", "Namespace", isNamespaced: false)
    public static let deployments = apps("deployments", "Deployment")
    public static let replicaSets = apps("replicasets", "ReplicaSet")
    public static let statefulSets = apps("statefulsets", "StatefulSet")
    public static let daemonSets = apps("daemonsets", "DaemonSet")
    public static let jobs = ResourceType(
        group: "batch", version: "v1", plural: "jobs", kind: "Job", isNamespaced: true)
    public static let cronJobs = ResourceType(
        group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob", isNamespaced: true)
    public static let leases = ResourceType(
        group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", isNamespaced: true)
    public static let validatingWebhookConfigurations = clusterWide(
        "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
    public static let mutatingWebhookConfigurations = clusterWide(
        "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration")
    public static let customResourceDefinitions = clusterWide(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition")
    /// In the version that is stored, so that nothing is converted on the way.
    public static let clusterImagePolicies = clusterWide(
        "policy.sigstore.dev", "v1alpha1", "clusterimagepolicies", "ClusterImagePolicy")
    public static let trustRoots = clusterWide("policy.sigstore.dev", "v1alpha1", "trustroots", "TrustRoot")
}

/// Text inside URLs.
enum URLText {
    /// Everything but what RFC 3986 §2.3 leaves unreserved is written as octets.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                escaped += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return escaped
    }
}
