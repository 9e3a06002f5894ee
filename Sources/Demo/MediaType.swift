// SPDX-License-Identifier: Apache-2.0

/// Media types of what the demo writes into its registry.
enum MediaType {
    static let manifest = "application/vnd.oci.image.manifest.v1+json"
    static let index = "application/vnd.oci.image.index.v1+json"
    static let config = "application/vnd.oci.image.config.v1+json"
    static let layer = "application/vnd.oci.image.layer.v1.tar"
    static let empty = "application/vnd.oci.empty.v1+json"
    static let simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
    static let envelope = "application/vnd.dsse.envelope.v1+json"
    static let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
    static let statement = "application/vnd.in-toto+json"
}
