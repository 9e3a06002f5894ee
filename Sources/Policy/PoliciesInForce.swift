// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The policies that are in force now, shared by whoever judges and whoever watches where they come from.
public final class PoliciesInForce: Sendable {
    private let state: Mutex<Moment>

    /// What holds at one moment.
    public struct Moment: Sendable {
        public let set: PolicySet
        /// What of the policies' sources cannot be read now.
        public let health: PolicyHealth
        public let settings: PolicySettings
        /// Tells this moment from every other one of the same policies in force.
        public let version: UInt64
    }

    public init(_ set: PolicySet, health: PolicyHealth = .whole, settings: PolicySettings = PolicySettings()) {
        state = Mutex(Moment(set: set, health: health, settings: settings, version: 0))
    }

    /// One consistent whole: take it once per image, and judge by it to the end.
    public var moment: Moment { state.withLock { $0 } }

    public var current: PolicySet { moment.set }

    /// Of the moment that holds now.
    public var version: UInt64 { state.withLock { $0.version } }

    /// What of the policies' sources cannot be read now.
    public var health: PolicyHealth { moment.health }

    public var settings: PolicySettings { moment.settings }

    /// The settings stay.
    public func replace(with set: PolicySet, health: PolicyHealth = .whole) {
        state.withLock { $0 = Moment(set: set, health: health, settings: $0.settings, version: $0.version + 1) }
    }

    public func replace(with set: PolicySet, health: PolicyHealth, settings: PolicySettings) {
        state.withLock { $0 = Moment(set: set, health: health, settings: settings, version: $0.version + 1) }
    }
}
