// SPDX-License-Identifier: Apache-2.0

/// Why a log entry proves nothing about this signature.
public enum LogError: Error, Hashable, Sendable {
    /// The entry, its body, proof or checkpoint is not the format that it should be.
    case unreadable(String)
}

extension LogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): "the log entry cannot be read: \(why)"
        }
    }
}
