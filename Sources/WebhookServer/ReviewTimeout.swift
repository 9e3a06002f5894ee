// SPDX-License-Identifier: Apache-2.0
import ImageVerification

/// How long the API server waits for an answer: its query `?timeout=10s`, a duration as Go writes them.
struct ReviewTimeout: Hashable, Sendable {
    /// `timeoutSeconds` of a webhook is 10 where it is not set, and from 1 to 30.
    static let standard = ReviewTimeout(duration: .seconds(10))
    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(30)

    /// Between 1 and 30 seconds.
    let duration: Duration

    private init(duration: Duration) { self.duration = duration }

    /// The value of `timeout` in a query; anything that is not a positive duration gives the standard.
    init(query: String?) {
        // The API server writes one short query; more parameters than this are not its work.
        let given = query?.split(separator: "&", maxSplits: 16).first { $0.hasPrefix("timeout=") }
        guard let given, let duration = Self.goDuration(given.dropFirst("timeout=".count)), duration > .zero else {
            self = .standard
            return
        }
        self.init(duration: min(max(duration, Self.shortest), Self.longest))
    }

    /// What is kept back so that our answer arrives before the caller gives up: half a second covers a handshake and
    /// a busy scheduler, but never more than a tenth of a short timeout.
    var margin: Duration { min(.milliseconds(500), duration / 10) }

    /// When a review has to be answered.
    func deadline(from start: ContinuousClock.Instant) -> Deadline {
        Deadline(start.advanced(by: duration - margin))
    }

    /// When the server answers by itself though the reviewer promised to: half of the margin is left then.
    func lastResort(from start: ContinuousClock.Instant) -> ContinuousClock.Instant {
        start.advanced(by: duration - margin / 2)
    }

    /// Go's `time.ParseDuration` without signs: numbers, each with a unit and perhaps a fraction. Nil for anything else.
    static func goDuration(_ text: Substring) -> Duration? {
        // The longest that Go itself prints, 2562047h47m16.854775807s, has 24 characters.
        guard !text.isEmpty, text.utf8.count <= 32 else { return nil }
        var rest = Array(text.utf8)[...]
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !(0x30...0x39).contains($0) && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(unit.count)
            guard let seconds = secondsPerUnit(unit), let value = decimal(number) else { return nil }
            total += value * seconds
        }
        // Beyond a day nothing changes: the result is cut to 30 s.
        return .milliseconds(Int64((min(total, 86_400) * 1000).rounded()))
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> Double? {
        guard digits.contains(where: { $0 != UInt8(ascii: ".") }),
            digits.count(where: { $0 == UInt8(ascii: ".") }) <= 1
        else { return nil }
        return Double("0" + String(decoding: digits, as: UTF8.self) + (digits.last == UInt8(ascii: ".") ? "0" : ""))
    }

    private static func secondsPerUnit(_ unit: ArraySlice<UInt8>) -> Double? {
        switch String(decoding: unit, as: UTF8.self) {
        case "h": 3600
        case "m": 60
        case "s": 1
        case "ms": 1e-3
        case "us", "µs", "μs": 1e-6
        case "ns": 1e-9
        default: nil
        }
    }
}
