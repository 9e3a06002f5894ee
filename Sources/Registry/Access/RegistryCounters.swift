// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many requests have been sent, by host and kind; retries and refused ones count. And how often a registry asked for
/// fewer, and what became of those that had to wait.
public final class RegistryCounters: Sendable {
    public enum RequestKind: String, Hashable, Sendable, CaseIterable {
        case manifest, blob, referrers, token
    }

    /// What became of a request that was not sent at once, since its registry asks for fewer.
    public enum Turn: String, Hashable, Sendable, CaseIterable {
        /// Sent, later.
        case waited
        /// Not sent: its turn would have come too late.
        case refused
    }

    public struct TurnKey: Hashable, Sendable {
        /// As in `Key`.
        public let host: String
        public let turn: Turn

        public init(host: String, turn: Turn) {
            self.host = host
            self.turn = turn
        }
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
        var turns: [TurnKey: UInt64] = [:]
        var limited: [String: UInt64] = [:]

        mutating func name(_ host: String) -> String {
            if hosts.count < maximumHosts { hosts.insert(host) }
            return hosts.contains(host) ? host : "other"
        }
    }

    private let counts = Mutex(Counts())

    public init() {}

    func count(_ kind: RequestKind, host: String) {
        counts.withLock { counts in
            let host = counts.name(host)
            counts.requests[Key(host: host, kind: kind), default: 0] += 1
        }
    }

    func count(_ turn: Turn, host: String) {
        counts.withLock { counts in
            let host = counts.name(host)
            counts.turns[TurnKey(host: host, turn: turn), default: 0] += 1
        }
    }

    func countLimited(host: String) {
        counts.withLock { counts in
            let host = counts.name(host)
            counts.limited[host, default: 0] += 1
        }
    }

    /// Everything counted since the start.
    public var requests: [Key: UInt64] { counts.withLock { $0.requests } }

    /// Requests that were not sent at once, for every host that was asked; zeros are there too.
    public var turns: [TurnKey: UInt64] {
        counts.withLock { counts in
            var turns = counts.turns
            for host in Set(counts.requests.keys.map(\.host)) {
                for turn in Turn.allCases { turns[TurnKey(host: host, turn: turn), default: 0] += 0 }
            }
            return turns
        }
    }

    /// Answers by which a host asked for fewer requests (429, and 503 with `Retry-After`), for every host that was asked;
    /// zeros are there too.
    public var limited: [String: UInt64] {
        counts.withLock { counts in
            var limited = counts.limited
            for host in Set(counts.requests.keys.map(\.host)) { limited[host, default: 0] += 0 }
            return limited
        }
    }

    /// Requests of one kind, to whichever host.
    public func total(_ kind: RequestKind) -> UInt64 {
        requests.reduce(0) { $0 + ($1.key.kind == kind ? $1.value : 0) }
    }
}
