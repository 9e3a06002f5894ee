// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A way in which a loopback registry misbehaves, for the requests that it names.
public struct RegistryFault: Sendable {
    public enum Effect: Sendable {
        /// This status instead of the answer.
        case status(Int, headers: [(name: String, value: String)] = [])
        /// The right answer, late.
        case delay(Duration)
        /// The right headers with another body.
        case body([UInt8])
        /// The right headers, and a connection that closes after so many bytes of the body.
        case truncated(Int)
    }

    public let effect: Effect
    /// `nil` is any.
    public let method: String?
    /// Part of the request's target; empty is any.
    public let target: String
    /// How many requests it strikes; `nil` is all.
    public var remaining: Int?

    public init(_ effect: Effect, method: String? = nil, target: String = "", times: Int? = nil) {
        self.effect = effect
        self.method = method
        self.target = target
        remaining = times
    }

    fileprivate func strikes(_ request: RegistryRequest) -> Bool {
        (method == nil || method == request.method) && remaining != 0
            && (target.isEmpty || request.target.firstRange(of: target) != nil)
    }
}

/// The faults in force, and a record of what was asked.
public final class RegistryFaults: Sendable {
    /// One request as it came.
    public struct Record: Hashable, Sendable {
        public let method: String
        public let target: String
        public let isAuthorized: Bool
        public let time: ContinuousClock.Instant
        /// Whether it was one too many, and answered with 429.
        public let isLimited: Bool
    }

    /// So many requests in each second; more are answered with 429 and this `Retry-After`.
    private struct Limit {
        let perSecond: Int
        let retryAfter: Int
        var start = ContinuousClock.now
        var count = 0

        mutating func isExceeded(_ now: ContinuousClock.Instant) -> Bool {
            if start.duration(to: now) >= .seconds(1) { (start, count) = (now, 0) }
            count += 1
            return count > perSecond
        }
    }

    private struct State {
        var faults: [RegistryFault] = []
        var records: [Record] = []
        var limit: Limit?
    }

    private let state = Mutex(State())

    public func inject(_ fault: RegistryFault) { state.withLock { $0.faults.append(fault) } }
    public func removeAll() { state.withLock { $0.faults = [] } }

    /// From now on no more than so many requests are answered in each second; `retryAfter` is told in seconds.
    public func limit(perSecond: Int, retryAfter: Int) {
        state.withLock { $0.limit = Limit(perSecond: perSecond, retryAfter: retryAfter) }
    }

    /// Every request since the last `forgetRequests`.
    public var requests: [Record] { state.withLock { $0.records } }
    public func forgetRequests() { state.withLock { $0.records = [] } }

    /// How many requests had this method (`nil` is any) and this part in their target.
    public func count(method: String? = nil, target: String = "") -> Int {
        requests.count { record in
            (method == nil || method == record.method)
                && (target.isEmpty || record.target.firstRange(of: target) != nil)
        }
    }

    /// Records the request and says which faults strike it.
    func admit(_ request: RegistryRequest) -> [RegistryFault.Effect] {
        state.withLock { state in
            let now = ContinuousClock.now
            let isLimited = state.limit?.isExceeded(now) ?? false
            if state.records.count < LoopbackOptions.maximumRecordedRequests {
                let record = Record(
                    method: request.method, target: request.target, isAuthorized: request.authorization != nil,
                    time: now, isLimited: isLimited)
                state.records.append(record)
            }
            var effects: [RegistryFault.Effect] = []
            if isLimited, let limit = state.limit {
                effects.append(.status(429, headers: [("Retry-After", String(limit.retryAfter))]))
            }
            for index in state.faults.indices where state.faults[index].strikes(request) {
                effects.append(state.faults[index].effect)
                if let remaining = state.faults[index].remaining { state.faults[index].remaining = remaining - 1 }
            }
            return effects
        }
    }
}
