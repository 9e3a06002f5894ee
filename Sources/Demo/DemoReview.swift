// SPDX-License-Identifier: Apache-2.0
import JSON

/// AdmissionReview requests (admission.k8s.io/v1) as an API server sends them, of our own data.
public struct DemoReview: Sendable {
    public enum Operation: String, Hashable, Sendable {
        case create = "CREATE"
        case update = "UPDATE"
        case delete = "DELETE"
    }

    /// The images of one pod, each kind in its own list.
    public struct Pod: Hashable, Sendable {
        public var containers: [String]
        public var initContainers: [String]
        public var ephemeralContainers: [String]
        /// OCI artifacts mounted as volumes.
        public var imageVolumes: [String]

        public init(
            _ containers: [String], initContainers: [String] = [], ephemeralContainers: [String] = [],
            imageVolumes: [String] = []
        ) {
            self.containers = containers
            self.initContainers = initContainers
            self.ephemeralContainers = ephemeralContainers
            self.imageVolumes = imageVolumes
        }
    }

    public let uid: String
    public let name: String
    public let namespace: String
    public let operation: Operation
    public let object: Pod?
    public let oldObject: Pod?

    public init(
        uid: String, name: String = "web", namespace: String = "default", operation: Operation = .create,
        object: Pod?, oldObject: Pod? = nil
    ) {
        self.uid = uid
        self.name = name
        self.namespace = namespace
        self.operation = operation
        self.object = object
        self.oldObject = oldObject
    }

    /// The creation of a pod with these images.
    public static func creation(of images: String..., uid: String, namespace: String = "default") -> DemoReview {
        DemoReview(uid: uid, namespace: namespace, object: Pod(images))
    }

    /// The body to POST, as JSON.
    public var body: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("kind", "AdmissionReview")
            writer.member("apiVersion", "admission.k8s.io/v1")
            writer.member("request", object: { request(&$0) })
        }
        return writer.bytes
    }

    private func request(_ writer: inout JSONWriter) {
        func kind(_ writer: inout JSONWriter) {
            writer.member("group", "")
            writer.member("version", "v1")
            writer.member("kind", "Pod")
        }
        func resource(_ writer: inout JSONWriter) {
            writer.member("group", "")
            writer.member("version", "v1")
            writer.member("resource", "pods")
        }
        writer.member("uid", uid)
        writer.member("kind", object: kind)
        writer.member("resource", object: resource)
        writer.member("requestKind", object: kind)
        writer.member("requestResource", object: resource)
        writer.member("name", name)
        writer.member("namespace", namespace)
        writer.member("operation", operation.rawValue)
        writer.member(
            "userInfo",
            object: { writer in
                writer.member("username", "demo")
                writer.member("groups", ["system:authenticated"])
            })
        pod(&writer, "object", object)
        pod(&writer, "oldObject", oldObject)
        writer.member("dryRun", false)
        writer.member(
            "options",
            object: { writer in
                writer.member("kind", "\(operation.optionsKind)Options")
                writer.member("apiVersion", "meta.k8s.io/v1")
            })
    }

    private func pod(_ writer: inout JSONWriter, _ member: String, _ pod: Pod?) {
        writer.name(member)
        guard let pod else {
            writer.null()
            return
        }
        writer.object { writer in
            writer.member("kind", "Pod")
            writer.member("apiVersion", "v1")
            writer.member(
                "metadata",
                object: { writer in
                    writer.member("name", name)
                    writer.member("namespace", namespace)
                })
            writer.member("spec", object: { spec(&$0, pod) })
            writer.member("status", object: { _ in })
        }
    }

    private func spec(_ writer: inout JSONWriter, _ pod: Pod) {
        func containers(_ writer: inout JSONWriter, _ member: String, _ stem: String, _ images: [String]) {
            writer.member(
                member,
                array: { writer in
                    for (index, image) in images.enumerated() {
                        writer.object { writer in
                            writer.member("name", "\(stem)-\(index)")
                            writer.member("image", image)
                            writer.member("imagePullPolicy", "IfNotPresent")
                        }
                    }
                })
        }
        if !pod.imageVolumes.isEmpty {
            writer.member(
                "volumes",
                array: { writer in
                    for (index, image) in pod.imageVolumes.enumerated() {
                        writer.object { writer in
                            writer.member("name", "volume-\(index)")
                            writer.member(
                                "image",
                                object: { writer in
                                    writer.member("reference", image)
                                    writer.member("pullPolicy", "IfNotPresent")
                                })
                        }
                    }
                })
        }
        if !pod.initContainers.isEmpty { containers(&writer, "initContainers", "init", pod.initContainers) }
        containers(&writer, "containers", "main", pod.containers)
        if !pod.ephemeralContainers.isEmpty {
            containers(&writer, "ephemeralContainers", "debug", pod.ephemeralContainers)
        }
        writer.member("restartPolicy", "Always")
        writer.member("serviceAccountName", "default")
    }
}

extension DemoReview.Operation {
    fileprivate var optionsKind: String {
        switch self {
        case .create: "Create"
        case .update: "Update"
        case .delete: "Delete"
        }
    }
}
