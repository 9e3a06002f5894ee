// SPDX-License-Identifier: Apache-2.0
public import Policy
import Synchronization

/// Equal work is done once: whoever asks while it is under way waits for the same answer.
///
/// A caller that is cancelled stops waiting with an outage; the work and the other callers go on. Work that has been under
/// way for long is not joined any more: its end may be a failure that a newcomer would still have time to avoid.
public final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    public typealias Answer = Result<Value, Outage>
    private typealias Waiter = CheckedContinuation<Landing, Never>

    /// On whose behalf something is asked, and until when they wait; `nil`: as long as it takes.
    private struct Party {
        let service: String
        let namespace: String?
        let until: ContinuousClock.Instant?
    }

    private struct Flight {
        let key: Key
        let start: ContinuousClock.Instant
        let leader: UInt64
        let party: Party
        /// Where the work waits for its turn.
        var ticket: UInt64?
        /// On whose behalf others have joined already.
        var namespaces: Set<String?>
        var waiters: [UInt64: Waiter] = [:]
    }

    private struct Landing {
        let answer: Answer
        /// Whose work it was, where it was not the caller's own.
        var joined: Party?
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
    /// `namespace` on whose behalf; of several callers it is done on the first one's, or, where that one's share of the
    /// work is used up and another's is not, on the other's.
    ///
    /// - Parameter end: until when the operation waits for its turn at a service that wants to be left alone. Whoever has
    ///   joined another's, and could have waited a good deal longer than that one did, asks again.
    public func value(
        for key: Key, service: String, namespace: String? = nil, until end: ContinuousClock.Instant? = nil,
        operation: @escaping @Sendable () async -> Answer
    ) async throws(Outage) -> Value {
        let party = Party(service: service, namespace: namespace, until: end)
        while true {
            let landing = await landing(for: key, party, operation)
            guard let joined = landing.joined, case .failure(let outage) = landing.answer,
                outage.kind == .rateLimited, Self.waitsLonger(party, joined)
            else { return try landing.answer.get() }
        }
    }

    /// So much longer that asking again is worth it; all of a burst's callers come within less.
    private static var worthwhile: Duration { .seconds(1) }

    private static func waitsLonger(_ one: Party, _ other: Party) -> Bool {
        guard let end = other.until else { return false }
        return one.until.map { $0 > end.advanced(by: worthwhile) } ?? true
    }

    private func landing(
        for key: Key, _ party: Party, _ operation: @escaping @Sendable () async -> Answer
    ) async -> Landing {
        let caller = state.withLock { $0.number() }
        let landing = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in wait(as: caller, for: key, party, waiter, operation) }
        } onCancel: {
            cancel(caller)
        }
        // A cancellation that came with the answer in hand has left its mark; the handler has ended by now.
        state.withLock { _ = $0.cancelled.remove(caller) }
        return landing
    }

    private enum Role {
        case leads(UInt64)
        /// The work may wait in the share of somebody who has used theirs up.
        case follows(ticket: UInt64?)
        case isCancelled
    }

    private func wait(
        as caller: UInt64, for key: Key, _ party: Party, _ waiter: Waiter,
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
                let isNew = state.flights[number]?.namespaces.insert(party.namespace).inserted ?? false
                return .follows(ticket: isNew ? flight.ticket : nil)
            }
            let number = state.number()
            state.flights[number] = Flight(
                key: key, start: .now, leader: caller, party: party, namespaces: [party.namespace],
                waiters: [caller: waiter])
            state.current[key] = number
            state.flightOfCaller[caller] = number
            state.counters.led += 1
            return .leads(number)
        }
        switch role {
        case .isCancelled: waiter.resume(returning: Landing(answer: .failure(.cancelled)))
        case .follows(let ticket):
            if let ticket { work.join(ticket, for: party.service, namespace: party.namespace) }
        case .leads(let number):
            let ticket = work.take(for: party.service, namespace: party.namespace) { [self] in
                land(number, await operation())
            } refuse: { [self] in
                land(number, .failure(.stopping))
            }
            if let ticket { queue(number, ticket) }
        }
    }

    /// Tells a flight where its work waits; those who have joined meanwhile could not tell that they want it as well.
    private func queue(_ number: UInt64, _ ticket: UInt64) {
        let (service, others): (String, Set<String?>) = state.withLock { state in
            guard let flight = state.flights[number] else { return ("", []) }
            state.flights[number]?.ticket = ticket
            return (flight.party.service, flight.namespaces.subtracting([flight.party.namespace]))
        }
        for namespace in others { work.join(ticket, for: service, namespace: namespace) }
    }

    private func land(_ number: UInt64, _ answer: Answer) {
        let flight: Flight? = state.withLock { state in
            guard let flight = state.flights.removeValue(forKey: number) else { return nil }
            if state.current[flight.key] == number { state.current[flight.key] = nil }
            for caller in flight.waiters.keys { state.flightOfCaller[caller] = nil }
            return flight
        }
        guard let flight else { return }
        for (caller, waiter) in flight.waiters {
            waiter.resume(
                returning: Landing(answer: answer, joined: caller == flight.leader ? nil : flight.party))
        }
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
        waiter?.resume(returning: Landing(answer: .failure(.cancelled)))
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
