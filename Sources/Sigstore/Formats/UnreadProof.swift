// SPDX-License-Identifier: Apache-2.0
public import OCI

/// A candidate proof that lies somewhere and is too large to be held: what its descriptor says of it. Nothing of it has
/// been read.
public struct UnreadProof: Hashable, Sendable {
    public enum Form: String, Hashable, Sendable {
        /// A DSSE envelope: a layer of `sha256-<hex>.att`, or the referrer form of one.
        case envelope
        /// A Sigstore bundle.
        case bundle
    }

    /// What is read, wherever it was found: its bytes, and what they are to be read as.
    public struct Blob: Hashable, Sendable {
        public let form: Form
        public let digest: Digest
        /// Bytes.
        public let size: Int

        public init(form: Form, digest: Digest, size: Int) {
            self.form = form
            self.digest = digest
            self.size = size
        }
    }

    public let blob: Blob
    /// Of the layer; nothing in them counts for a bundle.
    public let annotations: CosignAnnotations

    public init(_ blob: Blob, annotations: CosignAnnotations) {
        self.blob = blob
        self.annotations = annotations
    }
}
