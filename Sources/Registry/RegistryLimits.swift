// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy

/// How much is read for one question. What goes beyond is named, never passed over in silence: what was cut off could be
/// the good proof. Whoever may push can exceed most of them, so beyond them is an unreadable candidate beside those that
/// were found; a denial names it.
public struct RegistryLimits: Hashable, Sendable {
    /// Distribution-spec "Pushing manifests" lets registries refuse manifests above 4 MiB, and they do.
    public var manifestBytes = 4 << 20
    /// One blob of any kind: cosign's cap for attachments.
    public var blobBytes = 128 << 20
    /// One proof that is held. Attestations with the bills of materials of large images have a few MiB; an envelope or a
    /// bundle of more than `heldProofBytes` is left where it is, to be read in a stream by whoever needs it.
    public var proofBytes = 32 << 20
    /// See `proofBytes`. Ours: eight of them in one lookup are what an idle server holds.
    public var heldProofBytes = 4 << 20
    /// One proof that is read in a stream, whatever a policy says; a larger one is named as unreadable.
    public var streamedProofBytes = ProofExtent.allowedBytes.upperBound
    /// All manifests and blobs of one part of a lookup: what lies under cosign's tag, or what the referrers hold. Two
    /// proofs of the largest size; what is usual has a few hundred KiB.
    public var lookupBytes = 64 << 20
    /// Manifests and blobs of all lookups under way together; an outage beyond. Half of a container's usual GiB: four
    /// lookups that fill both of their parts, and thousands of usual ones.
    public var heldBytes = 512 << 20
    /// Layers of one `.sig` or `.att` manifest, and candidates of one part of a lookup: cosign's cap for layers.
    public var proofs = 1000
    /// Proofs in one referrer. cosign puts one into each; more are one candidate that is unreadable.
    public var proofsPerReferrer = 64
    /// One annotation of a layer. The largest in use, a certificate chain or a log entry, have a few KiB.
    static let annotationBytes = 64 << 10
    /// What may arrive beyond what a descriptor claims, so that a page that a proxy sends instead is seen for what it is.
    /// Error pages are shorter.
    static let slackBytes = 64 << 10
    /// Referrers of one image that are opened. Each costs a request when it is first seen.
    public var referrers = 512
    /// Pages of the referrers API; registries put a hundred and more on each.
    public var referrerPages = 64
    /// Requests of one lookup that are under way at the same time.
    public var width = 8
    /// Manifests of one image whose configurations are read. Indexes of official images list some thirty, half of them
    /// what the builder attests about the other half.
    public var platforms = 256
    /// Indexes on the way to a manifest, the image's own among them. Builders write one, tools that merge images two.
    static let indexDepth = 3
    /// One image's configuration: what podman reads of one. Large ones have some fifty KiB.
    static let configurationBytes = 4 << 20
    /// What the configuration of an image is called. Docker's registry once called Docker's own by no name at all
    /// (distribution issue 1621), and such images still run.
    static let configurationTypes = [MediaType.ociConfig, MediaType.dockerConfig, "application/octet-stream"]

    public init() {}

    /// For the command line, where proofs are printed: all of one is held, as large as policies let be read by default.
    public static let holdingLargeProofs: RegistryLimits = {
        var limits = RegistryLimits()
        limits.proofBytes = ProofExtent.defaultBytes
        limits.heldProofBytes = ProofExtent.defaultBytes
        limits.lookupBytes = 2 * ProofExtent.defaultBytes
        return limits
    }()
}
