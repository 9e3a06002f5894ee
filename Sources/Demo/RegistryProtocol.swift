// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Synchronization

/// The OCI distribution API over some contents: a request in, an answer out; no sockets.
public final class RegistryProtocol: Sendable {
    public let contents: RegistryContents
    public let options: LoopbackOptions
    private let tokens: RegistryTokens
    /// Bytes of uploads that have begun, by id.
    private let uploads = Mutex<[String: [UInt8]]>([:])

    public init(contents: RegistryContents, options: LoopbackOptions) {
        self.contents = contents
        self.options = options
        tokens = RegistryTokens(access: options.access)
    }

    /// `host` is the authority by which the client reached us; token realms name it.
    public func answer(to request: RegistryRequest, host: String) -> RegistryAnswer {
        guard let route = RegistryRoute(path: request.path) else { return .notFoundPage }
        if route == .token { return tokens.issue(request) }
        if let refusal = tokens.refusal(of: request, repository: route.repository, host: host) { return refusal }
        switch (request.method, route) {
        case ("GET", .base), ("HEAD", .base):
            return RegistryAnswer(200, headers: [("Content-Type", "application/json")], body: Array("{}".utf8))
        case ("GET", .manifest(let repository, let reference)), ("HEAD", .manifest(let repository, let reference)):
            return manifest(reference, in: repository)
        case ("PUT", .manifest(let repository, let reference)):
            return put(request, manifest: reference, in: repository)
        case ("GET", .blob(let repository, let digest)), ("HEAD", .blob(let repository, let digest)):
            return blob(digest, in: repository)
        case ("POST", .startUpload(let repository)):
            return startUpload(request, in: repository)
        case ("PATCH", .upload(let repository, let id)):
            return append(request, to: id, in: repository)
        case ("PUT", .upload(let repository, let id)):
            return finish(request, id, in: repository)
        case ("GET", .tags(let repository)), ("HEAD", .tags(let repository)):
            return tags(request, in: repository)
        case ("GET", .referrers(let repository, let digest)), ("HEAD", .referrers(let repository, let digest)):
            return options.referrersAPI ? referrers(request, of: digest, in: repository) : .notFoundPage
        default:
            return .error(405, "UNSUPPORTED", "the operation is not supported")
        }
    }

    // MARK: Reading

    private func manifest(_ reference: String, in repository: String) -> RegistryAnswer {
        guard let found = contents.manifest(reference, in: repository) else {
            return .error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        }
        return RegistryAnswer(
            200, headers: [("Content-Type", found.mediaType), (contentDigest, found.digest.description)],
            body: found.bytes)
    }

    private func blob(_ text: String, in repository: String) -> RegistryAnswer {
        guard let digest = try? Digest(text) else { return .error(400, "DIGEST_INVALID", "the digest cannot be read") }
        guard let bytes = contents.blob(digest, in: repository) else {
            return .error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        }
        return RegistryAnswer(
            200, headers: [("Content-Type", "application/octet-stream"), (contentDigest, digest.description)],
            body: bytes)
    }

    private func tags(_ request: RegistryRequest, in repository: String) -> RegistryAnswer {
        guard let all = contents.tags(in: repository) else {
            return .error(404, "NAME_UNKNOWN", "repository name not known to registry")
        }
        let page = Page(all, of: request, size: options.pageSize, key: { $0 })
        var writer = JSONWriter()
        writer.object {
            $0.member("name", repository)
            $0.member("tags", page.entries)
        }
        return RegistryAnswer(
            200, headers: [("Content-Type", "application/json")] + page.link(of: request), body: writer.bytes)
    }

    private func referrers(_ request: RegistryRequest, of text: String, in repository: String) -> RegistryAnswer {
        guard let digest = try? Digest(text) else { return .error(400, "DIGEST_INVALID", "the digest cannot be read") }
        var found = contents.referrers(of: digest, in: repository)
        var headers: [(name: String, value: String)] = [("Content-Type", MediaType.index)]
        if let wanted = request.query["artifactType"] {
            found.removeAll { $0.artifactType != wanted }
            headers.append(("OCI-Filters-Applied", "artifactType"))
        }
        let page = Page(found, of: request, size: options.pageSize, key: \.digest.description)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", MediaType.index)
            writer.member(
                "manifests",
                array: { writer in
                    for referrer in page.entries { referrer.write(to: &writer) }
                })
        }
        return RegistryAnswer(200, headers: headers + page.link(of: request), body: writer.bytes)
    }

    // MARK: Writing

    private func put(_ request: RegistryRequest, manifest reference: String, in repository: String) -> RegistryAnswer {
        guard request.body.count <= LoopbackOptions.maximumManifestBytes else {
            return .error(413, "MANIFEST_INVALID", "the manifest is too large")
        }
        guard let mediaType = request.contentType, let root = (try? JSONDocument(parsing: request.body))?.root,
            root.kind == .object
        else { return .error(400, "MANIFEST_INVALID", "manifest invalid") }
        let named = try? Digest(reference)
        if let named, !named.matches(request.body) {
            return .error(400, "DIGEST_INVALID", "the digest is not the manifest's")
        }
        let digest = contents.put(
            manifest: request.body, mediaType: mediaType, in: repository, tag: named == nil ? reference : nil,
            named?.algorithm ?? .sha256)
        var headers: [(name: String, value: String)] = [
            ("Location", "/v2/\(repository)/manifests/\(digest)"), (contentDigest, digest.description),
        ]
        // Saying so is how a registry tells that no fallback tag is needed.
        if options.referrersAPI, let subject = RegistryContents.subject(ofManifest: request.body) {
            headers.append(("OCI-Subject", subject.description))
        }
        return RegistryAnswer(201, headers: headers)
    }

    private func startUpload(_ request: RegistryRequest, in repository: String) -> RegistryAnswer {
        if let text = request.query["mount"], let digest = try? Digest(text),
            let bytes = contents.blob(digest, in: request.query["from"] ?? repository)
        {
            contents.put(blob: bytes, in: repository, digest.algorithm)
            return created(digest, in: repository)
        }
        if request.query["digest"] != nil { return store(request.body, request, in: repository) }
        let id = randomHex(16)
        let isTaken = uploads.withLock { uploads in
            guard uploads.count < LoopbackOptions.maximumUploads else { return false }
            uploads[id] = []
            return true
        }
        guard isTaken else { return .error(429, "TOOMANYREQUESTS", "too many uploads are open") }
        return accepted(id, length: 0, in: repository)
    }

    private func append(_ request: RegistryRequest, to id: String, in repository: String) -> RegistryAnswer {
        let length: Int? = uploads.withLock { uploads in
            guard let begun = uploads[id], begun.count + request.body.count <= LoopbackOptions.maximumBlobBytes else {
                return nil
            }
            uploads[id]?.append(contentsOf: request.body)
            return begun.count + request.body.count
        }
        guard let length else { return .error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry") }
        return accepted(id, length: length, in: repository)
    }

    private func finish(_ request: RegistryRequest, _ id: String, in repository: String) -> RegistryAnswer {
        guard let begun = uploads.withLock({ $0.removeValue(forKey: id) }) else {
            return .error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        }
        return store(begun + request.body, request, in: repository)
    }

    private func store(_ bytes: [UInt8], _ request: RegistryRequest, in repository: String) -> RegistryAnswer {
        guard bytes.count <= LoopbackOptions.maximumBlobBytes else {
            return .error(413, "SIZE_INVALID", "the blob is too large")
        }
        guard let text = request.query["digest"], let digest = try? Digest(text), digest.matches(bytes) else {
            return .error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        }
        contents.put(blob: bytes, in: repository, digest.algorithm)
        return created(digest, in: repository)
    }

    private func created(_ digest: Digest, in repository: String) -> RegistryAnswer {
        RegistryAnswer(
            201,
            headers: [("Location", "/v2/\(repository)/blobs/\(digest)"), (contentDigest, digest.description)])
    }

    private func accepted(_ id: String, length: Int, in repository: String) -> RegistryAnswer {
        RegistryAnswer(
            202,
            headers: [
                ("Location", "/v2/\(repository)/blobs/uploads/\(id)"), ("Range", "0-\(max(length - 1, 0))"),
            ])
    }
}

private let contentDigest = "Docker-Content-Digest"

extension RegistryAnswer {
    /// For a path that the API does not have, among them the referrers API where it is not offered.
    fileprivate static var notFoundPage: RegistryAnswer {
        RegistryAnswer(
            404, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array("404 page not found\n".utf8))
    }
}

/// One page of a list: `n` entries after `last`, and where the next page is.
private struct Page<Entry> {
    let entries: [Entry]
    private let next: (size: Int, last: String)?

    init(_ all: [Entry], of request: RegistryRequest, size: Int?, key: (Entry) -> String) {
        var rest = all[...]
        if let last = request.query["last"], let position = all.firstIndex(where: { key($0) == last }) {
            rest = all[(position + 1)...]
        }
        let asked = request.query["n"].flatMap { Int($0) }
        guard let limit = [asked, size].compactMap({ $0 }).filter({ $0 > 0 }).min(), rest.count > limit,
            let last = rest.prefix(limit).last
        else {
            entries = Array(rest)
            next = nil
            return
        }
        entries = Array(rest.prefix(limit))
        next = (limit, key(last))
    }

    func link(of request: RegistryRequest) -> [(name: String, value: String)] {
        guard let next else { return [] }
        // The filter goes along, escaped as far as media types need it.
        let type = request.query["artifactType"].map { "&artifactType=" + $0.replacing("+", with: "%2B") } ?? ""
        return [("Link", "<\(request.path)?n=\(next.size)&last=\(next.last)\(type)>; rel=\"next\"")]
    }
}
