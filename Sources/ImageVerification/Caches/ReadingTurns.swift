// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many large proofs are read at once: each may keep tens of MiB of what a policy reads.
final class ReadingTurns: Sendable {
    /// Ours: four that keep the most that is kept are what one lookup of small proofs may hold.
    static let width = 4

    private struct State {
        var free: Int
        var next: UInt64 = 0
        var waiting: [(number: UInt64, turn: CheckedContinuation<Bool, Never>)] = []
        /// Cancelled before they waited.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    init(width: Int = ReadingTurns.width) { state = Mutex(State(free: max(1, width))) }

    /// Waits for a turn, in the order of asking; `false` where the task is cancelled before it comes. Whoever has one gives
    /// it back by `leave()`.
    private func enter() async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, turn))
                    return nil
                }
                if let answer { turn.resume(returning: answer) }
            }
        } onCancel: {
            let turn: CheckedContinuation<Bool, Never>? = state.withLock { state in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: index).turn
            }
            turn?.resume(returning: false)
        }
        state.withLock { _ = $0.cancelled.remove(number) }
        return isIn
    }

    private func leave() {
        let turn: CheckedContinuation<Bool, Never>? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().turn
        }
        turn?.resume(returning: true)
    }

    /// Does the work when its turn comes; `nil` where that is not before the deadline.
    func value<Value: Sendable>(
        until deadline: Deadline, _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let hasTurn = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.enter() }
            group.addTask {
                await deadline.wait()
                return false
            }
            // A turn that came at the last moment is one.
            let first = await group.next() ?? false
            group.cancelAll()
            let second = await group.next() ?? false
            return first || second
        }
        guard hasTurn else { return nil }
        defer { leave() }
        return await work()
    }
}
