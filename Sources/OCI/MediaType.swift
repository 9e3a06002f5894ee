// SPDX-License-Identifier: Apache-2.0

/// The media types of manifests. OCI image-spec "OCI Image Media Types"; Docker's "Image Manifest Version 2, Schema 2".
public enum MediaType {
    public static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
    public static let ociIndex = "application/vnd.oci.image.index.v1+json"
    public static let ociConfig = "application/vnd.oci.image.config.v1+json"
    /// The two bytes `{}`: a config that says nothing.
    public static let ociEmpty = "application/vnd.oci.empty.v1+json"
    public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    public static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    public static let dockerConfig = "application/vnd.docker.container.image.v1+json"

    /// What we can read, in the order of an `Accept` header.
    public static let readable = [ociIndex, ociManifest, dockerManifestList, dockerManifest]

    /// A `Content-Type` without its parameters, in lower case. RFC 9110 §8.3.1.
    public static func essence(_ contentType: String) -> String {
        let essence = contentType.prefix { $0 != ";" }
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = essence.firstIndex(where: { !isSpace($0) }),
            let last = essence.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return essence[first...last].lowercased()
    }
}
