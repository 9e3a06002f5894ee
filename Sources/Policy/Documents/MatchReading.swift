// SPDX-License-Identifier: Apache-2.0
import JSON

extension DocumentReader {
    mutating func match(_ field: Field) -> [WorkloadRule]? {
        guard let entries = list(field) else { return nil }
        let rules = entries.compactMap { workloadRule($0) }
        return rules.count == entries.count ? rules : nil
    }

    private mutating func workloadRule(_ entry: Field) -> WorkloadRule? {
        guard let fields = object(entry, ["group", "version", "resource", "selector"]) else { return nil }
        let group = string(fields["group"])
        let version = string(fields["version"])
        let resource = string(fields["resource"])
        let hasSelector = fields["selector"].isPresent
        let selector = hasSelector ? labelSelector(fields["selector"]) : nil
        guard let group, let version, let resource, !hasSelector || selector != nil else { return nil }
        guard resource.isEmpty || WorkloadRule.knownResources.contains(resource) else {
            invalid(
                resource, fields["resource"], details: "unsupported resource name",
                advice: "known are \(WorkloadRule.knownResources.sorted().joined(separator: ", "))")
            return nil
        }
        if hasSelector, resource.isEmpty, version.isEmpty, group.isEmpty {
            invalid("", fields["selector"], details: "selector requires a resource type to match the labels")
            return nil
        }
        for (name, value) in [("resource", resource), ("version", version)] where value.isEmpty {
            report(.warning, "names no workload without \(name)", [fields[name]], code: .matchNamesNothing)
        }
        return WorkloadRule(group: group, version: version, resource: resource, selector: selector)
    }

    private mutating func labelSelector(_ field: Field) -> LabelSelector? {
        guard let fields = object(field, ["matchLabels", "matchExpressions"]) else { return nil }
        var requirements: [LabelSelector.Requirement] = []
        guard let labels = stringMap(fields["matchLabels"]), let expressions = list(fields["matchExpressions"]) else {
            return nil
        }
        for (key, valueField) in labels {
            guard let value = string(valueField), labelKey(key, valueField), labelValue(value, valueField) else {
                return nil
            }
            requirements.append(.isIn(key: key, values: [value]))
        }
        for expression in expressions {
            guard let requirement = requirement(expression) else { return nil }
            requirements.append(requirement)
        }
        return LabelSelector(requirements)
    }

    private mutating func requirement(_ field: Field) -> LabelSelector.Requirement? {
        guard let fields = object(field, ["key", "operator", "values"]), let key = string(fields["key"]),
            let relation = string(fields["operator"]), let entries = list(fields["values"]),
            labelKey(key, fields["key"])
        else { return nil }
        var values: Set<String> = []
        for entry in entries {
            guard let value = string(entry), labelValue(value, entry) else { return nil }
            values.insert(value)
        }
        switch (relation, values.isEmpty) {
        case ("In", false): return .isIn(key: key, values: values)
        case ("NotIn", false): return .isNotIn(key: key, values: values)
        case ("Exists", true): return .exists(key: key)
        case ("DoesNotExist", true): return .doesNotExist(key: key)
        case ("In", true), ("NotIn", true):
            missing([fields["values"]])
        case ("Exists", false), ("DoesNotExist", false):
            report(.invalid, "must not set the field(s)", [fields["values"]])
        default:
            invalid(relation, fields["operator"], advice: "known are In, NotIn, Exists and DoesNotExist")
        }
        return nil
    }

    private mutating func labelKey(_ key: String, _ field: Field) -> Bool {
        if LabelSelector.isKey(key) { return true }
        invalid(key, field, details: "no label has such a key")
        return false
    }

    private mutating func labelValue(_ value: String, _ field: Field) -> Bool {
        if LabelSelector.isValue(value) { return true }
        invalid(value, field, details: "no label has such a value")
        return false
    }
}
