// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ImageVerification

@Suite("Alarms")
struct AlarmsTests {
    private let alarms = Alarms()

    @Test("Each who waits is woken at its time, in whatever order they came, and nobody before")
    func times() async {
        let start = ContinuousClock.now
        let delays = [400, 20, 300, 20, 0, 120]
        let waits = await withTaskGroup(of: (Int, Duration).self) { group in
            for delay in delays {
                group.addTask { [alarms] in
                    await alarms.wait(until: start.advanced(by: .milliseconds(delay)))
                    return (delay, start.duration(to: .now))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(waits.count == delays.count)
        for (delay, waited) in waits {
            #expect(waited >= .milliseconds(delay))
            #expect(waited < .milliseconds(delay) + .seconds(5))
        }
        #expect(alarms.count == 0)
    }

    @Test("Whoever is cancelled goes at once and leaves nothing behind, and the others go on waiting")
    func cancellation() async {
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 {
                group.addTask { [alarms] in await alarms.wait(until: start.advanced(by: .seconds(60))) }
            }
            while alarms.count < 1000 { await Task.yield() }
            group.cancelAll()
        }
        #expect(start.duration(to: .now) < .seconds(30))
        #expect(alarms.count == 0)
        await alarms.wait(until: .now.advanced(by: .milliseconds(10)))
        #expect(alarms.count == 0)
    }

    @Test("A task that was cancelled before does not wait")
    func cancelledBefore() async {
        let task = Task { [alarms] in
            while !Task.isCancelled { await Task.yield() }
            await alarms.wait(until: .now.advanced(by: .seconds(60)))
        }
        task.cancel()
        await task.value
        #expect(alarms.count == 0)
    }

    @Test("One that comes with an earlier end than the timer's is not late", .timeLimit(.minutes(2)))
    func earlier() async {
        let start = ContinuousClock.now
        let alarms = Alarms(interval: .seconds(7200))
        let late = Task { await alarms.wait(until: start.advanced(by: .seconds(3600))) }
        while alarms.count < 1 { await Task.yield() }
        await alarms.wait(until: .now.advanced(by: .milliseconds(30)))
        #expect(start.duration(to: .now) < .seconds(60))
        #expect(alarms.count == 1)
        late.cancel()
        await late.value
    }
}
