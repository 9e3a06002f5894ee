// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Whose turn it is to read a large proof: each takes its registry's time, and may keep tens of MiB of what a policy reads.
/// One registry has a quarter of the turns, and so has one namespace, so that none that is slow keeps the others waiting.
final class ReadingTurns: Sendable {
    /// Ours: eight that keep the most that is kept are what four lookups of small proofs may hold.
    static let width = 8

    /// Of whom, and on whose behalf.
    struct Party: Hashable, Sendable {
        let service: String
        let namespace: String?
    }

    private struct Waiting {
        let number: UInt64
        let party: Party
        let turn: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        let share: Int
        var next: UInt64 = 0
        /// In the order of asking.
        var waiting: [Waiting] = []
        /// Cancelled before they waited.
        var cancelled: Set<UInt64> = []
        var services: [String: Int] = [:]
        var namespaces: [String?: Int] = [:]

        mutating func take(_ party: Party) -> Bool {
            guard free > 0, services[party.service, default: 0] < share, namespaces[party.namespace, default: 0] < share
            else { return false }
            free -= 1
            services[party.service, default: 0] += 1
            namespaces[party.namespace, default: 0] += 1
            return true
        }

        mutating func giveBack(_ party: Party) {
            free += 1
            let (inService, inNamespace) = (
                services[party.service, default: 1], namespaces[party.namespace, default: 1]
            )
            services[party.service] = inService > 1 ? inService - 1 : nil
            namespaces[party.namespace] = inNamespace > 1 ? inNamespace - 1 : nil
        }
    }

    private let state: Mutex<State>

    init(width: Int = ReadingTurns.width) {
        state = Mutex(State(free: max(1, width), share: max(1, width / 4)))
    }

    /// Waits for a turn; `false` where the task is cancelled before it comes. Whoever has one gives it back by `leave`.
    private func enter(_ party: Party) async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.take(party) { return true }
                    state.waiting.append(Waiting(number: number, party: party, turn: turn))
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

    private func leave(_ party: Party) {
        let turn: CheckedContinuation<Bool, Never>? = state.withLock { state in
            state.giveBack(party)
            for index in state.waiting.indices where state.take(state.waiting[index].party) {
                return state.waiting.remove(at: index).turn
            }
            return nil
        }
        turn?.resume(returning: true)
    }

    /// Does the work when its turn comes; `nil` where that is not before the deadline.
    func value<Value: Sendable>(
        of party: Party, until deadline: Deadline, _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let hasTurn = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.enter(party) }
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
        defer { leave(party) }
        return await work()
    }
}
