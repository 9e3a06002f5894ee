// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A cache that never holds more than its bound of bytes: the least recently used entries go first.
///
/// Entries may expire; an expired one is a miss. Counters tell hits, misses and evictions.
public final class ByteBoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var bytes: Int
        var expires: ContinuousClock.Instant?
        /// The larger, the more recently used.
        var used: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
        var counters = CacheCounters()
    }

    /// What an entry costs beside its value: key, dictionary slot and bookkeeping, rounded up.
    public static var overhead: Int { 256 }

    public let name: String
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: in bytes, as the callers of `insert` count them, plus `overhead` for each entry.
    public init(name: String, limit: Int) {
        self.name = name
        self.limit = limit
    }

    /// - Parameters:
    ///   - countsMiss: `false` for a question that is asked again where it finds nothing.
    ///   - isFresh: what is kept although it is past its life is no answer, and stays.
    public func value(
        for key: Key, now: ContinuousClock.Instant = .now, countsMiss: Bool = true,
        where isFresh: (Value) -> Bool = { _ in true }
    ) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key] else {
                if countsMiss { state.counters.misses += 1 }
                return nil
            }
            if let expires = entry.expires, now >= expires {
                state.counters.expired += 1
                state.bytes -= entry.bytes
                state.entries[key] = nil
                return nil
            }
            guard isFresh(entry.value) else {
                if countsMiss { state.counters.expired += 1 }
                return nil
            }
            state.counters.hits += 1
            state.clock += 1
            state.entries[key]?.used = state.clock
            return entry.value
        }
    }

    /// When an entry's life ends; `nil` where there is none, or it has no end.
    func end(of key: Key) -> ContinuousClock.Instant? { state.withLock { $0.entries[key]?.expires } }

    /// As `value`, for a second look at the same question: it is not counted, and does not make the entry more recent.
    func peek(_ key: Key, now: ContinuousClock.Instant = .now) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            if let expires = entry.expires, now >= expires { return nil }
            return entry.value
        }
    }

    /// Keeps a value in the place of the one that was there. One larger than a quarter of the bound is not kept, so that no
    /// single entry empties the cache.
    public func insert(_ value: Value, for key: Key, bytes: Int, expires: ContinuousClock.Instant? = nil) {
        state.withLock { insert(value, for: key, bytes: bytes, expires: expires, &$0) }
    }

    /// Looks at what is kept and replaces it in one step.
    ///
    /// - Parameter change: is given what is kept, with no regard to its life, and its end; answers with what is kept from now
    ///   on, what it weighs and when it ends, or `nil` to change nothing.
    func update(
        _ key: Key,
        _ change: (Value?, ContinuousClock.Instant?) -> (
            value: Value, bytes: Int, expires: ContinuousClock.Instant?
        )?
    ) {
        state.withLock { state in
            let entry = state.entries[key]
            guard let (value, bytes, expires) = change(entry?.value, entry?.expires) else { return }
            insert(value, for: key, bytes: bytes, expires: expires, &state)
        }
    }

    private func insert(
        _ value: Value, for key: Key, bytes: Int, expires: ContinuousClock.Instant?, _ state: inout State
    ) {
        let bytes = bytes + Self.overhead
        if let old = state.entries.removeValue(forKey: key) { state.bytes -= old.bytes }
        guard bytes <= limit / 4 else { return }
        state.clock += 1
        state.entries[key] = Entry(value: value, bytes: bytes, expires: expires, used: state.clock)
        state.bytes += bytes
        if state.bytes > limit { Self.evict(&state, downTo: limit - limit / 8) }
    }

    public var counters: CacheCounters {
        state.withLock { state in
            var counters = state.counters
            counters.entries = state.entries.count
            counters.bytes = state.bytes
            return counters
        }
    }

    /// Frees an eighth at once, so that the sort is paid once for many insertions.
    private static func evict(_ state: inout State, downTo goal: Int) {
        for (key, entry) in state.entries.sorted(by: { $0.value.used < $1.value.used }) {
            guard state.bytes > goal else { return }
            state.entries[key] = nil
            state.bytes -= entry.bytes
            state.counters.evictions += 1
        }
    }
}

/// What a cache has done since the start, and what it holds.
public struct CacheCounters: Hashable, Sendable {
    public var hits = 0
    public var misses = 0
    /// Found, and past its life.
    public var expired = 0
    public var evictions = 0
    public var entries = 0
    public var bytes = 0

    public init() {}
}

extension ByteBoundedCache {
    /// What it has counted, by its name.
    var counted: (name: String, counters: CacheCounters) { (name, counters) }
}
