// SPDX-License-Identifier: Apache-2.0
import Sigstore

/// Times as metadata writes them, counted in whole seconds since 1970-01-01T00:00:00Z without leap seconds.
enum UTCTime {
    /// Reads RFC 3339 §5.6; TUF 1.0 §4.2.1 wants `Z` and no fraction, and old repositories have both. The fraction is
    /// dropped: an expiry comes no later by it. `nil` for anything else.
    static func seconds(_ text: String) -> Int64? { Instant(rfc3339: text)?.seconds }

    /// `2025-01-31T23:59:59Z`, of a time that was read.
    static func text(of seconds: Int64) -> String { Instant(seconds: seconds)?.description ?? "\(seconds)" }
}
