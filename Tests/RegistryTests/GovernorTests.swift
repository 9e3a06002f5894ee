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
    private typealias Instant = ContinuousClock.Instant

    // MARK: Pace

    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> Instant { start.advanced(by: .seconds(seconds)) }

    private func turns(_ pace: inout RegistryPace, from: Double, to: Double, every: Double = 0.001) -> Int {
        var count = 0
        var now = from
        while now < to {
            if case .at(let turn) = pace.turn(at(now), until: at(now)), turn <= at(now) { count += 1 }
            now += every
        }
        return count
    }

    @Test("There is no limit until the registry sets one")
    func unlimited() {
        var pace = RegistryPace()
        for _ in 0..<10_000 {
            #expect(pace.turn(at(0), until: at(0)) == .at(at(0)))
            pace.noteSent(at(0))
        }
        #expect(pace.rate(at(0)) == nil && pace.isUnlimited(at(0)))
    }

    @Test("A 429 halves the rate, its silence is kept by all, and the rate doubles every 15 s until it is forgotten")
    func halves() {
        var pace = RegistryPace()
        for number in 0..<100 { pace.noteSent(at(Double(number) / 100)) }
        pace.limited(at(0.99), sentAt: at(0.98), retryAfter: .seconds(3))
        #expect(pace.rate(at(1)) == 50)
        #expect(pace.turn(at(1), until: at(3.98)) == .late(at(0.99).advanced(by: .seconds(3))))
        #expect(turns(&pace, from: 1, to: 3.98) == 0)
        let allowed = turns(&pace, from: 4, to: 5)
        #expect((40...70).contains(allowed), "\(allowed)")
        for (seconds, rate) in [(3.99 + 15, 100.0), (3.99 + 30, 200)] {
            #expect(pace.rate(at(seconds)).map { abs($0 - rate) < 0.01 } == true)
        }
        #expect(pace.rate(at(3.99 + 60)) == nil)
    }

    @Test("The answers of one burst halve the rate once, those of the next one again, down to one a second")
    func bursts() {
        var pace = RegistryPace()
        for _ in 0..<64 { pace.noteSent(at(0)) }
        for _ in 0..<32 { pace.limited(at(0.1), sentAt: at(0), retryAfter: nil) }
        #expect(pace.rate(at(0.1)) == 32)
        pace.limited(at(0.3), sentAt: at(0.2), retryAfter: nil)
        #expect(pace.rate(at(0.3)).map { (16...17).contains($0) } == true)
        for number in 1..<20 { pace.limited(at(Double(number)), sentAt: at(Double(number) - 0.1), retryAfter: nil) }
        #expect(pace.rate(at(19)) == RegistryPace.minimumRate)
    }

    @Test("Hours of silence are ten minutes, and a shorter one does not shorten a longer one")
    func silence() {
        var pace = RegistryPace()
        pace.limited(at(0), sentAt: at(0), retryAfter: .seconds(86_400))
        pace.limited(at(1), sentAt: at(0), retryAfter: .seconds(1))
        #expect(pace.turn(at(2), until: at(599)) == .late(at(600)))
        #expect(pace.turn(at(600), until: at(600)) == .at(at(600)))
        #expect(!pace.isUnlimited(at(599)))
    }

    @Test("What need not wait goes on after its caller has gone, and what has to does not")
    func afterTheCaller() {
        var pace = RegistryPace()
        #expect(pace.turn(at(5), until: at(1)) == .at(at(5)))
        pace.limited(at(5), sentAt: at(5), retryAfter: .seconds(2))
        #expect(pace.turn(at(6), until: at(1)) == .late(at(7)))
    }

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
        governor.leave(try await governor.enter(one, until: soon), isLimited: true, retryAfter: .seconds(3600))
        await #expect(throws: RegistryGovernor.TooLate.self) { try await governor.enter(one, until: soon) }
        governor.leave(try await governor.enter(other, until: soon))
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
        for leave in held { governor.leave(leave) }
        governor.leave(try await waiting.value)
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
        governor.leave(held.removeLast(), isLimited: true, retryAfter: .seconds(3600))
        await #expect(throws: RegistryGovernor.TooLate.self) { try await waiting.value }
        for leave in held { governor.leave(leave) }
        #expect(governor.inFlight(origin) == 0)
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
