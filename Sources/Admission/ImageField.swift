// SPDX-License-Identifier: Apache-2.0
import JSON

/// One field of an object that names an image.
struct ImageField: Hashable, Sendable {
    /// RFC 6901: `/spec/containers/0/image`. Its names are ours and its numbers are numbers, so nothing needs escaping.
    let pointer: String
    /// As messages write it: `spec.containers[0].image`.
    let path: String
    /// As it is written; empty where the field is absent.
    let reference: String

    /// What two references are compared by: a Swift `String` equals others that are canonically equivalent to it, and
    /// those are other bytes to a container runtime.
    var key: [UInt8] { Array(reference.utf8) }

    /// As comparing the keys, without making them.
    func isSame(as other: ImageField) -> Bool {
        reference.utf8.count == other.reference.utf8.count && reference.utf8.elementsEqual(other.reference.utf8)
    }
}

/// Where a Pod's specification names images.
enum PodImages {
    /// The lists, in the order in which they are judged, and the member names that lead from an element to its image.
    /// Kubernetes 1.36 has no others: the tests compare this with a walk through its OpenAPI.
    static let lists: [(name: String, image: [String])] = [
        ("initContainers", ["image"]),
        ("containers", ["image"]),
        ("ephemeralContainers", ["image"]),
        ("volumes", ["image", "reference"]),
    ]

    /// Image fields of one object. A kubelet runs 110 Pods by default and a Pod seldom has twenty containers; ephemeral
    /// ones cannot be taken away again and add up over a Pod's life.
    static let maximumCount = 256

    /// Pointers with `*` for any index, for one kind.
    static func patterns(of kind: WorkloadKind) -> [String] {
        lists.map { "/" + (kind.podSpecification + [$0.name, "*"] + $0.image).joined(separator: "/") }
    }

    /// Every image field of an object; throws where the object is not shaped as its kind is, because an image could
    /// hide in what we cannot read.
    static func fields(of object: JSONValue, _ kind: WorkloadKind) throws(Fault) -> [ImageField] {
        guard object.kind == .object else { throw .shape("object", "an object", object.kind) }
        var specification = object
        var path = ""
        for name in kind.podSpecification {
            path += path.isEmpty ? name : ".\(name)"
            guard let member = specification[name], !member.isNull else { throw .noPodSpecification(kind, path) }
            guard member.kind == .object else { throw .shape(path, "an object", member.kind) }
            specification = member
        }
        var fields: [ImageField] = []
        for list in lists {
            // Go reads null as an absent list.
            guard let elements = specification[list.name], !elements.isNull else { continue }
            guard elements.kind == .array else { throw .shape("\(path).\(list.name)", "an array", elements.kind) }
            let pointer = "/" + (kind.podSpecification + [list.name]).joined(separator: "/")
            for (index, element) in elements.elements.enumerated() {
                let place = "\(path).\(list.name)[\(index)]"
                guard let reference = try reference(in: element, list.image, at: place, kind) else { continue }
                guard fields.count < maximumCount else { throw .tooManyImages(limit: maximumCount) }
                fields.append(
                    ImageField(
                        pointer: "\(pointer)/\(index)/\(list.image.joined(separator: "/"))",
                        path: "\(place).\(list.image.joined(separator: "."))", reference: reference))
            }
        }
        return fields
    }

    /// `nil` where there is no image to name.
    private static func reference(
        in element: JSONValue, _ names: [String], at place: String, _ kind: WorkloadKind
    ) throws(Fault) -> String? {
        guard element.kind == .object else { throw .shape(place, "an object", element.kind) }
        let isVolume = names.count > 1
        var source = element
        var path = place
        for name in names.dropLast() {
            // A volume of another type.
            guard let member = source[name], !member.isNull else { return nil }
            path += ".\(name)"
            guard member.kind == .object else { throw .shape(path, "an object", member.kind) }
            source = member
        }
        let member = names.last.flatMap { source[$0] }
        if let member, !member.isNull, member.string == nil {
            throw .shape("\(path).\(names.last ?? "")", "a string", member.kind)
        }
        let reference = member?.string ?? ""
        // The API server wants an image of every container, also in a template. It lets a template leave the reference
        // of an image volume to a later hand; nothing runs from a template, and the Pod made of it is judged.
        return reference.isEmpty && isVolume && !kind.isPod ? nil : reference
    }
}
