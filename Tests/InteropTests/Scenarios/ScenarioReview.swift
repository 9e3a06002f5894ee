// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// An AdmissionReview of one object of any kind of workload, as an API server sends it.
struct ScenarioReview: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case pod = "Pod"
        case replicaSet = "ReplicaSet"
        case deployment = "Deployment"
        case statefulSet = "StatefulSet"
        case daemonSet = "DaemonSet"
        case job = "Job"
        case cronJob = "CronJob"

        fileprivate var group: String {
            switch self {
            case .pod: ""
            case .replicaSet, .deployment, .statefulSet, .daemonSet: "apps"
            case .job, .cronJob: "batch"
            }
        }

        /// Where the Pod's specification lies, as messages write it.
        var path: String {
            switch self {
            case .pod: "spec"
            case .cronJob: "spec.jobTemplate.spec.template.spec"
            default: "spec.template.spec"
            }
        }

        fileprivate var hasReplicas: Bool { [.replicaSet, .deployment, .statefulSet].contains(self) }
    }

    var kind = Kind.pod
    var images: [String] = []
    var ephemeralImages: [String] = []
    var imageVolumes: [String] = []
    var labels: [String: String] = [:]
    var serviceAccount = "default"
    var replicas: Int64 = 1
    var subresource = ""
    /// What an update changes; `nil` makes this a creation.
    private var old: JSONTree?

    init(_ image: String, _ kind: Kind = .pod, change: (inout ScenarioReview) -> Void = { _ in }) {
        self.kind = kind
        images = [image]
        change(&self)
    }

    /// The update of this object to a changed one.
    func update(_ change: (inout ScenarioReview) -> Void) -> ScenarioReview {
        var changed = self
        changed.old = object
        change(&changed)
        return changed
    }

    private var podSpecification: JSONTree {
        func containers(_ stem: String, _ images: [String]) -> JSONTree {
            .array(
                images.enumerated().map { index, image in
                    ["name": .string("\(stem)-\(index)"), "image": .string(image), "imagePullPolicy": "IfNotPresent"]
                })
        }
        var spec: JSONTree = [
            "containers": containers("main", images), "restartPolicy": kind == .job ? "Never" : "Always",
            "serviceAccount": .string(serviceAccount), "serviceAccountName": .string(serviceAccount),
        ]
        if !ephemeralImages.isEmpty { spec["ephemeralContainers"] = containers("debug", ephemeralImages) }
        if !imageVolumes.isEmpty {
            spec["volumes"] = .array(
                imageVolumes.enumerated().map { index, image in
                    ["name": .string("volume-\(index)"), "image": ["reference": .string(image)]]
                })
        }
        return spec
    }

    private var specification: JSONTree {
        let template: JSONTree = ["metadata": ["labels": ["app": "demo"]], "spec": podSpecification]
        if kind == .pod { return podSpecification }
        if kind == .cronJob { return ["schedule": "@daily", "jobTemplate": ["spec": ["template": template]]] }
        var spec: JSONTree = ["template": template]
        if kind != .job { spec["selector"] = ["matchLabels": ["app": "demo"]] }
        if kind.hasReplicas { spec["replicas"] = .integer(replicas) }
        return spec
    }

    private var object: JSONTree {
        [
            "kind": .string(kind.rawValue),
            "apiVersion": .string(kind.group.isEmpty ? "v1" : "\(kind.group)/v1"),
            "metadata": [
                "name": "demo", "namespace": "demo",
                "labels": .object(labels.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
            ],
            "spec": specification, "status": .object([]),
        ]
    }

    /// The body to POST.
    func body(uid: String) -> [UInt8] {
        let kindName: JSONTree = [
            "group": .string(kind.group), "version": "v1", "kind": .string(kind.rawValue),
        ]
        let resourceName: JSONTree = [
            "group": .string(kind.group), "version": "v1", "resource": .string(kind.rawValue.lowercased() + "s"),
        ]
        let isUpdate = old != nil
        var request: JSONTree = [
            "uid": .string(uid), "kind": kindName, "resource": resourceName, "requestKind": kindName,
            "requestResource": resourceName, "name": "demo", "namespace": "demo",
            "operation": isUpdate ? "UPDATE" : "CREATE",
            "userInfo": ["username": "demo", "groups": ["system:authenticated"]], "object": object,
            "oldObject": old ?? .null, "dryRun": .bool(false),
            "options": ["kind": isUpdate ? "UpdateOptions" : "CreateOptions", "apiVersion": "meta.k8s.io/v1"],
        ]
        if !subresource.isEmpty { request["subResource"] = .string(subresource) }
        let review: JSONTree = [
            "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request,
        ]
        return review.bytes
    }
}
