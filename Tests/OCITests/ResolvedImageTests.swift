// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("Resolved images")
struct ResolvedImageTests {
    private let manifest = Array("{}".utf8)
    private let other = Array("{ }".utf8)

    @Test("a tag is resolved by the bytes of its manifest")
    func byBytes() throws {
        let image = try #require(ResolvedImage(reference: ImageReference(parsing: "nginx:1"), manifest: manifest))
        #expect(image.digest == Digest(of: manifest))
        #expect(image.matchingName == "index.docker.io/library/nginx@\(Digest(of: manifest))")
        #expect(image.canonicalName == "docker.io/library/nginx:1@\(Digest(of: manifest))")
    }

    @Test("a digest is resolved by itself, and by no bytes but its own", arguments: Digest.Algorithm.allCases)
    func byDigest(_ algorithm: Digest.Algorithm) throws {
        let digest = Digest(of: manifest, algorithm)
        let reference = try ImageReference(parsing: "Q.io:443/a@\(digest)")
        #expect(ResolvedImage(pinned: reference)?.digest == digest)
        #expect(ResolvedImage(pinned: reference)?.canonicalName == "Q.io:443/a@\(digest)")
        #expect(ResolvedImage(reference: reference, manifest: manifest)?.digest == digest)
        #expect(ResolvedImage(reference: reference, manifest: other) == nil)
    }

    @Test("a tag alone is not resolved")
    func unpinned() throws {
        #expect(ResolvedImage(pinned: try ImageReference(parsing: "nginx:1")) == nil)
    }
}
