// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A cache that never holds more than its bound of bytes: the least recently used entries go first.
///
/// Entries may expire; an expired one is a miss. Looking something up hashes its key once, takes one lock, and moves no
/// entry; keeping something takes the same few steps for each entry that has to go for it, however many there are. Counters
/// tell hits, misses and evictions.
public final class ByteBoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Table = RecencyTable<Key, Value>

    private struct State {
        var table = Table()
        var bytes = 0
        var counters = CacheCounters()

        mutating func remove(_ place: Int) {
            bytes -= table.slots[place].bytes
            table.remove(place)
        }
    }

    private static var expiredPerInsertion: Int { 4 }

    /// What an entry takes in the cache's own tables. What key and value refer to is the caller's to count.
    public static var overhead: Int { RecencyTable<Key, Value>.bytesPerEntry }

    public let name: String
    private let limit: Int
    /// Bytes of one entry.
    private let largest: Int
    /// Stands for no end: longer than anybody runs a program.
    private let endless = ContinuousClock.now.advanced(by: .seconds(1 << 40))
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: in bytes, as the callers of `insert` count them, plus `overhead` for each entry.
    ///   - largest: what one entry may have of it; a quarter where nothing is said, so that no single entry empties the cache.
    public init(name: String, limit: Int, largest: Int? = nil) {
        self.name = name
        self.limit = limit
        self.largest = min(limit, largest ?? limit / 4)
    }

    /// - Parameters:
    ///   - countsMiss: `false` for a question that is asked again where it finds nothing.
    ///   - isFresh: what is kept although it is past its life is no answer, and stays.
    public func value(
        for key: Key, now: ContinuousClock.Instant = .now, countsMiss: Bool = true,
        where isFresh: (Value) -> Bool = { _ in true }
    ) -> Value? {
        let hash = Table.hash(key)
        return state.withLock { state in
            guard let place = state.table.place(of: key, hash) else {
                if countsMiss { state.counters.misses += 1 }
                return nil
            }
            guard now < state.table.slots[place].expires else {
                state.counters.expired += 1
                state.remove(place)
                return nil
            }
            guard isFresh(state.table.slots[place].value) else {
                if countsMiss { state.counters.expired += 1 }
                return nil
            }
            state.counters.hits += 1
            state.table.use(place)
            return state.table.slots[place].value
        }
    }

    /// When an entry's life ends; `nil` where there is none, or it has no end.
    func end(of key: Key) -> ContinuousClock.Instant? {
        let hash = Table.hash(key)
        return state.withLock { state in
            state.table.place(of: key, hash).flatMap { end(state.table.slots[$0].expires) }
        }
    }

    private func end(_ expires: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        expires == endless ? nil : expires
    }

    /// As `value`, for a second look at the same question: it is not counted, and does not make the entry more recent.
    func peek(_ key: Key, now: ContinuousClock.Instant = .now) -> Value? {
        let hash = Table.hash(key)
        return state.withLock { state in
            guard let place = state.table.place(of: key, hash), now < state.table.slots[place].expires else {
                return nil
            }
            return state.table.slots[place].value
        }
    }

    /// Keeps a value in the place of the one that was there. One that is too large for a single entry is not kept.
    public func insert(
        _ value: Value, for key: Key, bytes: Int, expires: ContinuousClock.Instant? = nil,
        now: ContinuousClock.Instant = .now
    ) {
        let hash = Table.hash(key)
        state.withLock { state in
            let place = state.table.place(of: key, hash)
            insert(value, for: key, hash, at: place, bytes: bytes, expires: expires, now: now, &state)
        }
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
        let hash = Table.hash(key)
        state.withLock { state in
            let place = state.table.place(of: key, hash)
            let kept = place.map { state.table.slots[$0] }
            guard let (value, bytes, expires) = change(kept?.value, kept.flatMap { end($0.expires) }) else {
                return
            }
            insert(value, for: key, hash, at: place, bytes: bytes, expires: expires, now: .now, &state)
        }
    }

    private func insert(
        _ value: Value, for key: Key, _ hash: UInt32, at place: Int?, bytes: Int,
        expires: ContinuousClock.Instant?, now: ContinuousClock.Instant, _ state: inout State
    ) {
        let bytes = bytes + Self.overhead
        guard bytes <= largest, state.table.count < Table.maximumCount else {
            if let place { state.remove(place) }
            return
        }
        if let place {
            state.bytes += bytes - state.table.slots[place].bytes
            state.table.replace(place, value, bytes: bytes, expires: expires ?? endless)
        } else {
            state.bytes += bytes
            state.table.add(key, hash, value, bytes: bytes, expires: expires ?? endless)
        }
        // What is past its life and was not asked for since would otherwise stay until the bound is reached. A few for each
        // that comes suffice to catch up.
        for _ in 0..<Self.expiredPerInsertion {
            guard let oldest = state.table.oldestPlace, state.table.slots[oldest].expires <= now else { break }
            state.remove(oldest)
        }
        while state.bytes > limit, let oldest = state.table.oldestPlace {
            state.remove(oldest)
            state.counters.evictions += 1
        }
    }

    public var counters: CacheCounters {
        state.withLock { state in
            var counters = state.counters
            counters.entries = state.table.count
            counters.bytes = state.bytes
            return counters
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
