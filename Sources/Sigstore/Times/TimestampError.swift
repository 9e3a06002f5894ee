// SPDX-License-Identifier: Apache-2.0

/// Why a timestamp token proves no time of this signature.
public enum TimestampError: Error, Hashable, Sendable {
    /// The token is not the format that it should be.
    case unreadable(String)
}

extension TimestampError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): "the timestamp cannot be read: \(why)"
        }
    }
}
