// SPDX-License-Identifier: Apache-2.0
public import Policy
import Synchronization

/// Equal work is done once: whoever asks while it is under way waits for the same answer.
///
/// A caller that is cancelled stops waiting with an outage; the work and the other callers go on. Work that has been under
/// way for long is not joined any more: its end may be a failure that a newcomer would still have time to avoid.
public final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    public typealias Answer = Result<Value, Outage>
    private typealias Waiter = CheckedContinuation<Answer, Never>

    private struct Flight {
        let key: Key
        let start: ContinuousClock.Instant
        var waiters: [UInt64: Waiter] = [:]
    }

    private struct State {
        var flights: [UInt64: Flight] = [:]
        /// The flight that a newcomer joins.
        var current: [Key: UInt64] = [:]
        /// Which flight a caller waits for.
        var flightOfCaller: [UInt64: UInt64] = [:]
        /// Callers that were cancelled before they could begin to wait.
        var cancelled: Set<UInt64> = []
        var nextNumber: UInt64 = 0
        var counters = FlightCounters()

        mutating func number() -> UInt64 {
            nextNumber += 1
            return nextNumber
        }
    }

    private let work: SharedWork
    private let joinable: Duration
    private let state = Mutex(State())

    /// - Parameter joinable: how long after its start a flight is joined; half of what an API server waits by default.
    public init(work: SharedWork, joinable: Duration = .seconds(5)) {
        self.work = work
        self.joinable = joinable
    }

    /// The answer of `operation`, or of an equal one that is under way. `service` is whom the operation asks, and
    /// `namespace` on whose behalf; of several callers it is done on the first one's.
    public func value(
        for key: Key, service: String, namespace: String? = nil, operation: @escaping @Sendable () async -> Answer
    ) async throws(Outage) -> Value {
        let caller = state.withLock { $0.number() }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                wait(as: caller, for: key, (service, namespace), waiter, operation)
            }
        } onCancel: {
            cancel(caller)
        }
        // A cancellation that came with the answer in hand has left its mark; the handler has ended by now.
        state.withLock { _ = $0.cancelled.remove(caller) }
        return try answer.get()
    }

    private enum Role {
        case leads(UInt64)
        case follows, isCancelled
    }

    private func wait(
        as caller: UInt64, for key: Key, _ share: (service: String, namespace: String?), _ waiter: Waiter,
        _ operation: @escaping @Sendable () async -> Answer
    ) {
        let role: Role = state.withLock { state in
            if state.cancelled.remove(caller) != nil { return .isCancelled }
            if let number = state.current[key], let flight = state.flights[number],
                flight.start.duration(to: .now) < joinable
            {
                state.flights[number]?.waiters[caller] = waiter
                state.flightOfCaller[caller] = number
                state.counters.joined += 1
                return .follows
            }
            let number = state.number()
            state.flights[number] = Flight(key: key, start: .now, waiters: [caller: waiter])
            state.current[key] = number
            state.flightOfCaller[caller] = number
            state.counters.led += 1
            return .leads(number)
        }
        switch role {
        case .isCancelled: waiter.resume(returning: .failure(.cancelled))
        case .follows: break
        case .leads(let number):
            work.take(for: share.service, namespace: share.namespace) { [self] in
                land(number, await operation())
            } refuse: { [self] in
                land(number, .failure(.stopping))
            }
        }
    }

    private func land(_ number: UInt64, _ answer: Answer) {
        let waiters: [UInt64: Waiter] = state.withLock { state in
            guard let flight = state.flights.removeValue(forKey: number) else { return [:] }
            if state.current[flight.key] == number { state.current[flight.key] = nil }
            for caller in flight.waiters.keys { state.flightOfCaller[caller] = nil }
            return flight.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: answer) }
    }

    private func cancel(_ caller: UInt64) {
        let waiter: Waiter? = state.withLock { state in
            if let number = state.flightOfCaller.removeValue(forKey: caller) {
                return state.flights[number]?.waiters.removeValue(forKey: caller)
            }
            // Not waiting yet, or answered already.
            state.cancelled.insert(caller)
            return nil
        }
        waiter?.resume(returning: .failure(.cancelled))
    }

    public var counters: FlightCounters { state.withLock { $0.counters } }
}

/// How often work was begun, and how often a caller found it under way.
public struct FlightCounters: Hashable, Sendable {
    public var led = 0
    public var joined = 0

    public init() {}
}

extension Outage {
    static let cancelled = Outage(.deadline, service: "countersign", detail: "time ran out before the answer came")
    static let stopping = Outage(
        .deadline, service: "countersign", detail: "the program is stopping, or has too much to ask already")
}
