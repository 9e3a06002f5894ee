// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TestSupport
import Testing

@testable import Kubernetes

/// What a reflector has told.
final class Copy: Sendable {
    private struct State {
        var names: [String]?
        var news: [String] = []
    }

    private let state = Mutex(State())

    var names: [String]? { state.withLock { $0.names } }
    /// `objects`, `lost …`, `found`.
    var news: [String] { state.withLock { $0.news } }

    func take(_ news: Reflector.News) {
        state.withLock { state in
            switch news {
            case .objects(let objects):
                state.names = objects.keys.sorted().map(\.name)
                state.news.append("objects")
            case .lost(let fault): state.news.append("lost \(fault)")
            case .found: state.news.append("found")
            }
        }
    }
}

@Suite("Reflectors")
struct ReflectorTests {
    static func secret(_ name: String) -> JSONTree {
        ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string(name), "namespace": "demo"]]
    }

    private static func with(
        _ names: [String] = ["a"], options: APIServerDouble.Options = APIServerDouble.Options(),
        _ body: (APIServerDouble, Copy) async throws -> Void
    ) async throws {
        try await APIServerDouble.withServer(options) { server in
            for name in names { server.store(secret(name)) }
            try await withClient(of: server) { client in
                let copy = Copy()
                let reflector = Reflector(client, .secrets, ObjectSelection(namespace: "demo"), backoff: .short)
                try await beside({ await reflector.run { copy.take($0) } }) {
                    try await eventually("listed") { copy.names == names }
                    try await eventually("watched") { server.watched == ["secrets"] }
                    try await body(server, copy)
                }
            }
        }
    }

    private static func lists(_ server: APIServerDouble) -> Int {
        server.requests.count { $0.verb == "list" && $0.resource == "secrets" }
    }

    private static func watches(_ server: APIServerDouble) -> [APIServerRequest] {
        server.requests.filter { $0.verb == "watch" }
    }

    @Test("What is stored, changed and removed is told", arguments: [["h2", "http/1.1"], ["http/1.1"]])
    func follows(protocols: [String]) async throws {
        var options = APIServerDouble.Options()
        options.protocols = protocols
        try await Self.with(options: options) { server, copy in
            server.store(Self.secret("b"))
            try await eventually("stored") { copy.names == ["a", "b"] }
            server.remove("secrets", "a", in: "demo")
            try await eventually("removed") { copy.names == ["b"] }
            #expect(Self.lists(server) == 1)
        }
    }

    @Test("A list comes in pages, and nothing is told before the last")
    func pages() async throws {
        let names = (0..<1203).map { "s" + String(repeating: "0", count: 4 - "\($0)".count) + "\($0)" }
        try await Self.with(names) { server, copy in
            #expect(Self.lists(server) == 3)
            #expect(copy.news == ["objects"])
        }
    }

    @Test("A page larger than is read is asked for with half as many objects, down to one")
    func largePages() async throws {
        try await APIServerDouble.withServer { server in
            for index in 0..<20 {
                var secret = Self.secret("s\(10 + index)")
                secret["data"] = ["filler": .string(String(repeating: "A", count: index == 7 ? 6000 : 1000))]
                server.store(secret)
            }
            try await withClient(of: server) { client in
                var client = client
                let selection = ObjectSelection(namespace: "demo")
                client.maximumPageBytes = 8000
                let list = try await client.list(.secrets, selection)
                #expect(list.objects.map(\.name) == (0..<20).map { "s\(10 + $0)" })
                let limits = server.requests.compactMap { request in
                    request.query.split(separator: "&").first { $0.hasPrefix("limit=") }.map { String($0.dropFirst(6)) }
                }
                #expect(limits.first == "500" && Set(limits).isSuperset(of: ["250", "125", "7", "3"]), "\(limits)")
                // One object that is too large is the end.
                client.maximumPageBytes = 5000
                do {
                    _ = try await client.list(.secrets, selection)
                    Issue.record("it was read")
                } catch let error as APIFault {
                    #expect(error.isTooLarge, "\(error)")
                }
                #expect(server.requests.last?.query.contains("limit=1") == true)
            }
        }
    }

    @Test("A list that grew too old between its pages is begun again, without what it had")
    func expiredPage() async throws {
        let names = (0..<600).map { "s\(1000 + $0)" }
        try await APIServerDouble.withServer { server in
            for name in names { server.store(Self.secret(name)) }
            server.refuse(410, reason: "Expired", times: 1) { $0.query.contains("continue=") }
            try await withClient(of: server) { client in
                let list = try await client.list(.secrets, ObjectSelection(namespace: "demo"))
                #expect(list.objects.map(\.name) == names)
                #expect(Self.lists(server) == 4)
                server.refuse(410, reason: "Expired", times: 2) { $0.query.contains("continue=") }
                await #expect(throws: APIFault.self) {
                    try await client.list(.secrets, ObjectSelection(namespace: "demo"))
                }
            }
        }
    }

    @Test("A watch that ends or breaks is taken up where it was, without a list and without a word")
    func resumed() async throws {
        try await Self.with { server, copy in
            server.endWatches()
            try await eventually("watched again") { Self.watches(server).count == 2 && !server.watched.isEmpty }
            server.cutWatches()
            server.store(Self.secret("b"))
            try await eventually("seen") { copy.names == ["a", "b"] }
            #expect(Self.lists(server) == 1)
            #expect(!copy.news.contains { $0.hasPrefix("lost") })
        }
    }

    @Test("A bookmark moves the version on from which a watch is taken up")
    func bookmarks() async throws {
        try await Self.with { server, copy in
            // Others' changes, which this watch does not see.
            server.createNamespace("elsewhere")
            let version = server.resourceVersion
            server.sendBookmarks()
            server.endWatches()
            try await eventually("watched again") { Self.watches(server).count == 2 }
            #expect(Self.watches(server).last?.query.contains("resourceVersion=\(version)&") == true)
            #expect(Self.watches(server).allSatisfy { $0.query.contains("allowWatchBookmarks=true") })
            #expect(copy.news == ["objects"])
        }
    }

    @Test("A version that is too old has everything listed anew: what went meanwhile goes")
    func expired() async throws {
        try await Self.with(["a", "b"]) { server, copy in
            server.cutWatches()
            server.remove("secrets", "a", in: "demo")
            server.expireWatches()
            try await eventually("listed anew") { copy.names == ["b"] }
            #expect(Self.lists(server) == 2)
            #expect(!copy.news.contains { $0.hasPrefix("lost") })
        }
    }

    @Test("A server that says so again and again is not asked without pause")
    func expiredForEver() async throws {
        try await Self.with { server, copy in
            server.refuse(410, reason: "Expired") { $0.query.contains("watch=true") }
            server.forgetRequests()
            server.endWatches()
            try await Task.sleep(for: .milliseconds(400))
            // Pauses are 5 to 40 ms long.
            #expect((2...80).contains(server.requests.count), "\(server.requests.count)")
            server.behave()
            server.store(Self.secret("b"))
            try await eventually("seen") { copy.names == ["a", "b"] }
        }
    }

    @Test("A server that opens watches and fails each at once is not asked without pause, nor told of as lost for ever")
    func failsAfterOpening() async throws {
        try await Self.with { server, copy in
            server.forgetRequests()
            let end = ContinuousClock.now + .milliseconds(400)
            while ContinuousClock.now < end {
                server.cutWatches()
                try await Task.sleep(for: .milliseconds(1))
            }
            // Pauses are 5 to 40 ms long, after the first few.
            #expect((2...80).contains(server.requests.count), "\(server.requests.count)")
            server.store(Self.secret("b"))
            try await eventually("seen") { copy.names == ["a", "b"] }
        }
    }

    @Test("A lost server is told once for a reason, what was known stays, and it is told when it is back")
    func lost() async throws {
        try await Self.with { server, copy in
            await server.stop()
            try await eventually("lost") { copy.news.contains { $0.hasPrefix("lost") } }
            try await Task.sleep(for: .milliseconds(200))
            #expect(copy.names == ["a"])
            #expect(copy.news.count { $0.hasPrefix("lost") } <= 3, "\(copy.news)")
            server.store(Self.secret("b"))
            try await server.start()
            try await eventually("found") { copy.news.contains("found") && copy.names == ["a", "b"] }
        }
    }

    @Test("What the server does not let us do is told with its words, and asked again")
    func forbidden() async throws {
        try await Self.with { server, copy in
            server.deny(APIPermission(verb: "watch", resource: "secrets"))
            server.cutWatches()
            try await eventually("told") { copy.news.contains { $0.contains("403 Forbidden") } }
            server.denyNothing()
            try await eventually("found") { copy.news.contains("found") }
            server.store(Self.secret("b"))
            try await eventually("seen") { copy.names == ["a", "b"] }
        }
    }

    @Test("Retry-After is kept to")
    func retryAfter() async throws {
        try await Self.with { server, copy in
            server.refuse(429, reason: "TooManyRequests", times: 1, retryAfter: 1)
            server.forgetRequests()
            let began = ContinuousClock.now
            server.cutWatches()
            try await eventually("asked again") { server.requests.count >= 2 }
            #expect(ContinuousClock.now - began >= .milliseconds(900))
        }
    }

    @Test("What a server asks for is kept to up to half a minute, and never less than our own pause")
    func retryAfterIsBounded() {
        let backoff = Backoff(first: .seconds(1), longest: .seconds(2))
        for _ in 0..<50 {
            #expect(backoff.pause(after: 1, asked: .seconds(3600)) == .seconds(30))
            #expect(backoff.pause(after: 1, asked: .seconds(7)) == .seconds(7))
            #expect(backoff.pause(after: 2, asked: .zero) >= .seconds(1))
            #expect(backoff.pause(after: 2, asked: nil) <= .seconds(2))
        }
    }

    @Test("Lines that are no events, and those of another world, do not stop it")
    func malformed() async throws {
        try await Self.with { server, copy in
            server.sendToWatches(of: "secrets", line: #"{"type":"NOVELTY","object":{"kind":"Secret"}}"#)
            server.sendToWatches(of: "secrets", line: "no JSON")
            server.store(Self.secret("b"))
            try await eventually("seen") { copy.names == ["a", "b"] }
            server.sendToWatches(of: "secrets", line: #"{"type":"ADDED","object":{"kind":"Secret"}}"#)
            server.store(Self.secret("c"))
            try await eventually("seen") { copy.names == ["a", "b", "c"] }
        }
    }

    @Test("Pauses grow with failures, and end at the longest", arguments: [1, 2, 3, 10, 1000])
    func pauses(failures: Int) {
        let backoff = Backoff(first: .milliseconds(200), longest: .seconds(15))
        let whole = min(.milliseconds(200) * (1 << min(failures - 1, 10)), Duration.seconds(15))
        for _ in 0..<50 {
            let pause = backoff.pause(after: failures)
            #expect(pause >= whole / 2 && pause <= whole, "\(failures): \(pause)")
        }
    }
}
