// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Where an object lies.
struct ObjectKey: Hashable, Comparable, Sendable {
    let group: String
    let plural: String
    /// Empty for objects of the whole cluster.
    let namespace: String
    let name: String

    init(_ resource: APIResource, namespace: String, name: String) {
        group = resource.group
        plural = resource.plural
        self.namespace = resource.isNamespaced ? namespace : ""
        self.name = name
    }

    /// The order of a list.
    var path: String { "\(namespace)/\(name)" }

    static func < (left: ObjectKey, right: ObjectKey) -> Bool { left.path < right.path }
}

/// An object, and what server-side apply has to remember of it.
struct StoredObject: Sendable {
    /// In the version of storage, with `apiVersion` and `kind`.
    var tree: JSONTree
    /// What each field manager applied last.
    var applied: [String: JSONTree] = [:]
}

/// One change, for the watches.
struct ObjectChange: Sendable {
    enum Kind: String, Sendable { case added = "ADDED", modified = "MODIFIED", deleted = "DELETED" }

    let kind: Kind
    let key: ObjectKey
    let version: Int64
    /// After the change; of a deletion, the last state with the version of the deletion.
    let object: JSONTree
    let previous: JSONTree?
}

/// All objects, with one counter of versions over all of them and a log of the changes.
struct ObjectStore: Sendable {
    private(set) var version: Int64 = 395
    /// The oldest version that a watch or a list can continue from.
    private(set) var horizon: Int64 = 395
    private(set) var objects: [ObjectKey: StoredObject] = [:]
    private var log: [ObjectChange] = []

    /// Counts on without a change that anybody sees.
    mutating func advance() { version += 1 }

    /// Forgets the log, as compaction does.
    mutating func compact() {
        log = []
        horizon = version
    }

    /// Keeps an object that is not there yet or has changed; gives it its version.
    mutating func put(_ key: ObjectKey, _ object: StoredObject) -> ObjectChange {
        version += 1
        var object = object
        object.tree.metadata["resourceVersion"] = .string(String(version))
        let previous = objects[key]?.tree
        objects[key] = object
        return logged(previous == nil ? .added : .modified, key, object.tree, previous)
    }

    /// Takes an object away.
    mutating func remove(_ key: ObjectKey) -> ObjectChange? {
        guard let gone = objects.removeValue(forKey: key) else { return nil }
        version += 1
        var last = gone.tree
        last.metadata["resourceVersion"] = .string(String(version))
        return logged(.deleted, key, last, gone.tree)
    }

    private mutating func logged(
        _ kind: ObjectChange.Kind, _ key: ObjectKey, _ object: JSONTree, _ previous: JSONTree?
    ) -> ObjectChange {
        let change = ObjectChange(kind: kind, key: key, version: version, object: object, previous: previous)
        log.append(change)
        return change
    }

    /// The changes after that version.
    func changes(after version: Int64) -> [ObjectChange] { log.filter { $0.version > version } }

    /// The objects that a filter names, in order.
    func selected(_ filter: ObjectFilter) -> [(key: ObjectKey, object: JSONTree)] {
        objects.filter { filter.matches($0.key, $0.value.tree) }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value.tree) }
    }

    /// As above, as of an earlier version: the log is undone from its end.
    func selected(_ filter: ObjectFilter, at version: Int64) -> [(key: ObjectKey, object: JSONTree)] {
        guard version < self.version else { return selected(filter) }
        var earlier = objects.filter { filter.covers($0.key) }.mapValues(\.tree)
        for change in changes(after: version).reversed() where filter.covers(change.key) {
            earlier[change.key] = change.previous
        }
        return earlier.filter { filter.matches($0.key, $0.value) }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    /// Now, to the second, as Kubernetes writes it.
    static var now: String { TestTime(seconds: Int64(Date().timeIntervalSince1970)).rfc3339 }
}
