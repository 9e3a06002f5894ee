// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
import Synchronization

/// Whether the server is on its way out.
final class Drain: Sendable {
    private let begun = Atomic(false)

    var isDraining: Bool { begun.load(ordering: .acquiring) }

    fileprivate func begin() { begun.store(true, ordering: .releasing) }
}

/// The first to hear of a shutdown, since it is the last in its group: from then on the server is not ready and asks
/// callers to go, and only after the quiet time the group turns to the listener.
struct QuietPeriod: Service {
    let drain: Drain
    let duration: Duration

    func run() async throws {
        // Thrown where the group is cancelled outright; that is an end, too.
        try? await gracefulShutdown()
        drain.begin()
        try? await Task.sleep(for: duration)
    }
}
