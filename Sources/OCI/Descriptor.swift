// SPDX-License-Identifier: Apache-2.0
public import JSON

/// What one document says about another blob: where its bytes can be recognised, and of what kind they are.
/// OCI image-spec, descriptor.md.
public struct Descriptor: Hashable, Sendable {
    /// As written; never empty.
    public var mediaType: String
    public var digest: Digest
    /// Bytes; not negative. A claim until the bytes are in hand.
    public var size: Int64
    public var artifactType: String?
    public var annotations: [String: String]
    public var platform: Platform?

    public init(
        mediaType: String, digest: Digest, size: Int64, artifactType: String? = nil,
        annotations: [String: String] = [:], platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.artifactType = artifactType
        self.annotations = annotations
        self.platform = platform
    }

    /// Reads one descriptor; `path` names it in errors.
    public init(_ value: JSONValue, path: String) throws(ManifestError) {
        let members = try ManifestMembers(value, path: path)
        mediaType = try members.requiredString("mediaType")
        let digestText = try members.requiredString("digest")
        do {
            digest = try Digest(digestText)
        } catch {
            throw .digest(path: members.path(of: "digest"), error)
        }
        guard let size = members["size"] else { throw .missing(path: members.path(of: "size")) }
        guard let bytes = size.integer, bytes >= 0 else { throw .invalidSize(path: members.path(of: "size")) }
        self.size = bytes
        artifactType = try members.string("artifactType")
        annotations = try members.annotations()
        platform = try members["platform"].map { value throws(ManifestError) in
            try Platform(value, path: members.path(of: "platform"))
        }
    }
}

/// What a manifest in an index runs on. OCI image-spec, image-index.md "platform".
public struct Platform: Hashable, Sendable {
    public var os: String
    public var architecture: String
    public var variant: String?

    public init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    init(_ value: JSONValue, path: String) throws(ManifestError) {
        let members = try ManifestMembers(value, path: path)
        os = try members.string("os") ?? ""
        architecture = try members.string("architecture") ?? ""
        variant = try members.string("variant")
    }
}

/// The members of one object of a manifest. A member that is `null` counts as absent, as writers in Go mean it.
struct ManifestMembers {
    private let value: JSONValue
    private let path: String

    init(_ value: JSONValue, path: String) throws(ManifestError) {
        guard value.kind == .object else { throw .wrongKind(path: path, expected: .object, found: value.kind) }
        self.value = value
        self.path = path
    }

    func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    subscript(name: String) -> JSONValue? {
        guard let member = value[name], !member.isNull else { return nil }
        return member
    }

    /// The string of that name; `nil` where it is absent or empty.
    func string(_ name: String) throws(ManifestError) -> String? {
        guard let member = self[name] else { return nil }
        guard let string = member.string else {
            throw .wrongKind(path: path(of: name), expected: .string, found: member.kind)
        }
        return string.isEmpty ? nil : string
    }

    func requiredString(_ name: String) throws(ManifestError) -> String {
        guard let string = try string(name) else { throw .missing(path: path(of: name)) }
        return string
    }

    func annotations() throws(ManifestError) -> [String: String] {
        guard let member = self["annotations"] else { return [:] }
        let path = path(of: "annotations")
        guard member.kind == .object else { throw .wrongKind(path: path, expected: .object, found: member.kind) }
        var annotations: [String: String] = [:]
        for (name, value, _) in member.members {
            guard let text = value.string else {
                throw .wrongKind(path: "\(path).\(name)", expected: .string, found: value.kind)
            }
            // Swift compares canonically, JSON by bytes: names that only normalisation tells apart are one too many.
            guard annotations.updateValue(text, forKey: name) == nil else {
                throw .duplicateAnnotation(path: path, name: name)
            }
        }
        return annotations
    }

    func descriptor(_ name: String) throws(ManifestError) -> Descriptor? {
        guard let member = self[name] else { return nil }
        return try Descriptor(member, path: path(of: name))
    }

    /// The descriptors of that name, at most `limit`; an absent list is empty.
    func descriptors(_ name: String, limit: Int) throws(ManifestError) -> [Descriptor] {
        guard let member = self[name] else { return [] }
        let path = path(of: name)
        guard member.kind == .array else { throw .wrongKind(path: path, expected: .array, found: member.kind) }
        let count = member.count
        guard count <= limit else { throw .tooMany(path: path, count: count, limit: limit) }
        var descriptors: [Descriptor] = []
        descriptors.reserveCapacity(count)
        for value in member.elements {
            descriptors.append(try Descriptor(value, path: "\(path)[\(descriptors.count)]"))
        }
        return descriptors
    }
}
