import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Watches of the API server double")
struct WatchTests {
    static let secrets = "/api/v1/namespaces/demo/secrets"

    @Test("A streaming list ends with the bookmark that says so", arguments: [CurlClient.Version.http1, .http2])
    func initialEvents(version: CurlClient.Version) async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.secret("a"))
            server.store(Example.secret("b"))
            let query =
                "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            let client = DoubleClient(server: server, version: version)
            async let watched = client.get(Self.secrets + query)
            try await server.until("watched") { server.watched == ["secrets"] }
            server.store(Example.secret("c"))
            server.endWatches()
            let events = try await watched.events
            #expect(events.map { $0["type"] } == ["ADDED", "ADDED", "BOOKMARK", "ADDED"])
            #expect(events[2]["object"].metadata["annotations"] == ["k8s.io/initial-events-end": "true"])
            #expect(events[3]["object"]["kind"] == "Secret")
            let without = try await client.get(Self.secrets + "?watch=true&sendInitialEvents=true")
            #expect(without.status == 422)
        }
    }

    @Test("What begins or ceases to match a selector comes and goes")
    func selector() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.secret("a"))
            let client = DoubleClient(server: server)
            async let watched = client.get(
                Self.secrets + "?watch=true&labelSelector=x%3D1&resourceVersion=\(server.resourceVersion)")
            try await server.until("watched") { !server.watched.isEmpty }
            server.edit("secrets", "a", in: "demo") { $0.metadata["labels"]["x"] = "1" }
            server.edit("secrets", "a", in: "demo") { $0["data"]["n"] = "YQ==" }
            server.edit("secrets", "a", in: "demo") { $0.metadata["labels"]["x"] = "2" }
            server.store(Example.secret("b"))
            server.endWatches()
            #expect(try await watched.events.map { $0["type"] } == ["ADDED", "MODIFIED", "DELETED"])
        }
    }

    @Test("Expiry ends a watch with a 410, and the next one from the same version too")
    func expiry() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.secret("a"))
            let client = DoubleClient(server: server)
            let target = Self.secrets + "?watch=true&resourceVersion=\(server.resourceVersion)"
            async let watched = client.get(target)
            try await server.until("watched") { !server.watched.isEmpty }
            server.expireWatches()
            #expect(try await watched.events.map { $0["object"]["code"] } == [410])
            #expect(try await client.get(target).events.map { $0["object"]["reason"] } == ["Expired"])
            let now = Self.secrets + "?watch=true&timeoutSeconds=1&resourceVersion=\(server.resourceVersion)"
            #expect(try await client.get(now).events.isEmpty)
        }
    }

    @Test("A watch that is cut breaks off, and can be resumed", arguments: [CurlClient.Version.http1, .http2])
    func cut(version: CurlClient.Version) async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server, version: version)
            let target = Self.secrets + "?watch=true&resourceVersion=\(server.resourceVersion)"
            async let watched = client.get(target)
            try await server.until("watched") { !server.watched.isEmpty }
            server.cutWatches()
            do {
                _ = try await watched
                Issue.record("the answer is complete")
            } catch { #expect(error is CurlFailure) }
            server.store(Example.secret("a"))
            #expect(try await client.get(target + "&timeoutSeconds=1").events.map { $0["type"] } == ["ADDED"])
        }
    }

    @Test("A client that goes away leaves no watch behind")
    func forgotten() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            async let watched = client.get(Self.secrets + "?watch=true")
            try await server.until("watched") { !server.watched.isEmpty }
            await server.dropConnections()
            do {
                _ = try await watched
                Issue.record("the answer is complete")
            } catch { #expect(error is CurlFailure) }
            try await server.until("forgotten") { server.watched.isEmpty }
        }
    }

    @Test("Bookmarks come on demand and by the clock, to those who allow them")
    func bookmarks() async throws {
        var options = APIServerDouble.Options()
        options.bookmarkInterval = .milliseconds(50)
        try await APIServerDouble.withServer(options) { server async throws in
            let client = DoubleClient(server: server)
            let target = Self.secrets + "?watch=true&timeoutSeconds=1&resourceVersion=\(server.resourceVersion)"
            async let plain = client.get(target)
            let events = try await client.get(target + "&allowWatchBookmarks=true").events
            #expect(events.count > 3)
            #expect(events.allSatisfy { $0["type"] == "BOOKMARK" && $0["object"]["kind"] == "Secret" })
            #expect(try await plain.events.isEmpty)
        }
    }

    @Test("A server that was stopped comes back on its port with what it kept")
    func restart() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.secret("a"))
            let client = DoubleClient(server: server)
            await server.stop()
            await #expect(throws: CurlFailure.self) { try await client.get(Self.secrets) }
            try await server.start()
            #expect(try await client.get(Self.secrets).object["items"].elements.map(\.name) == ["a"])
        }
    }
}
