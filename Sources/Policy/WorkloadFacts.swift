// SPDX-License-Identifier: Apache-2.0
public import JSON
package import OCI
import Synchronization

/// The parts of a workload that policies read.
public struct WorkloadFacts: Hashable, Sendable {
    public let group: String
    public let version: String
    /// Plural, as in a URL: `deployments`.
    public let resource: String
    /// Of the object itself, not of its pod template.
    public let labels: [String: String]
    /// The object itself, for policies that read it; `nil` where none is at hand.
    public let object: WorkloadObject?
    /// With whose credentials its images are asked for; `nil` where nobody pulls them.
    public let puller: Puller?

    public init(
        group: String, version: String, resource: String, labels: [String: String], object: WorkloadObject? = nil,
        puller: Puller? = nil
    ) {
        self.group = group
        self.version = version
        self.resource = resource
        self.labels = labels
        self.object = object
        self.puller = puller
    }
}

/// A workload as policies over authorities read it (`includeSpec`, `includeObjectMeta`, `includeTypeMeta`).
public struct WorkloadObject: Sendable {
    private let kind: String
    private let object: JSONValue
    private let hashes = Hashes()

    /// What policies read of an object is the same for each of its images, and may have megabytes.
    private final class Hashes: Sendable {
        let specification = Mutex<Digest??>(nil)
        let metadata = Mutex<Digest??>(nil)
    }

    /// SHA-256 of `specification`, made once.
    package var specificationHash: Digest? { Self.made(hashes.specification) { specification } }

    /// SHA-256 of `metadata`, made once.
    package var metadataHash: Digest? { Self.made(hashes.metadata) { metadata } }

    private static func made(_ hash: borrowing Mutex<Digest??>, of text: () -> [UInt8]?) -> Digest? {
        hash.withLock { hash in
            if let known = hash { return known }
            let new = text().map { Digest(of: $0) }
            hash = .some(new)
            return new
        }
    }

    /// - Parameter kind: `Deployment`, as the API server names it.
    public init(kind: String, object: JSONValue) {
        self.kind = kind
        self.object = object
    }

    /// `spec`, of which as much is shown as policies for this kind have always read: of what has replicas those, the
    /// selector and the template; of a DaemonSet or a Job the template; of others all. JSON text; `nil` where there is
    /// none.
    public var specification: [UInt8]? {
        guard let specification = object["spec"], specification.kind == .object else { return nil }
        let names: [String]
        switch kind {
        case "ReplicaSet", "Deployment", "StatefulSet": names = ["replicas", "selector", "template"]
        case "DaemonSet", "Job": names = ["template"]
        default: return Array(specification.rawText)
        }
        var writer = JSONWriter()
        writer.object { writer in
            for name in names {
                guard let value = specification[name], !value.isNull else { continue }
                writer.name(name)
                writer.raw(value.rawText)
            }
        }
        return writer.bytes
    }

    /// `metadata`, JSON text; `nil` where there is none.
    public var metadata: [UInt8]? {
        object["metadata"].flatMap { $0.kind == .object ? Array($0.rawText) : nil }
    }

    /// `kind` and `apiVersion`. `nil` for a Pod, which policies have always seen without them.
    public var type: (kind: String, apiVersion: String)? {
        guard kind != "Pod", let version = object["apiVersion"]?.string else { return nil }
        return (kind, version)
    }
}

extension WorkloadObject: Hashable {
    public static func == (one: WorkloadObject, other: WorkloadObject) -> Bool {
        one.kind == other.kind && one.object.rawText == other.object.rawText
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }
}
