// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ImageVerification

@Suite("A cache that is bounded in bytes")
struct ByteBoundedCacheTests {
    private let overhead = ByteBoundedCache<Int, String>.overhead

    @Test("what was inserted is found, and what was not is a miss")
    func findsAndMisses() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 100_000)
        cache.insert("one", for: 1, bytes: 3)
        #expect(cache.value(for: 1) == "one")
        #expect(cache.value(for: 2) == nil)
        #expect(cache.counters.hits == 1)
        #expect(cache.counters.misses == 1)
        #expect(cache.counters.bytes == 3 + overhead)
    }

    @Test("an entry past its life is a miss, and is gone")
    func expires() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 100_000)
        let now = ContinuousClock.now
        cache.insert("one", for: 1, bytes: 3, expires: now.advanced(by: .seconds(5)))
        #expect(cache.value(for: 1, now: now.advanced(by: .seconds(4))) == "one")
        #expect(cache.value(for: 1, now: now.advanced(by: .seconds(5))) == nil)
        #expect(cache.counters.entries == 0)
        #expect(cache.counters.bytes == 0)
        #expect(cache.counters.expired == 1)
    }

    @Test("it never holds more than its bound, and what was used last stays")
    func evictsLeastRecentlyUsed() {
        let limit = 100 * (1000 + overhead)
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: limit)
        for key in 0..<1000 {
            cache.insert("value", for: key, bytes: 1000)
            #expect(cache.value(for: 0) == "value", "the entry that is used all the time stays")
            #expect(cache.counters.bytes <= limit)
        }
        #expect(cache.counters.evictions > 800)
        #expect(cache.value(for: 999) == "value")
        #expect(cache.value(for: 1) == nil)
    }

    @Test("one entry larger than a quarter of the bound is not kept, and takes an older version with it")
    func refusesGiants() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 80_000)
        cache.insert("small", for: 1, bytes: 19_000)
        cache.insert("old", for: 2, bytes: 10)
        cache.insert("giant", for: 2, bytes: 20_000)
        #expect(cache.value(for: 1) == "small")
        #expect(cache.value(for: 2) == nil)
        #expect(cache.counters.entries == 1)
    }

    @Test("replacing an entry counts its bytes once")
    func replaces() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 100_000)
        for _ in 0..<100 { cache.insert("again", for: 1, bytes: 500) }
        #expect(cache.counters.bytes == 500 + overhead)
        #expect(cache.counters.entries == 1)
    }

    @Test("entries past their life that nobody asks for go when others come, the least recently used first")
    func sweepsExpired() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 1_000_000)
        let now = ContinuousClock.now
        for key in 0..<100 {
            cache.insert("short", for: key, bytes: 10, expires: now.advanced(by: .seconds(2)), now: now)
        }
        #expect(cache.value(for: 0, now: now) == "short")
        for key in 100..<110 {
            cache.insert("long", for: key, bytes: 10, now: now.advanced(by: .seconds(1)))
        }
        #expect(cache.counters.entries == 110)
        for key in 110..<140 {
            cache.insert("long", for: key, bytes: 10, now: now.advanced(by: .seconds(2)))
        }
        #expect(cache.counters.entries == 40 && cache.counters.evictions == 0)
        #expect(cache.counters.bytes == 40 * (10 + overhead))
    }

    @Test("an entry without an end has none, and one with an end has that")
    func ends() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 100_000)
        let end = ContinuousClock.now.advanced(by: .seconds(3600))
        cache.insert("endless", for: 1, bytes: 3)
        cache.insert("ends", for: 2, bytes: 3, expires: end)
        #expect(cache.end(of: 1) == nil && cache.end(of: 2) == end && cache.end(of: 3) == nil)
        #expect(cache.value(for: 1, now: .now.advanced(by: .seconds(1 << 32))) == "endless")
        cache.update(1) { kept, end in
            #expect(kept == "endless" && end == nil)
            return ("changed", 5, nil)
        }
        #expect(cache.peek(1) == "changed" && cache.counters.bytes == 8 + 2 * overhead)
        cache.update(1) { _, _ in nil }
        #expect(cache.peek(1) == "changed" && cache.counters.hits == 1)
    }

    @Test("a second look neither counts nor makes the entry more recent")
    func peeks() {
        let cache = ByteBoundedCache<Int, String>(name: "test", limit: 4 * (1000 + overhead))
        for key in 0..<4 { cache.insert("value", for: key, bytes: 1000) }
        #expect(cache.peek(0) == "value")
        cache.insert("value", for: 4, bytes: 1000)
        #expect(cache.peek(0) == nil && cache.peek(1) == "value")
        #expect(cache.counters.hits == 0 && cache.counters.misses == 0)
    }

    // MARK: The table

    /// What a table is to be, written as simply as can be.
    private struct Model {
        /// The least recently used first.
        var entries: [(key: Int, value: Int)] = []

        func value(of key: Int) -> Int? { entries.first { $0.key == key }?.value }

        mutating func remove(_ key: Int) { entries.removeAll { $0.key == key } }

        mutating func keep(_ key: Int, _ value: Int) {
            remove(key)
            entries.append((key, value))
        }
    }

    /// Keys of which many have the same hash.
    private struct Key: Hashable {
        let number: Int

        func hash(into hasher: inout Hasher) { hasher.combine(number % 7) }
    }

    private func check<K: Hashable>(_ key: (Int) -> K, seed: UInt64) {
        var (table, model, random) = (RecencyTable<K, Int>(), Model(), seed)
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        let end = ContinuousClock.now
        for step in 0..<4000 {
            let number = next(150)
            let (wanted, hash) = (key(number), RecencyTable<K, Int>.hash(key(number)))
            let place = table.place(of: wanted, hash)
            #expect(place.map { table.slots[$0].value } == model.value(of: number))
            switch next(step % 1000 < 500 ? 3 : 5) {
            case 0, 1:
                if let place {
                    table.replace(place, step, bytes: step, expires: end)
                } else {
                    table.add(wanted, hash, step, bytes: step, expires: end)
                }
                model.keep(number, step)
            case 2:
                guard let place, let value = model.value(of: number) else { continue }
                table.use(place)
                model.keep(number, value)
            default:
                guard let oldest = table.oldestPlace else { continue }
                #expect(table.slots[oldest].value == model.entries.first?.value)
                let gone = next(2) == 0 ? oldest : place ?? oldest
                let value = table.slots[gone].value
                table.remove(gone)
                model.entries.removeAll { $0.value == value }
            }
            #expect(table.count == model.entries.count)
        }
        while let oldest = table.oldestPlace {
            #expect(table.slots[oldest].value == model.entries.removeFirst().value)
            table.remove(oldest)
        }
        #expect(model.entries.isEmpty && table.count == 0)
    }

    @Test("the table finds, orders and removes as a plain list does, whatever the keys' hashes", arguments: 1...4)
    func table(seed: UInt64) {
        check({ $0 }, seed: seed)
        check(Key.init, seed: seed)
    }

    @Test("an entry of a verdict's size takes less than 140 bytes, and a hundred thousand come and go in no time")
    func small() {
        #expect(VerdictCache.bytesPerVerdict <= 140)
        let cache = ByteBoundedCache<Int, Int>(name: "test", limit: 100_000 * ByteBoundedCache<Int, Int>.overhead)
        for key in 0..<200_000 { cache.insert(key, for: key, bytes: 0) }
        #expect(cache.counters.entries == 100_000 && cache.counters.evictions == 100_000)
        #expect(cache.value(for: 99_999) == nil && cache.value(for: 100_000) == 100_000)
    }
}
