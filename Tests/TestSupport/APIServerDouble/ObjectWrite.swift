// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// A change that was asked for and can be made, before admission has had its say.
struct ObjectWrite: Sendable {
    enum Operation: String, Sendable { case create = "CREATE", update = "UPDATE", delete = "DELETE" }

    let call: APICall
    let resource: APIResource
    let operation: Operation
    let key: ObjectKey
    /// What was there, in the version of storage.
    let old: StoredObject?
    /// What shall be there, in the version of storage; `nil` for a deletion.
    var new: JSONTree?
    /// What server-side apply remembers.
    var applied: [String: JSONTree] = [:]

    /// Works out what a request asks for. Throws what a real server refuses before admission.
    static func planned(_ call: APICall, _ resource: APIResource, in store: ObjectStore) throws(APIFault) -> ObjectWrite
    {
        let write =
            switch call.method {
            case "POST": try creation(call, resource, store)
            case "PUT": try update(call, resource, store)
            case "PATCH": try patch(call, resource, store)
            case "DELETE": try deletion(call, resource, store)
            default: throw APIFault.methodNotAllowed
            }
        if let new = write.new { try ObjectValidation.check(new, resource) }
        return write
    }

    // MARK: POST

    private static func creation(
        _ call: APICall, _ resource: APIResource, _ store: ObjectStore
    ) throws(APIFault) -> ObjectWrite {
        guard call.name.isEmpty else { throw .methodNotAllowed }
        return try creation(try body(call, resource), call, resource, store)
    }

    private static func creation(
        _ object: JSONTree, _ call: APICall, _ resource: APIResource, _ store: ObjectStore
    ) throws(APIFault) -> ObjectWrite {
        var object = object
        if object.name.isEmpty, !object.metadata["generateName"].text.isEmpty {
            let suffix = String((0..<5).map { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() ?? "b" })
            object.metadata["name"] = .string(object.metadata["generateName"].text + suffix)
        }
        guard !object.name.isEmpty else {
            throw .invalid(resource, "", field: "metadata.name", "Required value: name or generateName is required")
        }
        guard object.resourceVersion.isEmpty else {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        try checkNamespace(&object, call, resource)
        if resource.isNamespaced, let space = APIResource.find(group: "", version: "v1", plural: "namespaces"),
            store.objects[ObjectKey(space, namespace: "", name: call.namespace)] == nil
        {
            throw .notFound(space, call.namespace)
        }
        let key = ObjectKey(resource, namespace: call.namespace, name: object.name)
        guard store.objects[key] == nil else { throw .alreadyExists(resource, object.name) }
        if resource.hasStatus, resource.plural != "namespaces" { object.remove("status") }
        return ObjectWrite(
            call: call, resource: resource, operation: .create, key: key, old: nil,
            new: born(object, resource))
    }

    /// An object with what the server gives to a new one.
    static func born(_ object: JSONTree, _ resource: APIResource) -> JSONTree {
        var object = resource.shown(object, in: resource.storageVersion)
        for name in ["selfLink", "managedFields", "deletionTimestamp", "resourceVersion"] {
            object.metadata.remove(name)
        }
        object.metadata["uid"] = .string(UUID().uuidString.lowercased())
        object.metadata["creationTimestamp"] = .string(ObjectStore.now)
        object.metadata.remove("generation")
        if resource.countsGenerations { object.metadata["generation"] = 1 }
        return ObjectDefaults.filled(object, resource)
    }

    // MARK: PUT and PATCH

    private static func update(
        _ call: APICall, _ resource: APIResource, _ store: ObjectStore
    ) throws(APIFault) -> ObjectWrite {
        let key = ObjectKey(resource, namespace: call.namespace, name: call.name)
        let object = try body(call, resource)
        guard object.name == call.name else {
            throw .badRequest(
                "the name of the object (\(object.name)) does not match the name on the URL (\(call.name))")
        }
        guard let old = store.objects[key] else { throw .notFound(resource, call.name) }
        if object.resourceVersion.isEmpty, !resource.allowsUnconditionalUpdate {
            throw .invalid(
                resource, call.name, field: "metadata.resourceVersion",
                "Invalid value: 0x0: must be specified for an update")
        }
        return try replacing(old, with: object, call, resource, key)
    }

    private static func patch(
        _ call: APICall, _ resource: APIResource, _ store: ObjectStore
    ) throws(APIFault) -> ObjectWrite {
        guard !call.name.isEmpty else { throw .methodNotAllowed }
        let key = ObjectKey(resource, namespace: call.namespace, name: call.name)
        let old = store.objects[key]
        let isApply = call.contentType == "application/apply-patch+yaml"
        guard
            let patch = isApply
                ? try? JSONTree(yaml: String(decoding: call.body, as: UTF8.self))
                : try? JSONTree(json: call.body)
        else { throw .badRequest("error decoding patch") }
        if isApply { return try apply(patch, call, resource, key, old, store) }
        guard let old else { throw .notFound(resource, call.name) }
        let shown = resource.subresourceShown(old.tree, call)
        let object: JSONTree
        switch call.contentType {
        case "application/merge-patch+json": object = ObjectPatch.merged(shown, patch)
        case "application/strategic-merge-patch+json" where !resource.isCustom:
            object = ServerSideApply.merged(shown, patch)
        case "application/json-patch+json":
            do { object = try ObjectPatch.applied(patch, to: shown) } catch {
                throw APIFault(
                    422, "Invalid", "the server rejected our request due to an error in our request: \(error)")
            }
        default:
            throw .unsupportedMediaType(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
        }
        return try replacing(old, with: object, call, resource, key)
    }

    private static func apply(
        _ patch: JSONTree, _ call: APICall, _ resource: APIResource, _ key: ObjectKey, _ old: StoredObject?,
        _ store: ObjectStore
    ) throws(APIFault) -> ObjectWrite {
        guard let manager = call.parameter("fieldManager"), !manager.isEmpty else {
            throw APIFault(
                422, "Invalid",
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
        }
        guard resource.versions.contains(where: { resource.apiVersion($0) == patch["apiVersion"].text }),
            patch["kind"].text == resource.kind
        else { throw .badRequest("invalid object type: \(patch["apiVersion"].text), Kind=\(patch["kind"].text)") }
        guard patch.metadata.member("managedFields") == nil else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        // Appliers of the status and of the rest own different fields.
        let owner = call.subresource.isEmpty ? manager : "\(manager)/\(call.subresource)"
        var config = patch
        for name in ["apiVersion", "kind"] { config.remove(name) }
        for name in ["name", "namespace", "resourceVersion", "uid"] { config.metadata.remove(name) }
        var write: ObjectWrite
        if let old {
            let previous = old.applied[owner] ?? [:]
            let others = old.applied.filter { $0.key != owner }.map(\.value)
            let kept = ServerSideApply.pruned(old.tree, previous: previous, applied: config, others: others)
            write = try replacing(old, with: ServerSideApply.merged(kept, patch), call, resource, key)
        } else {
            guard call.subresource.isEmpty else { throw .notFound(resource, call.name) }
            guard patch.metadata.member("uid") == nil else {
                throw .conflict(
                    resource, call.name,
                    "uid mismatch: the provided object specified uid, and no existing object was found")
            }
            var object = patch
            object.metadata["name"] = .string(call.name)
            write = try creation(object, call, resource, store)
        }
        write.applied[owner] = config
        return write
    }

    /// Takes of an object what its path lets it change.
    private static func replacing(
        _ old: StoredObject, with object: JSONTree, _ call: APICall, _ resource: APIResource, _ key: ObjectKey
    ) throws(APIFault) -> ObjectWrite {
        var object = object
        try checkNamespace(&object, call, resource)
        if !object.resourceVersion.isEmpty, object.resourceVersion != old.tree.resourceVersion {
            throw .conflict(resource, call.name)
        }
        let uid = object.metadata["uid"].text
        guard uid.isEmpty || uid == old.tree.metadata["uid"].text else {
            throw .conflict(
                resource, call.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: "
                    + old.tree.metadata["uid"].text)
        }
        var new: JSONTree
        switch call.subresource {
        case "":
            new = ObjectDefaults.filled(resource.shown(object, in: resource.storageVersion), resource)
            if resource.hasStatus {
                new.remove("status")
                if let status = old.tree.member("status") { new["status"] = status }
            }
        case "status" where resource.hasStatus:
            new = old.tree
            new.remove("status")
            if let status = object.member("status") { new["status"] = status }
        case "ephemeralcontainers" where resource.subresources.contains(call.subresource):
            new = old.tree
            new["spec"]["ephemeralContainers"] = object["spec"]["ephemeralContainers"]
        case "scale" where resource.subresources.contains(call.subresource):
            new = old.tree
            new["spec"]["replicas"] = object["spec"]["replicas"]
        default: throw .noSuchResource
        }
        if call.subresource.isEmpty { new.metadata = keptMetadata(old.tree.metadata, object.metadata) }
        return ObjectWrite(
            call: call, resource: resource, operation: .update, key: key, old: old,
            new: resource.counted(new, since: old.tree), applied: old.applied)
    }

    /// New metadata with what no client can change.
    private static func keptMetadata(_ old: JSONTree, _ new: JSONTree) -> JSONTree {
        var result = new
        for name in [
            "name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp",
            "deletionGracePeriodSeconds", "generateName",
        ] {
            result.remove(name)
            if let value = old.member(name) { result[name] = value }
        }
        result.remove("managedFields")
        for name in ["labels", "annotations", "finalizers"] where [[:], [], .null].contains(result.member(name)) {
            result.remove(name)
        }
        return result
    }

    // MARK: DELETE

    private static func deletion(
        _ call: APICall, _ resource: APIResource, _ store: ObjectStore
    ) throws(APIFault) -> ObjectWrite {
        guard !call.name.isEmpty, call.subresource.isEmpty else { throw .methodNotAllowed }
        let key = ObjectKey(resource, namespace: call.namespace, name: call.name)
        guard let old = store.objects[key] else { throw .notFound(resource, call.name) }
        let wanted = (try? JSONTree(json: call.body))?["preconditions"] ?? .null
        if let uid = wanted["uid"].string, uid != old.tree.metadata["uid"].text {
            throw .conflict(
                resource, call.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: "
                    + old.tree.metadata["uid"].text)
        }
        if let version = wanted["resourceVersion"].string, version != old.tree.resourceVersion {
            throw .conflict(
                resource, call.name,
                "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: "
                    + old.tree.resourceVersion)
        }
        return ObjectWrite(call: call, resource: resource, operation: .delete, key: key, old: old, new: nil)
    }

    // MARK: The body

    private static func body(_ call: APICall, _ resource: APIResource) throws(APIFault) -> JSONTree {
        guard let object = try? JSONTree(json: call.body), object.isObject else {
            throw .badRequest("the object provided is unrecognized (must be of type \(resource.kind))")
        }
        let isScale = call.subresource == "scale"
        let kind = isScale ? "Scale" : resource.kind
        let version = isScale ? "autoscaling/v1" : resource.apiVersion(call.version)
        // Built-in types may come without; custom ones may not.
        if !resource.isCustom, object.member("kind") == nil { return object }
        guard object["apiVersion"].text == version, object["kind"].text == kind else {
            throw .badRequest(
                "\(object["kind"].text) in version \"\(object["apiVersion"].text)\" cannot be handled as a \(kind): "
                    + "expected \(version), Kind=\(kind)")
        }
        return object
    }

    private static func checkNamespace(
        _ object: inout JSONTree, _ call: APICall, _ resource: APIResource
    ) throws(APIFault) {
        guard resource.isNamespaced else { return object.metadata.remove("namespace") }
        guard object.namespace.isEmpty || object.namespace == call.namespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        object.metadata["namespace"] = .string(call.namespace)
    }
}

extension APIResource {
    /// The object with its generation counted on where anything but metadata and status changed.
    func counted(_ new: JSONTree, since old: JSONTree) -> JSONTree {
        guard countsGenerations else { return new }
        func counting(_ object: JSONTree) -> JSONTree {
            var object = object
            for name in ["apiVersion", "kind", "metadata", "status"] { object.remove(name) }
            return object
        }
        var new = new
        let number = old.metadata["generation"].integer ?? 1
        new.metadata["generation"] = .integer(counting(new) == counting(old) ? number : number + 1)
        return new
    }

    /// What a subresource shows of an object, in the version of storage.
    func subresourceShown(_ object: JSONTree, _ call: APICall) -> JSONTree {
        guard call.subresource == "scale" else { return object }
        var metadata: JSONTree = [:]
        for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let value = object.metadata.member(name) { metadata[name] = value }
        }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": ["replicas": object["spec"]["replicas"]],
            "status": ["replicas": object["status"].member("replicas") ?? 0],
        ]
    }

    /// An object as an answer to that call shows it.
    func answered(_ object: JSONTree, _ call: APICall) -> JSONTree {
        call.subresource == "scale" ? subresourceShown(object, call) : shown(object, in: call.version)
    }
}
