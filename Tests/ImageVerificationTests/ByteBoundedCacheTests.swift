// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Testing

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
}
