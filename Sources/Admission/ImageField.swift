// SPDX-License-Identifier: Apache-2.0
import JSON

/// One field of an object that names an image.
///
/// Nothing is written out but for those who are told: nearly every review is answered without.
struct ImageField: Sendable {
    /// Of which kind its object is, which of `PodImages.lists` it stands in, and as which element.
    let kind: WorkloadKind
    let list: Int
    let element: Int
    /// The string that stands there; `nil` where the field is absent.
    let value: JSONValue?

    /// As it is written; empty where the field is absent.
    var reference: String { value?.string ?? "" }

    /// RFC 6901: `/spec/containers/0/image`. Its names are ours and its numbers are numbers, so nothing needs escaping.
    var pointer: String {
        let (name, image) = PodImages.lists[list]
        return "/" + (kind.podSpecification + [name, "\(element)"] + image).joined(separator: "/")
    }

    /// As messages write it: `spec.containers[0].image`.
    var path: String {
        let list = PodImages.lists[list]
        return PodImages.path(kind, list, element, depth: list.image.count)
    }

    /// What two references are compared by: a Swift `String` equals others that are canonically equivalent to it, and
    /// those are other bytes to a container runtime.
    var key: [UInt8] { Array(reference.utf8) }
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
        for (depth, name) in kind.podSpecification.enumerated() {
            func path() -> String { kind.podSpecification[...depth].joined(separator: ".") }
            guard let member = specification[name], !member.isNull else { throw .noPodSpecification(kind, path()) }
            guard member.kind == .object else { throw .shape(path(), "an object", member.kind) }
            specification = member
        }
        var fields: [ImageField] = []
        for (index, list) in lists.enumerated() {
            // Go reads null as an absent list.
            guard let elements = specification[list.name], !elements.isNull else { continue }
            guard elements.kind == .array else {
                let path = (kind.podSpecification + [list.name]).joined(separator: ".")
                throw .shape(path, "an array", elements.kind)
            }
            for (position, element) in elements.elements.enumerated() {
                guard let source = try source(of: element, list, position, kind) else { continue }
                let value = try reference(in: source, list, position, kind)
                // The API server wants an image of every container, also in a template. It lets a template leave the
                // reference of an image volume to a later hand; nothing runs from a template, and the Pod made of it is
                // judged.
                if list.image.count > 1, !kind.isPod, value?.string?.isEmpty ?? true { continue }
                guard fields.count < maximumCount else { throw .tooManyImages(limit: maximumCount) }
                fields.append(ImageField(kind: kind, list: index, element: position, value: value))
            }
        }
        return fields
    }

    /// As messages write it: an element of a list, and so many of the names that lead from it to its image.
    static func path(
        _ kind: WorkloadKind, _ list: (name: String, image: [String]), _ position: Int, depth: Int
    ) -> String {
        (kind.podSpecification + ["\(list.name)[\(position)]"] + list.image.prefix(depth)).joined(separator: ".")
    }

    /// What names an image in an element of a list; `nil` where nothing does.
    private static func source(
        of element: JSONValue, _ list: (name: String, image: [String]), _ position: Int, _ kind: WorkloadKind
    ) throws(Fault) -> JSONValue? {
        func path(_ depth: Int) -> String { Self.path(kind, list, position, depth: depth) }
        guard element.kind == .object else { throw .shape(path(0), "an object", element.kind) }
        var source = element
        for (depth, name) in list.image.dropLast().enumerated() {
            // A volume of another type.
            guard let member = source[name], !member.isNull else { return nil }
            guard member.kind == .object else { throw .shape(path(depth + 1), "an object", member.kind) }
            source = member
        }
        return source
    }

    /// `nil` where it is absent.
    private static func reference(
        in source: JSONValue, _ list: (name: String, image: [String]), _ position: Int, _ kind: WorkloadKind
    ) throws(Fault) -> JSONValue? {
        guard let member = list.image.last.flatMap({ source[$0] }), !member.isNull else { return nil }
        guard member.kind == .string else {
            throw .shape(path(kind, list, position, depth: list.image.count), "a string", member.kind)
        }
        return member
    }
}
