// SPDX-License-Identifier: Apache-2.0
import JSON

/// Compares a webhook as it is with how it should be, by meaning: what is empty is as if it were not there.
enum WebhookDrift {
    /// Fields that decide what a webhook is asked, by whom and with what effect. A field that a later version of the API
    /// brings, and fills in, is not ours and is no drift.
    private static let fields = [
        "name", "admissionReviewVersions", "clientConfig", "rules", "failurePolicy", "matchPolicy",
        "namespaceSelector", "objectSelector", "matchConditions", "reinvocationPolicy", "sideEffects",
        "timeoutSeconds",
    ]

    /// Names of those that differ.
    static func fields(_ wanted: JSONValue, _ found: JSONValue) -> [String] {
        fields.filter { !isEqual(wanted[$0], found[$0]) }
    }

    private static func isVoid(_ value: JSONValue?) -> Bool {
        guard let value else { return true }
        switch value.kind {
        case .null: return true
        case .object: return value.members.allSatisfy { isVoid($0.value) }
        case .array: return value.count == 0
        default: return false
        }
    }

    private static func isEqual(_ wanted: JSONValue?, _ found: JSONValue?) -> Bool {
        if isVoid(wanted) || isVoid(found) { return isVoid(wanted) && isVoid(found) }
        guard let wanted, let found, wanted.kind == found.kind else { return false }
        switch wanted.kind {
        case .object:
            return wanted.members.allSatisfy { isEqual($0.value, found[$0.name]) }
                && found.members.allSatisfy { wanted[$0.name] != nil || isVoid($0.value) }
        case .array:
            return wanted.count == found.count
                && zip(wanted.elements, found.elements).allSatisfy { isEqual($0, $1) }
        case .string: return wanted.string == found.string
        case .bool: return wanted.bool == found.bool
        case .number: return wanted.numberText == found.numberText
        case .null: return true
        }
    }
}
