// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging

/// What both handlers share: the fields of one event, and their values as JSON.
enum LogFields {
    /// Nesting of metadata that is printed; our own has two levels.
    private static let maximumDepth = 4
    /// Of one line: that of a review of a few images.
    static let usualBytes = 2048
    /// Entries of one list or dictionary that are printed.
    private static let maximumEntries = 64

    /// `2026-11-21T16:13:50.123Z`, in UTC. RFC 3339 §5.6.
    static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var seconds = now.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func add(_ number: Int, _ digits: Int, _ end: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: end))
        }
        add(Int(parts.tm_year) + 1900, 4, "-")
        add(Int(parts.tm_mon) + 1, 2, "-")
        add(Int(parts.tm_mday), 2, "T")
        add(Int(parts.tm_hour), 2, ":")
        add(Int(parts.tm_min), 2, ":")
        add(Int(parts.tm_sec), 2, ".")
        add(Int(now.tv_nsec) / 1_000_000, 3, "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// Handler, provider, event: the later wins. In the order of the names, so that equal events look equal.
    static func merged(
        _ handler: Logger.Metadata, _ provider: Logger.MetadataProvider?, _ event: LogEvent
    ) -> [(key: String, value: Logger.MetadataValue)] {
        if handler.isEmpty, provider == nil, event.error == nil {
            return (event.metadata ?? [:]).sorted { $0.key < $1.key }
        }
        var all = handler
        if let provided = provider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = .string("\(error)") }
        return all.sorted { $0.key < $1.key }
    }

    static func append(_ value: Logger.MetadataValue, to line: inout [UInt8], depth: Int = 0) {
        switch value {
        case .string(let text): LogQuoting.append(text, to: &line)
        case .stringConvertible(let written as WrittenValue): line.append(contentsOf: written.json)
        case .stringConvertible(let number as Int): line += Array(String(number).utf8)
        case .stringConvertible(let truth as Bool): line += Array((truth ? "true" : "false").utf8)
        case .stringConvertible(let other): LogQuoting.append(other.description, to: &line)
        case .array(let values):
            guard depth < maximumDepth else { return LogQuoting.append("…", to: &line) }
            var separator = "["
            for value in values.prefix(maximumEntries) {
                line += Array(separator.utf8)
                append(value, to: &line, depth: depth + 1)
                separator = ","
            }
            line += Array((separator == "[" ? "[]" : "]").utf8)
        case .dictionary(let members):
            guard depth < maximumDepth else { return LogQuoting.append("…", to: &line) }
            var separator = "{"
            for (name, value) in members.sorted(by: { $0.key < $1.key }).prefix(maximumEntries) {
                line += Array(separator.utf8)
                LogQuoting.append(name, to: &line)
                line.append(UInt8(ascii: ":"))
                append(value, to: &line, depth: depth + 1)
                separator = ","
            }
            line += Array((separator == "{" ? "{}" : "}").utf8)
        }
    }
}

/// A value whose JSON is written already.
struct WrittenValue: CustomStringConvertible, Sendable {
    let json: [UInt8]

    var description: String { String(decoding: json, as: UTF8.self) }
}
