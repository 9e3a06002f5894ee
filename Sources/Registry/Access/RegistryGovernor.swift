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
    /// forgotten, but none that has set a limit.
    static let maximumServices = 1024
    /// With those that have, some 4 MiB; whoever comes when there are so many is governed together with all others that do.
    static let maximumLimited = 8192
    /// Waits are cut into naps, so that a change is noticed and a cancelled one is not held long.
    private static let nap = Duration.milliseconds(100)
    /// So long before those who wait have gone they are told that they wait in vain, and for what.
    private static let notice = Duration.milliseconds(250)

    /// A registry as one credential sees it: registries set limits for accounts and addresses, and what one workload has used
    /// up must not keep another's images out.
    struct Party: Hashable, Sendable {
        let origin: RequestURL.Origin
        let credential: CredentialFingerprint
    }

    /// What is counted together.
    fileprivate enum Account: Hashable, Sendable {
        case of(Party)
        /// Of all for whom there was no room.
        case others
    }

    /// Leave to send one request.
    struct Leave: Sendable {
        fileprivate let account: Account
        let sentAt: ContinuousClock.Instant
        /// Whether its turn was waited for.
        let hasWaited: Bool
    }

    /// What came of a request, as far as it says how many more may follow.
    enum Answer: Hashable, Sendable {
        case answered
        /// It asks for fewer requests, and perhaps for silence.
        case limited(retryAfter: Duration?)
        /// It says nothing: there was none, or the registry is in trouble.
        case none
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
        /// Those who have entered, or wait to.
        var users = 0
        var used: ContinuousClock.Instant
    }

    private struct State {
        var services: [Account: Service] = [:]
        /// With how many it is time to forget some.
        var bound = RegistryGovernor.maximumServices
        var looked: ContinuousClock.Instant?
        var nextID: UInt64 = 0
        /// Cancelled before they could wait.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Returns when a request may be sent; `leave` has to follow.
    ///
    /// - Parameter limit: until when a turn is waited for.
    /// - Throws: `TooLate` at once where it would come later, and shortly before the limit where it has not come, and
    ///   `CancellationError` where the task was cancelled meanwhile.
    func enter(_ party: Party, until limit: ContinuousClock.Instant) async throws -> Leave {
        let account = state.withLock { Self.open(&$0, .of(party), .now) }
        do {
            return try await enter(account, until: limit.advanced(by: .zero - Self.notice))
        } catch {
            change(account) { $0.users -= 1 }
            throw error
        }
    }

    private func enter(_ account: Account, until limit: ContinuousClock.Instant) async throws -> Leave {
        var hasWaited = false
        while true {
            let epoch: UInt64
            (epoch, hasWaited) = try await turn(account, until: limit, hasWaited)
            guard await place(account) else { throw CancellationError() }
            let now = ContinuousClock.now
            // Where the registry has spoken meanwhile, the turn is void.
            let isGood = change(account) { service in
                guard service.pace.epoch == epoch else { return false }
                service.pace.noteSent(now)
                return true
            }
            if isGood { return Leave(account: account, sentAt: now, hasWaited: hasWaited) }
            free(account)
        }
    }

    /// The request has been answered, or has failed.
    func leave(_ leave: Leave, _ answer: Answer) {
        let now = ContinuousClock.now
        change(leave.account) { service in
            service.users -= 1
            service.used = now
            switch answer {
            case .answered: service.pace.answered(now, sentAt: leave.sentAt)
            case .limited(let silence): service.pace.limited(now, sentAt: leave.sentAt, retryAfter: silence)
            case .none: break
            }
        }
        free(leave.account)
    }

    // MARK: Turns

    private func turn(
        _ account: Account, until limit: ContinuousClock.Instant, _ hadWaited: Bool
    ) async throws -> (epoch: UInt64, hasWaited: Bool) {
        var hasWaited = hadWaited
        while true {
            let start = ContinuousClock.now
            let (turn, epoch) = change(account) { service in
                (service.pace.turn(start, until: limit), service.pace.epoch)
            }
            guard case .at(let instant) = turn else {
                if case .late(let instant) = turn { throw TooLate(turn: instant) }
                continue
            }
            var isVoid = false
            var now = start
            while !isVoid, instant > now {
                // It was thought to come sooner than the rate says, and has not.
                guard now < limit else { throw TooLate(turn: instant) }
                hasWaited = true
                try await Task.sleep(for: min(Self.nap, now.duration(to: min(instant, limit))))
                isVoid = change(account) { $0.pace.epoch != epoch }
                now = .now
            }
            if !isVoid { return (epoch, hasWaited) }
        }
    }

    // MARK: Places

    /// Waits for a place; `false` where the task was cancelled meanwhile, and has none.
    private func place(_ account: Account) async -> Bool {
        let id: UInt64? =
            change(account) { service -> Bool in
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
                    return Self.change(&state, account) { service in
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
                if let index = state.services[account]?.waiting.firstIndex(where: { $0.id == id }) {
                    return state.services[account]?.waiting.remove(at: index).continuation
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
    private func free(_ account: Account) {
        let heir: Waiter? = change(account) { service in
            guard service.waiting.isEmpty else { return service.waiting.removeFirst().continuation }
            service.inFlight -= 1
            return nil
        }
        heir?.resume(returning: true)
    }

    // MARK: State

    @discardableResult
    private func change<R: Sendable>(_ account: Account, _ body: (inout Service) -> R) -> R {
        state.withLock { state in Self.change(&state, account, body) }
    }

    /// Who has entered is not forgotten.
    private static func change<R>(_ state: inout State, _ account: Account, _ body: (inout Service) -> R) -> R {
        body(&state.services[account, default: Service(used: .now)])
    }

    /// The account under which a newcomer is counted from now on.
    private static func open(
        _ state: inout State, _ wanted: Account, _ now: ContinuousClock.Instant
    ) -> Account {
        var account = wanted
        if state.services[wanted] == nil {
            if state.services.count >= state.bound { forget(&state, now) }
            if state.services.count >= maximumLimited { account = .others }
        }
        change(&state, account) { service in
            service.users += 1
            service.used = now
        }
        return account
    }

    /// Frees up to a quarter at once of those that have set no limit.
    private static func forget(_ state: inout State, _ now: ContinuousClock.Instant) {
        // Where hardly any can be freed, looking at all of them for every newcomer would cost more than they do.
        if state.services.count >= maximumLimited, let looked = state.looked, now < looked.advanced(by: .seconds(1)) {
            return
        }
        state.looked = now
        let free = state.services.filter { $0.value.users == 0 && $0.value.pace.isUnlimited(now) }
            .sorted { $0.value.used < $1.value.used }
        for (account, _) in free.prefix(maximumServices / 4) { state.services[account] = nil }
        state.bound = min(maximumLimited, max(maximumServices, state.services.count + maximumServices / 4))
    }

    /// How many are remembered, for tests.
    var count: Int { state.withLock { $0.services.count } }

    /// Requests to a registry under way, for tests.
    func inFlight(_ party: Party) -> Int { state.withLock { $0.services[.of(party)]?.inFlight ?? 0 } }
}
