// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What goes wrong on order.
struct APIFaults: Sendable {
    enum Effect: Sendable {
        case stall, drop
        case answer(APIAnswer)
    }

    struct Order: Sendable {
        let effect: Effect
        var remaining: Int?
        let matches: @Sendable (APIServerRequest) -> Bool
    }

    var orders: [Order] = []
    var latency: Duration = .zero

    /// The first order that covers the request.
    mutating func effect(on request: APIServerRequest) -> Effect? {
        for index in orders.indices where orders[index].matches(request) {
            let effect = orders[index].effect
            if let remaining = orders[index].remaining {
                if remaining <= 1 { orders.remove(at: index) } else { orders[index].remaining = remaining - 1 }
            }
            return effect
        }
        return nil
    }
}

extension APIServerDouble {
    /// Answers with that status instead, so often; a `Retry-After` goes with it where given.
    public func refuse(
        _ status: Int, reason: String = "InternalError", message: String = "refused by the test", times: Int? = nil,
        retryAfter: Int? = nil, for matches: @escaping @Sendable (APIServerRequest) -> Bool = { _ in true }
    ) {
        let fault = APIFault(status, reason, message, retryAfter: retryAfter)
        order(.answer(fault.answer), times, matches)
    }

    /// Takes requests and answers nothing, so often.
    public func stall(
        times: Int? = nil, for matches: @escaping @Sendable (APIServerRequest) -> Bool = { _ in true }
    ) {
        order(.stall, times, matches)
    }

    /// Closes the connection of a request instead of answering it, so often.
    public func drop(
        times: Int? = nil, for matches: @escaping @Sendable (APIServerRequest) -> Bool = { _ in true }
    ) {
        order(.drop, times, matches)
    }

    /// Takes back every refusal, stall and drop.
    public func behave() { state.withLock { $0.faults = APIFaults() } }

    /// How long every answer waits, and every watch before it begins.
    public var latency: Duration {
        get { state.withLock { $0.faults.latency } }
        set { state.withLock { $0.faults.latency = newValue } }
    }

    private func order(
        _ effect: APIFaults.Effect, _ times: Int?, _ matches: @escaping @Sendable (APIServerRequest) -> Bool
    ) {
        state.withLock { $0.faults.orders.append(APIFaults.Order(effect: effect, remaining: times, matches: matches)) }
    }
}
