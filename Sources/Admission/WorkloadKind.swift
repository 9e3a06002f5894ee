// SPDX-License-Identifier: Apache-2.0

/// A kind of object that holds a Pod's specification, and where it holds it. Every kind of Kubernetes' own API that names
/// images: a closed list, and what is not in it is not let through.
package enum WorkloadKind: Hashable, Sendable, CaseIterable {
    case pod, podTemplate, replicationController, deployment, replicaSet, statefulSet, daemonSet, job, cronJob
    case cronJobBeta

    package static let all = allCases

    package var group: String {
        switch self {
        case .pod, .podTemplate, .replicationController: ""
        case .deployment, .replicaSet, .statefulSet, .daemonSet: "apps"
        case .job, .cronJob, .cronJobBeta: "batch"
        }
    }

    package var version: String { self == .cronJobBeta ? "v1beta1" : "v1" }

    /// Plural, as in a URL.
    package var resource: String {
        switch self {
        case .pod: "pods"
        case .podTemplate: "podtemplates"
        case .replicationController: "replicationcontrollers"
        case .deployment: "deployments"
        case .replicaSet: "replicasets"
        case .statefulSet: "statefulsets"
        case .daemonSet: "daemonsets"
        case .job: "jobs"
        case .cronJob, .cronJobBeta: "cronjobs"
        }
    }

    package var kind: String {
        switch self {
        case .pod: "Pod"
        case .podTemplate: "PodTemplate"
        case .replicationController: "ReplicationController"
        case .deployment: "Deployment"
        case .replicaSet: "ReplicaSet"
        case .statefulSet: "StatefulSet"
        case .daemonSet: "DaemonSet"
        case .job: "Job"
        case .cronJob, .cronJobBeta: "CronJob"
        }
    }

    /// Member names that lead to the Pod's specification.
    package var podSpecification: [String] {
        switch self {
        case .pod: ["spec"]
        case .podTemplate: ["template", "spec"]
        case .replicationController, .deployment, .replicaSet, .statefulSet, .daemonSet, .job:
            ["spec", "template", "spec"]
        case .cronJob, .cronJobBeta: ["spec", "jobTemplate", "spec", "template", "spec"]
        }
    }

    /// Whether `spec.replicas` says how many Pods it wants, so that it can be scaled down.
    package var hasReplicas: Bool {
        switch self {
        case .replicationController, .deployment, .replicaSet, .statefulSet: true
        case .pod, .podTemplate, .daemonSet, .job, .cronJob, .cronJobBeta: false
        }
    }

    package var isPod: Bool { self == .pod }

    /// As an object writes it: `v1`, `apps/v1`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

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
