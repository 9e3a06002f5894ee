// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc

/// What the kernel tells of a process.
extension ServerProcess {
    /// User and system time of all its threads, in seconds: `/proc/PID/stat`'s fields 14 and 15 by a finer clock.
    func processorTime() throws -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw Failure("process \(pid) has no clock; it said: \(lastWords)")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// MiB that it holds.
    func residentMiB() throws -> Double { try status("VmRSS:") }

    /// MiB that it has held at most since `forgetPeak`.
    func peakMiB() throws -> Double { try status("VmHWM:") }

    /// proc(5), clear_refs: 5 sets the peak to what is held now.
    func forgetPeak() throws {
        guard let file = fopen("/proc/\(pid)/clear_refs", "w") else { throw Failure("cannot reset the peak of memory") }
        fputs("5", file)
        fclose(file)
    }

    private func status(_ name: String) throws -> Double {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/status") ?? Data()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix(name) }
        guard let number = line?.split(whereSeparator: { !$0.isNumber }).first, let kib = Double(number) else {
            throw Failure("process \(pid) tells no \(name); it said: \(lastWords)")
        }
        return kib / 1024
    }
}
