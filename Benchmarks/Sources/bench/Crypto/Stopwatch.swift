// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Processor time of this process in seconds: what others do on the machine is not in it, but for the caches that they
/// fill and the core that they share.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Seconds of one run: the best of several loops of a third of a second each, taken in turns, so that what disturbs one
/// disturbs the other.
func measure(_ runs: [() -> Bool], loops: Int = 7) -> [Double] {
    var best = runs.map { _ in Double.infinity }
    for _ in 0..<loops {
        for (index, run) in runs.enumerated() {
            let start = processorTime()
            var count = 0
            while processorTime() - start < 0.3 {
                for _ in 0..<8 where !run() { fatalError("a check failed") }
                count += 8
            }
            best[index] = min(best[index], (processorTime() - start) / Double(count))
        }
    }
    return best
}
