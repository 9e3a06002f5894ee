// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sigstore

extension Instant {
    /// What the clock says. Only here: the core is told the time.
    static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        // A clock beyond the year 9999 tells nothing; at the earliest time nothing that matters is valid.
        return Instant(seconds: Int64(time.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec)) ?? .earliest
    }
}
