// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import Policy
import Synchronization

/// Who may send a request to which registry, and when: a bounded number at a time, and no faster than the registry asks
/// for (`RegistryPace`). Every request passes here, retries and those for tokens too, so that a storm of 429s becomes
/// waiting, or an outage that says why, and never more requests.
final class RegistryGovernor: Sendable {
    /// Requests to one registry at the same time: four lookups of full width. Over HTTP/1.1 the transport keeps fewer
    /// connections, and the rest waits there.
    static let width = 32
    /// Whoever may create a Pod may name registries; of those that nothing is under way to, the longest unused are
    /// forgotten.
    private static let maximumServices = 1024
    /// Waits are cut into naps, so that a change is noticed and a cancelled one is not held long.
    private static let nap = Duration.milliseconds(250)

    /// A registry as one credential sees it: registries set limits for accounts and addresses, and what one workload has used
    /// up must not keep another's images out.
    struct Party: Hashable, Sendable {
        let origin: RequestURL.Origin
        let credential: CredentialFingerprint
    }

    /// Leave to send one request.
    struct Leave: Sendable {
        let origin: Party
        let sentAt: ContinuousClock.Instant
        /// Whether its turn was waited for.
        let hasWaited: Bool
    }

    /// The turn would come too late.
    struct TooLate: Error, Hashable, Sendable {
        let turn: ContinuousClock.Instant
    }

    private typealias Waiter = CheckedContinuation<Bool, Never>

    private struct Service {
        var pace = RegistryPace()
        var inFlight = 0
        /// Those who wait for a place, in order of arrival.
        var waiting: [(id: UInt64, continuation: Waiter)] = []
        var used: ContinuousClock.Instant

        var isIdle: Bool { inFlight == 0 && waiting.isEmpty }
    }

    private struct State {
        var services: [Party: Service] = [:]
        var nextID: UInt64 = 0
        /// Cancelled before they could wait.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Returns when a request may be sent; `leave` has to follow.
    ///
    /// - Parameter limit: until when a turn is waited for.
    /// - Throws: `TooLate` at once where it would come later, `CancellationError` where the task was cancelled meanwhile.
    func enter(_ origin: Party, until limit: ContinuousClock.Instant) async throws -> Leave {
        var hasWaited = false
        while true {
            let epoch: UInt64
            (epoch, hasWaited) = try await turn(origin, until: limit, hasWaited)
            guard await place(origin) else { throw CancellationError() }
            let now = ContinuousClock.now
            // Where the registry has spoken meanwhile, the turn is void.
            let isGood = change(origin, now) { service in
                guard service.pace.epoch == epoch else { return false }
                service.pace.noteSent(now)
                return true
            }
            if isGood { return Leave(origin: origin, sentAt: now, hasWaited: hasWaited) }
            free(origin)
        }
    }

    /// The request has been answered, or has failed.
    ///
    /// - Parameter isLimited: whether the answer asks for fewer requests, and for which silence.
    func leave(_ leave: Leave, isLimited: Bool = false, retryAfter: Duration? = nil) {
        if isLimited {
            let now = ContinuousClock.now
            change(leave.origin, now) { $0.pace.limited(now, sentAt: leave.sentAt, retryAfter: retryAfter) }
        }
        free(leave.origin)
    }

    // MARK: Turns

    private func turn(
        _ origin: Party, until limit: ContinuousClock.Instant, _ hadWaited: Bool
    ) async throws -> (epoch: UInt64, hasWaited: Bool) {
        var hasWaited = hadWaited
        while true {
            let start = ContinuousClock.now
            let (turn, epoch) = change(origin, start) { service in
                (service.pace.turn(start, until: limit), service.pace.epoch)
            }
            guard case .at(let instant) = turn else {
                if case .late(let instant) = turn { throw TooLate(turn: instant) }
                continue
            }
            var isVoid = false
            while !isVoid, instant > .now {
                hasWaited = true
                try await Task.sleep(for: min(Self.nap, ContinuousClock.now.duration(to: instant)))
                isVoid = change(origin, .now) { $0.pace.epoch != epoch }
            }
            if !isVoid { return (epoch, hasWaited) }
        }
    }

    // MARK: Places

    /// Waits for a place; `false` where the task was cancelled meanwhile, and has none.
    private func place(_ origin: Party) async -> Bool {
        let id: UInt64? =
            change(origin, .now) { service -> Bool in
                guard service.inFlight < Self.width else { return false }
                service.inFlight += 1
                return true
            }
            ? nil
            : state.withLock { state in
                state.nextID += 1
                return state.nextID
            }
        guard let id else { return true }
        let hasPlace = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiter) in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    return Self.change(&state, origin, .now) { service in
                        // A place may have come free between the two looks.
                        guard service.inFlight >= Self.width else {
                            service.inFlight += 1
                            return true
                        }
                        service.waiting.append((id, continuation))
                        return nil
                    }
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation: Waiter? = state.withLock { state in
                if let index = state.services[origin]?.waiting.firstIndex(where: { $0.id == id }) {
                    return state.services[origin]?.waiting.remove(at: index).continuation
                }
                state.cancelled.insert(id)
                return nil
            }
            continuation?.resume(returning: false)
        }
        // A cancellation that came after the answer has left its mark.
        state.withLock { _ = $0.cancelled.remove(id) }
        return hasPlace
    }

    /// Gives a place to whoever has waited longest, or back.
    private func free(_ origin: Party) {
        let heir: Waiter? = change(origin, .now) { service in
            guard service.waiting.isEmpty else { return service.waiting.removeFirst().continuation }
            service.inFlight -= 1
            return nil
        }
        heir?.resume(returning: true)
    }

    // MARK: State

    @discardableResult
    private func change<R: Sendable>(
        _ origin: Party, _ now: ContinuousClock.Instant, _ body: (inout Service) -> R
    ) -> R {
        state.withLock { state in Self.change(&state, origin, now, body) }
    }

    private static func change<R>(
        _ state: inout State, _ origin: Party, _ now: ContinuousClock.Instant, _ body: (inout Service) -> R
    ) -> R {
        if state.services[origin] == nil, state.services.count >= maximumServices { forget(&state, now) }
        var service = state.services[origin] ?? Service(used: now)
        service.used = now
        defer { state.services[origin] = service }
        return body(&service)
    }

    /// Frees a quarter at once, those first that have asked for nothing.
    private static func forget(_ state: inout State, _ now: ContinuousClock.Instant) {
        let idle = state.services.filter { $0.value.isIdle }.sorted { one, other in
            let limited = (!one.value.pace.isUnlimited(now), !other.value.pace.isUnlimited(now))
            return limited.0 == limited.1 ? one.value.used < other.value.used : !limited.0
        }
        for (origin, _) in idle.prefix(maximumServices / 4) { state.services[origin] = nil }
    }

    /// Requests to a registry under way, for tests.
    func inFlight(_ origin: Party) -> Int { state.withLock { $0.services[origin]?.inFlight ?? 0 } }
}
