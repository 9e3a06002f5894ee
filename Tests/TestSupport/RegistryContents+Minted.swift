// SPDX-License-Identifier: Apache-2.0
public import Demo
public import OCI

extension RegistryContents {
    /// Stores a manifest that the test authority made, with its blobs: under a tag, or as a referrer without one.
    @discardableResult
    public func put(_ manifest: MintedManifest, in repository: String, tag: String? = nil) -> Digest {
        for blob in manifest.blobs { put(blob: blob, in: repository) }
        return put(manifest: manifest.bytes, mediaType: MintedManifest.mediaType, in: repository, tag: tag)
    }
}
