// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The facts of this process that dashboards expect, read from `/proc` at every scrape.
public enum ProcessMetrics {
    /// For `MetricsRegistry.addCollector`.
    public static func collect() -> [MetricSample] {
        var samples: [MetricSample] = []
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        if let pages = fields("/proc/self/statm"), pages.count > 1, let resident = Double(pages[1]) {
            samples.append(
                MetricSample(
                    "process_resident_memory_bytes", help: "Resident memory size in bytes.", kind: .gauge,
                    value: resident * pageSize))
        }
        samples += times()
        if let open = openDescriptors() {
            samples.append(
                MetricSample("process_open_fds", help: "Open file descriptors.", kind: .gauge, value: Double(open)))
        }
        return samples
    }

    /// Resident memory in bytes; nil where `/proc` cannot be read.
    public static var residentBytes: Int? {
        guard let pages = fields("/proc/self/statm"), pages.count > 1, let resident = Int(pages[1]) else { return nil }
        return resident * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func times() -> [MetricSample] {
        // proc(5): the command, field 2, is in parentheses and may hold anything; what follows the last one is regular.
        guard let stat = text("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return [] }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        let rest = stat[stat.index(after: end)...].split(separator: " ")
        guard rest.count > 19, let user = Double(rest[11]), let system = Double(rest[12]), let start = Double(rest[19])
        else { return [] }
        var samples = [
            MetricSample(
                "process_cpu_seconds_total", help: "User and system processor time.", kind: .counter,
                value: (user + system) / ticks)
        ]
        let boot = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst(6)
        if let boot, let bootTime = Double(boot) {
            samples.append(
                MetricSample(
                    "process_start_time_seconds", help: "Start time since the epoch.", kind: .gauge,
                    value: bootTime + start / ticks))
        }
        return samples
    }

    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Not counted: the two dot entries, and the descriptor of this very listing.
        return max(0, count - 3)
    }

    private static func fields(_ path: String) -> [Substring]? { text(path)?.split(separator: " ") }

    private static func text(_ path: String) -> String? {
        (try? BoundedFile.bytes(at: path)).map { String(decoding: $0, as: UTF8.self) }
    }
}
