// SPDX-License-Identifier: Apache-2.0

/// Paths that are about the server itself.
enum APIDiscovery {
    /// `nil` where the path is about objects.
    static func answer(_ call: APICall) -> APIAnswer? {
        guard call.method == "GET" || call.method == "HEAD" else { return nil }
        let parts = call.path.split(separator: "/").map(String.init)
        switch parts {
        case ["healthz"], ["livez"], ["readyz"]: return APIAnswer(200, text: "ok")
        case ["version"]:
            return APIAnswer(
                200,
                [
                    "major": "1", "minor": "36", "gitVersion": "v1.36.2", "gitTreeState": "clean",
                    "platform": "linux/amd64",
                ])
        case ["api"]: return APIAnswer(200, ["kind": "APIVersions", "versions": ["v1"]])
        case ["apis"]:
            return APIAnswer(
                200, ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map { group($0) })])
        case ["api", "v1"]: return resources(group: "", version: "v1")
        default:
            guard parts.first == "apis" else { return nil }
            if parts.count == 2, groups.contains(parts[1]) {
                var answer = group(parts[1])
                answer["kind"] = "APIGroup"
                answer["apiVersion"] = "v1"
                return APIAnswer(200, answer)
            }
            return parts.count == 3 ? resources(group: parts[1], version: parts[2]) : nil
        }
    }

    private static var groups: [String] { Set(APIResource.all.map(\.group)).filter { !$0.isEmpty }.sorted() }

    private static func group(_ name: String) -> JSONTree {
        let versions = APIResource.all.first { $0.group == name }?.versions ?? []
        let entries = versions.map { version -> JSONTree in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(name), "versions": .array(entries), "preferredVersion": entries.first ?? .null]
    }

    private static func resources(group: String, version: String) -> APIAnswer? {
        let found = APIResource.all.filter { $0.group == group && $0.versions.contains(version) }
        guard let first = found.first else { return nil }
        let verbs: JSONTree = ["create", "delete", "get", "list", "patch", "update", "watch"]
        let entries = found.flatMap { resource -> [JSONTree] in
            func entry(_ name: String, _ verbs: JSONTree) -> JSONTree {
                [
                    "name": .string(name), "singularName": .string(resource.kind.lowercased()),
                    "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind), "verbs": verbs,
                ]
            }
            let sub = (resource.hasStatus ? ["status"] : []) + resource.subresources
            return [entry(resource.plural, verbs)]
                + sub.map { entry("\(resource.plural)/\($0)", ["get", "patch", "update"]) }
        }
        return APIAnswer(
            200,
            [
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(first.apiVersion(version)),
                "resources": .array(entries),
            ])
    }
}
