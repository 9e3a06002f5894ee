// SPDX-License-Identifier: Apache-2.0
import CMalloc

/// How the C library hands out memory.
enum Allocation {
    /// Two arenas instead of eight for each processor: what one thread frees another can use, so that caches cost little more
    /// than their bounds say.
    static func economise() {
        _ = mallopt(M_ARENA_MAX, 2)
    }
}
