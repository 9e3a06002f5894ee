// SPDX-License-Identifier: Apache-2.0

/// The instant after which an answer is of no use to whoever asked.
public struct Deadline: Hashable, Sendable {
    public let instant: ContinuousClock.Instant
    /// Until when a turn is waited for at a service that asks to be left alone: never after `instant`, and before it where
    /// whoever asked will have gone by then. A later turn is an outage at once, that says so.
    public let turnsUntil: ContinuousClock.Instant

    public init(_ instant: ContinuousClock.Instant, turnsUntil: ContinuousClock.Instant? = nil) {
        self.instant = instant
        self.turnsUntil = min(turnsUntil ?? instant, instant)
    }

    public static func after(_ duration: Duration) -> Deadline { Deadline(.now.advanced(by: duration)) }

    /// Zero once it has passed.
    public var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: instant)) }

    public var hasPassed: Bool { ContinuousClock.now >= instant }

    /// Returns once it has passed, or the task is cancelled; whether it has passed.
    @discardableResult
    public func wait() async -> Bool {
        await Alarms.shared.wait(until: instant)
        return hasPassed
    }
}
