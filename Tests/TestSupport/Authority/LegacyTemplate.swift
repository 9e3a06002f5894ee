// SPDX-License-Identifier: Apache-2.0

/// A layer of cosign's `.sig` or `.att` manifests before it is written: a blob, and annotations beside it.
public struct LegacyTemplate: Sendable {
    /// The media type of signatures.
    public static let signatureMediaType = "application/vnd.dev.cosign.simplesigning.v1+json"
    /// The media type of attestations.
    public static let attestationMediaType = "application/vnd.dsse.envelope.v1+json"

    /// The layer's media type.
    public var mediaType: String
    /// What the layer holds: the signed payload, or the envelope.
    public var blob: [UInt8]
    /// The signature annotation, raw; empty for attestations, `nil` leaves it out.
    public var signature: [UInt8]?
    /// `nil` leaves the annotation out.
    public var certificatePEM: String?
    /// `nil` leaves the annotation out.
    public var chainPEM: String?
    /// `nil` leaves the annotation out.
    public var entry: LogEntryTemplate?
    /// `nil` leaves the annotation out.
    public var timestamp: TimestampTemplate?
    /// cosign's hint on attestations; `nil` leaves it out.
    public var predicateType: String?
    /// Annotations that stand in place of those above, or beside them.
    public var extraAnnotations: [String: String] = [:]

    /// A layer with a signature and nothing else.
    public init(mediaType: String, blob: [UInt8], signature: [UInt8]?) {
        self.mediaType = mediaType
        self.blob = blob
        self.signature = signature
    }

    /// The bundle that `cosign sign-blob` wrote before version 3.
    public func blobBundle() throws -> JSONTree {
        var tree: JSONTree = ["base64Signature": .base64(signature ?? [])]
        if let certificatePEM { tree["cert"] = .base64(Array(certificatePEM.utf8)) }
        if let entry { tree["rekorBundle"] = try entry.legacyJSON() }
        return tree
    }

    /// The layer's annotations.
    public func annotations() throws -> [String: String] {
        var annotations: [String: String] = [:]
        annotations["dev.cosignproject.cosign/signature"] = signature.map(MintedText.base64)
        annotations["dev.sigstore.cosign/certificate"] = certificatePEM
        annotations["dev.sigstore.cosign/chain"] = chainPEM
        annotations["predicateType"] = predicateType
        if let entry {
            annotations["dev.sigstore.cosign/bundle"] = String(decoding: try entry.legacyJSON().bytes, as: UTF8.self)
        }
        if let timestamp {
            let tree: JSONTree = ["SignedRFC3161Timestamp": .base64(try timestamp.minted())]
            annotations["dev.sigstore.cosign/rfc3161timestamp"] = String(decoding: tree.bytes, as: UTF8.self)
        }
        return annotations.merging(extraAnnotations) { $1 }
    }
}
