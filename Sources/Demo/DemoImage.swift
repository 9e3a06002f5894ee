// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// A manifest with the blobs it names: an image, an index or an artifact of our own making.
public struct DemoImage: Sendable {
    public let mediaType: String
    /// The exact bytes; their hash is the digest.
    public let manifest: [UInt8]
    public let blobs: [[UInt8]]
    /// The manifests that an index lists.
    public let children: [DemoImage]

    public var digest: Digest { Digest(of: manifest) }

    public init(mediaType: String, manifest: [UInt8], blobs: [[UInt8]], children: [DemoImage] = []) {
        self.mediaType = mediaType
        self.manifest = manifest
        self.blobs = blobs
        self.children = children
    }

    /// An image for one platform whose only layer holds this text; another text gives another digest.
    public init(content: String, architecture: String = "amd64") {
        let layer = Self.tar(name: "hello.txt", content: Array(content.utf8))
        var config = JSONWriter()
        config.object { writer in
            writer.member("architecture", architecture)
            writer.member("os", "linux")
            writer.member("config", object: { $0.member("Cmd", ["/hello.txt"]) })
            writer.member(
                "rootfs",
                object: { writer in
                    writer.member("type", "layers")
                    writer.member("diff_ids", [Digest(of: layer).description])
                })
        }
        let configuration = config.bytes
        var manifest = JSONWriter()
        manifest.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.manifest)
            writer.member("config", object: { $0.descriptor(MediaType.config, configuration) })
            writer.member("layers", array: { $0.object { $0.descriptor(MediaType.layer, layer) } })
        }
        self.init(mediaType: MediaType.manifest, manifest: manifest.bytes, blobs: [configuration, layer])
    }

    /// An OCI artifact that is no image: a type of its own and the empty config. OCI image-spec, manifest.md
    /// "Guidelines for Artifact Usage".
    public init(artifactType: String, content: [UInt8]) {
        let empty = Array("{}".utf8)
        var manifest = JSONWriter()
        manifest.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.manifest)
            writer.member("artifactType", artifactType)
            writer.member("config", object: { $0.descriptor(MediaType.empty, empty) })
            writer.member("layers", array: { $0.object { $0.descriptor(artifactType, content) } })
        }
        self.init(mediaType: MediaType.manifest, manifest: manifest.bytes, blobs: [empty, content])
    }

    /// An index of images, each for the platform that goes with it.
    public init(index images: [(architecture: String, image: DemoImage)]) {
        var manifest = JSONWriter()
        manifest.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.index)
            writer.member(
                "manifests",
                array: { writer in
                    for (architecture, image) in images {
                        writer.object { writer in
                            writer.descriptor(image.mediaType, image.manifest)
                            writer.member(
                                "platform",
                                object: { writer in
                                    writer.member("architecture", architecture)
                                    writer.member("os", "linux")
                                })
                        }
                    }
                })
        }
        self.init(
            mediaType: MediaType.index, manifest: manifest.bytes, blobs: [], children: images.map(\.image))
    }

    /// One file in the ustar format: a header of 512 bytes, the content, and zeros to the end.
    private static func tar(name: String, content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.utf8.count) + digits
        }
        put(name, at: 0)
        put("0000644\0", at: 100)
        put("0000000\0", at: 108)
        put("0000000\0", at: 116)
        put(octal(content.count, width: 11) + "\0", at: 124)
        put(octal(0, width: 11) + "\0", at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, width: 6) + "\0 ", at: 148)
        let padding = (512 - content.count % 512) % 512
        return header + content + [UInt8](repeating: 0, count: padding + 1024)
    }
}

extension JSONWriter {
    /// The members of a descriptor, in the order in which most writers put them.
    mutating func descriptor(_ mediaType: String, _ content: [UInt8]) {
        member("mediaType", mediaType)
        member("size", content.count)
        member("digest", Digest(of: content).description)
    }
}

extension RegistryContents {
    /// Holds the image, all it names, and the tag; answers its digest.
    @discardableResult
    public func put(_ image: DemoImage, in repository: String, tag: String? = nil) -> Digest {
        for child in image.children { put(child, in: repository) }
        for blob in image.blobs { put(blob: blob, in: repository) }
        return put(manifest: image.manifest, mediaType: image.mediaType, in: repository, tag: tag)
    }
}
