// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// One layer of a `.sig` manifest: a payload and its detached signature.
public struct SimpleSignature: Sendable {
    /// The exact bytes that are signed.
    public let payload: [UInt8]
    /// Base64.
    public let signature: String

    public init(payload: [UInt8], signature: String) {
        self.payload = payload
        self.signature = signature
    }

    /// What cosign signs about an image: its repository and its digest, members in this order, no white space.
    public static func payload(
        repository: String, digest: Digest, type: String = "cosign container image signature",
        annotations: [(String, String)] = []
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "critical",
                object: { writer in
                    writer.member("identity", object: { $0.member("docker-reference", repository) })
                    writer.member("image", object: { $0.member("docker-manifest-digest", digest.description) })
                    writer.member("type", type)
                })
            writer.name("optional")
            if annotations.isEmpty {
                writer.null()
            } else {
                writer.object { writer in
                    for (name, value) in annotations { writer.member(name, value) }
                }
            }
        }
        return writer.bytes
    }
}

/// Layers with annotations under cosign's tags, `sha256-<hex>.sig` and `.att`.
struct CosignLayer {
    let mediaType: String
    let content: [UInt8]
    let annotations: [(String, String)]
}

extension DemoSigner {
    /// Signs an image in the simple-signing form. `repository` is `host/path`, as the payload names it.
    public func simpleSignature(
        of digest: Digest, repository: String, annotations: [(String, String)] = []
    ) throws -> SimpleSignature {
        let payload = SimpleSignature.payload(repository: repository, digest: digest, annotations: annotations)
        return SimpleSignature(payload: payload, signature: base64(try sign(payload)))
    }
}

extension RegistryContents {
    /// Adds a signature to the image's `.sig` tag, behind those that are there. `tagPrefix` is cosign's own option.
    @discardableResult
    public func append(
        _ signature: SimpleSignature, of digest: Digest, in repository: String, tagPrefix: String = ""
    ) -> Digest {
        let layer = CosignLayer(
            mediaType: MediaType.simpleSigning, content: signature.payload,
            annotations: [("dev.cosignproject.cosign/signature", signature.signature)])
        return append(layer, to: "\(tagPrefix)\(digest.tagStem).sig", in: repository)
    }

    /// Adds an attestation (a DSSE envelope) to the image's `.att` tag.
    @discardableResult
    public func append(
        envelope: [UInt8], predicateType: String, of digest: Digest, in repository: String, tagPrefix: String = ""
    ) -> Digest {
        let layer = CosignLayer(
            mediaType: MediaType.envelope, content: envelope,
            annotations: [("dev.cosignproject.cosign/signature", ""), ("predicateType", predicateType)])
        return append(layer, to: "\(tagPrefix)\(digest.tagStem).att", in: repository)
    }

    private func append(_ layer: CosignLayer, to tag: String, in repository: String) -> Digest {
        // Read, add, write, as cosign does.
        let held = manifest(tag, in: repository).flatMap { try? JSONDocument(parsing: $0.bytes) }
        let layers = held?.root["layers"]?.elements.map { $0 } ?? []
        put(blob: layer.content, in: repository)

        var config = JSONWriter()
        config.object { writer in
            writer.member("architecture", "")
            writer.member("created", "0001-01-01T00:00:00Z")
            writer.member(
                "history",
                array: { writer in
                    for _ in 0...layers.count { writer.object { $0.member("created", "0001-01-01T00:00:00Z") } }
                })
            writer.member("os", "")
            writer.member(
                "rootfs",
                object: { writer in
                    writer.member("type", "layers")
                    let digests = layers.compactMap { $0["digest"]?.string }
                    writer.member("diff_ids", digests + [Digest(of: layer.content).description])
                })
            writer.member("config", object: { _ in })
        }
        let configuration = config.bytes
        put(blob: configuration, in: repository)

        var manifest = JSONWriter()
        manifest.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.manifest)
            writer.member("config", object: { $0.descriptor(MediaType.config, configuration) })
            writer.member(
                "layers",
                array: { writer in
                    for old in layers { writer.raw(old.rawText) }
                    writer.object { writer in
                        writer.descriptor(layer.mediaType, layer.content)
                        writer.member(
                            "annotations",
                            object: { writer in
                                for (name, value) in layer.annotations { writer.member(name, value) }
                            })
                    }
                })
        }
        return put(manifest: manifest.bytes, mediaType: MediaType.manifest, in: repository, tag: tag)
    }
}
