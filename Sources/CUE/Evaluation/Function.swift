// SPDX-License-Identifier: Apache-2.0

/// A function that a policy can call.
enum Function: Sendable {
    /// Of the language, or of a package where the arguments are constraints: what the evaluator itself does.
    case evaluated(EvaluatedFunction)
    /// Values in, a value out.
    case library(Builtin)

    /// As error messages name it: `strings.MinRunes`, `encoding/json.Marshal`.
    var path: String {
        switch self {
        case .evaluated(let function): function.rawValue
        case .library(let builtin): builtin.path
        }
    }
}

/// The functions that need more than values.
enum EvaluatedFunction: String, CaseIterable, Sendable {
    case len, close, and, or, div, mod, quo, rem, matchN, matchIf, error
    case minItems = "list.MinItems"
    case maxItems = "list.MaxItems"
    case uniqueItems = "list.UniqueItems"
    case contains = "list.Contains"
    case listMatchN = "list.MatchN"
    case sort = "list.Sort"
    case sortStable = "list.SortStable"
    case isSorted = "list.IsSorted"
    case minFields = "struct.MinFields"
    case maxFields = "struct.MaxFields"
    case jsonValidate = "encoding/json.Validate"

    /// The least and the greatest number of arguments that make it a value.
    var arity: ClosedRange<Int> {
        switch self {
        case .len, .close, .and, .or, .error, .uniqueItems: 1...1
        case .matchIf: 4...4
        case .matchN, .listMatchN: 3...3
        default: 2...2
        }
    }

    /// What it takes as a constraint; `nil` where it cannot be one.
    var constrained: Kind? {
        switch self {
        case .minItems, .maxItems, .uniqueItems, .listMatchN: .list
        case .minFields, .maxFields: .structure
        case .jsonValidate: [.string, .bytes]
        case .matchN, .matchIf: .top
        default: nil
        }
    }
}
