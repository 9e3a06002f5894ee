// SPDX-License-Identifier: Apache-2.0

/// Entries by key, and in the order of their last use; every change takes the same few steps, however many there are.
///
///     buckets  [ .  hash|slot  .  .  hash|slot  … ]      open addressing, at most three quarters full
///     slots    [ key value … newer older | … ]           without a gap: the last one moves where one goes
///
/// A dictionary of the same entries takes twice to five times as much: it keeps room for a key and a value in every bucket,
/// and its order of use would have to be found by sorting.
struct RecencyTable<Key: Hashable, Value> {
    struct Slot {
        let key: Key
        var value: Value
        /// As the cache counts it.
        var bytes: Int
        /// `ByteBoundedCache.endless` where there is no end.
        var expires: ContinuousClock.Instant
        fileprivate let hash: UInt32
        /// Places of the neighbours in the order of use; -1 at its ends.
        fileprivate var newer: Int32
        fileprivate var older: Int32
    }

    /// What an entry takes: its slot, and its share of the buckets where they are half full.
    static var bytesPerEntry: Int { MemoryLayout<Slot>.stride + 2 * MemoryLayout<UInt64>.stride }

    /// As many as a place can name.
    static var maximumCount: Int { Int(Int32.max) }

    private(set) var slots: [Slot] = []
    /// The low half is the place of the slot plus one, the high half its hash; 0 is empty.
    private var buckets: [UInt64] = []
    private var newest: Int32 = -1
    private var oldest: Int32 = -1

    var count: Int { slots.count }

    /// The place of the least recently used.
    var oldestPlace: Int? { oldest < 0 ? nil : Int(oldest) }

    /// So that a key is hashed once, and outside of any lock.
    static func hash(_ key: Key) -> UInt32 { UInt32(truncatingIfNeeded: key.hashValue) }

    func place(of key: Key, _ hash: UInt32) -> Int? {
        guard !buckets.isEmpty else { return nil }
        let mask = buckets.count - 1
        var bucket = Int(hash) & mask
        while true {
            let entry = buckets[bucket]
            if entry == 0 { return nil }
            if UInt32(entry >> 32) == hash {
                let place = Self.place(entry)
                if slots[place].key == key { return place }
            }
            bucket = (bucket + 1) & mask
        }
    }

    /// Adds an entry for a key that there is none for, as the most recently used.
    mutating func add(
        _ key: Key, _ hash: UInt32, _ value: Value, bytes: Int, expires: ContinuousClock.Instant
    ) {
        if (slots.count + 1) * 4 > buckets.count * 3 { grow() }
        put(Self.entry(slots.count, hash))
        slots.append(
            Slot(key: key, value: value, bytes: bytes, expires: expires, hash: hash, newer: -1, older: -1))
        link(slots.count - 1)
    }

    mutating func replace(_ place: Int, _ value: Value, bytes: Int, expires: ContinuousClock.Instant) {
        slots[place].value = value
        slots[place].bytes = bytes
        slots[place].expires = expires
        use(place)
    }

    /// Makes an entry the most recently used.
    mutating func use(_ place: Int) {
        guard Int(newest) != place else { return }
        unlink(place)
        link(place)
    }

    mutating func remove(_ place: Int) {
        unlink(place)
        erase(bucket(of: place, slots[place].hash))
        let last = slots.count - 1
        if place != last {
            buckets[bucket(of: last, slots[last].hash)] = Self.entry(place, slots[last].hash)
            slots.swapAt(place, last)
            let (newer, older) = (slots[place].newer, slots[place].older)
            if newer < 0 { newest = Int32(place) } else { slots[Int(newer)].older = Int32(place) }
            if older < 0 { oldest = Int32(place) } else { slots[Int(older)].newer = Int32(place) }
        }
        slots.removeLast()
    }

    // MARK: Order of use

    private mutating func link(_ place: Int) {
        slots[place].newer = -1
        slots[place].older = newest
        if newest < 0 { oldest = Int32(place) } else { slots[Int(newest)].newer = Int32(place) }
        newest = Int32(place)
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (slots[place].newer, slots[place].older)
        if newer < 0 { newest = older } else { slots[Int(newer)].older = older }
        if older < 0 { oldest = newer } else { slots[Int(older)].newer = newer }
    }

    // MARK: Buckets

    private static func entry(_ place: Int, _ hash: UInt32) -> UInt64 { UInt64(hash) << 32 | UInt64(place + 1) }

    private static func place(_ entry: UInt64) -> Int { Int(entry & 0xFFFF_FFFF) - 1 }

    private mutating func put(_ entry: UInt64) {
        let mask = buckets.count - 1
        var bucket = Int(entry >> 32) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = entry
    }

    /// Of an entry that there is.
    private func bucket(of place: Int, _ hash: UInt32) -> Int {
        let (mask, entry) = (buckets.count - 1, Self.entry(place, hash))
        var bucket = Int(hash) & mask
        while buckets[bucket] != entry { bucket = (bucket + 1) & mask }
        return bucket
    }

    /// Moves those that follow into the gap, so that a search still ends at the first empty bucket.
    private mutating func erase(_ bucket: Int) {
        let mask = buckets.count - 1
        var (gap, next) = (bucket, (bucket + 1) & mask)
        while buckets[next] != 0 {
            let home = Int(buckets[next] >> 32) & mask
            // Whether the gap lies between where it belongs and where it is.
            if (next - home) & mask >= (next - gap) & mask {
                buckets[gap] = buckets[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        buckets[gap] = 0
    }

    private mutating func grow() {
        let old = buckets
        buckets = [UInt64](repeating: 0, count: max(16, old.count * 2))
        for entry in old where entry != 0 { put(entry) }
    }
}
