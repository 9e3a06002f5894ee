// SPDX-License-Identifier: Apache-2.0
import Demo
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

/// Storms of 429s become waiting or an explained outage; never a wrong verdict, and never more requests.
@Suite("A registry that asks for fewer requests") struct GovernorTests {
    // MARK: Places

    private static let origin = party("anonymous")

    private static func party(_ credential: String) -> RegistryGovernor.Party? {
        guard let url = try? RequestURL(parsing: "https://registry.example/") else { return nil }
        return RegistryGovernor.Party(
            origin: url.origin, credential: CredentialFingerprint(code: Array(credential.utf8)))
    }

    @Test("A silence that one credential has earned does not hold for another")
    func credentials() async throws {
        let (one, other) = (try #require(Self.party("one")), try #require(Self.party("other")))
        let governor = RegistryGovernor()
        let soon = ContinuousClock.now.advanced(by: .seconds(10))
        governor.leave(try await governor.enter(one, until: soon), .limited(retryAfter: .seconds(3600)))
        await #expect(throws: RegistryGovernor.TooLate.self) { try await governor.enter(one, until: soon) }
        governor.leave(try await governor.enter(other, until: soon), .answered)
    }

    @Test("No more than 32 requests are under way, and whoever waits and is cancelled takes no place")
    func places() async throws {
        let origin = try #require(Self.origin)
        let governor = RegistryGovernor()
        var held: [RegistryGovernor.Leave] = []
        for _ in 0..<RegistryGovernor.width {
            held.append(try await governor.enter(origin, until: .now.advanced(by: .seconds(60))))
        }
        let given = Task { try await governor.enter(origin, until: .now.advanced(by: .seconds(60))) }
        given.cancel()
        await #expect(throws: CancellationError.self) { try await given.value }
        let waiting = Task { try await governor.enter(origin, until: .now.advanced(by: .seconds(60))) }
        #expect(governor.inFlight(origin) == RegistryGovernor.width)
        for leave in held { governor.leave(leave, .answered) }
        governor.leave(try await waiting.value, .answered)
        #expect(governor.inFlight(origin) == 0)
    }

    @Test("A silence that begins while others wait for a place holds for them as well")
    func voidTurns() async throws {
        let origin = try #require(Self.origin)
        let governor = RegistryGovernor()
        var held: [RegistryGovernor.Leave] = []
        for _ in 0..<RegistryGovernor.width {
            held.append(try await governor.enter(origin, until: .now.advanced(by: .seconds(60))))
        }
        let waiting = Task { try await governor.enter(origin, until: .now.advanced(by: .seconds(60))) }
        try await Task.sleep(for: .milliseconds(50))
        governor.leave(held.removeLast(), .limited(retryAfter: .seconds(3600)))
        await #expect(throws: RegistryGovernor.TooLate.self) { try await waiting.value }
        for leave in held { governor.leave(leave, .answered) }
        #expect(governor.inFlight(origin) == 0)
    }

    @Test("Whoever's turn has not come is told so before they leave, and as the limit that it is")
    func notice() async throws {
        let origin = try #require(Self.origin)
        let governor = RegistryGovernor()
        let start = ContinuousClock.now
        let limit = start.advanced(by: .milliseconds(1200))
        governor.leave(try await governor.enter(origin, until: limit), .limited(retryAfter: .zero))
        // The try is never answered, and the next turn is a second away.
        let probe = try await governor.enter(origin, until: limit)
        await #expect(throws: RegistryGovernor.TooLate.self) { try await governor.enter(origin, until: limit) }
        let waited = start.duration(to: .now)
        #expect(waited > .milliseconds(500) && waited < .milliseconds(1200), "\(waited)")
        governor.leave(probe, .none)
    }

    @Test("A registry that answers lets those who wait go on at once, and what is no answer does not")
    func answers() async throws {
        for (answer, isGood) in [(RegistryGovernor.Answer.answered, true), (.none, false)] {
            let origin = try #require(Self.origin)
            let governor = RegistryGovernor()
            let limit = ContinuousClock.now.advanced(by: .milliseconds(1100))
            governor.leave(try await governor.enter(origin, until: limit), .limited(retryAfter: .zero))
            governor.leave(try await governor.enter(origin, until: limit), answer)
            if isGood {
                for _ in 0..<2 { governor.leave(try await governor.enter(origin, until: limit), .none) }
            } else {
                await #expect(throws: RegistryGovernor.TooLate.self) { try await governor.enter(origin, until: limit) }
            }
        }
    }

    @Test("A limit is not forgotten for the sake of others, limited or not, and beyond a bound newcomers share one")
    func forgetsNoLimit() async throws {
        let governor = RegistryGovernor()
        let soon = ContinuousClock.now.advanced(by: .seconds(60))
        func enter(_ name: String, isLimited: Bool) async throws {
            governor.leave(
                try await governor.enter(try #require(Self.party(name)), until: soon),
                isLimited ? .limited(retryAfter: .seconds(600)) : .answered)
        }
        for number in 0..<RegistryGovernor.maximumLimited { try await enter("limited \(number)", isLimited: true) }
        for name in ["limited 0", "limited 1", "limited 2000"] {
            await #expect(throws: RegistryGovernor.TooLate.self) { try await enter(name, isLimited: false) }
        }
        try await enter("newcomer", isLimited: false)
        try await enter("another", isLimited: true)
        await #expect(throws: RegistryGovernor.TooLate.self) { try await enter("newcomer", isLimited: false) }
    }

    @Test("Of those that have set no limit no more than so many are remembered")
    func forgetsOthers() async throws {
        let governor = RegistryGovernor()
        let soon = ContinuousClock.now.advanced(by: .seconds(60))
        for number in 0..<3 * RegistryGovernor.maximumServices {
            let party = try #require(Self.party("\(number)"))
            governor.leave(
                try await governor.enter(party, until: soon),
                number == 7 ? .limited(retryAfter: .seconds(600)) : .answered)
        }
        #expect(governor.count <= RegistryGovernor.maximumServices)
        let limited = try #require(Self.party("7"))
        await #expect(throws: RegistryGovernor.TooLate.self) { try await governor.enter(limited, until: soon) }
    }

    // MARK: Requests

    @Test(
        "One 429 with Retry-After quiets every repository of that registry, and a wait that is too long is told at once"
    )
    func explained() async throws {
        let first = Mutex(true)
        try await withRegistry { _ in
            first.withLock { first in
                defer { first = false }
                return ScriptedAnswer(429, headers: first ? [("Retry-After", "120")] : [], "")
            }
        } _: { lookup, server in
            for path in ["team/app", "team/other", "other/app"] {
                let other = TestLookup(client: lookup.client, host: lookup.host, path: path)
                let start = ContinuousClock.now
                let found = try await other.outage { _ = try await other.proofs() }
                let outage = try #require(found)
                #expect(outage.kind == .rateLimited)
                #expect(outage.detail.contains("rate limited by \(lookup.host) until 20"), "\(outage)")
                #expect(start.duration(to: .now) < .seconds(30))
            }
            // Those that were under way with the first; nobody knocks afterwards.
            #expect(server.seen.count <= 2)
            // What the first one's outage ended is not counted.
            #expect((1...UInt64(server.seen.count)).contains(lookup.client.counters.limited[lookup.host] ?? 0))
            #expect((lookup.client.counters.turns[.init(host: lookup.host, turn: .refused)] ?? 0) >= 3)
        }
    }

    @Test("Whoever stays for less than the work may take is told when they would leave, not when the work would end")
    func callersDeadline() async throws {
        try await withRegistry { _ in
            ScriptedAnswer(429, headers: [("Retry-After", "20")], "")
        } _: { lookup, server in
            var hurried = lookup
            hurried.deadline = Deadline(.now.advanced(by: .seconds(60)), turnsUntil: .now.advanced(by: .seconds(10)))
            let start = ContinuousClock.now
            try await hurried.expect(.rateLimited) { [hurried] in _ = try await hurried.resolve() }
            #expect(start.duration(to: .now) < .seconds(10))
        }
    }

    @Test("A registry that is not limited is not slowed by one that is, and 503 without Retry-After limits nothing")
    func separate() async throws {
        let image = TestManifest.image(layers: [])
        try await ScriptedServer.running({ _ in ScriptedAnswer(200, image) }) { other in
            try await withRegistry(retries: 0) { request in
                request.path.contains("none")
                    ? ScriptedAnswer(503, "") : ScriptedAnswer(429, headers: [("Retry-After", "120")], "")
            } _: { lookup, server in
                var unlimited = lookup
                unlimited.path = "none"
                for _ in 0..<3 {
                    try await unlimited.expect(.malfunction) { [unlimited] in _ = try await unlimited.resolve() }
                }
                #expect(server.seen.count == 3)
                try await lookup.expect(.rateLimited) { _ = try await lookup.resolve() }
                let elsewhere = TestLookup(client: lookup.client, host: other.host)
                guard case .resolved = try await elsewhere.resolve() else {
                    Issue.record("not resolved")
                    return
                }
            }
        }
    }

    // MARK: A storm

    private struct Storm: Sendable {
        let admitted: Int
        let outages: Int
        let wrong: Int
        let requests: [RegistryFaults.Record]

        var limited: Int { requests.count { $0.isLimited } }
    }

    /// 500 images at once from a registry that answers 20 requests a second, and 429 with Retry-After 1 to others.
    private func storm(isGoverned: Bool) async throws -> Storm {
        let result = Mutex<Storm?>(nil)
        try await ColdBench.running(patience: .seconds(5), isGoverned: isGoverned) { bench in
            let images = (0..<500).map { bench.push("storm \($0)") }
            for image in images { try await bench.sign(image, form: .tag) }
            let verifier = bench.verifier(try bench.policy())
            bench.registry.faults.limit(perSecond: 20, retryAfter: 1)
            let deadline = Deadline.after(.seconds(5))
            let counts = await withTaskGroup(of: (Int, Int, Int).self) { group in
                for image in images {
                    group.addTask {
                        let verdict = await verifier.verdict(
                            on: bench.reference(image), for: nil, deadline: deadline)
                        if verdict.isAdmitted { return (1, 0, 0) }
                        return verdict.isDenied || verdict.outages.isEmpty ? (0, 0, 1) : (0, 1, 0)
                    }
                }
                return await group.reduce(into: (0, 0, 0)) { sum, one in
                    sum = (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2)
                }
            }
            let requests = bench.registry.faults.requests
            result.withLock {
                $0 = Storm(admitted: counts.0, outages: counts.1, wrong: counts.2, requests: requests)
            }
        }
        return try #require(result.withLock { $0 })
    }

    @Test(
        "500 images against 20 requests a second: admitted or undecided, and nobody knocks while silence is asked for")
    func storms() async throws {
        let governed = try await storm(isGoverned: true)
        #expect(governed.wrong == 0 && governed.admitted + governed.outages == 500)
        let storms = governed.requests.indices.filter { governed.requests[$0].isLimited }
        let first = try #require(storms.first.map { governed.requests[$0].time })
        // What was under way with the first refusal, and nothing after that for a second.
        let late = governed.requests.filter {
            $0.time > first && $0.time < first.advanced(by: .milliseconds(900))
        }
        #expect(late.count < RegistryGovernor.width, "\(late.count)")
        let free = try await storm(isGoverned: false)
        #expect(free.wrong == 0)
        #expect(free.limited > 2 * governed.limited, "\(free.limited), governed \(governed.limited)")
        #expect(free.requests.count > governed.requests.count)
    }
}
