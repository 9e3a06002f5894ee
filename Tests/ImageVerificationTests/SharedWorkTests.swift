// SPDX-License-Identifier: Apache-2.0
import Policy
import Synchronization
import Testing

@testable import ImageVerification

@Suite("Shared work is bounded by whom it asks and on whose behalf")
struct SharedWorkTests {
    /// Jobs that wait until they are let go.
    private final class Tarpit: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation
        private let started = Atomic<Int>(0)
        private let refused = Atomic<Int>(0)

        init() { (stream, continuation) = AsyncStream.makeStream() }

        var running: Int { started.load(ordering: .sequentiallyConsistent) }
        var refusals: Int { refused.load(ordering: .sequentiallyConsistent) }

        func fill(_ work: SharedWork, _ service: String, _ namespace: String?, _ count: Int) {
            for _ in 0..<count {
                work.take(for: service, namespace: namespace) { [self] in
                    started.add(1, ordering: .sequentiallyConsistent)
                    for await _ in stream {}
                } refuse: { [self] in
                    refused.add(1, ordering: .sequentiallyConsistent)
                }
            }
        }

        func settles(at count: Int) async -> Bool {
            for _ in 0..<10_000 where running < count { await Task.yield() }
            for _ in 0..<100 { await Task.yield() }
            return running == count
        }

        func letGo() { continuation.finish() }
    }

    private final class Answers: Sendable {
        private let answers = Mutex<[Int]>([])

        var all: [Int] { answers.withLock { $0 } }

        func add(_ answer: Int) { answers.withLock { $0.append(answer) } }
    }

    private func running(_ body: @Sendable (SharedWork, Tarpit) async throws -> Void) async throws {
        let (work, tarpit) = (SharedWork(), Tarpit())
        try await withThrowingTaskGroup { group in
            group.addTask { await work.run() }
            try await body(work, tarpit)
            tarpit.letGo()
            work.finish()
            group.cancelAll()
        }
    }

    private func answers(_ work: SharedWork, _ service: String, _ namespace: String?) async -> Bool {
        let flight = SingleFlight<String, Int>(work: work)
        let answer = try? await flight.value(for: "key", service: service, namespace: namespace) { .success(7) }
        return answer == 7
    }

    @Test("One namespace with five registries that do not answer holds a quarter, and another's questions are answered")
    func perNamespace() async throws {
        try await running { work, tarpit in
            for number in 0..<5 { tarpit.fill(work, "tarpit-\(number).example", "one", 64) }
            #expect(await tarpit.settles(at: SharedWork.width / 4))
            #expect(await answers(work, "registry.example", "two"))
            #expect(await answers(work, "tarpit-4.example", "two"))
            #expect(await answers(work, "registry.example", nil))
        }
    }

    @Test("Without namespaces four such registries hold all of it: that is what the bound is for")
    func withoutNamespace() async throws {
        try await running { work, tarpit in
            for number in 0..<5 { tarpit.fill(work, "tarpit-\(number).example", nil, 64) }
            #expect(await tarpit.settles(at: SharedWork.width))
        }
    }

    @Test("One registry that does not answer holds a quarter, whoever asks it")
    func perService() async throws {
        try await running { work, tarpit in
            for number in 0..<10 { tarpit.fill(work, "tarpit.example", "n\(number)", 20) }
            #expect(await tarpit.settles(at: SharedWork.width / 4))
            #expect(await answers(work, "registry.example", "n0"))
        }
    }

    @Test("One namespace holds half of what a registry may be asked for, and leaves the rest to others")
    func sharedRegistry() async throws {
        try await running { work, tarpit in
            tarpit.fill(work, "registry.example", "one", 1000)
            #expect(await tarpit.settles(at: SharedWork.width / 8))
            #expect(tarpit.refusals == 1000 - SharedWork.width / 8 - SharedWork.maximumWaiting / 8)
            #expect(await answers(work, "registry.example", "two"))
        }
    }

    @Test("One namespace takes a quarter of those who wait as well, and what is beyond is refused at once")
    func waiting() async throws {
        try await running { work, tarpit in
            for number in 0..<2 {
                tarpit.fill(
                    work, "tarpit-\(number).example", "one", SharedWork.width / 8 + SharedWork.maximumWaiting / 8)
            }
            #expect(tarpit.refusals == 0)
            tarpit.fill(work, "tarpit.example", "one", 3)
            tarpit.fill(work, "other.example", "one", 3)
            #expect(tarpit.refusals == 6)
            #expect(await answers(work, "other.example", "two"))
        }
    }

    @Test("Whoever joins what waits in a share that is used up has it done in their own, now or when theirs has room")
    func joins() async throws {
        for isFull in [false, true] {
            try await running { work, tarpit in
                let theirs = Tarpit()
                tarpit.fill(work, "registry.example", "one", SharedWork.width / 8)
                if isFull { theirs.fill(work, "registry.example", "two", SharedWork.width / 8) }
                #expect(await tarpit.settles(at: SharedWork.width / 8))
                let flight = SingleFlight<String, Int>(work: work)
                let answers = Answers()
                await withTaskGroup { group in
                    for (count, namespace) in ["one", "two"].enumerated() {
                        group.addTask {
                            let answer = try? await flight.value(
                                for: "key", service: "registry.example", namespace: namespace
                            ) { .success(7) }
                            answers.add(answer ?? 0)
                        }
                        while flight.counters.led + flight.counters.joined <= count { await Task.yield() }
                    }
                    for _ in 0..<100 { await Task.yield() }
                    if isFull { #expect(answers.all.isEmpty) }
                    theirs.letGo()
                    for _ in 0..<2000 where answers.all.count < 2 {
                        try? await Task.sleep(for: .milliseconds(1))
                    }
                    #expect(answers.all == [7, 7])
                    tarpit.letGo()
                }
                // Every place is free again, on whoever's account it was taken.
                #expect(flight.counters.led == 1)
                let again = Tarpit()
                again.fill(work, "registry.example", "two", SharedWork.width)
                #expect(await again.settles(at: SharedWork.width / 8))
                again.letGo()
            }
        }
    }

    @Test("Whoever asks for what waits in their own share waits as well")
    func joinsOwn() async throws {
        try await running { work, tarpit in
            tarpit.fill(work, "registry.example", "one", SharedWork.width / 8)
            #expect(await tarpit.settles(at: SharedWork.width / 8))
            let flight = SingleFlight<String, Int>(work: work)
            let answers = Answers()
            await withTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        _ = try? await flight.value(for: "key", service: "registry.example", namespace: "one") {
                            .success(7)
                        }
                        answers.add(7)
                    }
                }
                while flight.counters.joined < 1 { await Task.yield() }
                for _ in 0..<100 { await Task.yield() }
                #expect(answers.all.isEmpty)
                tarpit.letGo()
            }
            #expect(answers.all.count == 2)
        }
    }
}
