// SPDX-License-Identifier: Apache-2.0
public import OCI

/// A manifest that carries signatures in a registry, with the blobs that it names.
public struct MintedManifest: Sendable {
    /// An OCI image manifest's media type.
    public static let mediaType = "application/vnd.oci.image.manifest.v1+json"

    /// The document; change it and `bytes` follows.
    public var json: JSONTree
    /// What the manifest names: its config first.
    public var blobs: [[UInt8]]

    /// The manifest's exact bytes.
    public var bytes: [UInt8] { json.bytes }

    /// Layers of a `.sig` or `.att` tag, in the order of signing.
    public init(layers: [LegacyTemplate]) throws {
        let config: JSONTree = [
            "architecture": "", "os": "", "config": .object([]),
            "rootfs": [
                "type": "layers", "diff_ids": .array(layers.map { .string(Digest(of: $0.blob).description) }),
            ],
        ]
        let written = try layers.map { layer in
            var tree = Self.descriptor(layer.mediaType, layer.blob)
            tree["annotations"] = .object(
                try layer.annotations().sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
            return tree
        }
        json = [
            "schemaVersion": 2, "mediaType": .string(Self.mediaType),
            "config": Self.descriptor("application/vnd.oci.image.config.v1+json", config.bytes),
            "layers": .array(written),
        ]
        blobs = [config.bytes] + layers.map(\.blob)
    }

    /// A referrer of cosign 3 that holds one bundle and names the image as its subject.
    public init(
        bundle: [UInt8], predicateType: String? = nil, subject: Digest, subjectSize: Int,
        subjectMediaType: String = MintedManifest.mediaType, bundleMediaType: String = BundleTemplate.MediaType.v03
    ) {
        let empty = Array("{}".utf8)
        var annotations: JSONTree = [
            "dev.sigstore.bundle.content": .string(predicateType == nil ? "message-signature" : "dsse-envelope")
        ]
        if let predicateType { annotations["dev.sigstore.bundle.predicateType"] = .string(predicateType) }
        json = [
            "schemaVersion": 2, "mediaType": .string(Self.mediaType),
            "config": Self.descriptor("application/vnd.oci.empty.v1+json", empty),
            "layers": [Self.descriptor(bundleMediaType, bundle)], "annotations": annotations,
            "subject": [
                "mediaType": .string(subjectMediaType), "size": .integer(Int64(subjectSize)),
                "digest": .string(subject.description),
            ],
            "artifactType": .string(bundleMediaType),
        ]
        blobs = [empty, bundle]
    }

    private static func descriptor(_ mediaType: String, _ content: [UInt8]) -> JSONTree {
        [
            "mediaType": .string(mediaType), "size": .integer(Int64(content.count)),
            "digest": .string(Digest(of: content).description),
        ]
    }
}
