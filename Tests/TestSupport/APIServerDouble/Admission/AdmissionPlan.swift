// SPDX-License-Identifier: Apache-2.0

/// One registered webhook that a write concerns.
struct AdmissionHook: Sendable {
    let configuration: String
    let isMutating: Bool
    let definition: JSONTree
    /// The version of the resource that the rules name; not always that of the request.
    let version: String

    var name: String { definition["name"].text }
    var ignoresFailure: Bool { definition["failurePolicy"].text == "Ignore" }
    var timeoutSeconds: Int64 { definition["timeoutSeconds"].integer ?? 10 }
    var reinvokes: Bool { definition["reinvocationPolicy"].text == "IfNeeded" }
}

/// The webhooks that a write concerns, by their rules and selectors; match conditions come later, as they see the
/// object as it is at that moment.
struct AdmissionPlan: Sendable {
    let mutating: [AdmissionHook]
    let validating: [AdmissionHook]
    private let store: ObjectStore

    var isEmpty: Bool { mutating.isEmpty && validating.isEmpty }

    init(_ write: ObjectWrite, in store: ObjectStore) {
        self.store = store
        mutating = Self.hooks("mutatingwebhookconfigurations", write, store)
        validating = Self.hooks("validatingwebhookconfigurations", write, store)
    }

    /// Once more, for an object that was changed.
    func renewed(for write: ObjectWrite) -> AdmissionPlan { AdmissionPlan(write, in: store) }

    private static func hooks(_ plural: String, _ write: ObjectWrite, _ store: ObjectStore) -> [AdmissionHook] {
        // Webhooks are not asked about what registers them: one could never be repaired.
        guard write.resource.group != "admissionregistration.k8s.io" else { return [] }
        return store.objects.filter { $0.key.plural == plural }.sorted { $0.key < $1.key }
            .flatMap { key, configuration in
                configuration.tree["webhooks"].elements.compactMap { definition in
                    guard let version = matchedVersion(definition, write),
                        matchesNamespace(definition, write, store), matchesObject(definition, write)
                    else { return nil }
                    return AdmissionHook(
                        configuration: key.name, isMutating: plural.hasPrefix("mutating"), definition: definition,
                        version: version)
                }
            }
    }

    /// The version under which a rule names the resource.
    private static func matchedVersion(_ webhook: JSONTree, _ write: ObjectWrite) -> String? {
        let isEquivalent = webhook["matchPolicy"].text != "Exact"
        // The version of the request comes first.
        let versions = [write.call.version] + (isEquivalent ? write.resource.versions : [])
        return versions.first { version in
            webhook["rules"].elements.contains { rule in
                func names(_ list: String, _ value: String) -> Bool {
                    rule[list].elements.contains { $0.text == "*" || $0.text == value }
                }
                let scope = rule["scope"].string ?? "*"
                return names("operations", write.operation.rawValue) && names("apiGroups", write.resource.group)
                    && names("apiVersions", version)
                    && rule["resources"].elements.contains { covers($0.text, write) }
                    && (scope == "*" || (scope == "Namespaced") == write.resource.isNamespaced)
            }
        }
    }

    /// `*` covers no subresources, `*/*` everything, `pods/*` all subresources of pods.
    private static func covers(_ pattern: String, _ write: ObjectWrite) -> Bool {
        let parts = pattern.split(separator: "/", maxSplits: 1).map(String.init)
        guard let resource = parts.first, resource == "*" || resource == write.resource.plural else { return false }
        guard parts.count == 2 else { return write.call.subresource.isEmpty }
        if parts[1] == "*" { return resource == "*" || !write.call.subresource.isEmpty }
        return parts[1] == write.call.subresource
    }

    private static func matchesNamespace(_ webhook: JSONTree, _ write: ObjectWrite, _ store: ObjectStore) -> Bool {
        let selector = LabelSelector(object: webhook["namespaceSelector"])
        if write.resource.isNamespaced {
            guard let space = APIResource.find(group: "", version: "v1", plural: "namespaces") else { return false }
            let key = ObjectKey(space, namespace: "", name: write.key.namespace)
            return selector.matches(store.objects[key]?.tree.labels ?? [:])
        }
        guard write.resource.plural == "namespaces" else { return true }
        return selector.matches((write.new ?? write.old?.tree)?.labels ?? [:])
    }

    private static func matchesObject(_ webhook: JSONTree, _ write: ObjectWrite) -> Bool {
        let selector = LabelSelector(object: webhook["objectSelector"])
        if selector.requirements.isEmpty { return true }
        return [write.new, write.old?.tree].contains { $0.map { selector.matches($0.labels) } ?? false }
    }
}
