// SPDX-License-Identifier: Apache-2.0

/// The roles of a repository's metadata. The Update Framework, specification 1.0 §2.1.
public enum RoleName: String, Hashable, Sendable {
    case root, timestamp, snapshot, targets
}
