// SPDX-License-Identifier: Apache-2.0
public import JSON

/// One object as the API server sent it.
public struct KubernetesObject: Sendable {
    public let document: JSONDocument

    /// etcd takes 1.5 MiB by default, the API server objects of 3 MiB at most; what it sends is written out with spaces
    /// by some and without by others.
    public static let maximumBytes = 8 << 20

    /// Throws what is no JSON, and what has no name.
    public init(parsing text: [UInt8]) throws(APIFault) {
        do throws(JSONError) {
            document = try JSONDocument(parsing: text, limits: Self.limits)
        } catch {
            throw .malformed("an object is no JSON: \(error)")
        }
        guard let name = document.root["metadata"]?["name"]?.string, !name.isEmpty else {
            throw .malformed("an object has no name")
        }
        self.name = name
    }

    /// As `AdmissionReview`s are bounded: one value for three bytes at most is what managed fields need.
    static let limits = JSONLimits(maximumBytes: 64 << 20, maximumDepth: 200, maximumValues: 1 << 22)

    public let name: String
    public var root: JSONValue { document.root }
    public var metadata: JSONValue? { root["metadata"] }
    /// `nil` for what stands in no namespace.
    public var namespace: String? { metadata?["namespace"]?.string }
    public var uid: String { metadata?["uid"]?.string ?? "" }
    public var resourceVersion: String { metadata?["resourceVersion"]?.string ?? "" }
    /// Counted up by each change of the specification; 0 where the resource has none.
    public var generation: Int64 { metadata?["generation"]?.integer ?? 0 }
    public var isBeingDeleted: Bool { metadata?["deletionTimestamp"]?.string != nil }
    public var finalizers: [String] { metadata?["finalizers"]?.elements.compactMap(\.string) ?? [] }

    public var labels: [String: String] { strings(metadata?["labels"]) }
    public var annotations: [String: String] { strings(metadata?["annotations"]) }

    private func strings(_ value: JSONValue?) -> [String: String] {
        guard let value else { return [:] }
        return Dictionary(
            value.members.compactMap { member in member.value.string.map { (member.name, $0) } },
            uniquingKeysWith: { first, _ in first })
    }

    public var key: ObjectKey { ObjectKey(namespace: namespace ?? "", name: name) }
}

/// Which object of its resource.
public struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for what stands in no namespace.
    public let namespace: String
    public let name: String

    public init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    public static func < (one: ObjectKey, other: ObjectKey) -> Bool {
        (one.namespace, one.name) < (other.namespace, other.name)
    }

    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}

/// Which objects of a resource.
public struct ObjectSelection: Hashable, Sendable {
    /// `nil` for all namespaces.
    public var namespace: String?
    /// `metadata.name=x`
    public var fields: String?
    public var labels: String?

    public init(namespace: String? = nil, fields: String? = nil, labels: String? = nil) {
        self.namespace = namespace
        self.fields = fields
        self.labels = labels
    }

    /// One object by its name.
    public static func named(_ name: String, in namespace: String? = nil) -> ObjectSelection {
        ObjectSelection(namespace: namespace, fields: "metadata.name=\(name)")
    }

    var query: [(String, String)] {
        [("fieldSelector", fields), ("labelSelector", labels)].compactMap { name, value in value.map { (name, $0) } }
    }
}
