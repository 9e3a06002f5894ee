// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Sigstore
import TestSupport
import Testing

@testable import Registry

/// Against Debian's docker-registry, which has no referrers API.
@Suite struct RealRegistryTests {
    private struct Push {
        let host: String
        let client = CurlClient()

        func blob(_ text: String, to repository: String) async throws -> Digest {
            let digest = Digest(of: Array(text.utf8))
            let begun = try await client.send("POST", "http://\(host)/v2/\(repository)/blobs/uploads/", body: [])
            let location = try #require(begun["location"])
            let target = location.hasPrefix("/") ? "http://\(host)\(location)" : location
            let done = try await client.send(
                "PUT", "\(target)\(target.contains("?") ? "&" : "?")digest=\(digest)",
                headers: [("Content-Type", "application/octet-stream")], body: Array(text.utf8))
            #expect(done.status == 201)
            return digest
        }

        func manifest(
            _ text: String, to repository: String, as name: String? = nil, type: String = MediaType.ociManifest
        ) async throws -> Digest {
            let digest = Digest(of: Array(text.utf8))
            let done = try await client.send(
                "PUT", "http://\(host)/v2/\(repository)/manifests/\(name ?? digest.description)",
                headers: [("Content-Type", type)], body: Array(text.utf8))
            #expect(done.status == 201, "\(done.text)")
            return digest
        }
    }

    @Test("A tag is resolved, and proofs are found under cosign's tag and the fallback tag; elsewhere there are none")
    func lookups() async throws {
        guard RealRegistry.isAvailable() else { return }
        try await RealRegistry.running { registry in
            let push = Push(host: registry.host)
            _ = try await push.blob("{}", to: "team/app")
            let image = try await push.manifest(TestManifest.image(layers: []), to: "team/app", as: "v1")
            let payload = try await push.blob("payload", to: "team/app")
            _ = try await push.manifest(
                TestManifest.image(layers: [TestManifest.signatureLayer(payload, size: 7)]), to: "team/app",
                as: "\(image.tagStem).sig")
            let type = "application/vnd.dev.sigstore.bundle.v0.3+json"
            let bundle = try await push.blob("bundle", to: "team/app")
            let referrer = TestManifest.referrer(
                subject: image, artifactType: type,
                layers: [TestManifest.descriptor(bundle, size: 6, mediaType: type)])
            let digest = try await push.manifest(referrer, to: "team/app")
            _ = try await push.manifest(
                TestManifest.index([
                    Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: Int64(referrer.utf8.count))
                ]), to: "team/app", as: image.tagStem, type: MediaType.ociIndex)

            try await withTransport { http in
                let client = RegistryClient(http: http)
                var lookup = TestLookup(client: client, host: registry.host)
                guard case .resolved(let resolved) = try await lookup.resolve() else {
                    Issue.record("not resolved")
                    return
                }
                #expect(resolved.digest == image)
                let missing = try await lookup.resolve(tag: "v2")
                #expect(missing == .notFound)
                let place = ProofPlace(repository: lookup.repository)
                guard
                    case .found(let found) = try await client.proofs(
                        of: resolved, kind: .signature, at: place, showing: try await lookup.shown(nil),
                        deadline: lookup.deadline)
                else {
                    Issue.record("no proofs")
                    return
                }
                #expect(found.all.map(\.text) == ["payload", "bundle"])
                #expect(found.all.map(\.origin.carrier) == [.signatureTag, .referrer])
                lookup.path = "team/none"
                let none = try await lookup.proofs()
                #expect(none.isEmpty)
            }
        }
    }

    @Test("A registry that has stopped is an outage, not absence")
    func stopped() async throws {
        guard RealRegistry.isAvailable() else { return }
        try await RealRegistry.running { registry in
            await registry.stop()
            try await withTransport { http in
                let lookup = TestLookup(client: RegistryClient(http: http), host: registry.host)
                try await lookup.expect(.unreachable) { _ = try await lookup.resolve() }
                try await lookup.expect(.unreachable) { _ = try await lookup.proofs() }
            }
        }
    }
}
