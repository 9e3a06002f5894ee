// SPDX-License-Identifier: Apache-2.0

/// Waiting for an instant that hardly ever comes, as the end of a name server's time.
///
/// A task that sleeps and is cancelled stays in memory, with its timer, until it would have woken: some nine hundred bytes
/// for each. Short naps keep what a busy process holds of them small.
enum Naps {
    private static let length: Duration = .milliseconds(250)

    /// - Throws: `CancellationError` at once where the task is cancelled.
    static func sleep(until end: ContinuousClock.Instant) async throws {
        while true {
            let rest = ContinuousClock.now.duration(to: end)
            guard rest > .zero else { return try Task.checkCancellation() }
            try await Task.sleep(for: min(rest, length))
        }
    }
}
