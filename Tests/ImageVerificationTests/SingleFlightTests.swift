// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy
import Synchronization
import Testing

@Suite("Equal work is done once")
struct SingleFlightTests {
    /// A gate that operations wait at until the test opens it.
    private final class Gate: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation
        let entered = Atomic<Int>(0)

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func pass() async {
            entered.add(1, ordering: .relaxed)
            for await _ in stream {}
        }

        func open() { continuation.finish() }
    }

    private func running(_ body: @Sendable (SharedWork) async throws -> Void) async throws {
        let work = SharedWork()
        try await withThrowingTaskGroup { group in
            group.addTask { await work.run() }
            try await body(work)
            work.finish()
            group.cancelAll()
        }
    }

    @Test("fifty callers at once lead to one operation and fifty equal answers")
    func oneOperation() async throws {
        try await running { work in
            let flight = SingleFlight<String, Int>(work: work)
            let gate = Gate()
            let answers = try await withThrowingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await flight.value(for: "key", service: "test") {
                            await gate.pass()
                            return .success(7)
                        }
                    }
                }
                while flight.counters.led + flight.counters.joined < 50 { await Task.yield() }
                gate.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == Array(repeating: 7, count: 50))
            #expect(gate.entered.load(ordering: .relaxed) == 1)
            #expect(flight.counters.led == 1)
        }
    }

    @Test("work that has landed is not remembered: the next caller leads again")
    func notACache() async throws {
        try await running { work in
            let flight = SingleFlight<String, Int>(work: work)
            let first = try await flight.value(for: "key", service: "test") { .success(1) }
            let second = try await flight.value(for: "key", service: "test") { .success(2) }
            #expect([first, second] == [1, 2])
        }
    }

    @Test("the leader's cancellation is an outage for the leader, and the others get their answer")
    func cancellationBreaksNobodyElse() async throws {
        try await running { work in
            let flight = SingleFlight<String, Int>(work: work)
            let gate = Gate()
            let leader = Task {
                try await flight.value(for: "key", service: "test") {
                    await gate.pass()
                    return .success(7)
                }
            }
            while gate.entered.load(ordering: .relaxed) == 0 { await Task.yield() }
            let follower = Task { try await flight.value(for: "key", service: "test") { .success(-1) } }
            while flight.counters.joined == 0 { await Task.yield() }
            leader.cancel()
            await #expect(throws: Outage.self) { try await leader.value }
            gate.open()
            let answer = try await follower.value
            #expect(answer == 7)
        }
    }

    @Test("a caller that was cancelled before it asked gets an outage of kind deadline")
    func cancelledBefore() async throws {
        try await running { work in
            let flight = SingleFlight<String, Int>(work: work)
            let caller = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await flight.value(for: "key", service: "test") { .success(1) }
            }
            caller.cancel()
            let error = await #expect(throws: Outage.self) { try await caller.value }
            #expect(error?.kind == .deadline)
        }
    }

    @Test("an outage reaches every caller")
    func outageReachesAll() async throws {
        try await running { work in
            let flight = SingleFlight<String, Int>(work: work)
            let outage = Outage(.malfunction, service: "registry.example.com", detail: "answered 500")
            await #expect(throws: outage) { try await flight.value(for: "key", service: "test") { .failure(outage) } }
        }
    }

    @Test("once the work has ended, asking is an outage and never waits")
    func stopped() async {
        let work = SharedWork()
        work.finish()
        await work.run()
        let flight = SingleFlight<String, Int>(work: work)
        await #expect(throws: Outage.self) { try await flight.value(for: "key", service: "test") { .success(1) } }
    }

    @Test(
        "whoever joined somebody that did not wait for a turn, and would have waited a second longer, asks again",
        arguments: [(60.0, 2), (11.5, 2), (10.5, 1), (5, 1), (nil, 2)] as [(Double?, Int)])
    func asksAgain(seconds: Double?, operations: Int) async throws {
        try await running { work in
            let flight = SingleFlight<String, Int>(work: work)
            let (gate, other) = (Gate(), Gate())
            other.open()
            let limited = Outage(.rateLimited, service: "registry.example.com", detail: "too late for an answer")
            let start = ContinuousClock.now
            func ask(until seconds: Double?) -> Task<Int, any Error> {
                Task {
                    try await flight.value(
                        for: "key", service: "test", until: seconds.map { start.advanced(by: .seconds($0)) }
                    ) {
                        guard gate.entered.load(ordering: .relaxed) > 0 else {
                            await gate.pass()
                            return .failure(limited)
                        }
                        await other.pass()
                        return .success(7)
                    }
                }
            }
            let first = ask(until: 10)
            while gate.entered.load(ordering: .relaxed) == 0 { await Task.yield() }
            let second = ask(until: seconds)
            while flight.counters.joined == 0 { await Task.yield() }
            gate.open()
            await #expect(throws: limited) { try await first.value }
            let answer = try? await second.value
            #expect(answer == (operations == 2 ? 7 : nil))
            #expect(other.entered.load(ordering: .relaxed) == operations - 1)
        }
    }
}
