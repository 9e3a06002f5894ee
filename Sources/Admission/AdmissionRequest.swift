// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// Whom an answer goes to: what it must echo so that the API server accepts it.
struct ReturnAddress: Hashable, Sendable {
    let uid: String
    /// The version in which the request came. `admission.k8s.io/v1beta1` has the same answer; answered in another version
    /// than its own, a denial is an error to the API server, and `failurePolicy: Ignore` then admits.
    let apiVersion: String

    static let currentVersion = "admission.k8s.io/v1"
    /// A uid has 36 characters; what is longer than this was not made by an API server.
    static let maximumUIDBytes = 256

    private init?(uid: String?, apiVersion: String?) {
        guard let uid, !uid.isEmpty, uid.utf8.count <= Self.maximumUIDBytes else { return nil }
        self.uid = uid
        self.apiVersion = apiVersion == "admission.k8s.io/v1beta1" ? "admission.k8s.io/v1beta1" : Self.currentVersion
    }

    init?(_ review: JSONValue) {
        self.init(uid: review["request"]?["uid"]?.string, apiVersion: review["apiVersion"]?.string)
    }

    /// Out of text that could not be read as a whole; good for denials only.
    init?(prefix: [UInt8]) {
        // Six bytes write one character at most.
        let limit = 6 * Self.maximumUIDBytes
        self.init(
            uid: JSONPrefix.string(at: ["request", "uid"], in: prefix, maximumBytes: limit),
            apiVersion: JSONPrefix.string(at: ["apiVersion"], in: prefix, maximumBytes: limit))
    }
}

/// An `AdmissionRequest` of `admission.k8s.io/v1`: the members that a verdict depends on, and no others. Annotations,
/// managed fields and who asks are not read.
struct AdmissionRequest: Sendable {
    enum Operation: String, Hashable, Sendable {
        case create = "CREATE"
        case update = "UPDATE"
        case delete = "DELETE"
        case connect = "CONNECT"
    }

    let operation: Operation
    let group: String
    let version: String
    /// Plural, as in a URL.
    let resource: String
    /// Which of the kinds that hold images it is; `nil` where it is of no known kind.
    let workloadKind: WorkloadKind?
    /// Empty for the object itself.
    let subresource: String
    /// The kind of `object`, as the API server converted it for us.
    let kind: String
    let namespace: String
    let name: String
    let isDryRun: Bool
    /// `nil` where absent or null.
    let object: JSONValue?
    let oldObject: JSONValue?

    /// `deployments`, `pods/ephemeralcontainers`.
    var resourcePath: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }

    init(_ review: JSONValue) throws(Fault) {
        let apiVersion = review["apiVersion"]?.string ?? ""
        let kind = review["kind"]?.string ?? ""
        guard apiVersion == ReturnAddress.currentVersion, kind == "AdmissionReview" else {
            throw .envelope(apiVersion: apiVersion, kind: kind)
        }
        guard let request = review["request"], request.kind == .object else {
            throw .request(member: "request", expected: "an object")
        }
        guard let operation = request["operation"]?.string.flatMap(Operation.init(rawValue:)) else {
            throw .request(member: "operation", expected: "CREATE, UPDATE, DELETE or CONNECT")
        }
        self.operation = operation
        // `resource` and `kind`, not `requestResource`: they say what `object` is after `matchPolicy: Equivalent`.
        guard let resource = request["resource"], resource.kind == .object else {
            throw .request(member: "resource", expected: "an object")
        }
        group = try Self.text(resource, "group", as: "resource.group")
        version = try Self.text(resource, "version", as: "resource.version")
        self.resource = try Self.text(resource, "resource", as: "resource.resource")
        guard !version.isEmpty, !self.resource.isEmpty else {
            throw .request(member: "resource", expected: "a version and a resource")
        }
        guard let objectKind = request["kind"], objectKind.kind == .object else {
            throw .request(member: "kind", expected: "an object")
        }
        self.kind = try Self.text(objectKind, "kind", as: "kind.kind")
        workloadKind = WorkloadKind.of(group: group, version: version, resource: self.resource)
        subresource = try Self.text(request, "subResource", as: "subResource")
        namespace = try Self.text(request, "namespace", as: "namespace")
        name = try Self.text(request, "name", as: "name")
        switch request["dryRun"] {
        case nil: isDryRun = false
        case let value? where value.isNull: isDryRun = false
        case let value?:
            guard let bool = value.bool else { throw .request(member: "dryRun", expected: "a boolean") }
            isDryRun = bool
        }
        object = request["object"].flatMap { $0.isNull ? nil : $0 }
        oldObject = request["oldObject"].flatMap { $0.isNull ? nil : $0 }
    }

    /// Empty where absent or null, as Go leaves it.
    private static func text(_ value: JSONValue, _ name: String, as member: String) throws(Fault) -> String {
        guard let text = value[name], !text.isNull else { return "" }
        guard let string = text.string else { throw .request(member: member, expected: "a string") }
        return string
    }

    /// `nil` where absent or null.
    var metadata: JSONValue? { object?["metadata"].flatMap { $0.isNull ? nil : $0 } }

    /// Of the Pods that the object makes, or of the one that it is; `nil` where it has none, or is of no known kind.
    var podSpecification: JSONValue? {
        guard let workloadKind, let object else { return nil }
        var specification = object
        for name in workloadKind.podSpecification {
            guard let member = specification[name], member.kind == .object else { return nil }
            specification = member
        }
        return specification
    }

    /// What `match` rules read; throws where labels are no labels, because a rule that overlooks one could overlook its
    /// policy.
    func facts() throws(Fault) -> WorkloadFacts {
        var labels: [String: String] = [:]
        if let metadata {
            guard metadata.kind == .object else { throw .shape("metadata", "an object", metadata.kind) }
            if let members = metadata[WorkloadMember.labels], !members.isNull {
                guard members.kind == .object else { throw .shape("metadata.labels", "an object", members.kind) }
                for member in members.members {
                    guard let value = member.value.string else {
                        throw .shape("metadata.labels", "an object of strings", member.value.kind)
                    }
                    labels[member.name] = value
                }
            }
        }
        return WorkloadFacts(
            group: group, version: version, resource: resource, labels: labels,
            object: object.map { WorkloadObject(kind: kind, object: $0) }, puller: try puller())
    }

    /// On whose behalf images are asked for: the namespace of the request, never one that the object says itself. Throws
    /// where the Pod's specification is not shaped as one.
    func puller() throws(Fault) -> Puller {
        guard let workloadKind, let specification = podSpecification else { return Puller(namespace: namespace) }
        let path = workloadKind.podSpecification.joined(separator: ".")
        var names: [String] = []
        if let secrets = specification[WorkloadMember.pullSecrets], !secrets.isNull {
            guard secrets.kind == .array else {
                throw .shape("\(path).\(WorkloadMember.pullSecrets)", "an array", secrets.kind)
            }
            for (index, secret) in secrets.elements.enumerated() where names.count < Puller.maximumPullSecrets {
                let place = "\(path).\(WorkloadMember.pullSecrets)[\(index)]"
                guard secret.kind == .object else { throw .shape(place, "an object", secret.kind) }
                guard let name = secret["name"], !name.isNull else { continue }
                guard let text = name.string else { throw .shape("\(place).name", "a string", name.kind) }
                names.append(text)
            }
        }
        // Where neither is set, Pods run as `default`.
        var account = ""
        for name in WorkloadMember.serviceAccounts where account.isEmpty {
            guard let member = specification[name], !member.isNull else { continue }
            guard let text = member.string else { throw .shape("\(path).\(name)", "a string", member.kind) }
            account = text
        }
        return Puller(
            namespace: namespace, serviceAccount: account.isEmpty ? "default" : account, pullSecrets: names)
    }
}

/// Members of a workload that an answer depends on, beside its images.
enum WorkloadMember {
    static let labels = "labels"
    static let pullSecrets = "imagePullSecrets"
    /// The second is the older name of the first.
    static let serviceAccounts = ["serviceAccountName", "serviceAccount"]
}
