// SPDX-License-Identifier: Apache-2.0
import Policy
import Synchronization

/// The newest copy of each resource: reflectors write it, one reader is woken and takes it as a whole. However fast news
/// come, nothing piles up.
final class ClusterView: Sendable {
    /// What is known of one resource.
    struct Copy: Sendable {
        /// `nil` until it was listed once.
        var objects: [ObjectKey: KubernetesObject]?
        /// Why the server cannot be asked now.
        var loss: APIFault?
    }

    struct Contents: Sendable {
        var copies: [PolicyResource: Copy] = [:]
        /// What came of fetching texts since the last look.
        var remotes: [PolicyTextSource: Result<[UInt8], UnusableResource>] = [:]

        subscript(resource: PolicyResource) -> Copy { copies[resource] ?? Copy() }
    }

    private let contents = Mutex(Contents())
    /// One element for any number of changes.
    let changes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() { (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func take(_ news: Reflector.News, of resource: PolicyResource) {
        contents.withLock { contents in
            switch news {
            case .objects(let objects): contents.copies[resource] = Copy(objects: objects)
            case .lost(let fault): contents.copies[resource, default: Copy()].loss = fault
            case .found: contents.copies[resource, default: Copy()].loss = nil
            }
        }
        signal.yield()
    }

    func take(_ fetched: [PolicyTextSource: Result<[UInt8], UnusableResource>]) {
        contents.withLock { $0.remotes.merge(fetched) { _, new in new } }
        signal.yield()
    }

    /// Has the reader look again although nothing changed.
    func wake() { signal.yield() }

    /// Everything; texts are handed out once.
    func look() -> Contents {
        contents.withLock { contents in
            defer { contents.remotes = [:] }
            return contents
        }
    }
}
