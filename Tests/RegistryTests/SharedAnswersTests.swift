// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

/// What is remembered between the questions of one review, and to whom it is told.
@Suite struct SharedAnswersTests {
    private static let subject = TestLookup.subject
    private static let other = Digest(of: Array("another image".utf8))

    private func ask(
        _ lookup: TestLookup, _ image: Digest = subject, as fingerprint: [UInt8] = [], _ kind: ProofKind = .signature
    ) async throws -> ProofLookup {
        let reference = ImageReference(asWritten: "x", repository: lookup.repository, tag: nil, digest: image)
        let image = try #require(ResolvedImage(pinned: reference))
        return try await lookup.client.proofs(
            of: image, kind: kind, scope: .likely(.signatures), at: ProofPlace(repository: lookup.repository),
            showing: ShownCredential(nil, fingerprint: CredentialFingerprint(code: fingerprint)),
            deadline: lookup.deadline)
    }

    private func count(_ lookup: ProofLookup) -> Int? {
        switch lookup {
        case .found(let bundles): bundles.all.count
        case .nonePublished: 0
        case .partly: nil
        }
    }

    /// A registry without the API, whose fallback tag lists one bundle; `missing` is its answer for the API.
    private func withoutAPI(_ missing: ScriptedAnswer) -> RegistryScript {
        var script = RegistryScript()
        for image in [Self.subject, Self.other] {
            let bundle = script.bundle("one", subject: image)
            // An annotation in such a list is nobody's word, and must not be heeded.
            let entry = TestManifest.descriptor(
                bundle.digest, size: Int(bundle.size), mediaType: MediaType.ociManifest,
                annotations: ["dev.sigstore.bundle.predicateType": "https://example.com/other"])
            script["manifests/\(image.tagStem)"] = ScriptedAnswer(
                200, "{\"schemaVersion\":2,\"manifests\":[\(entry)]}")
            script["referrers/\(image)"] = missing
        }
        return script
    }

    @Test("What a registry lists as something else is left out where that is allowed, and said to be")
    func leftOut() async throws {
        var script = RegistryScript()
        let bundles = ["a", "b", "c"].map { script.bundle($0, subject: Self.subject) }
        let types = ["https://sigstore.dev/cosign/sign/v1", "https://example.com/other", nil]
        let entries = zip(bundles, types).map { bundle, type in
            TestManifest.descriptor(
                bundle.digest, size: Int(bundle.size), mediaType: bundle.mediaType,
                annotations: type.map { ["dev.sigstore.bundle.predicateType": $0] } ?? [:])
        }
        script["referrers/\(Self.subject)"] = ScriptedAnswer(
            200, headers: [("Content-Type", MediaType.ociIndex)],
            "{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}")
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, server in
            guard case .partly(let found) = try await ask(lookup) else {
                Issue.record("nothing was left out")
                return
            }
            #expect(found.map(\.text) == ["a", "c"])
            #expect(try await lookup.proofs().map(\.text) == ["a", "b", "c"])
        }
    }

    @Test(
        "That the API is not offered is remembered for the repository and the credential, and annotations of the tag's list are not heeded"
    )
    func notOffered() async throws {
        let script = withoutAPI(ScriptedAnswer(404, headers: [("Content-Type", "application/json")], "{}"))
        try await withRegistry {
            script.answer($0)
        } _: { lookup, server in
            let (first, second) = (try await ask(lookup), try await ask(lookup, Self.other))
            #expect(count(first) == 1 && count(second) == 1)
            #expect(server.count("/v2/team/app/referrers/") == 1)
            // Another credential may be told something else.
            let third = try await ask(lookup, Self.other, as: [1])
            #expect(count(third) == 1)
            #expect(server.count("/v2/team/app/referrers/") == 2)
        }
    }

    @Test(
        "A 404 that may be about the repository is not remembered where no list was found, and one about the path is",
        arguments: [("application/json", 2), ("text/plain; charset=utf-8", 1)])
    func certainty(type: String, requests: Int) async throws {
        try await withRegistry { _ in
            ScriptedAnswer(404, headers: [("Content-Type", type)], "{}")
        } _: { lookup, server in
            for image in [Self.subject, Self.other] {
                let found = try await ask(lookup, image)
                #expect(count(found) == 0)
            }
            #expect(server.count("/v2/team/app/referrers/") == requests)
        }
    }

    @Test("Junk under the fallback tag has the API asked again, which may have begun to be offered")
    func surprise() async throws {
        let script = Mutex(withoutAPI(ScriptedAnswer(404, "")))
        try await withRegistry { request in
            script.withLock { $0.answer(request) }
        } _: { lookup, server in
            #expect(try await count(ask(lookup)) == 1)
            script.withLock { script in
                script["manifests/\(Self.other.tagStem)"] = ScriptedAnswer(200, "<html>")
                let bundle = script.bundle("new", subject: Self.other)
                script.referrersAPI(Self.other, [bundle])
            }
            guard case .found(let found) = try await ask(lookup, Self.other) else {
                Issue.record("nothing was found")
                return
            }
            #expect(found.all.map(\.text) == ["new"])
        }
    }

    @Test("A list and a tag are shared by the questions of one moment, and never with another credential")
    func lists() async throws {
        var script = RegistryScript()
        script.referrersAPI(Self.subject, [script.bundle("one", subject: Self.subject)])
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, server in
            for kind in [ProofKind.signature, .attestation, .signature] {
                #expect(try await count(ask(lookup, kind)) == 1)
            }
            #expect(server.count("/v2/team/app/referrers/") == 1)
            #expect(server.seen.count { $0.path.hasSuffix(".sig") } == 1)
            _ = try await ask(lookup, as: [1])
            #expect(server.count("/v2/team/app/referrers/") == 2)
            #expect(server.seen.count { $0.path.hasSuffix(".sig") } == 2)
        }
    }

    @Test("An outage is remembered by nobody")
    func outages() async throws {
        let isDown = Mutex(true)
        var script = RegistryScript()
        script.referrersAPI(Self.subject, [script.bundle("one", subject: Self.subject)])
        try await withRegistry(retries: 0) { [script] request in
            isDown.withLock { $0 } ? ScriptedAnswer(500, "") : script.answer(request)
        } _: { lookup, _ in
            try await lookup.expect(.malfunction) { _ = try await ask(lookup) }
            isDown.withLock { $0 = false }
            #expect(try await count(ask(lookup)) == 1)
        }
    }

    private func ask(_ lookup: TestLookup, _ kind: ProofKind) async throws -> ProofLookup {
        try await ask(lookup, Self.subject, as: [], kind)
    }
}
