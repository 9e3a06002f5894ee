// SPDX-License-Identifier: Apache-2.0

/// Where a Rekor v1 log answers, as an operator wrote it: `https://host[:port][/path]`.
public struct LogAddress: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ url: String) { description = url }
}
