// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Registry

/// All at instants that the test chooses.
@Suite("The pace at which a registry is asked") struct RegistryPaceTests {
    private typealias Instant = ContinuousClock.Instant

    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> Instant { start.advanced(by: .seconds(seconds)) }

    private func turns(_ pace: inout RegistryPace, from: Double, to: Double, every: Double = 0.001) -> Int {
        var count = 0
        var now = from
        while now < to {
            if case .at(let turn) = pace.turn(at(now), until: at(now)), turn <= at(now) { count += 1 }
            now += every
        }
        return count
    }

    @Test("There is no limit until the registry sets one")
    func unlimited() {
        var pace = RegistryPace()
        for _ in 0..<10_000 {
            #expect(pace.turn(at(0), until: at(0)) == .at(at(0)))
            pace.noteSent(at(0))
        }
        pace.answered(at(1), sentAt: at(0))
        #expect(pace.rate(at(1)) == nil && pace.isUnlimited(at(1)))
    }

    @Test("A 429's silence is kept by all, and after it one request a second tries")
    func tries() {
        var pace = RegistryPace()
        for number in 0..<100 { pace.noteSent(at(Double(number) / 100)) }
        pace.limited(at(0.99), sentAt: at(0.98), retryAfter: .seconds(3))
        #expect(pace.turn(at(1), until: at(3.98)) == .late(at(0.99).advanced(by: .seconds(3))))
        #expect(turns(&pace, from: 1, to: 3.98) == 0)
        #expect((3...4).contains(turns(&pace, from: 3.98, to: 7)))
    }

    @Test("The rate doubles with each round of answers, not with each answer, until the limit is forgotten")
    func ramps() {
        var pace = RegistryPace()
        pace.limited(at(0.1), sentAt: at(0), retryAfter: .seconds(1))
        // What was under way with the refusal says nothing.
        pace.answered(at(0.2), sentAt: at(0.05))
        #expect(pace.rate(at(1.1)) == RegistryPace.minimumRate)
        pace.answered(at(1.2), sentAt: at(1.15))
        #expect(pace.rate(at(1.2)) == RegistryPace.firstRate)
        #expect(turns(&pace, from: 1.2, to: 2.2) <= 10)
        // Sent before the rate was what it is, or answered sooner than a round takes.
        pace.answered(at(1.25), sentAt: at(1.19))
        pace.answered(at(1.215), sentAt: at(1.205))
        #expect(pace.rate(at(1.3)) == RegistryPace.firstRate)
        var (rate, now) = (RegistryPace.firstRate, 1.3)
        while rate < RegistryPace.maximumRate {
            #expect(pace.rate(at(now)) == rate && !pace.isUnlimited(at(now)))
            let epoch = pace.epoch
            for _ in 0..<5 { pace.answered(at(now + 0.02), sentAt: at(now)) }
            // Those who wait for a turn of the old rate get another.
            #expect(pace.epoch == epoch + 1)
            rate *= 2
            now += 0.02
        }
        #expect(pace.isUnlimited(at(now)))
    }

    @Test("What a rate that grows was refused at is half of it from then on, and grows in a straight line")
    func threshold() {
        var pace = RegistryPace()
        pace.limited(at(0), sentAt: at(0), retryAfter: .seconds(1))
        for number in 0..<4 { pace.answered(at(1.1 + Double(number) / 10), sentAt: at(1.05 + Double(number) / 10)) }
        #expect(pace.rate(at(1.5)) == 64)
        pace.limited(at(1.5), sentAt: at(1.45), retryAfter: .seconds(1))
        #expect(pace.rate(at(2.5)) == RegistryPace.minimumRate)
        // A try that is refused as well says nothing more about the rate.
        pace.limited(at(2.6), sentAt: at(2.55), retryAfter: .seconds(1))
        for (number, rate) in [8.0, 16, 32, 32, 32].enumerated() {
            pace.answered(at(3.7 + Double(number) / 10), sentAt: at(3.65 + Double(number) / 10))
            #expect(pace.rate(at(3.7 + Double(number) / 10)).map { abs($0 - rate) < 1 } == true, "\(number)")
        }
        #expect(pace.rate(at(3.9 + 7.5)).map { abs($0 - 48) < 0.01 } == true)
        #expect(pace.rate(at(3.9 + 15)).map { abs($0 - 64) < 0.01 } == true)
        #expect(pace.rate(at(3.9 + 30)).map { abs($0 - 96) < 0.01 } == true)
        #expect(pace.rate(at(2.6 + 1 + 120.1)) == nil)
    }

    @Test("Without Retry-After the answers of one burst halve the rate once, those of the next one again, down to one")
    func bursts() {
        var pace = RegistryPace()
        for _ in 0..<64 { pace.noteSent(at(0)) }
        for _ in 0..<32 { pace.limited(at(0.1), sentAt: at(0), retryAfter: nil) }
        #expect(pace.rate(at(0.1)) == 32)
        #expect(pace.turn(at(0.1), until: at(1)) == .at(at(0.1).advanced(by: .seconds(1) / 32)))
        pace.limited(at(0.3), sentAt: at(0.2), retryAfter: nil)
        #expect(pace.rate(at(0.3)) == 16)
        for number in 1..<20 { pace.limited(at(Double(number)), sentAt: at(Double(number) - 0.1), retryAfter: nil) }
        #expect(pace.rate(at(19)) == RegistryPace.minimumRate)
        pace.answered(at(19.5), sentAt: at(19.4))
        #expect(pace.rate(at(19.5)) == RegistryPace.firstRate)
    }

    @Test("Hours of silence are ten minutes, and a shorter one does not shorten a longer one")
    func silence() {
        var pace = RegistryPace()
        pace.limited(at(0), sentAt: at(0), retryAfter: .seconds(86_400))
        pace.limited(at(1), sentAt: at(0), retryAfter: .seconds(1))
        #expect(pace.turn(at(2), until: at(599)) == .late(at(600)))
        #expect(pace.turn(at(600), until: at(600)) == .at(at(600)))
        #expect(!pace.isUnlimited(at(599)) && !pace.isUnlimited(at(719)) && pace.isUnlimited(at(720)))
    }

    @Test("What need not wait goes on after its caller has gone, and what has to does not")
    func afterTheCaller() {
        var pace = RegistryPace()
        #expect(pace.turn(at(5), until: at(1)) == .at(at(5)))
        pace.limited(at(5), sentAt: at(5), retryAfter: .seconds(2))
        #expect(pace.turn(at(6), until: at(1)) == .late(at(7)))
    }

    @Test("A turn in a line that grows is too late where it would be even if the rate doubled twice a second")
    func line() {
        var pace = RegistryPace()
        pace.limited(at(0), sentAt: at(0), retryAfter: .seconds(1))
        var last = 0
        while case .at = pace.turn(at(0.5), until: at(4)), last < 1000 { last += 1 }
        // Three seconds at 1, 2, 4, 8, 16 and 32 a second, half a second each.
        #expect((28...34).contains(last), "\(last)")
        var steady = RegistryPace()
        for _ in 0..<8 { steady.noteSent(at(0)) }
        steady.limited(at(0), sentAt: at(0), retryAfter: .zero)
        for number in 1...2 { steady.answered(at(Double(number)), sentAt: at(Double(number) - 0.1)) }
        steady.limited(at(3), sentAt: at(2.9), retryAfter: .zero)
        steady.answered(at(4), sentAt: at(3.9))
        #expect(steady.rate(at(4)) == 8)
        last = 0
        while case .at = steady.turn(at(4), until: at(7)), last < 1000 { last += 1 }
        #expect((24...28).contains(last), "\(last)")
    }

    // MARK: A storm of 500 images

    /// Lookups of four requests each, one after the other, 64 at a time, of 32 requests under way at most, 20 ms away.
    private struct Storm {
        enum State {
            case new
            case waiting(Instant, epoch: UInt64, look: Instant)
            case resting(until: Instant)
            case underWay(since: Instant, until: Instant, isRefused: Bool)
        }
        struct Lookup {
            var state = State.new
            var answers = 0
            var refusals = 0
        }

        let images = 500
        /// The instants at which requests were sent, and those at which the first refusal of each silence came.
        var sent: [Instant] = []
        var refused: [Instant] = []
        var decided = 0
        var undecided = 0

        /// By how much answers of the same moment differ in time, at most.
        let spread: Duration

        init(from start: Instant, spread: Duration = .zero, isRefusing: (Instant) -> Bool) {
            self.spread = spread
            var (pace, waiting, running) = (RegistryPace(), images, [Lookup]())
            let end = start.advanced(by: .seconds(10))
            var (now, flying) = (start, 0)
            while now < end {
                while running.count < 64, waiting > 0 {
                    running.append(Lookup())
                    waiting -= 1
                }
                guard !running.isEmpty else { break }
                running = running.compactMap { lookup in
                    var lookup = lookup
                    return step(&lookup, now, end, &pace, &flying, isRefusing) ? lookup : nil
                }
                now = now.advanced(by: .milliseconds(2))
            }
            undecided = images - decided
        }

        /// `false` once it has ended.
        private mutating func step(
            _ lookup: inout Lookup, _ now: Instant, _ end: Instant, _ pace: inout RegistryPace, _ flying: inout Int,
            _ isRefusing: (Instant) -> Bool
        ) -> Bool {
            if case .resting(let until) = lookup.state, until <= now { lookup.state = .new }
            if case .underWay(let since, let end, let isRefused) = lookup.state, now >= end {
                flying -= 1
                lookup.state = .new
                if isRefused {
                    pace.limited(now, sentAt: since, retryAfter: .seconds(1))
                    refused.append(now)
                    lookup.refusals += 1
                    lookup.state = .resting(until: now.advanced(by: .milliseconds(200)))
                    guard lookup.refusals < 3 else { return false }
                } else {
                    pace.answered(now, sentAt: since)
                    lookup.answers += 1
                    guard lookup.answers < 4 else {
                        decided += 1
                        return false
                    }
                }
            }
            if case .waiting(let instant, let epoch, let look) = lookup.state, now >= look {
                if pace.epoch != epoch {
                    lookup.state = .new
                } else if instant <= now {
                    guard flying < 32 else { return true }
                    flying += 1
                    pace.noteSent(now)
                    sent.append(now)
                    let latency = .milliseconds(20) + spread * Double(sent.count % 7) / 6
                    lookup.state = .underWay(
                        since: now, until: now.advanced(by: latency), isRefused: isRefusing(now))
                } else {
                    lookup.state = .waiting(
                        instant, epoch: epoch, look: min(instant, now.advanced(by: .milliseconds(100))))
                }
            }
            if case .new = lookup.state {
                guard case .at(let instant) = pace.turn(now, until: end) else { return false }
                lookup.state = .waiting(
                    instant, epoch: pace.epoch, look: min(instant, now.advanced(by: .milliseconds(100))))
            }
            return true
        }
    }

    @Test(
        "Refusals that come one after the other are one silence, after which all images are decided",
        arguments: [50, 300], [0, 30, 50])
    func staggered(refusing: Int, spread: Int) {
        let end = start.advanced(by: .milliseconds(refusing))
        let storm = Storm(from: start, spread: .milliseconds(spread)) { $0 < end }
        #expect(storm.decided == 500, "\(storm.decided)")
    }

    @Test("A registry that refuses everything for two seconds has answered for 500 images two seconds later")
    func recovers() {
        let end = at(2)
        let storm = Storm(from: start) { $0 < end }
        #expect(storm.decided == 500, "\(storm.decided)")
        #expect((storm.sent.last).map { $0 < at(4) } == true)
        #expect(storm.sent.count <= 2000 + 32 + 3)
    }

    @Test("A registry that refuses everything is tried once for each silence that it asks for")
    func refusesThroughout() throws {
        let storm = Storm(from: start) { _ in true }
        #expect(storm.decided == 0)
        #expect((32 + 5...32 + 10).contains(storm.sent.count), "\(storm.sent.count)")
        for first in storm.refused {
            let silence = first...first.advanced(by: .milliseconds(990))
            #expect(!storm.sent.contains { silence.contains($0) })
        }
    }
}
