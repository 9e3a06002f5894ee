// SPDX-License-Identifier: Apache-2.0

/// Which parts of a document somebody reads.
///
/// What is not named is as good as absent for whoever reads no more than this; nobody else may be given what was left.
public indirect enum JSONParts: Hashable, Sendable {
    case nothing
    case all
    /// Of an object these members, each as far as said, and that it is one. What is no object is read whole.
    case members([String: JSONParts])

    /// All that either of them names.
    public func union(_ other: JSONParts) -> JSONParts {
        switch (self, other) {
        case (.all, _), (_, .all): .all
        case (.nothing, let parts), (let parts, .nothing): parts
        case (.members(let some), .members(let others)): .members(some.merging(others) { $0.union($1) })
        }
    }

    /// Whether all that `other` names is named here too.
    public func contains(_ other: JSONParts) -> Bool { union(other) == self }
}
