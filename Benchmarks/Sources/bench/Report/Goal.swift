// SPDX-License-Identifier: Apache-2.0

/// What has to be shown, and what was.
struct Goal: Sendable {
    let what: String
    let measured: Double
    /// The most that is allowed.
    let limit: Double
    /// Behind the numbers, such as `ms`; empty for a ratio or a count.
    let unit: String
    var places = 0

    var isMet: Bool { measured <= limit }

    /// Whether it is missed by more than so many percent.
    func isMissed(byMoreThan percent: Double) -> Bool { measured > limit * (1 + percent / 100) }

    var cells: [String] {
        let suffix = unit.isEmpty ? "" : " \(unit)"
        // A limit is a round number.
        let places = limit == limit.rounded() ? 0 : 1
        return [
            what, "≤ \(decimals(limit, places))\(suffix)", "\(decimals(measured, self.places))\(suffix)",
            isMet ? "ok" : "**NOT ok**",
        ]
    }
}
