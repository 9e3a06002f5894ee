// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The policies that are in force now, shared by whoever judges and whoever watches their files.
public final class PoliciesInForce: Sendable {
    private let state: Mutex<State>

    private struct State {
        var set: PolicySet
        var health: PolicyHealth
    }

    public init(_ set: PolicySet, health: PolicyHealth = .whole) {
        state = Mutex(State(set: set, health: health))
    }

    /// One consistent set: take it once per image, and judge by it to the end.
    public var current: PolicySet { state.withLock { $0.set } }

    /// What of the policies' sources cannot be read now.
    public var health: PolicyHealth { state.withLock { $0.health } }

    public func replace(with set: PolicySet, health: PolicyHealth = .whole) {
        state.withLock { $0 = State(set: set, health: health) }
    }
}
