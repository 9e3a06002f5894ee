// SPDX-License-Identifier: Apache-2.0

/// An image whose digest is certain: it stood in the reference, or it is the hash of manifest bytes in hand.
/// From here on a tag decides nothing.
public struct ResolvedImage: Hashable, Sendable {
    private let proven: Proven

    private struct Proven: Hashable, Sendable {
        let reference: ImageReference
        let digest: Digest
    }

    /// What the operator or the workload wrote.
    public var reference: ImageReference { proven.reference }
    public var repository: Repository { proven.reference.repository }
    public var digest: Digest { proven.digest }

    /// The image that a reference names by digest; `nil` for one that does not.
    public init?(pinned reference: ImageReference) {
        guard let digest = reference.digest else { return nil }
        proven = Proven(reference: reference, digest: digest)
    }

    /// The image whose manifest these bytes are; `nil` where the reference names another digest.
    public init?(reference: ImageReference, manifest bytes: [UInt8]) {
        let digest = Digest(of: bytes, reference.digest?.algorithm ?? .sha256)
        guard reference.digest == nil || reference.digest == digest else { return nil }
        proven = Proven(reference: reference, digest: digest)
    }

    /// `index.docker.io/library/nginx@sha256:…`
    public var matchingName: String { pinned.matchingName }

    /// The full name that a runtime reads as this very image: `docker.io/library/nginx:1.27@sha256:…`, with the tag only
    /// where one was written.
    public var canonicalName: String { pinned.canonicalName }

    /// The reference with this digest: what policies are matched against, however the image was named.
    public var pinned: ImageReference {
        ImageReference(
            asWritten: reference.asWritten, repository: repository, tag: reference.tag, digest: digest,
            domain: reference.domain)
    }
}
