// SPDX-License-Identifier: Apache-2.0

/// From when to when something is believed: both ends belong to it, and a missing end is open. A missing start does not
/// exist: nothing is believed since always. sigstore/protobuf-specs, TimeRange; RFC 5280 §4.1.2.5.
public struct ValidityPeriod: Hashable, Sendable {
    public let start: Instant
    public let end: Instant?

    /// `nil` where the end is before the start.
    public init?(start: Instant, end: Instant?) {
        if let end, end < start { return nil }
        self.start = start
        self.end = end
    }

    /// Open at the end, so that no order can be wrong.
    init(from start: Instant) {
        self.start = start
        end = nil
    }

    func contains(_ instant: Instant) -> Bool { start <= instant && end.map { instant <= $0 } ?? true }
}

extension ValidityPeriod: CustomStringConvertible {
    public var description: String { "\(start) to \(end?.description ?? "now on")" }
}
