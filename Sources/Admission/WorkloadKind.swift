// SPDX-License-Identifier: Apache-2.0

/// A kind of object that holds a Pod's specification, and where it holds it.
package struct WorkloadKind: Hashable, Sendable {
    package let group: String
    package let version: String
    /// Plural, as in a URL.
    package let resource: String
    package let kind: String
    /// Member names that lead to the Pod's specification.
    package let podSpecification: [String]
    /// Whether `spec.replicas` says how many Pods it wants, so that it can be scaled down.
    package let hasReplicas: Bool

    package var isPod: Bool { kind == "Pod" }

    /// As an object writes it: `v1`, `apps/v1`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    private init(
        _ group: String, _ version: String, _ resource: String, _ kind: String, _ path: String,
        hasReplicas: Bool = false
    ) {
        self.group = group
        self.version = version
        self.resource = resource
        self.kind = kind
        podSpecification = path.split(separator: ".").map(String.init)
        self.hasReplicas = hasReplicas
    }

    /// Every kind of Kubernetes' own API that names images. A closed list: what is not in it is not let through.
    package static let all: [WorkloadKind] = [
        WorkloadKind("", "v1", "pods", "Pod", "spec"),
        WorkloadKind("", "v1", "podtemplates", "PodTemplate", "template.spec"),
        WorkloadKind(
            "", "v1", "replicationcontrollers", "ReplicationController", "spec.template.spec", hasReplicas: true),
        WorkloadKind("apps", "v1", "deployments", "Deployment", "spec.template.spec", hasReplicas: true),
        WorkloadKind("apps", "v1", "replicasets", "ReplicaSet", "spec.template.spec", hasReplicas: true),
        WorkloadKind("apps", "v1", "statefulsets", "StatefulSet", "spec.template.spec", hasReplicas: true),
        WorkloadKind("apps", "v1", "daemonsets", "DaemonSet", "spec.template.spec"),
        WorkloadKind("batch", "v1", "jobs", "Job", "spec.template.spec"),
        WorkloadKind("batch", "v1", "cronjobs", "CronJob", "spec.jobTemplate.spec.template.spec"),
        WorkloadKind("batch", "v1beta1", "cronjobs", "CronJob", "spec.jobTemplate.spec.template.spec"),
    ]

    package static func of(group: String, version: String, resource: String) -> WorkloadKind? {
        all.first { $0.group == group && $0.version == version && $0.resource == resource }
    }

    /// By what an object says of itself.
    package static func of(apiVersion: String, kind: String) -> WorkloadKind? {
        all.first { $0.apiVersion == apiVersion && $0.kind == kind }
    }
}

/// What a request to a subresource of a workload carries.
enum Subresource: Hashable, Sendable {
    /// The object itself, images and all.
    case carriesImages
    /// Something in which no image can be named, or can be changed.
    case carriesNone
    case unknown

    init(_ name: String, of kind: WorkloadKind) {
        self =
            switch name {
            case "": .carriesImages
            // The whole Pod with the new containers: what `kubectl debug` sends.
            case "ephemeralcontainers" where kind.isPod: .carriesImages
            // The whole Pod. Only requests and limits can change, so that judging it costs nothing.
            case "resize" where kind.isPod: .carriesImages
            // The API server takes nothing but `status` from the object, and controllers write it all day.
            case "status": .carriesNone
            // A Binding or Eviction object: names only.
            case "binding" where kind.isPod, "eviction" where kind.isPod: .carriesNone
            // CONNECT and GET: options of a stream into a Pod that runs already.
            case "exec" where kind.isPod, "attach" where kind.isPod, "portforward" where kind.isPod,
                "proxy" where kind.isPod, "log" where kind.isPod:
                .carriesNone
            default: .unknown
            }
    }

    /// A Scale object of whatever resource: a number of replicas and a selector.
    static let scale = "scale"
}
