// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Logging

/// What both handlers share: the fields of one event, and their values as JSON.
enum LogFields {
    /// Nesting of metadata that is printed; our own has two levels.
    private static let maximumDepth = 4
    /// Entries of one list or dictionary that are printed.
    private static let maximumEntries = 64

    static func timestamp() -> String {
        Date.now.ISO8601Format(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    }

    /// Handler, provider, event: the later wins. In the order of the names, so that equal events look equal.
    static func merged(
        _ handler: Logger.Metadata, _ provider: Logger.MetadataProvider?, _ event: LogEvent
    ) -> [(key: String, value: Logger.MetadataValue)] {
        var all = handler
        if let provided = provider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = .string("\(error)") }
        return all.sorted { $0.key < $1.key }
    }

    static func append(_ value: Logger.MetadataValue, to line: inout [UInt8], depth: Int = 0) {
        switch value {
        case .string(let text): LogQuoting.append(text, to: &line)
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
