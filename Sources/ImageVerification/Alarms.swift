// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization

/// Wakes those who wait for an instant that hardly ever comes, as a deadline.
///
/// One timer stands for all of them: a wait that is cancelled, as nearly all are, leaves nothing behind and has woken no
/// thread. A sleeping task that is cancelled stays in memory until it would have woken, and its timer is one more.
final class Alarms: Sendable {
    static let shared = Alarms()

    private struct Waiting: Sendable {
        let end: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State: Sendable {
        var waiting: [UInt64: Waiting] = [:]
        var lastNumber: UInt64 = 0
        /// When the timer comes next; `nil` where none is set.
        var timer: ContinuousClock.Instant?
    }

    /// Between two looks at those who wait, at most: who comes meanwhile sets no timer.
    private let interval: Duration
    private let state = Mutex(State())

    init(interval: Duration = .milliseconds(250)) { self.interval = interval }

    /// Returns once that instant has passed, or the task is cancelled.
    func wait(until end: ContinuousClock.Instant) async {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // Whoever cancels after this finds it below.
                    guard !Task.isCancelled, ContinuousClock.now < end else { return true }
                    state.waiting[number] = Waiting(end: end, continuation: continuation)
                    setTimer(for: end, &state)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.continuation.resume()
        }
    }

    private func setTimer(for end: ContinuousClock.Instant, _ state: inout State) {
        let now = ContinuousClock.now
        let wanted = min(end, now.advanced(by: interval))
        if let timer = state.timer, timer <= wanted { return }
        state.timer = wanted
        let (seconds, attoseconds) = max(.zero, now.duration(to: wanted)).components
        let delay = DispatchTimeInterval.nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { self.look(setAt: wanted) }
    }

    private func look(setAt timer: ContinuousClock.Instant) {
        let due = state.withLock { state -> [Waiting] in
            // An earlier one was set after this one, and sets the next.
            guard state.timer == timer else { return [] }
            state.timer = nil
            let now = ContinuousClock.now
            let due = state.waiting.filter { $0.value.end <= now }
            for number in due.keys { state.waiting[number] = nil }
            if let next = state.waiting.values.map(\.end).min() { setTimer(for: next, &state) }
            return Array(due.values)
        }
        for one in due { one.continuation.resume() }
    }

    /// How many wait now.
    var count: Int { state.withLock { $0.waiting.count } }
}
