// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport

@testable import Sigstore

/// An OCI image layout on disk, read just enough to collect the proofs that hang off a digest. Test code: the product
/// reads layouts elsewhere, and shares nothing with this but the types at the end.
struct Layout {
    let folder: String

    struct Missing: Error { let what: String }

    /// Everything that lies where a proof about `image` is looked for: both tags, the fallback index, and manifests
    /// whose subject is the image.
    func proofs(of image: Digest) throws -> [UnverifiedBundle] {
        let index = try json("index.json")
        var found: [UnverifiedBundle] = []
        var seen: Set<String> = []
        for entry in index["manifests"]?.elements ?? index.elements {
            guard let digest = entry["digest"]?.string else { throw Missing(what: "a digest") }
            let name =
                entry["annotations"]?["org.opencontainers.image.ref.name"]?.string
                ?? Self.tag(of: image, saved: entry["annotations"]?["kind"]?.string)
            switch name {
            case "\(image.tagStem).sig"?: found += try layers(of: digest, .signatureTag)
            case "\(image.tagStem).att"?: found += try layers(of: digest, .attestationTag)
            case image.tagStem?:
                for referrer in try blobJSON(digest)["manifests"]?.elements ?? index.elements {
                    guard let digest = referrer["digest"]?.string else { throw Missing(what: "a digest") }
                    if seen.insert(digest).inserted { found += try referred(digest, image) }
                }
            case nil:
                if seen.insert(digest).inserted { found += try referred(digest, image) }
            default: continue
            }
        }
        return found
    }

    /// The image of a layout that `cosign save` wrote.
    func savedImage() throws -> Digest {
        let entry = try json("index.json")["manifests"]?.elements.first {
            $0["annotations"]?["kind"]?.string?.hasPrefix("dev.cosignproject.cosign/image") == true
        }
        guard let digest = entry?["digest"]?.string else { throw Missing(what: "a saved image") }
        return try Digest(digest)
    }

    /// `cosign save` marks what had a tag in the registry, and a layout of its making is about one image.
    private static func tag(of image: Digest, saved kind: String?) -> String? {
        switch kind {
        case "dev.cosignproject.cosign/sigs": "\(image.tagStem).sig"
        case "dev.cosignproject.cosign/atts": "\(image.tagStem).att"
        case "dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex": "latest"
        default: nil
        }
    }

    private func referred(_ digest: String, _ image: Digest) throws -> [UnverifiedBundle] {
        let manifest = try blobJSON(digest)
        guard manifest["subject"]?["digest"]?.string == image.description else { return [] }
        return try layers(of: digest, .referrer)
    }

    private func layers(of digest: String, _ carrier: ProofOrigin.Carrier) throws -> [UnverifiedBundle] {
        let manifest = try Digest(digest)
        let layers = Array(try blobJSON(digest)["layers"]?.elements.map { $0 } ?? [])
        return try layers.map { layer in
            guard let name = layer["digest"]?.string else { throw Missing(what: "a layer's digest") }
            let bytes = try blob(name)
            var annotations: [String: String] = [:]
            for member in layer["annotations"]?.members.map({ $0 }) ?? [] {
                annotations[member.name] = member.value.string
            }
            let origin = ProofOrigin(carrier: carrier, manifest: manifest, blob: try Digest(name))
            switch layer["mediaType"]?.string ?? "" {
            case "application/vnd.dev.cosign.simplesigning.v1+json":
                return UnverifiedBundle(
                    .simpleSigning(payload: bytes, annotations: CosignAnnotations(annotations)), origin: origin)
            case "application/vnd.dsse.envelope.v1+json":
                return UnverifiedBundle(
                    .envelope(bytes, annotations: CosignAnnotations(annotations)), origin: origin)
            case let type where type.hasPrefix("application/vnd.dev.sigstore.bundle") && layers.count == 1:
                return UnverifiedBundle(.bundle(bytes), origin: origin)
            case let type: return UnverifiedBundle(.unreadable("\(layers.count) layers, \(type)"), origin: origin)
            }
        }
    }

    private func blob(_ digest: String) throws -> [UInt8] {
        let bytes = try file("blobs/" + digest.replacing(":", with: "/"))
        guard try Digest(digest).matches(bytes) else { throw Missing(what: "the bytes of \(digest)") }
        return bytes
    }

    private func blobJSON(_ digest: String) throws -> JSONValue { try JSONDocument(parsing: blob(digest)).root }
    private func json(_ path: String) throws -> JSONValue { try JSONDocument(parsing: file(path)).root }

    private func file(_ path: String) throws -> [UInt8] {
        guard let bytes = SharedFolder.bytes("\(folder)/\(path)") else { throw Missing(what: "\(folder)/\(path)") }
        return bytes
    }
}
