// SPDX-License-Identifier: Apache-2.0
public import JSON
public import OCI
import Synchronization

/// What a loopback registry holds, in memory: for each repository its blobs, its manifests in the order in which they
/// came, and its tags.
public final class RegistryContents: Sendable {
    private let repositories = Mutex<[String: RepositoryContents]>([:])

    public init() {}

    // MARK: Writing

    @discardableResult
    public func put(blob: [UInt8], in repository: String, _ algorithm: Digest.Algorithm = .sha256) -> Digest {
        let digest = Digest(of: blob, algorithm)
        repositories.withLock { $0[repository, default: RepositoryContents()].blobs[digest] = blob }
        return digest
    }

    /// Takes any bytes for a manifest, also such as no registry would; only the way in over HTTP looks at them.
    @discardableResult
    public func put(
        manifest bytes: [UInt8], mediaType: String, in repository: String, tag: String? = nil,
        _ algorithm: Digest.Algorithm = .sha256
    ) -> Digest {
        let digest = Digest(of: bytes, algorithm)
        let manifest = StoredManifest(bytes: bytes, mediaType: mediaType)
        repositories.withLock { repositories in
            repositories[repository, default: RepositoryContents()].put(manifest, digest: digest)
            if let tag { repositories[repository]?.tags[tag] = digest }
        }
        return digest
    }

    /// Makes a tag name this digest, whether or not it named another before.
    public func tag(_ digest: Digest, as tag: String, in repository: String) {
        repositories.withLock { $0[repository, default: RepositoryContents()].tags[tag] = digest }
    }

    public func remove(tag: String, in repository: String) {
        repositories.withLock { _ = $0[repository]?.tags.removeValue(forKey: tag) }
    }

    /// Takes a manifest away, and every tag that names it.
    public func remove(manifest digest: Digest, in repository: String) {
        repositories.withLock { $0[repository]?.remove(digest) }
    }

    public func remove(blob digest: Digest, in repository: String) {
        repositories.withLock { _ = $0[repository]?.blobs.removeValue(forKey: digest) }
    }

    // MARK: Reading

    /// The manifest that a tag or a digest names; `nil` where there is none.
    public func manifest(_ reference: String, in repository: String) -> (
        bytes: [UInt8], mediaType: String, digest: Digest
    )? {
        repositories.withLock { repositories in
            guard let contents = repositories[repository] else { return nil }
            guard let digest = contents.tags[reference] ?? (try? Digest(reference)),
                let manifest = contents.manifests[digest]
            else { return nil }
            return (manifest.bytes, manifest.mediaType, digest)
        }
    }

    /// The blob, or the manifest of that digest: registries keep both alike.
    public func blob(_ digest: Digest, in repository: String) -> [UInt8]? {
        repositories.withLock { $0[repository]?.blobs[digest] ?? $0[repository]?.manifests[digest]?.bytes }
    }

    /// In the order of their bytes; `nil` where there is no such repository.
    public func tags(in repository: String) -> [String]? {
        repositories.withLock {
            $0[repository].map { $0.tags.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        }
    }

    /// The manifests whose `subject` is this digest, oldest first.
    public func referrers(of subject: Digest, in repository: String) -> [Referrer] {
        repositories.withLock { repositories in
            guard let contents = repositories[repository] else { return [] }
            return contents.order.compactMap { digest in
                guard let manifest = contents.manifests[digest], manifest.subject == subject else { return nil }
                return Referrer(
                    mediaType: manifest.mediaType, digest: digest, size: manifest.bytes.count,
                    artifactType: manifest.artifactType, annotations: manifest.annotations)
            }
        }
    }

    /// The digest of a manifest's `subject`; `nil` where it names none that can be read.
    static func subject(ofManifest bytes: [UInt8]) -> Digest? {
        StoredManifest(bytes: bytes, mediaType: "").subject
    }
}

/// A manifest as the referrers API lists it: a descriptor with what the manifest says of itself.
public struct Referrer: Hashable, Sendable {
    public let mediaType: String
    public let digest: Digest
    public let size: Int
    /// The manifest's own, or else its config's media type. OCI distribution-spec "Listing Referrers".
    public let artifactType: String?
    /// A JSON object, as it stands in the manifest; `nil` where there is none or it is empty.
    public let annotations: [UInt8]?

    /// Appends the descriptor to a list.
    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("mediaType", mediaType)
            writer.member("digest", digest.description)
            writer.member("size", size)
            if let artifactType { writer.member("artifactType", artifactType) }
            if let annotations {
                writer.name("annotations")
                writer.raw(annotations)
            }
        }
    }
}

private struct RepositoryContents {
    var blobs: [Digest: [UInt8]] = [:]
    private(set) var manifests: [Digest: StoredManifest] = [:]
    private(set) var order: [Digest] = []
    var tags: [String: Digest] = [:]

    mutating func put(_ manifest: StoredManifest, digest: Digest) {
        if manifests.updateValue(manifest, forKey: digest) == nil { order.append(digest) }
    }

    mutating func remove(_ digest: Digest) {
        manifests[digest] = nil
        order.removeAll { $0 == digest }
        tags = tags.filter { $0.value != digest }
    }
}

private struct StoredManifest {
    let bytes: [UInt8]
    let mediaType: String
    let subject: Digest?
    let artifactType: String?
    let annotations: [UInt8]?

    init(bytes: [UInt8], mediaType: String) {
        self.bytes = bytes
        self.mediaType = mediaType
        let root = (try? JSONDocument(parsing: bytes))?.root
        subject = root?["subject"]?["digest"]?.string.flatMap { try? Digest($0) }
        artifactType =
            root?["artifactType"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? root?["config"]?["mediaType"]?.string
        annotations = root?["annotations"].flatMap {
            $0.kind == .object && $0.count > 0 ? Array($0.rawText) : nil
        }
    }
}
