// SPDX-License-Identifier: Apache-2.0

/// The top-level roles of a repository's metadata. The Update Framework (TUF) 1.0 §2.1; delegated roles are not followed.
public enum RoleName: String, Hashable, Sendable, CaseIterable {
    case root, timestamp, snapshot, targets
}
