// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import Synchronization

/// Whether the server is on its way out.
final class Drain: Sendable {
    /// Looked at by every answer.
    private let begun = Atomic(false)
    private let start = Mutex<ContinuousClock.Instant?>(nil)

    var isDraining: Bool { begun.load(ordering: .acquiring) }

    fileprivate func begin(quiet: Duration, _ logger: Logger) {
        start.withLock { $0 = .now }
        begun.store(true, ordering: .releasing)
        logger.notice(
            "leaving: callers are asked to go", metadata: ["quietMs": .stringConvertible(Int(quiet / .milliseconds(1)))]
        )
    }

    /// Nothing is said of an end that nobody asked for: its error tells.
    func sayItHasEnded(within times: DrainTimes, _ logger: Logger) {
        guard let start = start.withLock({ $0 }) else { return }
        let taken = start.duration(to: .now)
        let metadata: Logger.Metadata = ["ms": .stringConvertible(Int(taken / .milliseconds(1)))]
        if taken < times.total {
            logger.notice("left: every review was answered", metadata: metadata)
        } else {
            logger.warning("left: reviews that had not ended in time were cut off", metadata: metadata)
        }
    }
}

/// The first to hear of a shutdown, since it is the last in its group: from then on the server is not ready and asks
/// callers to go, and only after the quiet time the group turns to the listener.
struct QuietPeriod: Service {
    let drain: Drain
    let duration: Duration
    let logger: Logger

    func run() async throws {
        // Thrown where the group is cancelled outright; that is an end, too.
        try? await gracefulShutdown()
        drain.begin(quiet: duration, logger)
        try? await Task.sleep(for: duration)
    }
}
