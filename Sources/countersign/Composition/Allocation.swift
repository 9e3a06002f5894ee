// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How the C library hands out memory.
enum Allocation {
    /// Two arenas instead of eight for each processor: what one thread frees another can use, so that caches cost little more
    /// than their bounds say.
    static func economise() {
        // `M_ARENA_MAX` of <malloc.h>, which the module map leaves out.
        _ = mallopt(-8, 2)
    }
}
