// SPDX-License-Identifier: Apache-2.0

/// What names mean at one place of a policy, innermost last. Scopes that are levels have an environment at run time.
struct Scopes {
    enum Content {
        /// The fields that can be named, and the declarations that bring other names.
        case structure(fields: Set<String>, names: [String: Int])
        /// Names of comprehension clauses, or what a pattern matched.
        case clause([String: Int])
        /// A name for the value that it stands in front of; no level.
        case alias(String, Int)
    }

    /// A name that must be used.
    struct Name {
        let text: String
        let at: Int
        var meaning: Meaning
        var isUsed = false
    }

    enum Meaning {
        case target(Reference.Target)
        /// A let clause, compiled when the name is met or the struct is done.
        case pending(Syntax, LetClause?)
        /// The struct that begins at the next level inward.
        case next
    }

    struct Scope {
        var content: Content
        var isLevel: Bool
    }

    var scopes: [Scope] = []
    /// Every name of the text, by number.
    var names: [Name] = []

    mutating func declare(_ text: String, _ meaning: Meaning, at: Int) -> Int {
        names.append(Name(text: text, at: at, meaning: meaning))
        return names.count - 1
    }
}
