// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// What a lookup of proofs needs to know of a manifest or an index. Nothing in it is trusted.
struct ManifestReading: Sendable {
    enum Content: Sendable {
        case layers([DescriptorReading])
        case manifests([DescriptorReading])
    }

    let mediaType: String?
    /// The manifest's own, or else its config's media type (distribution-spec "Listing Referrers").
    let artifactType: String?
    let subject: Digest?
    let content: Content

    /// Reads bytes that should be an image manifest or an index, of OCI or Docker; throws what is wrong with them.
    init(_ bytes: [UInt8], maximumBytes: Int) throws(ManifestFault) {
        // Depth: the deepest place of a manifest is an annotation of a layer. Values: a layer has at most a few dozen.
        let limits = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 32, maximumValues: 1 << 18)
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(parsing: bytes, limits: limits).root
        } catch {
            throw .notJSON
        }
        guard root.kind == .object else { throw .notJSON }
        guard root["schemaVersion"]?.integer == 2 else {
            throw root["schemaVersion"]?.integer == 1 ? .schema1 : .notManifest
        }
        let mediaType = root["mediaType"]?.string
        switch (root["layers"], root["manifests"], root["fsLayers"]) {
        case (let layers?, nil, nil) where layers.kind == .array && Self.isManifest(mediaType):
            content = .layers(layers.elements.map { DescriptorReading(layer: $0) })
        case (nil, let manifests?, nil) where manifests.kind == .array && Self.isIndex(mediaType):
            content = .manifests(manifests.elements.map { DescriptorReading($0) })
        case (.some, .some, _), (.some, _, .some), (_, .some, .some):
            // Two readers could take it for two things (image-spec, manifest.md "mediaType").
            throw .ambiguous
        default:
            throw .notManifest
        }
        self.mediaType = mediaType
        artifactType =
            root["artifactType"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? root["config"]?["mediaType"]?.string
        guard let subject = root["subject"], !subject.isNull else {
            self.subject = nil
            return
        }
        guard let text = subject["digest"]?.string, let digest = try? Digest(text) else { throw .notManifest }
        self.subject = digest
    }

    /// Whether it says so itself, or of one of its layers.
    var isBillOfMaterials: Bool {
        if ProofMediaType.isBillOfMaterials(artifactType) { return true }
        guard case .layers(let layers) = content else { return false }
        return layers.contains { layer in
            if case .readable(let layer) = layer { ProofMediaType.isBillOfMaterials(layer.mediaType) } else { false }
        }
    }

    private static func isManifest(_ mediaType: String?) -> Bool {
        mediaType.map { [MediaType.ociManifest, MediaType.dockerManifest].contains($0) } ?? true
    }

    private static func isIndex(_ mediaType: String?) -> Bool {
        mediaType.map { [MediaType.ociIndex, MediaType.dockerManifestList].contains($0) } ?? true
    }
}

enum ManifestFault: Error, Hashable, Sendable {
    case notJSON, notManifest, ambiguous, schema1
}

extension ManifestFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .notJSON: "it is not JSON, or not strictly so"
        case .notManifest: "it is neither an image manifest nor an index"
        case .ambiguous: "it reads as a manifest and as an index"
        case .schema1: "it is a manifest of Docker's schema 1, which does not name its content by digest"
        }
    }
}

/// A descriptor, or why it is none.
enum DescriptorReading: Sendable {
    case readable(ContentDescriptor)
    case unreadable(String)

    /// A layer, of which an annotation may be the signature: one that is too long makes it unreadable.
    init(layer value: JSONValue) {
        let isTooLong = value["annotations"]?.members.contains { Self.isTooLong($0.value.string) } == true
        self =
            isTooLong
            ? .unreadable("an annotation of a layer is longer than \(RegistryLimits.annotationBytes) bytes")
            : DescriptorReading(value)
    }

    private static func isTooLong(_ text: String?) -> Bool {
        (text?.utf8.count ?? 0) > RegistryLimits.annotationBytes
    }

    /// An annotation that is too long is left out: in a list it says nothing that the manifest itself would not say.
    init(_ value: JSONValue) {
        guard let text = value["digest"]?.string else {
            self = .unreadable("a descriptor has no digest")
            return
        }
        let digest: Digest
        do throws(DigestError) {
            digest = try Digest(text)
        } catch {
            self = .unreadable("a descriptor's digest cannot be read: \(error)")
            return
        }
        guard let size = value["size"]?.integer, size >= 0 else {
            self = .unreadable("a descriptor has no size")
            return
        }
        var annotations: [String: String] = [:]
        if let members = value["annotations"]?.members {
            for member in members where !Self.isTooLong(member.value.string) {
                annotations[member.name] = member.value.string
            }
        }
        self = .readable(
            ContentDescriptor(
                mediaType: value["mediaType"]?.string ?? "", digest: digest, size: size, annotations: annotations))
    }
}

struct ContentDescriptor: Hashable, Sendable {
    let mediaType: String
    let digest: Digest
    /// Bytes, as claimed.
    let size: Int64
    let annotations: [String: String]
}

enum ProofMediaType {
    static let simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
    static let envelope = "application/vnd.dsse.envelope.v1+json"
    /// Both spellings begin so: `….bundle.v0.3+json` and `….bundle+json;version=0.3`.
    static let bundlePrefix = "application/vnd.dev.sigstore.bundle"

    /// Whether a media type is one of those that tools attach bills of materials under: SPDX, CycloneDX and Syft's own, in
    /// JSON, XML or text.
    static func isBillOfMaterials(_ mediaType: String?) -> Bool {
        guard let mediaType else { return false }
        return ["application/spdx", "text/spdx", "application/vnd.cyclonedx", "application/vnd.syft"].contains { name in
            mediaType == name || mediaType.hasPrefix(name + "+")
        }
    }

    /// What is asked for; Docker's schema 1 is not among it.
    static let accept = MediaType.readable.joined(separator: ", ")
}
