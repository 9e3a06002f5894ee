// SPDX-License-Identifier: Apache-2.0
public import Demo
import JSON
import OCI

extension RegistryContents {
    /// Fills a repository with an OCI layout of the shared folder: every blob, every manifest among them, and the tags that
    /// its index tells. A registry of this kind lists what has a subject without being told.
    public func put(layout folder: String, in repository: String) throws {
        guard let index = SharedFolder.bytes("\(folder)/index.json") else {
            throw ProcessFailure("no layout \(folder)")
        }
        for name in SharedFolder.names(in: "\(folder)/blobs/sha256") {
            guard let bytes = SharedFolder.bytes("\(folder)/blobs/sha256/\(name)") else { continue }
            put(blob: bytes, in: repository)
            // An image's layer may be large; a manifest is not, and says that it is one.
            guard bytes.count < 1 << 20, let root = (try? JSONDocument(parsing: bytes))?.root,
                root["schemaVersion"]?.integer == 2
            else { continue }
            let isIndex = root["manifests"] != nil
            let type = root["mediaType"]?.string
            put(
                manifest: bytes,
                mediaType: type ?? "application/vnd.oci.image.\(isIndex ? "index" : "manifest").v1+json",
                in: repository)
        }
        let entries = try JSONDocument(parsing: index).root["manifests"].map { Array($0.elements) } ?? []
        func digest(_ entry: JSONValue) -> Digest? { entry["digest"]?.string.flatMap { try? Digest($0) } }
        func kind(_ entry: JSONValue) -> String { entry["annotations"]?["kind"]?.string ?? "" }
        // As `cosign save` leaves it: one image, and what belongs to it.
        let image = entries.first { kind($0).hasPrefix("dev.cosignproject.cosign/image") }.flatMap(digest)
        for entry in entries {
            guard let digest = digest(entry) else { continue }
            if let tag = entry["annotations"]?["org.opencontainers.image.ref.name"]?.string {
                self.tag(digest, as: tag, in: repository)
            }
            switch (kind(entry), image) {
            case ("dev.cosignproject.cosign/sigs", let image?):
                self.tag(digest, as: "\(image.tagStem).sig", in: repository)
            case ("dev.cosignproject.cosign/atts", let image?):
                self.tag(digest, as: "\(image.tagStem).att", in: repository)
            default: continue
            }
        }
    }
}
