// SPDX-License-Identifier: Apache-2.0
import OCI

/// The first byte chooses what the rest is read as.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzManifest(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let text = Array(UnsafeBufferPointer(start: bytes, count: count).dropFirst())
    let choice = Int(bytes[0]) % (MediaType.readable.count + 2)
    if choice > MediaType.readable.count {
        do {
            let config = try DockerConfig(parsing: text)
            _ = config.credential(for: try ImageReference(parsing: "ghcr.io/a/b").repository)
        } catch {
            _ = "\(error)"
        }
        return 0
    }
    do {
        let type = choice < MediaType.readable.count ? MediaType.readable[choice] : nil
        let document = try ManifestDocument(parsing: text, contentType: type)
        precondition(MediaType.readable.contains(document.mediaType))
        precondition(type == nil || type == document.mediaType)
        if case .manifest(let manifest) = document {
            precondition(manifest.layers.count <= Manifest.maximumLayers && manifest.layers.allSatisfy { $0.size >= 0 })
        }
    } catch {
        _ = error.description
    }
    return 0
}
