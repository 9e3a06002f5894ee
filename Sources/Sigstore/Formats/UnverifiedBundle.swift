// SPDX-License-Identifier: Apache-2.0
public import OCI

/// One candidate proof as a registry held it. Nothing about it has been checked, except that the bytes have the digest
/// under which they were fetched.
public struct UnverifiedBundle: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// A simple-signing payload and its layer's annotations: a layer of `sha256-<hex>.sig`, or the referrer form.
        case simpleSigning(payload: [UInt8], annotations: CosignAnnotations)
        /// A DSSE envelope (JSON) and its layer's annotations: a layer of `sha256-<hex>.att`.
        case envelope([UInt8], annotations: CosignAnnotations)
        /// A Sigstore bundle (JSON), whatever its version says.
        case bundle([UInt8])
        /// An envelope or a bundle that is too large to be held, and has not been read.
        case large(UnreadProof)
        /// The same after it was read, and its layer's annotations.
        case read(LargeProof, annotations: CosignAnnotations)
        /// Something lay where a proof is looked for and cannot be one; the words say why. Kept so that a denial can
        /// name it.
        case unreadable(String)
    }

    public let content: Content
    public let origin: ProofOrigin

    public init(_ content: Content, origin: ProofOrigin) {
        self.content = content
        self.origin = origin
    }

    /// The same candidate, which has been read; unchanged where it is no unread one, or another blob.
    public func reading(_ proof: LargeProof) -> UnverifiedBundle {
        guard case .large(let unread) = content, unread.blob == proof.blob else { return self }
        return UnverifiedBundle(.read(proof, annotations: unread.annotations), origin: origin)
    }

    /// What is said of one that nobody has read.
    static let unread = "the proof has not been read"

    /// What an unreadable candidate says that is a bill of materials without any signature. It never is evidence; told
    /// apart from other junk, it lets a denial say what would have to be signed.
    public static let unsignedBillOfMaterials = "an SBOM was found, but it is not signed"
}

/// Where a candidate proof was found.
public struct ProofOrigin: Hashable, Sendable {
    public enum Carrier: String, Hashable, Sendable {
        case signatureTag = "signature-tag"
        case attestationTag = "attestation-tag"
        case referrer
    }

    public let carrier: Carrier
    /// Digest of the manifest that carries the proof.
    public let manifest: Digest
    /// Digest of the proof's own bytes.
    public let blob: Digest

    public init(carrier: Carrier, manifest: Digest, blob: Digest) {
        self.carrier = carrier
        self.manifest = manifest
        self.blob = blob
    }
}

/// The annotations cosign puts on a layer, as strings; unsigned, and none of them is trusted.
public struct CosignAnnotations: Hashable, Sendable {
    /// Base64 of the raw signature; `""` on attestations; `nil` where the key is absent, which makes a signature layer
    /// unreadable.
    public let signature: String?
    public let certificate: String?
    public let chain: String?
    public let rekorBundle: String?
    public let timestamp: String?

    init(signature: String?, certificate: String?, chain: String?, rekorBundle: String?, timestamp: String?) {
        self.signature = signature
        self.certificate = certificate
        self.chain = chain
        self.rekorBundle = rekorBundle
        self.timestamp = timestamp
    }

    public init(_ annotations: [String: String]) {
        func value(_ key: String) -> String? { annotations[key].flatMap { $0.isEmpty ? nil : $0 } }
        signature = annotations["dev.cosignproject.cosign/signature"]
        certificate = value("dev.sigstore.cosign/certificate")
        chain = value("dev.sigstore.cosign/chain")
        rekorBundle = value("dev.sigstore.cosign/bundle")
        timestamp = value("dev.sigstore.cosign/rfc3161timestamp")
    }
}
