// SPDX-License-Identifier: Apache-2.0
internal import JSON

/// What a registry keeps under a tag or digest: one image's manifest, or an index of several.
public enum ManifestDocument: Hashable, Sendable {
    case manifest(Manifest)
    case index(ImageIndex)

    /// Bytes of one document: OCI distribution-spec "Pushing Manifests" asks registries to take at least 4 MiB, and
    /// nobody takes much more.
    public static let maximumBytes = 4 << 20

    /// Reads a document.
    ///
    /// `contentType` is what the registry or the descriptor calls it; where it is absent, the document's own
    /// `mediaType` decides, and where that is absent too, its members do. Whatever says so, both must agree.
    public init(parsing bytes: [UInt8], contentType: String?) throws(ManifestError) {
        // A descriptor takes at least 7 values, so that neither list below meets this bound before its own.
        let limits = JSONLimits(maximumBytes: Self.maximumBytes, maximumDepth: 32, maximumValues: 1 << 19)
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: bytes, limits: limits)
        } catch {
            throw .json(error)
        }
        let members = try ManifestMembers(document.root, path: "")
        let mediaType = try Self.mediaType(members, contentType: contentType)
        guard members["schemaVersion"]?.integer == 2 else { throw .unsupportedSchemaVersion }
        // A document that can be read as both kinds would be judged as one and run as the other.
        let isIndex = mediaType == MediaType.ociIndex || mediaType == MediaType.dockerManifestList
        for foreign in isIndex ? ["config", "layers", "fsLayers"] : ["manifests", "fsLayers"] {
            guard members[foreign] == nil else { throw .foreignMember(foreign, mediaType: mediaType) }
        }
        self =
            isIndex
            ? .index(try ImageIndex(members, mediaType: mediaType))
            : .manifest(try Manifest(members, mediaType: mediaType))
    }

    private static func mediaType(
        _ members: ManifestMembers, contentType: String?
    ) throws(ManifestError) -> String {
        let said = contentType.map(MediaType.essence)
        let own = try members.string("mediaType")
        if let said, let own, said != own { throw .mediaTypeMismatch(contentType: said, document: own) }
        let mediaType: String
        if let known = said ?? own {
            mediaType = known
        } else {
            // Only OCI's documents may leave it out.
            mediaType = members["manifests"] == nil ? MediaType.ociManifest : MediaType.ociIndex
        }
        guard MediaType.readable.contains(mediaType) else { throw .unsupportedMediaType(mediaType) }
        return mediaType
    }

    /// One of `MediaType.readable`.
    public var mediaType: String {
        switch self {
        case .manifest(let manifest): manifest.mediaType
        case .index(let index): index.mediaType
        }
    }

    public var subject: Descriptor? {
        switch self {
        case .manifest(let manifest): manifest.subject
        case .index(let index): index.subject
        }
    }

    public var annotations: [String: String] {
        switch self {
        case .manifest(let manifest): manifest.annotations
        case .index(let index): index.annotations
        }
    }
}

/// One image, or one artifact that is kept as an image. OCI image-spec, manifest.md.
public struct Manifest: Hashable, Sendable {
    /// cosign reads at most 1,000 signatures of one image, each a layer; images have at most 127 layers that can be
    /// mounted.
    public static let maximumLayers = 1024

    /// `MediaType.ociManifest` or `.dockerManifest`.
    public let mediaType: String
    /// What an artifact that is no image says of itself; as written.
    public let artifactType: String?
    public let config: Descriptor
    /// At most `maximumLayers`.
    public let layers: [Descriptor]
    /// The manifest that this one is about.
    public let subject: Descriptor?
    public let annotations: [String: String]

    init(_ members: ManifestMembers, mediaType: String) throws(ManifestError) {
        self.mediaType = mediaType
        artifactType = try members.string("artifactType")
        guard let config = try members.descriptor("config") else { throw .missing(path: "config") }
        self.config = config
        layers = try members.descriptors("layers", limit: Self.maximumLayers)
        subject = try members.descriptor("subject")
        annotations = try members.annotations()
    }

    /// What the manifest is about, as the referrers API answers it: `artifactType`, or else the config's media type.
    public var effectiveArtifactType: String { artifactType ?? config.mediaType }
}

/// Several manifests under one name: an image for several platforms, or a list of referrers. OCI image-spec,
/// image-index.md.
public struct ImageIndex: Hashable, Sendable {
    /// What fits into `ManifestDocument.maximumBytes` when each entry takes the 256 bytes of a plain one.
    public static let maximumManifests = 16_384

    /// `MediaType.ociIndex` or `.dockerManifestList`.
    public let mediaType: String
    public let artifactType: String?
    /// At most `maximumManifests`.
    public let manifests: [Descriptor]
    public let subject: Descriptor?
    public let annotations: [String: String]

    init(_ members: ManifestMembers, mediaType: String) throws(ManifestError) {
        self.mediaType = mediaType
        artifactType = try members.string("artifactType")
        manifests = try members.descriptors("manifests", limit: Self.maximumManifests)
        subject = try members.descriptor("subject")
        annotations = try members.annotations()
    }
}
