// SPDX-License-Identifier: Apache-2.0
package import Policy
import Synchronization

/// Equal work asked for at the same time is done once, and its result shared.
///
/// Whoever comes first does the work as part of its own task; the others wait. If the worker is given up or runs out of
/// its own time, the next in line does the work anew, so one caller's cancellation never fails another.
package final class Relay<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private enum Turn: Sendable {
        case work
        case landed(Result<Value, Outage>)
        case cancelled
    }

    private struct Flights {
        var nextID: UInt64 = 0
        /// Those who wait, in order of arrival. A key is present while somebody works for it.
        var waiting: [Key: [(id: UInt64, continuation: CheckedContinuation<Turn, Never>)]] = [:]
        /// Cancelled before they could wait.
        var cancelled: Set<UInt64> = []
    }

    private let flights = Mutex(Flights())

    package init() {}

    package func value(
        for key: Key, service: String, _ work: () async throws(Outage) -> Value
    ) async throws(Outage) -> Value {
        switch await turn(for: key) {
        case .work:
            let result: Result<Value, Outage>
            do throws(Outage) {
                result = .success(try await work())
            } catch {
                result = .failure(error)
            }
            land(key, result)
            return try result.get()
        case .landed(let result):
            return try result.get()
        case .cancelled:
            throw Outage(.deadline, service: service, detail: "waiting for its answer was given up")
        }
    }

    private func turn(for key: Key) async -> Turn {
        let id = flights.withLock { flights -> UInt64? in
            guard flights.waiting[key] != nil else {
                flights.waiting[key] = []
                return nil
            }
            flights.nextID &+= 1
            return flights.nextID
        }
        guard let id else { return .work }
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Turn, Never>) in
                let turn = flights.withLock { flights -> Turn? in
                    if flights.cancelled.remove(id) != nil { return .cancelled }
                    // The work may have ended between the two looks.
                    guard flights.waiting[key] != nil else {
                        flights.waiting[key] = []
                        return .work
                    }
                    flights.waiting[key, default: []].append((id, continuation))
                    return nil
                }
                if let turn { continuation.resume(returning: turn) }
            }
        } onCancel: {
            let continuation = flights.withLock { flights -> CheckedContinuation<Turn, Never>? in
                if let position = flights.waiting[key]?.firstIndex(where: { $0.id == id }) {
                    return flights.waiting[key]?.remove(at: position).continuation
                }
                flights.cancelled.insert(id)
                return nil
            }
            continuation?.resume(returning: .cancelled)
        }
        // A cancellation that came after the answer has left its mark.
        flights.withLock { _ = $0.cancelled.remove(id) }
        return turn
    }

    private func land(_ key: Key, _ result: Result<Value, Outage>) {
        if case .failure(let outage) = result, outage.kind == .deadline {
            let heir = flights.withLock { flights -> CheckedContinuation<Turn, Never>? in
                guard let first = flights.waiting[key]?.first else {
                    flights.waiting[key] = nil
                    return nil
                }
                flights.waiting[key]?.removeFirst()
                return first.continuation
            }
            heir?.resume(returning: .work)
            return
        }
        let waiting = flights.withLock { $0.waiting.removeValue(forKey: key) ?? [] }
        for waiter in waiting { waiter.continuation.resume(returning: .landed(result)) }
    }
}
