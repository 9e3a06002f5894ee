// SPDX-License-Identifier: Apache-2.0

/// What one authority asks of a proof. Part of the key under which evidence is cached: every member that changes the
/// check is in its equality.
public struct VerificationOptions: Hashable, Sendable {
    public let key: VerificationKey
    /// A transparency log entry is asked for. Not checked yet: asking for it fails, it never passes.
    public let requiresLogEntry: Bool
    /// A signed timestamp is asked for. Not checked yet: asking for it fails, it never passes.
    public let requiresTimestamp: Bool

    public init(key: VerificationKey, requiresLogEntry: Bool = false, requiresTimestamp: Bool = false) {
        self.key = key
        self.requiresLogEntry = requiresLogEntry
        self.requiresTimestamp = requiresTimestamp
    }
}
