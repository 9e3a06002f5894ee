// SPDX-License-Identifier: Apache-2.0

/// Lets a snapshot through once two looks in a row have seen the same, so that a file is not read while it is written,
/// nor a directory between two of its files.
///
/// What changes at every look is let through in the end: a change has to act within a second.
public struct SettledSnapshots: Sendable {
    /// At four looks a second, three that differ leave room for reading and compiling within the second.
    public static let patience = 3

    private var applied: PolicySnapshot
    private var last: PolicySnapshot
    private var unsettled = 0

    /// `snapshot` is in force already.
    public init(applied snapshot: PolicySnapshot) {
        applied = snapshot
        last = snapshot
    }

    /// What is to be put in force after this look; `nil` where nothing is.
    public mutating func look(_ snapshot: PolicySnapshot) -> PolicySnapshot? {
        let isSettled = snapshot == last
        last = snapshot
        if snapshot == applied {
            unsettled = 0
            return nil
        }
        unsettled += 1
        guard isSettled || unsettled >= Self.patience else { return nil }
        unsettled = 0
        applied = snapshot
        return snapshot
    }
}
