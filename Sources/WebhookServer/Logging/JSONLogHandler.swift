// SPDX-License-Identifier: Apache-2.0
public import Logging

/// One JSON object per line: `time`, `level`, `message`, `logger`, then the metadata by name.
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let output: LogOutput

    /// What comes first in every line; metadata under these names gets an underscore in front.
    private static let ownNames: Set<String> = ["time", "level", "message", "logger"]

    public init(label: String, level: Logger.Level = .info, output: LogOutput = .standardError) {
        self.label = label
        self.output = output
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line: [UInt8] = []
        line.reserveCapacity(LogFields.usualBytes)
        line.append(UInt8(ascii: "{"))
        member("time", .string(LogFields.timestamp()), to: &line)
        member("level", .string(event.level.rawValue), to: &line)
        member("message", .string(event.message.description), to: &line)
        member("logger", .string(label), to: &line)
        for (name, value) in LogFields.merged(metadata, metadataProvider, event) {
            member(Self.ownNames.contains(name) ? "_" + name : name, value, to: &line)
        }
        line += Array("}\n".utf8)
        output.write(line)
    }

    private func member(_ name: String, _ value: Logger.MetadataValue, to line: inout [UInt8]) {
        if line.count > 1 { line.append(UInt8(ascii: ",")) }
        LogQuoting.append(name, to: &line)
        line.append(UInt8(ascii: ":"))
        LogFields.append(value, to: &line)
    }
}
