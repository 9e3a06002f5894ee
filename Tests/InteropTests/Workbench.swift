// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport

/// The real registry, the real cosign, and our own program.
struct Workbench: Sendable {
    let registry: RealRegistry
    let cosign: CosignTool
    let countersign: CountersignTool
    let client = CurlClient()

    var host: String { registry.host }

    static func isAvailable(file: StaticString = #fileID, line: UInt = #line) -> Bool {
        CosignTool.isAvailable(file: file, line: line) && RealRegistry.isAvailable(file: file, line: line)
    }

    /// Calls `body` with everything running; the registry is stopped afterwards.
    static func running<R: Sendable>(_ body: (Workbench) async throws -> R) async throws -> R {
        let cosign = try await CosignTool()
        let countersign = try CountersignTool()
        return try await RealRegistry.running { registry in
            try await body(Workbench(registry: registry, cosign: cosign, countersign: countersign))
        }
    }

    /// Pushes an image and answers `host/repository@digest`.
    func push(_ image: DemoImage, _ repository: String, tag: String = "v1") async throws -> String {
        "\(host)/\(repository)@\(try await client.push(image, to: host, repository, tag: tag))"
    }

    /// A manifest's bytes.
    func manifest(_ repository: String, _ reference: String) async throws -> [UInt8] {
        let answer = try await client.get(
            "http://\(host)/v2/\(repository)/manifests/\(reference)",
            headers: [("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json")]
        )
        guard answer.status == 200 else { throw UnexpectedAnswer(status: answer.status) }
        return answer.body
    }

    /// A blob's bytes.
    func blob(_ repository: String, _ digest: Digest) async throws -> [UInt8] {
        let answer = try await client.get("http://\(host)/v2/\(repository)/blobs/\(digest)")
        guard answer.status == 200 else { throw UnexpectedAnswer(status: answer.status) }
        return answer.body
    }
}

struct UnexpectedAnswer: Error {
    let status: Int
}
