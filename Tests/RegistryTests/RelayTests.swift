// SPDX-License-Identifier: Apache-2.0
import Policy
import Synchronization
import Testing

@testable import Registry

@Suite struct RelayTests {
    private let relay = Relay<String, Int>()

    private final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    /// Suspends whoever waits until it is opened.
    private final class Gate: Sendable {
        private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    @Test("Equal work is done once, and other work beside it")
    func once() async throws {
        let gate = Gate()
        let works = Counter()
        let results = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await relay.value(for: number == 19 ? "other" : "key", service: "s") {
                        () async throws(Outage) -> Int in
                        let work = works.next()
                        await gate.wait()
                        return work
                    }
                }
            }
            while works.value < 2 { await Task.yield() }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results).count <= 3)
        #expect(results.count == 20)
    }

    @Test("When the worker runs out of its own time, the next in line does the work anew")
    func handedOver() async throws {
        let works = Counter()
        let gate = Gate()
        let outcomes = await withTaskGroup(of: Result<Int, Outage>.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do throws(Outage) {
                        return .success(
                            try await relay.value(for: "key", service: "s") { () async throws(Outage) -> Int in
                                let work = works.next()
                                if work > 1 { return work }
                                await gate.wait()
                                throw Outage(.deadline, service: "s", detail: "mine")
                            })
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<200 { await Task.yield() }
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { (try? $0.get()) == 2 } == 1)
        #expect(outcomes.count { (try? $0.get()) == nil } == 1)
    }

    @Test("Another failure is shared, and nothing is remembered")
    func failure() async throws {
        await #expect(throws: Outage(.unauthorized, service: "s", detail: "no")) {
            try await relay.value(for: "key", service: "s") { () async throws(Outage) -> Int in
                throw Outage(.unauthorized, service: "s", detail: "no")
            }
        }
        let value = try await relay.value(for: "key", service: "s") { () async throws(Outage) -> Int in 7 }
        #expect(value == 7)
    }

    @Test("A caller that is cancelled stops waiting, and the others get their answer")
    func cancelled() async throws {
        let gate = Gate()
        let hasBegun = Gate()
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await relay.value(for: "key", service: "s") { () async throws(Outage) -> Int in
                    hasBegun.open()
                    await gate.wait()
                    return 1
                }
            }
            await hasBegun.wait()
            let kind = await withTaskGroup(of: Outage.Kind?.self) { inner in
                inner.addTask {
                    do throws(Outage) {
                        _ = try await relay.value(for: "key", service: "s") { () async throws(Outage) -> Int in 2 }
                        return nil
                    } catch {
                        return error.kind
                    }
                }
                inner.cancelAll()
                return await inner.next() ?? nil
            }
            #expect(kind == .deadline)
            gate.open()
            let value = try await group.next()
            #expect(value == 1)
        }
    }
}
