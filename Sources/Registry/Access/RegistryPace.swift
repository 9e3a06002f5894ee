// SPDX-License-Identifier: Apache-2.0

/// How fast one registry is asked. There is no limit until the registry sets one, by a 429 or a 503 with `Retry-After`.
/// A token bucket, kept as the instant of the next turn (GCRA); no clock of its own.
///
///     free ──refused──► probing ──answered──► ramping ──refused──► probing ──answered──► ramping, up to half ──► steady
///
/// Refused, nobody asks before the instant that the registry names, and then one request a second tries. Once one is
/// answered, the rate doubles with each round of answers, as TCP starts slowly (RFC 5681 §3.1), until the next refusal: that
/// the registry refused everything for a while does not say how much it bears. What it refuses after that does: from then
/// on the rate doubles up to half of that, and grows in a straight line beyond.
struct RegistryPace: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Requests a second, below which no registry is worth waiting for, and at which one that refuses is tried.
    static let minimumRate = 1.0
    /// Requests a second after the first answer.
    static let firstRate = 8.0
    /// Requests a second, beyond which a limit is forgotten: more than all lookups under way ask for.
    static let maximumRate = 512.0
    /// The shortest round: a registry that answers in a millisecond has not said more in twenty of them.
    static let round = Duration.milliseconds(20)
    /// How long the straight line takes from half of what was refused to all of it.
    static let regain = Duration.seconds(15)
    /// A limit that was not met again for so long is none any more. A registry's own window is seconds to minutes long.
    static let memory = Duration.seconds(120)
    /// How much of a second's requests may go at once.
    static let burst = Duration.milliseconds(250)
    /// The longest silence. A registry that names hours is knocked at once in ten minutes: a single request does not harm
    /// it, and a wrong date of a proxy must not keep its images out for a day.
    static let maximumSilence = Duration.seconds(600)
    /// In how much time the rate is thought to double at least once a registry answers again, for whoever asks whether
    /// their turn comes in time. Nobody knows; it is several rounds.
    static let expectedDoubling = Duration.milliseconds(500)

    private enum Phase: Sendable {
        /// Nothing has been answered since the last refusal.
        case probing
        /// Since when the rate is what it is; it doubles with the answer to what was sent after that.
        case ramping(since: Instant)
        case steady(since: Instant)
    }

    /// `nil`: there is no limit, but for a silence.
    private var phase: Phase?
    /// Requests a second at the beginning of the phase.
    private var base = RegistryPace.minimumRate
    /// Half of what was refused while the rate was known.
    private var threshold: Double?
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
        guard let phase, !hasForgotten(now) else { return nil }
        guard case .steady(let since) = phase else { return base }
        let grown = base + base * max(0, since.duration(to: now) / Self.regain)
        return grown < Self.maximumRate ? grown : nil
    }

    /// Whether there is nothing to remember.
    func isUnlimited(_ now: Instant) -> Bool { rate(now) == nil && quietUntil.map { $0 <= now } ?? true }

    private func hasForgotten(_ now: Instant) -> Bool {
        guard let reduced else { return true }
        return max(reduced, quietUntil ?? reduced).duration(to: now) >= Self.memory
    }

    /// A turn for one request, which counts from now on unless it is late. While the rate grows, a turn may come sooner
    /// than it says, and is told so by the epoch.
    mutating func turn(_ now: Instant, until limit: Instant) -> Turn {
        // What need not wait is never late: work goes on when whoever asked for it has gone.
        let limit = max(limit, now)
        let start = max(now, quietUntil ?? now)
        guard let rate = rate(now) else { return start <= limit ? .at(start) : .late(start) }
        let interval = Duration.seconds(1) / rate
        let bucket = max(full ?? start, start)
        // What may go at once is what comes in `burst`, and one at least.
        let turn = max(start, bucket.advanced(by: .zero - max(.zero, Self.burst - interval)))
        let expected = isGrowing ? min(turn, Self.expected(start, start.duration(to: turn), rate)) : turn
        guard expected <= limit else { return .late(expected) }
        full = bucket.advanced(by: interval)
        return .at(turn)
    }

    private var isGrowing: Bool { if case .steady = phase { false } else { true } }

    /// When the turn comes that would be so far away at this rate, if it doubles as expected.
    private static func expected(_ start: Instant, _ distance: Duration, _ rate: Double) -> Instant {
        var (ahead, rate, end) = (distance / .seconds(1) * rate, rate, start)
        let step = expectedDoubling / .seconds(1)
        while ahead > rate * step, rate < maximumRate {
            ahead -= rate * step
            rate *= 2
            end = end.advanced(by: expectedDoubling)
        }
        return end.advanced(by: .seconds(ahead / rate))
    }

    /// A request is sent now.
    mutating func noteSent(_ now: Instant) { sent.count(now) }

    /// The registry has answered, and does not ask for fewer requests.
    ///
    /// - Parameter sentAt: when the request was sent.
    mutating func answered(_ now: Instant, sentAt: Instant) {
        guard let phase, let reduced, sentAt > reduced, quietUntil.map({ sentAt >= $0 }) ?? true else { return }
        switch phase {
        case .probing: grow(to: max(base, Self.firstRate), now)
        case .ramping(let since):
            guard sentAt >= since, now >= since.advanced(by: Self.round) else { return }
            grow(to: base * 2, now)
        case .steady: return
        }
    }

    private mutating func grow(to rate: Double, _ now: Instant) {
        epoch += 1
        full = nil
        if let threshold, rate >= threshold {
            base = threshold
            phase = .steady(since: now)
        } else if rate < Self.maximumRate {
            base = rate
            phase = .ramping(since: now)
        } else {
            phase = nil
            threshold = nil
        }
    }

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
                // Turns that were given are void, and those who had them ask again: the queue begins anew after the silence.
                full = nil
            }
        }
        let start = max(now, quietUntil ?? now)
        let isNews = reduced.map { sentAt > $0 } ?? true
        if isNews {
            let known = rate(now)
            switch phase {
            case .ramping?, .steady?: threshold = known.map { max(Self.minimumRate, $0 / 2) }
            case .probing? where known != nil: break
            case .probing?, nil: threshold = nil
            }
            // A registry that names its silence has said when it may be tried; another one is asked half as often.
            base =
                retryAfter == nil
                ? max(Self.minimumRate, (known ?? sent.lastSecond(now)) / 2) : Self.minimumRate
            phase = .probing
            reduced = now
            epoch += 1
            full = nil
        }
        // Without a silence of its own, the next turn is one interval away.
        let interval = Duration.seconds(1) / max(Self.minimumRate, base)
        full = max(
            full ?? start,
            retryAfter == nil ? start.advanced(by: interval + max(.zero, Self.burst - interval)) : start)
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
