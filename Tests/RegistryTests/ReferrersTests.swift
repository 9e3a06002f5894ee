// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

@Suite struct ReferrersTests {
    private static let subject = TestLookup.subject
    private static let fallbackTag = "manifests/\(subject.tagStem)"

    // MARK: The API

    @Test("Bundles are found through the API, for signatures and attestations alike", arguments: [true, false])
    func api(isSignature: Bool) async throws {
        var script = RegistryScript()
        let first = script.bundle("one", subject: Self.subject)
        let old = "application/vnd.dev.sigstore.bundle+json;version=0.3"
        let second = script.bundle("two", subject: Self.subject, artifactType: old, layerType: old)
        script.referrersAPI(Self.subject, [first, second, first])
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, server in
            let found = try await lookup.proofs(isSignature ? .signature : .attestation)
            #expect(found.map(\.text) == ["one", "two"])
            #expect(found.map(\.origin.carrier) == [.referrer, .referrer])
            #expect(found.map(\.origin.manifest) == [first.digest, second.digest])
            // A list that is offered is believed; the fallback tag is not asked for.
            #expect(!server.seen.contains { $0.path.hasSuffix("/\(Self.subject.tagStem)") })
            #expect(server.seen.contains { $0.path.hasSuffix(isSignature ? ".sig" : ".att") })
        }
    }

    @Test("An empty list, and no tags, mean that nothing is published")
    func none() async throws {
        var script = RegistryScript()
        script.referrersAPI(Self.subject, [])
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, server in
            let found = try await lookup.proofs()
            #expect(found.isEmpty)
            #expect(server.seen.count == 2)
        }
    }

    @Test("Pages are followed by Link, relative or absolute, to the last")
    func pages() async throws {
        var script = RegistryScript()
        let descriptors = (0..<3).map { script.bundle("bundle \($0)", subject: Self.subject) }
        let list = "/v2/team/app/referrers/\(Self.subject)"
        try await withRegistry { [script] request in
            guard request.path == list else { return script.answer(request) }
            let page = request.query.isEmpty ? 0 : Int(request.query.suffix(1)) ?? 0
            var headers = [("Content-Type", "application/vnd.oci.image.index.v1+json; charset=utf-8")]
            if page == 0 { headers.append(("Link", "<\(list)?n=1>; rel=\"next\"")) }
            if page == 1 { headers.append(("Link", "<http://\(request["host"] ?? "")\(list)?n=2>;rel=next")) }
            return ScriptedAnswer(200, headers: headers, TestManifest.index([descriptors[page]]))
        } _: { lookup, _ in
            let found = try await lookup.proofs()
            #expect(found.map(\.text) == ["bundle 0", "bundle 1", "bundle 2"])
        }
    }

    @Test(
        "A next page somewhere else, or one that is not given, is a malfunction and not a shorter list",
        arguments: [
            "https://evil.example/v2/team/app/referrers/x", "//evil.example/",
            "http://127.0.0.1:1/v2/team/app/referrers/x",
            "/v2/team/other/referrers/x", "/v2/team/app/referrers/../../other/referrers/x",
            "/v2/team/app/referrers/gone",
            "/bad path",
        ])
    func badPages(link: String) async throws {
        var script = RegistryScript()
        let descriptor = script.bundle("one", subject: Self.subject)
        script.referrersAPI(Self.subject, [descriptor])
        script["referrers/\(Self.subject)"]?.headers.append(("Link", "<\(link)>; rel=\"next\""))
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, _ in
            try await lookup.expect(.malfunction) { _ = try await lookup.proofs() }
        }
    }

    @Test("A list without end stops at its limits, by entries and by pages (CVE-2023-46737)")
    func endlessPages() async throws {
        let list = "/v2/team/app/referrers/\(Self.subject)"
        for entries in [0, 100] {
            let number = Mutex(0)
            try await withRegistry { request in
                guard request.path == list else { return ScriptedAnswer(404, "{}") }
                let page = number.withLock { number in
                    number += 1
                    return number
                }
                let descriptors = (0..<entries).map {
                    Descriptor(mediaType: "x", digest: Digest(of: Array("\(page) \($0)".utf8)), size: 1)
                }
                return ScriptedAnswer(
                    200, headers: [("Content-Type", MediaType.ociIndex), ("Link", "<\(list)?n=\(page)>; rel=next")],
                    TestManifest.index(descriptors))
            } _: { lookup, server in
                let found = try await lookup.proofs()
                #expect(server.count(list) == (entries == 0 ? 64 : 6))
                #expect(found.count == (entries == 0 ? 1 : 513))
                #expect(found.allSatisfy { $0.fault != nil })
                #expect(found.last?.fault?.contains(entries == 0 ? "64 pages" : "512 referrers") == true)
                #expect(server.seen.count { $0.path.contains("manifests/sha256:") } == (entries == 0 ? 0 : 512))
            }
        }
    }

    @Test(
        "A list that says it is an index and is none is a malfunction",
        arguments: ["", "{}", "<html>", "{\"schemaVersion\":2,\"layers\":[]}"])
    func brokenList(text: String) async throws {
        try await withRegistry { request in
            request.path.contains("/referrers/")
                ? ScriptedAnswer(200, headers: [("Content-Type", MediaType.ociIndex)], text) : ScriptedAnswer(404, "{}")
        } _: { lookup, _ in
            try await lookup.expect(.malfunction) { _ = try await lookup.proofs() }
        }
    }

    // MARK: The fallback tag

    @Test(
        "Where the API is not offered, the fallback tag is read",
        arguments: [
            ScriptedAnswer(400, "{}"), ScriptedAnswer(404, "{}"), ScriptedAnswer(405, ""), ScriptedAnswer(406, ""),
            ScriptedAnswer(200, headers: [("Content-Type", "text/html")], "<html>"), ScriptedAnswer(200, "{}"),
            ScriptedAnswer(200, headers: [("Content-Type", MediaType.ociManifest)], "{}"),
        ])
    func notOffered(answer: ScriptedAnswer) async throws {
        var script = RegistryScript()
        // As go-containerregistry writes it: the artifact type in the list is the config's media type.
        let descriptor = script.bundle("one", subject: Self.subject)
        let entry = """
            {"mediaType":"\(MediaType.ociManifest)","digest":"\(descriptor.digest)","size":\(descriptor.size),\
            "artifactType":"application/vnd.oci.empty.v1+json"}
            """
        script["referrers/\(Self.subject)"] = answer
        let empty = script
        script[Self.fallbackTag] = ScriptedAnswer(200, "{\"schemaVersion\":2,\"manifests\":[\(entry)]}")
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, _ in
            let found = try await lookup.proofs()
            #expect(found.map(\.text) == ["one"])
        }
        try await withRegistry { [empty] in
            empty.answer($0)
        } _: { lookup, _ in
            let found = try await lookup.proofs()
            #expect(found.isEmpty)
        }
    }

    @Test(
        "Every other answer to the referrers API is an outage, and the fallback tag is not asked for",
        arguments: [
            (401, Outage.Kind.unauthorized), (403, .unauthorized), (429, .rateLimited), (500, .malfunction),
            (501, .malfunction), (503, .malfunction), (410, .malfunction), (204, .malfunction),
        ])
    func outages(status: Int, kind: Outage.Kind) async throws {
        var script = RegistryScript()
        script["referrers/\(Self.subject)"] = ScriptedAnswer(status, "")
        try await withRegistry(retries: 0) { [script] in
            script.answer($0)
        } _: { lookup, server in
            try await lookup.expect(kind) { _ = try await lookup.proofs() }
            #expect(!server.seen.contains { $0.path.hasSuffix("/\(Self.subject.tagStem)") })
        }
    }

    @Test("An outage of the fallback tag, or of cosign's, is one of the lookup", arguments: [403, 429, 500])
    func tagOutages(status: Int) async throws {
        for rest in [Self.fallbackTag, "\(Self.fallbackTag).sig"] {
            var script = RegistryScript()
            script[rest] = ScriptedAnswer(status, "")
            try await withRegistry(retries: 0) { [script] in
                script.answer($0)
            } _: { lookup, _ in
                let outage = try await lookup.outage { _ = try await lookup.proofs() }
                #expect(outage != nil)
            }
        }
    }

    @Test(
        "What lies under the fallback tag and is no list is junk, not absence",
        arguments: [
            "", "{}", "<html>", "{\"schemaVersion\":2,\"layers\":[]}",
        ])
    func fallbackJunk(text: String) async throws {
        var script = RegistryScript()
        script[Self.fallbackTag] = ScriptedAnswer(200, text)
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, _ in
            let found = try await lookup.proofs()
            #expect(found.count == 1 && found.first?.fault != nil)
        }
    }

    @Test("A malformed entry of the list does not hide the good one")
    func malformedEntry() async throws {
        var script = RegistryScript()
        let good = script.bundle("good", subject: Self.subject)
        let entries = [
            "7", "{}", "{\"digest\":\"sha256:ff\",\"size\":1}", "{\"digest\":\"\(Self.subject)\",\"size\":-1}",
            TestManifest.descriptor(good.digest, size: Int(good.size), mediaType: "anything"),
        ]
        script[Self.fallbackTag] = ScriptedAnswer(
            200, "{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}")
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, _ in
            let found = try await lookup.proofs()
            #expect(found.count == 5)
            #expect(found.last?.text == "good")
            #expect(found.dropLast().allSatisfy { $0.fault != nil })
        }
    }

    @Test("The fallback tag of a sha512 digest is cut to 64 characters, and cosign's tag for it cannot exist")
    func sha512() async throws {
        let subject = Digest(of: Array("x".utf8), .sha512)
        try await withRegistry { _ in
            ScriptedAnswer(404, "{}")
        } _: { lookup, server in
            let reference = ImageReference(asWritten: "x", repository: lookup.repository, tag: nil, digest: subject)
            let image = try #require(ResolvedImage(pinned: reference))
            _ = try await lookup.client.proofs(
                of: image, kind: .signature, at: .init(repository: lookup.repository), showing: .none,
                deadline: lookup.deadline)
            #expect(
                server.seen.map(\.path) == [
                    "/v2/team/app/referrers/\(subject)", "/v2/team/app/manifests/sha512-\(subject.hex.prefix(64))",
                ])
        }
    }
}
