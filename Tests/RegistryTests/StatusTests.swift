// SPDX-License-Identifier: Apache-2.0
import Crypto
import ImageVerification
import OCI
import Policy
import Synchronization
import Testing

@testable import Registry

@Suite struct StatusTests {
    private static let image = TestManifest.image(layers: [])

    @Test("A tag is resolved to the hash of its manifest's bytes")
    func resolves() async throws {
        var script = RegistryScript()
        let digest = script.manifest(Self.image, tags: "v1")
        try await withRegistry { [script] in
            script.answer($0)
        } _: { lookup, server in
            guard case .resolved(let image) = try await lookup.resolve() else {
                Issue.record("not resolved")
                return
            }
            #expect(image.digest == digest)
            let accept = server.seen.first?["accept"] ?? ""
            #expect(
                MediaType.readable.allSatisfy { accept.contains($0) } && !accept.contains("distribution.manifest.v1"))
        }
    }

    @Test("A reference with a digest needs no registry")
    func pinned() async throws {
        try await withRegistry { _ in
            ScriptedAnswer(500, "")
        } _: { lookup, server in
            let reference = ImageReference(
                asWritten: "x", repository: lookup.repository, tag: "v1", digest: TestLookup.subject)
            guard
                case .resolved(let image) = try await lookup.client.resolve(
                    reference, showing: .none, deadline: lookup.deadline)
            else {
                Issue.record("not resolved")
                return
            }
            #expect(image.digest == TestLookup.subject)
            #expect(server.seen.isEmpty)
        }
    }

    @Test(
        "Only 404 is absence; everything else that is no 200 is an outage of its kind",
        arguments: [
            (404, nil), (401, Outage.Kind.unauthorized), (403, .unauthorized), (429, .rateLimited), (400, .malfunction),
            (405, .malfunction), (410, .malfunction), (500, .malfunction), (502, .malfunction), (503, .malfunction),
            (206, .malfunction), (204, .malfunction), (304, .malfunction),
        ])
    func statuses(status: Int, kind: Outage.Kind?) async throws {
        try await withRegistry(retries: 0) { _ in
            ScriptedAnswer(status, "")
        } _: { lookup, _ in
            let outage = try await lookup.outage {
                let found = try await lookup.resolve()
                #expect(found == .notFound)
            }
            #expect(outage?.kind == kind)
            #expect(outage.map { $0.service == lookup.host } ?? true)
        }
    }

    @Test(
        "A 200 that holds no manifest is a malfunction",
        arguments: [
            "", "<html>welcome</html>", "{}", "[]", "{\"schemaVersion\":2}",
            "{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[]}",
            "{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}",
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"layers\":[]}",
            "{\"schemaVersion\":2,\"mediaType\":\"text/plain\",\"layers\":[]}",
            "{\"schemaVersion\":2,\"layers\":[],\"layers\":[]}", "{\"schemaVersion\":2,\"layers\":[]} x",
        ])
    func noManifest(text: String) async throws {
        try await withRegistry { _ in
            ScriptedAnswer(200, text)
        } _: { lookup, _ in
            try await lookup.expect(.malfunction) { _ = try await lookup.resolve() }
        }
    }

    @Test("A digest header that contradicts the bytes is corruption, and one that agrees is none (CVE-2022-47633)")
    func digestHeader() async throws {
        let right = Digest(of: Array(Self.image.utf8)).description
        for (header, kind) in [
            (right, nil), (TestLookup.subject.description, Outage.Kind.corrupt), ("md5:x", nil),
            (Digest(of: Array(Self.image.utf8), .sha512).description, nil),
        ] {
            try await withRegistry { _ in
                ScriptedAnswer(200, headers: [("Docker-Content-Digest", header)], Self.image)
            } _: { lookup, _ in
                try await lookup.expect(kind) { _ = try await lookup.resolve() }
            }
        }
    }

    @Test("A manifest beyond 4 MiB is refused")
    func largeManifest() async throws {
        try await withRegistry { _ in
            ScriptedAnswer(200, body: .endless)
        } _: { lookup, _ in
            try await lookup.expect(.corrupt) { _ = try await lookup.resolve() }
        }
    }

    @Test(
        "A path or tag that would leave its place in the URL is not asked for",
        arguments: ["..", "a/../b", "a//b", "", "a/.", "A", "a?b", "a%2e", "a b", "-a"])
    func paths(path: String) async throws {
        try await withRegistry { _ in
            ScriptedAnswer(200, "")
        } _: { lookup, server in
            var lookup = lookup
            lookup.path = path
            try await lookup.expect(.forbidden) { [lookup] in _ = try await lookup.resolve() }
            #expect(server.seen.isEmpty)
        }
    }

    // MARK: Retries

    @Test("A transient answer is asked for again, twice at most", arguments: [429, 502, 503, 504])
    func retries(status: Int) async throws {
        let failures = Mutex(0)
        let flaky: @Sendable (Int) -> ScriptedServer.Script = { count in
            { _ in
                let failure = failures.withLock { failures in
                    failures += 1
                    return failures
                }
                return failure <= count ? ScriptedAnswer(status, "") : ScriptedAnswer(200, Self.image)
            }
        }
        try await withRegistry(flaky(2)) { lookup, server in
            _ = try await lookup.resolve()
            #expect(server.seen.count == 3)
            #expect(lookup.client.counters.total(.manifest) == 3)
        }
        failures.withLock { $0 = 0 }
        try await withRegistry(flaky(3)) { lookup, server in
            try await lookup.expect(status == 429 ? .rateLimited : .malfunction) { _ = try await lookup.resolve() }
            #expect(server.seen.count == 3)
        }
    }

    @Test("Other answers are final", arguments: [400, 401, 403, 404, 500, 501])
    func noRetries(status: Int) async throws {
        try await withRegistry { _ in
            ScriptedAnswer(status, "")
        } _: { lookup, server in
            _ = try await lookup.outage { _ = try await lookup.resolve() }
            #expect(server.seen.count == 1)
        }
    }

    @Test("Retry-After is waited for, and one beyond the deadline means giving up at once")
    func retryAfter() async throws {
        let first = Mutex(true)
        try await withRegistry { _ in
            first.withLock { first in
                defer { first = false }
                return first
                    ? ScriptedAnswer(429, headers: [("Retry-After", "1")], "") : ScriptedAnswer(200, Self.image)
            }
        } _: { lookup, server in
            let start = ContinuousClock.now
            _ = try await lookup.resolve()
            #expect(start.duration(to: .now) >= .seconds(1))
        }
        try await withRegistry { _ in
            ScriptedAnswer(429, headers: [("Retry-After", "3600")], "")
        } _: { lookup, server in
            try await lookup.expect(.rateLimited) { _ = try await lookup.resolve() }
            #expect(server.seen.count == 1)
        }
    }

    @Test("A silent registry is an outage at the deadline; so is a caller that goes away")
    func deadline() async throws {
        try await withRegistry { _ in
            ScriptedAnswer(200, body: .silence)
        } _: { lookup, _ in
            var hurried = lookup
            hurried.deadline = .after(.milliseconds(100))
            try await hurried.expect(.deadline) { [hurried] in _ = try await hurried.resolve() }
            let kind = try await withThrowingTaskGroup(of: Outage.Kind?.self) { group in
                group.addTask { try await lookup.outage { _ = try await lookup.resolve() }?.kind }
                group.cancelAll()
                return try await group.next() ?? nil
            }
            #expect(kind == .deadline)
        }
    }

    @Test("A registry that is not there is unreachable, after as many attempts as for a transient answer")
    func unreachable() async throws {
        try await withRegistry { _ in
            ScriptedAnswer(200, "")
        } _: { lookup, _ in
            let gone = TestLookup(client: lookup.client, host: "127.0.0.1:1")
            try await gone.expect(.unreachable) { _ = try await gone.resolve() }
            #expect(lookup.client.counters.total(.manifest) == 3)
        }
    }

    @Test("Counters do not grow with the hosts that strangers name")
    func countersAreBounded() {
        let counters = RegistryCounters()
        for number in 0..<1000 { counters.count(.manifest, host: "h\(number).example") }
        #expect(counters.requests.count == 101)
        #expect(counters.requests[.init(host: "other", kind: .manifest)] == 900)
        #expect(counters.total(.manifest) == 1000)
    }
}
