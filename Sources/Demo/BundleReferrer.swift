// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

extension RegistryContents {
    /// Attaches a bundle to an image as cosign 3 does: a manifest whose `subject` is the image; where the referrers API
    /// is not offered, also an entry in the fallback tag.
    ///
    /// Throws where the registry does not hold the image, since a subject's size and media type are the image's own.
    @discardableResult
    public func attach(
        bundle: [UInt8], predicateType: String, to digest: Digest, in repository: String, referrersAPI: Bool,
        created: String = "2026-01-01T00:00:00Z"
    ) throws(NoSuchImage) -> Digest {
        guard let subject = manifest(digest.description, in: repository) else { throw NoSuchImage(digest: digest) }
        let empty = Array("{}".utf8)
        put(blob: empty, in: repository)
        put(blob: bundle, in: repository)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.manifest)
            writer.member(
                "config",
                object: { writer in
                    writer.descriptor(MediaType.empty, empty)
                    // Odd, but it is what cosign writes.
                    writer.member("artifactType", MediaType.bundle)
                })
            writer.member("layers", array: { $0.object { $0.descriptor(MediaType.bundle, bundle) } })
            writer.member(
                "annotations",
                object: { writer in
                    writer.member("dev.sigstore.bundle.content", "dsse-envelope")
                    writer.member("dev.sigstore.bundle.predicateType", predicateType)
                    writer.member("org.opencontainers.image.created", created)
                })
            writer.member(
                "subject",
                object: { writer in
                    writer.member("mediaType", subject.mediaType)
                    writer.member("size", subject.bytes.count)
                    writer.member("digest", digest.description)
                })
            writer.member("artifactType", MediaType.bundle)
        }
        let referrer = put(manifest: writer.bytes, mediaType: MediaType.manifest, in: repository)
        if !referrersAPI { addToFallback(referrer, size: writer.bytes.count, of: digest, in: repository) }
        return referrer
    }

    /// The fallback tag: an index that clients keep themselves. Entries are sorted by digest, and their `artifactType` is
    /// the config's media type, as cosign's library writes it.
    private func addToFallback(_ referrer: Digest, size: Int, of digest: Digest, in repository: String) {
        let held = manifest(digest.tagStem, in: repository).flatMap { try? JSONDocument(parsing: $0.bytes) }
        var entries: [(digest: String, text: [UInt8])] =
            held?.root["manifests"]?.elements.compactMap { entry in
                entry["digest"]?.string.map { ($0, Array(entry.rawText)) }
            } ?? []
        var entry = JSONWriter()
        entry.object { writer in
            writer.member("mediaType", MediaType.manifest)
            writer.member("size", size)
            writer.member("digest", referrer.description)
            writer.member("artifactType", MediaType.empty)
        }
        entries.removeAll { $0.digest == referrer.description }
        entries.append((referrer.description, entry.bytes))
        entries.sort { $0.digest < $1.digest }
        var index = JSONWriter()
        index.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.index)
            writer.member(
                "manifests",
                array: { writer in
                    for entry in entries { writer.raw(entry.text) }
                })
        }
        put(manifest: index.bytes, mediaType: MediaType.index, in: repository, tag: digest.tagStem)
    }
}

/// The registry does not hold the image that something is attached to.
public struct NoSuchImage: Error, Hashable, Sendable, CustomStringConvertible {
    public let digest: Digest

    public var description: String { "the registry holds no manifest \(digest)" }
}

/// A way in which an image is signed.
public enum SignatureForm: String, Hashable, Sendable, CaseIterable {
    /// The tag `sha256-<hex>.sig`: cosign 1 and 2.
    case tag
    /// A bundle as referrer: cosign 3.
    case bundle
}

extension LoopbackRegistry {
    /// Signs an image that the registry holds.
    public func sign(
        _ digest: Digest, in repository: String, with signer: DemoSigner, form: SignatureForm = .bundle
    ) async throws {
        switch form {
        case .tag:
            let reference = "\(try await host)/\(repository)"
            contents.append(try signer.simpleSignature(of: digest, repository: reference), of: digest, in: repository)
        case .bundle:
            try contents.attach(
                bundle: try signer.bundle(DemoStatement.signature(of: digest)),
                predicateType: DemoStatement.signPredicate, to: digest, in: repository,
                referrersAPI: options.referrersAPI)
        }
    }

    /// Attests something about an image that the registry holds; `predicate` is JSON text.
    public func attest(
        _ digest: Digest, in repository: String, with signer: DemoSigner, predicateType: String, predicate: [UInt8],
        form: SignatureForm = .bundle
    ) async throws {
        let statement = DemoStatement.attestation(
            of: digest, repository: "\(try await host)/\(repository)", predicateType: predicateType,
            predicate: predicate)
        switch form {
        case .tag:
            contents.append(
                envelope: try signer.envelope(statement), predicateType: predicateType, of: digest, in: repository)
        case .bundle:
            try contents.attach(
                bundle: try signer.bundle(statement), predicateType: predicateType, to: digest, in: repository,
                referrersAPI: options.referrersAPI)
        }
    }
}
