// SPDX-License-Identifier: Apache-2.0
public import Logging

/// How log lines are written: the values of `--log-format`.
public enum LogFormat: String, Hashable, Sendable, CaseIterable {
    case text, json

    /// For `LoggingSystem.bootstrap`, which the executable calls once.
    public func handler(
        label: String, level: Logger.Level = .info, output: LogOutput = .standardError
    ) -> any LogHandler {
        switch self {
        case .text: TextLogHandler(label: label, level: level, output: output)
        case .json: JSONLogHandler(label: label, level: level, output: output)
        }
    }
}
