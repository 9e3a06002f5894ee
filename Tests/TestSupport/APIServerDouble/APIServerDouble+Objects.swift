// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What tests do to objects themselves: as if another client had done it, without permissions and without webhooks.
extension APIServerDouble {
    /// Creates or replaces an object, its status as well; a namespace that it names is made.
    ///
    /// `apiVersion` and `kind` say what it is; answers the object as it is kept.
    @discardableResult
    public func store(_ object: JSONTree) -> JSONTree {
        guard
            let resource = APIResource.find(kind: object["kind"].text, apiVersion: object["apiVersion"].text)
        else { preconditionFailure("the API server double has no \(object["apiVersion"].text) \(object["kind"].text)") }
        var object = object
        if resource.isNamespaced {
            if object.namespace.isEmpty { object.metadata["namespace"] = "default" }
            createNamespace(object.namespace)
        }
        let key = ObjectKey(resource, namespace: object.namespace, name: object.name)
        return state.withLock { state in
            let old = state.store.objects[key]
            var new = ObjectWrite.born(object, resource)
            if let old {
                for name in ["uid", "creationTimestamp", "generation", "deletionTimestamp", "resourceVersion"] {
                    if let value = old.tree.metadata.member(name) { new.metadata[name] = value }
                }
                new = resource.counted(new, since: old.tree)
                if new == old.tree { return new }
            }
            let change = state.store.put(key, StoredObject(tree: new, applied: old?.applied ?? [:]))
            state.announce([change])
            return change.object
        }
    }

    /// Creates or replaces what a YAML or JSON text of one document describes.
    @discardableResult
    public func store(yaml text: String) throws -> JSONTree { store(try JSONTree(yaml: text)) }

    /// Changes an object in place; `false` where there is none.
    @discardableResult
    public func edit(
        _ plural: String, _ name: String, in namespace: String = "", _ change: (inout JSONTree) -> Void
    ) -> Bool {
        state.withLock { state in
            guard let (key, resource) = Self.key(plural, name, namespace), let old = state.store.objects[key] else {
                return false
            }
            var new = old.tree
            change(&new)
            new = resource.counted(new, since: old.tree)
            guard new != old.tree else { return true }
            let isGone = new.metadata.member("deletionTimestamp") != nil && new.finalizers.isEmpty
            let made =
                isGone
                ? state.store.remove(key) : state.store.put(key, StoredObject(tree: new, applied: old.applied))
            state.announce(made.map { [$0] } ?? [])
            return true
        }
    }

    /// Takes an object away, whatever its finalisers; `false` where there is none.
    @discardableResult
    public func remove(_ plural: String, _ name: String, in namespace: String = "") -> Bool {
        state.withLock { state in
            guard let (key, _) = Self.key(plural, name, namespace), let change = state.store.remove(key) else {
                return false
            }
            state.announce([change])
            return true
        }
    }

    /// The object, in the version of storage; `nil` where there is none.
    public func object(_ plural: String, _ name: String, in namespace: String = "") -> JSONTree? {
        guard let (key, _) = Self.key(plural, name, namespace) else { return nil }
        return state.withLock { $0.store.objects[key]?.tree }
    }

    /// All objects of a resource, in order of namespace and name.
    public func objects(of plural: String) -> [JSONTree] {
        state.withLock { state in
            state.store.objects.filter { $0.key.plural == plural }.sorted { $0.key < $1.key }.map(\.value.tree)
        }
    }

    /// The version of the newest change.
    public var resourceVersion: Int64 { state.withLock { $0.store.version } }

    /// Makes a namespace, with labels, where there is none of that name.
    public func createNamespace(_ name: String, labels: JSONTree = [:]) {
        guard object("namespaces", name) == nil else { return }
        store(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name), "labels": labels]])
    }

    private static func key(_ plural: String, _ name: String, _ namespace: String) -> (ObjectKey, APIResource)? {
        APIResource.all.first { $0.plural == plural }.map { resource in
            (ObjectKey(resource, namespace: namespace, name: name), resource)
        }
    }
}
