// SPDX-License-Identifier: Apache-2.0

/// What an operator decides about policies as a whole; it may change while they are in force.
public struct PolicySettings: Hashable, Sendable {
    public var noMatch: NoMatchAction
    /// How documents are read, those in force and those under review.
    public var rules: DocumentRules

    public init(noMatch: NoMatchAction = .deny, rules: DocumentRules = DocumentRules()) {
        self.noMatch = noMatch
        self.rules = rules
    }
}

/// `--no-match`: what becomes of an image that no policy names.
public enum NoMatchAction: String, Hashable, Sendable, CaseIterable {
    case deny, warn, allow
}
