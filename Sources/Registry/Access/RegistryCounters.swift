// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many requests have been sent, by host and kind; retries and refused ones count.
public final class RegistryCounters: Sendable {
    public enum RequestKind: String, Hashable, Sendable, CaseIterable {
        case manifest, blob, referrers, token
    }

    public struct Key: Hashable, Sendable {
        /// A registry as its repositories are written; `other` for what is beyond the bound.
        public let host: String
        public let kind: RequestKind

        public init(host: String, kind: RequestKind) {
            self.host = host
            self.kind = kind
        }
    }

    /// Whoever may create a Pod may name hosts; a metric must not grow with them.
    private static let maximumHosts = 100

    private struct Counts {
        var hosts: Set<String> = []
        var requests: [Key: UInt64] = [:]
    }

    private let counts = Mutex(Counts())

    public init() {}

    func count(_ kind: RequestKind, host: String) {
        counts.withLock { counts in
            if counts.hosts.count < Self.maximumHosts { counts.hosts.insert(host) }
            let host = counts.hosts.contains(host) ? host : "other"
            counts.requests[Key(host: host, kind: kind), default: 0] += 1
        }
    }

    /// Everything counted since the start.
    public var requests: [Key: UInt64] { counts.withLock { $0.requests } }

    /// Requests of one kind, to whichever host.
    public func total(_ kind: RequestKind) -> UInt64 {
        requests.reduce(0) { $0 + ($1.key.kind == kind ? $1.value : 0) }
    }
}
