// SPDX-License-Identifier: Apache-2.0
public import ImageVerification
public import OCI
public import Policy
import Sigstore

/// An OCI image layout on disk as the place where an image and its proofs are found: `--local-image DIR[@digest]`.
///
/// Proofs are found as `cosign save` leaves them (entries of `index.json` annotated as signatures or attestations), under
/// cosign's tags, and as manifests anywhere among the blobs whose subject is the image. Files are read where they are needed,
/// on the caller's thread: this serves the command line, not the server.
public struct LayoutSource: EvidenceSource {
    let content: LayoutContent
    private let limits: RegistryLimits

    /// `cosign save` writes a dozen blobs; a layout of many images may have thousands.
    private static let maximumBlobs = 8192
    private static let kindAnnotation = "kind"
    private static let tagAnnotation = "org.opencontainers.image.ref.name"
    private static let kindPrefix = "dev.cosignproject.cosign/"

    public init(directory: String, limits: RegistryLimits = RegistryLimits()) {
        content = LayoutContent(directory: LayoutDirectory(path: directory), service: "OCI layout")
        self.limits = limits
    }

    /// What is wrong with a directory that should be an OCI image layout, in a few words; `nil` where it can be read: it is
    /// a directory with an `oci-layout` and an `index.json` (image-spec, image-layout.md "Content"). Their text is not judged.
    public static func check(directory: String) -> String? {
        let layout = LayoutDirectory(path: directory)
        do throws(LayoutDirectory.ReadingError) {
            try layout.open()
        } catch {
            return error == .missing ? "there is no such directory" : "it is not a directory that can be read"
        }
        for name in ["oci-layout", "index.json"] {
            do throws(LayoutDirectory.ReadingError) {
                _ = try layout.read([name], maximumBytes: RegistryLimits().manifestBytes)
            } catch {
                return error == .missing ? "it has no \(name)" : "its \(name) cannot be read"
            }
        }
        return nil
    }

    /// The directory and the reference that an operand `DIR[@sha256:…]` names; throws for a digest that cannot be read.
    /// The reference's repository is a stand-in, since a layout has none.
    public static func read(
        operand: String
    ) throws(DigestError) -> (directory: String, reference: ImageReference) {
        let stand = Repository(host: "localhost", path: "oci-layout")
        for algorithm in Digest.Algorithm.allCases {
            guard let at = operand.utf8.lastIndex(of: UInt8(ascii: "@")),
                operand[operand.utf8.index(after: at)...].hasPrefix("\(algorithm.rawValue):")
            else { continue }
            let digest = try Digest(String(operand[operand.utf8.index(after: at)...]))
            return (
                String(operand[..<at]),
                ImageReference(asWritten: operand, repository: stand, tag: nil, digest: digest)
            )
        }
        return (operand, ImageReference(asWritten: operand, repository: stand, tag: nil, digest: nil))
    }

    public func configurations(
        of image: ResolvedImage, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ConfigurationLookup {
        let lookup = LookupBytes(HeldBytes(limit: limits.heldBytes))
        return try await ConfigurationReading(content, of: image, limits: limits, lookup).configurations()
    }

    /// A directory has one reader.
    public func credential(
        for access: RepositoryAccess, deadline: Deadline
    ) async throws(Outage) -> ShownCredential { .none }

    /// The image of the layout: the one that the reference's digest names, the one that `cosign save` marks, or the only one
    /// that is nobody's proof and in nobody's index. Several are an outage that asks for a digest.
    public func resolve(
        _ reference: ImageReference, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        var wanted = reference.digest
        if wanted == nil { wanted = try theImage() }
        guard let wanted else { return .notFound }
        switch try content.blob(wanted, maximumBytes: limits.manifestBytes) {
        case .missing: return .notFound
        case .tooLarge, .overBudget:
            throw Outage(.corrupt, service: content.service, detail: "the image's manifest is too large to be one")
        case .bytes(let bytes):
            let pinned = ImageReference(
                asWritten: reference.asWritten, repository: reference.repository, tag: reference.tag, digest: wanted)
            guard let image = ResolvedImage(reference: pinned, manifest: bytes) else {
                throw Outage(.corrupt, service: content.service, detail: "the image does not have its digest")
            }
            return .resolved(image)
        }
    }

    public func proofs(
        of image: ResolvedImage, kind: ProofKind, scope: ProofScope, at place: ProofPlace,
        showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ProofLookup {
        let lookup = LookupBytes(HeldBytes(limit: limits.heldBytes))
        let collection = ProofCollection(content, limits: limits, lookup)
        var found: [UnverifiedBundle] = []
        if kind == .billOfMaterials {
            let tagged = try index().first { isTagged($0, image.digest, kind, prefix: place.tagPrefix) }
            guard let tagged else { return .nonePublished }
            let origin = ProofOrigin(carrier: .attestationTag, manifest: tagged.digest, blob: tagged.digest)
            return .found(
                AtLeastOne(
                    UnverifiedBundle(.unreadable(UnverifiedBundle.unsignedBillOfMaterials), origin: origin)))
        }
        for entry in try index() where isTagged(entry, image.digest, kind, prefix: place.tagPrefix) {
            switch try content.blob(entry.digest, maximumBytes: limits.manifestBytes) {
            case .bytes(let bytes): found += try await collection.tagged(bytes, kind)
            case .missing, .tooLarge, .overBudget:
                let carrier: ProofOrigin.Carrier = kind == .signature ? .signatureTag : .attestationTag
                found.append(
                    UnverifiedBundle(
                        .unreadable("the manifest that the layout's index names is not there, or too large"),
                        origin: ProofOrigin(carrier: carrier, manifest: entry.digest, blob: entry.digest)))
            }
        }
        let referrers = ReferrersList(descriptors: try referrers(of: image.digest), digest: image.digest)
        found += try await collection.referrers(referrers, of: image.digest, for: kind).bundles
        return AtLeastOne(found).map { .found($0) } ?? .nonePublished
    }

    private func isTagged(
        _ entry: ContentDescriptor, _ image: Digest, _ kind: ProofKind, prefix: String
    ) -> Bool {
        let suffix = kind.tagSuffix
        if entry.annotations[Self.tagAnnotation] == "\(prefix)\(image.tagStem).\(suffix)" { return true }
        return entry.annotations[Self.kindAnnotation] == "\(Self.kindPrefix)\(suffix)s"
    }

    private func index() throws(Outage) -> [ContentDescriptor] {
        let reading: ManifestReading
        do {
            let bytes = try content.directory.read(["index.json"], maximumBytes: limits.manifestBytes)
            reading = try ManifestReading(bytes, maximumBytes: limits.manifestBytes)
        } catch {
            throw Outage(
                .malfunction, service: content.service, detail: "the directory has no index.json that can be read")
        }
        guard case .manifests(let entries) = reading.content else {
            throw Outage(.malfunction, service: content.service, detail: "index.json is not an index")
        }
        return entries.compactMap { if case .readable(let descriptor) = $0 { descriptor } else { nil } }
    }

    private func theImage() throws(Outage) -> Digest? {
        let entries = try index()
        let marked = entries.filter {
            ["\(Self.kindPrefix)image", "\(Self.kindPrefix)imageIndex"].contains($0.annotations[Self.kindAnnotation])
        }
        let candidates = marked.isEmpty ? entries.filter { !isProof($0) } : marked
        // An index stands for the platforms' manifests that it lists, though these may be entries as well.
        let digests = Set(candidates.map(\.digest)).subtracting(candidates.flatMap { children(of: $0) })
        guard digests.count <= 1 else {
            throw Outage(
                .malfunction, service: content.service,
                detail: "the layout holds several images; name one as DIR@sha256:…")
        }
        return digests.first
    }

    private func children(of entry: ContentDescriptor) -> [Digest] {
        guard case .bytes(let bytes) = try? content.blob(entry.digest, maximumBytes: limits.manifestBytes),
            let reading = try? ManifestReading(bytes, maximumBytes: limits.manifestBytes),
            case .manifests(let listed) = reading.content
        else { return [] }
        return listed.compactMap { if case .readable(let descriptor) = $0 { descriptor.digest } else { nil } }
    }

    /// Whether an entry of `index.json` belongs to another image rather than being one: by cosign's marks and tags, or by a
    /// subject of its own.
    private func isProof(_ entry: ContentDescriptor) -> Bool {
        if entry.annotations[Self.kindAnnotation]?.hasPrefix(Self.kindPrefix) == true { return true }
        if let tag = entry.annotations[Self.tagAnnotation],
            Digest.Algorithm.allCases.contains(where: { tag.contains("\($0.rawValue)-") })
        {
            return true
        }
        guard case .bytes(let bytes) = try? content.blob(entry.digest, maximumBytes: limits.manifestBytes),
            let reading = try? ManifestReading(bytes, maximumBytes: limits.manifestBytes)
        else { return false }
        return reading.subject != nil
    }

    /// Every manifest among the blobs whose subject is the image. `cosign save` leaves bundles out of `index.json`.
    private func referrers(of image: Digest) throws(Outage) -> [DescriptorReading] {
        let files = try content.possibleManifests(
            maximumBytes: limits.manifestBytes, maximumFiles: Self.maximumBlobs)
        var scanned = 0
        var found: [DescriptorReading] = []
        for (digest, size) in files {
            guard size <= limits.lookupBytes - scanned else {
                throw Outage(
                    .corrupt, service: content.service,
                    detail: "the layout's small blobs are more than the \(limits.lookupBytes) bytes that are read")
            }
            scanned += Int(size)
            guard case .bytes(let bytes) = try content.blob(digest, maximumBytes: limits.manifestBytes),
                let reading = try? ManifestReading(bytes, maximumBytes: limits.manifestBytes),
                reading.subject == image
            else { continue }
            found.append(
                .readable(
                    ContentDescriptor(
                        mediaType: reading.mediaType ?? "", digest: digest, size: Int64(bytes.count), annotations: [:]))
            )
        }
        return found
    }
}
