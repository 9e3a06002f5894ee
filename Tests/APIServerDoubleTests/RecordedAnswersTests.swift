import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("The API server double answers as the recorded one", .enabled(if: Recording.isHere))
struct RecordedAnswersTests {
    @Test("An object that is not there is a 404 with the recorded Status")
    func notFound() async throws {
        try await APIServerDouble.withServer { server async throws in
            let answer = try await DoubleClient(server: server).get("/api/v1/namespaces/demo/secrets/missing")
            #expect(answer.status == 404)
            #expect(answer.object == Recording.object("get-secret-404.txt"))
        }
    }

    @Test("A token that is unknown is a 401 with the recorded Status, and a known one is none")
    func unauthorized() async throws {
        try await APIServerDouble.withServer { server async throws in
            var client = DoubleClient(server: server)
            #expect(try await client.get("/api/v1/namespaces/demo/secrets").status == 200)
            client.token = "another"
            let answer = try await client.get("/api/v1/namespaces/demo/secrets")
            #expect(answer.status == 401)
            #expect(answer.object == Recording.object("list-401.txt"))
        }
    }

    @Test("Nobody may list policies without a credential, with the recorded Status")
    func anonymous() async throws {
        try await APIServerDouble.withServer { server async throws in
            let answer = try await DoubleClient(server: server, token: nil).get(Example.policies)
            #expect(answer.status == 403)
            #expect(answer.object == Recording.object("list-anonymous-403.txt"))
        }
    }

    @Test("A Secret has the recorded members")
    func secret() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.secret())
            let answer = try await DoubleClient(server: server).get("/api/v1/namespaces/demo/secrets/s1")
            #expect(answer.object.shape() == Recording.object("get-secret.txt")?.shape())
        }
    }

    @Test("A list of policies has the recorded members, whole and in pages")
    func list() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.store(Example.policy("example"))
            let whole = try await client.get(Example.policies)
            #expect(
                whole.object.shape(without: ["managedFields", "annotations"])
                    == Recording.object("list-clusterimagepolicies.json")?
                    .shape(without: ["managedFields", "annotations"]))
            // The recorded page was the last one.
            let page = try await client.get(Example.policies + "?limit=1")
            let left: Set = ["managedFields", "annotations"]
            #expect(page.object.shape(without: left) == Recording.object("list-page1.json")?.shape(without: left))
        }
    }

    @Test("A watch tells of changes as recorded, with bookmarks", arguments: [CurlClient.Version.http1, .http2])
    func watch(version: CurlClient.Version) async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server, version: version)
            server.store(Example.policy("example"))
            let from = server.resourceVersion
            async let watched = client.get(
                Example.policies + "?watch=1&resourceVersion=\(from)&allowWatchBookmarks=true&timeoutSeconds=1")
            server.edit("clusterimagepolicies", "example") { $0.metadata["annotations"]["a"] = "c" }
            server.store(Example.policy("second"))
            server.remove("clusterimagepolicies", "second")
            let answer = try await watched
            let recorded = Recording.lines("watch-clusterimagepolicies.txt")
            #expect(answer.status == 200)
            #expect(answer.events.map { $0["type"] } == recorded.dropLast().map { $0["type"] })
            for (event, real) in zip(answer.events, recorded) {
                let left: Set = ["managedFields", "annotations"]
                #expect(event.shape(without: left) == real.shape(without: left))
            }
            let versions = answer.events.compactMap { Int64($0["object"].resourceVersion) }
            #expect(versions == [from + 1, from + 2, from + 3, from + 3])
        }
    }

    @Test("A watch from a version that is gone is a 200 with the recorded ERROR event")
    func expired() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.policy("example"))
            let answer = try await DoubleClient(server: server).get(Example.policies + "?watch=1&resourceVersion=1")
            #expect(answer.status == 200)
            let recorded = try #require(Recording.lines("watch-410.txt").first)
            var event = try #require(answer.events.first)
            #expect(answer.events.count == 1)
            // The versions in the sentence are those of that day.
            #expect(event["object"]["message"].text.hasPrefix("too old resource version: 1 ("))
            event["object"]["message"] = recorded["object"]["message"]
            #expect(event == recorded)
        }
    }
}
