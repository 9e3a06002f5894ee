// SPDX-License-Identifier: Apache-2.0

extension Findings {
    /// `spec.match`, whose rules are `rules`.
    mutating func look(atMatch rules: [WorkloadRule], _ place: Place) {
        guard !rules.isEmpty else {
            report(
                .matchEmpty, place, "an empty match governs every workload",
                why: "it reads as if it governed none", better: "leave it out, or name what is to be governed")
            return
        }
        for (rule, place) in zip(rules, place.elements) { look(at: rule, place) }
        // A rule for Pods that names none has been told.
        guard !rules.contains(where: { $0.resource == "pods" }) else { return }
        report(
            .matchLeavesPodsOut, place, "match leaves Pods out",
            why: "whoever creates a Pod directly, or through a kind that is not named, runs any image",
            better: "add \"{version: v1, resource: pods}\"")
    }

    /// Rules without resource or version are the reader's to tell.
    private mutating func look(at rule: WorkloadRule, _ place: Place) {
        guard !rule.resource.isEmpty, !rule.version.isEmpty,
            let group = WorkloadRule.groups.first(where: { $0.resources.contains(rule.resource) })
        else { return }
        let isVersion = rule.version == "*" || group.versions(of: rule.resource).contains(rule.version)
        guard rule.group != group.name || !isVersion else { return }
        let written = rule.group.isEmpty ? "the core group" : "group \(Self.shown(rule.group))"
        report(
            .matchNamesNothing, place,
            "names no workload: there are no \(rule.resource) in version \(Self.shown(rule.version)) of \(written)",
            why: "nothing is governed by this rule",
            better: "write \"{\(group.name.isEmpty ? "" : "group: \(group.name), ")version: v1, "
                + "resource: \(rule.resource)}\"")
    }
}

extension WorkloadRule {
    fileprivate struct Group {
        let name: String
        let resources: Set<String>

        /// Versions that an API server may still serve.
        func versions(of resource: String) -> Set<String> { resource == "cronjobs" ? ["v1", "v1beta1"] : ["v1"] }
    }

    /// Where the API server keeps the resources that `match` may name.
    fileprivate static let groups = [
        Group(name: "", resources: ["pods"]),
        Group(name: "apps", resources: ["deployments", "replicasets", "statefulsets", "daemonsets"]),
        Group(name: "batch", resources: ["jobs", "cronjobs"]),
    ]
}
