// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Whose turn it is to read a large proof: each takes its registry's time, and may keep tens of MiB of what a policy reads.
/// One registry has a quarter of the turns, and so has one namespace, so that none that is slow keeps the others waiting.
final class ReadingTurns: Sendable {
    /// Ours: eight that keep the most that is kept are what four lookups of small proofs may hold.
    static let width = 8

    private struct Waiting {
        let number: UInt64
        let share: WorkShare
        let turn: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var tally: ShareTally
        var next: UInt64 = 0
        /// In the order of asking.
        var waiting: [Waiting] = []
        /// Cancelled before they waited.
        var cancelled: Set<UInt64> = []

        mutating func take(_ share: WorkShare) -> Bool {
            guard tally.hasRoom(for: share) else { return false }
            tally.add(share)
            return true
        }
    }

    private let state = Mutex(State(tally: ShareTally(limit: width, limitOfPair: width / 4)))

    /// Waits for a turn; `false` where the task is cancelled before it comes. Whoever has one gives it back by `leave`.
    private func enter(_ share: WorkShare) async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.take(share) { return true }
                    state.waiting.append(Waiting(number: number, share: share, turn: turn))
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

    private func leave(_ share: WorkShare) {
        let turn: CheckedContinuation<Bool, Never>? = state.withLock { state in
            state.tally.add(share, -1)
            for index in state.waiting.indices where state.take(state.waiting[index].share) {
                return state.waiting.remove(at: index).turn
            }
            return nil
        }
        turn?.resume(returning: true)
    }

    /// Does the work when its turn comes; `nil` where that is not before the deadline.
    func value<Value: Sendable>(
        of share: WorkShare, until deadline: Deadline, _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let hasTurn = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.enter(share) }
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
        defer { leave(share) }
        return await work()
    }
}
