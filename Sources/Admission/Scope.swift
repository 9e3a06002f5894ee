// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// Why a review needs no verdict on any image.
enum Exemption: String, Hashable, Sendable {
    case deletion
    /// The subresource cannot name or change an image.
    case subresource
    /// A known kind, read as a whole, that names none: an empty list is what its author wrote, not what we failed to
    /// read. The API server refuses a Pod without containers itself.
    case noImages = "no-images"
    /// An update of a Pod that brings no reference which its old object lacks.
    case nothingNew = "nothing-new"
    case scaleDown = "scale-down"
    case beingDeleted = "being-deleted"
    /// `/mutate` decides nothing.
    case mutation
    /// A kind that `/mutate` does not know; `/validate` says so.
    case unknownKind = "unknown-kind"
}

/// What of a review is judged, or pinned.
enum Scope: Sendable {
    case exempt(Exemption)
    case images(AtLeastOne<ImageField>)

    /// The rules of `/validate`.
    static func judged(_ request: AdmissionRequest) throws(Fault) -> Scope {
        if let exemption = exemption(of: request) { return .exempt(exemption) }
        let kind = try workloadKind(of: request)
        guard let object = request.object else { throw .noObject }
        let fields = try PodImages.fields(of: object, kind)
        guard let all = AtLeastOne(fields) else { return .exempt(.noImages) }
        // An old object that is missing, or that cannot be read, excuses nothing.
        guard request.operation == .update, let old = request.oldObject,
            let oldFields = try? PodImages.fields(of: old, kind)
        else { return .images(all) }
        // What runs already was judged when it came; so a finalizer can be taken off a Pod in an outage.
        if kind.isPod { return AtLeastOne(lacking(oldFields, fields)).map(Scope.images) ?? .exempt(.nothingNew) }
        // Any change judges all: a place that changed hands counts, whether or not the names are known.
        guard fields.map(\.pointer) == oldFields.map(\.pointer), fields.map(\.key) == oldFields.map(\.key) else {
            return .images(all)
        }
        if isBeingDeleted(object), isBeingDeleted(old) { return .exempt(.beingDeleted) }
        if kind.hasReplicas, let now = replicas(object), let before = replicas(old), now >= 0, now < before {
            return .exempt(.scaleDown)
        }
        return .images(all)
    }

    /// The rules of `/mutate`: what was not there before. Pinning an image that did not change would restart Pods.
    static func pinned(_ request: AdmissionRequest) throws(Fault) -> Scope {
        if let exemption = exemption(of: request) { return .exempt(exemption) }
        guard let kind = try? workloadKind(of: request) else { return .exempt(.unknownKind) }
        guard let object = request.object else { throw .noObject }
        // What cannot be read is left as it is; `/validate` denies it.
        guard let fields = try? PodImages.fields(of: object, kind) else { return .exempt(.mutation) }
        var fresh = fields
        if request.operation == .update, let old = request.oldObject,
            let oldFields = try? PodImages.fields(of: old, kind)
        {
            fresh = lacking(oldFields, fields)
        }
        return AtLeastOne(fresh).map(Scope.images) ?? .exempt(.nothingNew)
    }

    private static func exemption(of request: AdmissionRequest) -> Exemption? {
        if request.operation == .delete { return .deletion }
        if request.subresource == Subresource.scale { return .subresource }
        guard let kind = request.workloadKind else { return nil }
        return Subresource(request.subresource, of: kind) == .carriesNone ? .subresource : nil
    }

    private static func workloadKind(of request: AdmissionRequest) throws(Fault) -> WorkloadKind {
        guard let kind = request.workloadKind else {
            throw .unknownKind(group: request.group, version: request.version, resource: request.resource)
        }
        // Nobody connects to a workload but through the subresources that carry no image.
        guard Subresource(request.subresource, of: kind) == .carriesImages, request.operation != .connect else {
            throw .unknownSubresource(resource: request.resource, name: request.subresource)
        }
        guard request.kind == kind.kind else { throw .otherKind(expected: kind.kind, found: request.kind) }
        return kind
    }

    /// Fields whose reference stands nowhere in the old object, in whatever kind of container.
    private static func lacking(_ old: [ImageField], _ fields: [ImageField]) -> [ImageField] {
        let known = Set(old.map(\.key))
        return fields.filter { !known.contains($0.key) }
    }

    /// Only the API server sets it, and a request can neither set nor clear it; asked of both objects nonetheless.
    static func isBeingDeleted(_ object: JSONValue) -> Bool {
        object["metadata"]?["deletionTimestamp"]?.string?.isEmpty == false
    }

    private static func replicas(_ object: JSONValue) -> Int64? { object["spec"]?["replicas"]?.integer }
}
