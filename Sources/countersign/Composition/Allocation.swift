// SPDX-License-Identifier: Apache-2.0
import CMalloc

/// How the C library hands out memory.
enum Allocation {
    /// One arena instead of eight for each processor: what one thread frees another can use, so that caches cost little more
    /// than their bounds say. Small pieces, which are nearly all, are handed out by each thread's own store first.
    static func economise() {
        _ = mallopt(M_ARENA_MAX, 1)
        // Left to itself, the library keeps up to twice the largest buffer that was ever freed, and takes the next ones from
        // between smaller pieces. Attestations and tables of caches are better given back.
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
        _ = mallopt(M_TRIM_THRESHOLD, 256 << 10)
    }
}
