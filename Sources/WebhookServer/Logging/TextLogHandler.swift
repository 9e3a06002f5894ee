// SPDX-License-Identifier: Apache-2.0
public import Logging

/// One line per event for people: time, level, message, then `name=value` with every value quoted as JSON.
public struct TextLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let output: LogOutput

    public init(label: String, level: Logger.Level = .info, output: LogOutput = .standardError) {
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
        line.append(contentsOf: "\(LogFields.timestamp()) \(event.level.rawValue) ".utf8)
        // Messages and names are constants of programs, but not all of ours.
        LogQuoting.appendUnquoted(event.message.description, to: &line)
        for (name, value) in LogFields.merged(metadata, metadataProvider, event) {
            line.append(UInt8(ascii: " "))
            LogQuoting.appendUnquoted(name, to: &line)
            line.append(UInt8(ascii: "="))
            LogFields.append(value, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        output.write(line)
    }
}
