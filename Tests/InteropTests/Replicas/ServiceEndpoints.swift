// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TestSupport

/// What kubelets and the controller of endpoints do for the webhook's Service: only replicas that are ready and not on
/// their way out are behind it, and news take a moment.
final class ServiceEndpoints: Sendable {
    /// From the end of a Pod, or of its process, until no new connection goes there.
    static let delay = Duration.milliseconds(250)

    private struct Entry: Sendable {
        let replica: Replica
        var isReady = false
        var leaves: ContinuousClock.Instant?
    }

    private let server: APIServerDouble
    private let entries = Mutex<[Entry]>([])

    init(_ server: APIServerDouble) { self.server = server }

    /// Runs until it is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.probe()
                    try? await Task.sleep(for: .milliseconds(100))
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    self.publish()
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    func add(_ replica: Replica) { entries.withLock { $0.append(Entry(replica: replica)) } }

    /// From `delay` on nobody is sent there any more.
    func remove(_ replica: Replica, after delay: Duration = ServiceEndpoints.delay) {
        entries.withLock { entries in
            for index in entries.indices where entries[index].replica === replica {
                entries[index].leaves = .now + delay
            }
        }
        publish()
    }

    /// Those that requests are sent to and that are to stay.
    var serving: [Replica] {
        entries.withLock { $0.filter { $0.isReady && $0.leaves == nil }.map(\.replica) }
    }

    private func probe() async {
        let replicas = entries.withLock { $0.filter { $0.leaves == nil }.map(\.replica) }
        await withDiscardingTaskGroup { group in
            for replica in replicas {
                group.addTask {
                    let isReady = await replica.isReady()
                    self.entries.withLock { entries in
                        for index in entries.indices where entries[index].replica === replica {
                            entries[index].isReady = isReady
                        }
                    }
                }
            }
        }
    }

    private func publish() {
        let addresses = entries.withLock { entries in
            entries.removeAll { $0.leaves.map { $0 <= .now } ?? false }
            return entries.filter(\.isReady).map(\.replica.address)
        }
        server.setEndpoints("cosign-system/webhook", addresses)
    }
}
