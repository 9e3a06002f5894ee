// SPDX-License-Identifier: Apache-2.0

/// Server-side apply: what a manager applies is merged in, and what it applied before and no longer does is taken away
/// unless another manager applies it too. Conflicts between managers are not modelled: every apply is forced.
enum ServerSideApply {
    /// Lists whose elements are merged by the value of a member, by the name of the list. All others are replaced
    /// whole, as the CRDs and most built-in types have it.
    private static let listKeys: [String: String] = [
        "conditions": "type", "webhooks": "name", "matchConditions": "name", "ownerReferences": "uid",
        "containers": "name", "initContainers": "name", "ephemeralContainers": "name", "volumes": "name",
        "env": "name", "imagePullSecrets": "name",
    ]
    /// Lists of scalars that are sets.
    private static let sets: Set<String> = ["finalizers"]

    static func merged(_ live: JSONTree?, _ applied: JSONTree, list: String = "") -> JSONTree {
        switch applied {
        case .object(let members):
            var result = live?.isObject == true ? live ?? [:] : [:]
            // `$` begins the directives of strategic merge patches, which are not modelled.
            for member in members where !member.name.hasPrefix("$") {
                if member.value.isNull {
                    result.remove(member.name)
                } else {
                    result[member.name] = merged(result.member(member.name), member.value, list: member.name)
                }
            }
            return result
        case .array(let values):
            guard case .array(var result) = live else { return applied }
            if sets.contains(list) { return .array(result + values.filter { !result.contains($0) }) }
            guard let key = listKeys[list], values.allSatisfy({ $0.member(key) != nil }) else { return applied }
            for value in values {
                if let index = result.firstIndex(where: { $0.member(key) == value.member(key) }) {
                    result[index] = merged(result[index], value)
                } else {
                    result.append(value)
                }
            }
            return .array(result)
        default: return applied
        }
    }

    /// What stays of the live object where `previous` was applied before, `applied` is now, and `others` by others.
    static func pruned(
        _ live: JSONTree, previous: JSONTree, applied: JSONTree?, others: [JSONTree], list: String = ""
    ) -> JSONTree {
        switch (live, previous) {
        case (.object, .object(let members)):
            var result = live
            for member in members {
                guard let value = live.member(member.name) else { continue }
                let now = applied?.member(member.name)
                let owners = others.compactMap { $0.member(member.name) }
                if member.value.isObject || listKeys[member.name] != nil || sets.contains(member.name) {
                    let rest = pruned(
                        value, previous: member.value, applied: now, others: owners, list: member.name)
                    result[member.name] = rest
                    if now == nil, owners.isEmpty, rest == [:] || rest == [] { result.remove(member.name) }
                } else if now == nil, owners.isEmpty {
                    result.remove(member.name)
                }
            }
            return result
        case (.array(let values), .array(let before)):
            let key = listKeys[list]
            func same(_ left: JSONTree, _ right: JSONTree) -> Bool {
                key.map { left.member($0) == right.member($0) } ?? (left == right)
            }
            return .array(
                values.compactMap { value in
                    guard let earlier = before.first(where: { same($0, value) }) else { return value }
                    let now = applied?.elements.first { same($0, value) }
                    let owners = others.compactMap { $0.elements.first { same($0, value) } }
                    if now == nil, owners.isEmpty { return nil }
                    return key == nil
                        ? value : pruned(value, previous: earlier, applied: now ?? [:], others: owners)
                })
        default: return live
        }
    }
}
