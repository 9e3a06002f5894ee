// SPDX-License-Identifier: Apache-2.0
public import Demo
public import OCI

extension CurlClient {
    /// Pushes an image with everything it names to a registry over plain HTTP; answers its digest.
    @discardableResult
    public func push(_ image: DemoImage, to host: String, _ repository: String, tag: String? = nil) async throws
        -> Digest
    {
        for child in image.children { try await push(child, to: host, repository) }
        for blob in image.blobs { try await push(blob: blob, to: host, repository) }
        return try await push(
            manifest: image.manifest, mediaType: image.mediaType, to: host, repository,
            as: tag ?? image.digest.description)
    }

    /// Pushes a manifest under a tag or its digest.
    @discardableResult
    public func push(
        manifest: [UInt8], mediaType: String, to host: String, _ repository: String, as reference: String
    ) async throws -> Digest {
        let answer = try await send(
            "PUT", "http://\(host)/v2/\(repository)/manifests/\(reference)", headers: [("Content-Type", mediaType)],
            body: manifest)
        guard answer.status == 201 else {
            throw CurlFailure("the registry answered \(answer.status) to the manifest: \(answer.text)")
        }
        return Digest(of: manifest)
    }

    /// Pushes one blob.
    @discardableResult
    public func push(blob: [UInt8], to host: String, _ repository: String) async throws -> Digest {
        let digest = Digest(of: blob)
        let begun = try await send("POST", "http://\(host)/v2/\(repository)/blobs/uploads/", body: [])
        guard begun.status == 202, let location = begun["location"] else {
            throw CurlFailure("the registry answered \(begun.status) to an upload")
        }
        let target = location.hasPrefix("/") ? "http://\(host)\(location)" : location
        let answer = try await send(
            "PUT", target + (target.contains("?") ? "&" : "?") + "digest=\(digest)",
            headers: [("Content-Type", "application/octet-stream")], body: blob)
        guard answer.status == 201 else {
            throw CurlFailure("the registry answered \(answer.status) to a blob: \(answer.text)")
        }
        return digest
    }
}
