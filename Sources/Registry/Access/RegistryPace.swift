// SPDX-License-Identifier: Apache-2.0

/// How fast one registry is asked. There is no limit until the registry sets one, by a 429 or a 503 with `Retry-After`:
/// then nobody asks before the instant that it names, and afterwards at half the rate at which it was asked before, which
/// grows slowly again. A token bucket, kept as the instant of the next turn (GCRA); no clock of its own.
struct RegistryPace: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Requests a second, below which no registry is worth waiting for.
    static let minimumRate = 1.0
    /// Requests a second, beyond which a limit is forgotten: more than all lookups under way ask for.
    static let maximumRate = 512.0
    /// How long a rate takes to double. A registry's own window is seconds to minutes long.
    static let doubling = Duration.seconds(15)
    /// How much of a second's requests may go at once.
    static let burst = Duration.milliseconds(250)
    /// The longest silence. A registry that names hours is knocked at once in ten minutes: a single request does not harm
    /// it, and a wrong date of a proxy must not keep its images out for a day.
    static let maximumSilence = Duration.seconds(600)

    /// Requests a second from `since` on; `nil` is no limit.
    private var base: Double?
    private var since: Instant?
    private var quietUntil: Instant?
    /// When the bucket is full again.
    private var full: Instant?
    private var reduced: Instant?
    /// Turns that were given in an earlier epoch are void.
    private(set) var epoch: UInt64 = 0
    private var sent = RecentCount()

    init() {}

    enum Turn: Hashable, Sendable {
        case at(Instant)
        /// The turn would come then, and that is too late.
        case late(Instant)
    }

    /// Requests a second that are allowed now; `nil` is any number.
    func rate(_ now: Instant) -> Double? {
        guard let base, let since else { return nil }
        let rate = base * Self.power(of: since.duration(to: now) / Self.doubling)
        return rate < Self.maximumRate ? rate : nil
    }

    /// Whether there is nothing to remember.
    func isUnlimited(_ now: Instant) -> Bool { rate(now) == nil && quietUntil.map { $0 <= now } ?? true }

    /// A turn for one request, which counts from now on unless it is late.
    mutating func turn(_ now: Instant, until limit: Instant) -> Turn {
        // What need not wait is never late: work goes on when whoever asked for it has gone.
        let limit = max(limit, now)
        let start = max(now, quietUntil ?? now)
        guard let rate = rate(now) else { return start <= limit ? .at(start) : .late(start) }
        let turn = max(start, (full ?? start).advanced(by: .zero - Self.burst))
        guard turn <= limit else { return .late(turn) }
        full = max(full ?? start, start).advanced(by: .seconds(1) / rate)
        return .at(turn)
    }

    /// A request is sent now.
    mutating func noteSent(_ now: Instant) { sent.count(now) }

    /// The registry asks for fewer requests.
    ///
    /// - Parameters:
    ///   - sentAt: when the request was sent that was answered so: of a burst that was under way only the first answer
    ///     says anything about the rate.
    ///   - retryAfter: the silence that it asks for.
    mutating func limited(_ now: Instant, sentAt: Instant, retryAfter: Duration?) {
        if let retryAfter {
            let end = now.advanced(by: min(retryAfter, Self.maximumSilence))
            if end > quietUntil ?? now {
                quietUntil = end
                epoch += 1
            }
        }
        let start = max(now, quietUntil ?? now)
        if reduced.map({ sentAt > $0 }) ?? true {
            base = max(Self.minimumRate, (rate(now) ?? sent.lastSecond(now)) / 2)
            reduced = now
            epoch += 1
            full = nil
        }
        since = start
        let interval = Duration.seconds(1) / max(Self.minimumRate, base ?? Self.minimumRate)
        // Without a silence of its own, the next turn is one interval away.
        full = max(full ?? start, retryAfter == nil ? start.advanced(by: interval + Self.burst) : start)
    }

    /// 2 to that power, which is positive or zero; large ones are all the same.
    private static func power(of exponent: Double) -> Double {
        let exponent = min(max(0, exponent), 20)
        let whole = Int(exponent)
        // Linear in between, which is close enough for a rate.
        return Double(1 << whole) * (1 + exponent - Double(whole))
    }
}

/// How much there was in the last second, near enough: this second's count, and last second's share.
private struct RecentCount: Sendable {
    private var start: ContinuousClock.Instant?
    private var current = 0.0
    private var previous = 0.0

    mutating func count(_ now: ContinuousClock.Instant) {
        roll(now)
        current += 1
    }

    mutating func lastSecond(_ now: ContinuousClock.Instant) -> Double {
        roll(now)
        let passed = start.map { $0.duration(to: now) / .seconds(1) } ?? 0
        return current + previous * max(0, 1 - passed)
    }

    private mutating func roll(_ now: ContinuousClock.Instant) {
        guard let begun = start else {
            start = now
            return
        }
        let passed = begun.duration(to: now)
        guard passed >= .seconds(1) else { return }
        previous = passed < .seconds(2) ? current : 0
        current = 0
        start = passed < .seconds(2) ? begun.advanced(by: .seconds(1)) : now
    }
}
