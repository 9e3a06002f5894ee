// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Answers `GET` on one object and on a collection.
enum ObjectList {
    static func one(_ call: APICall, _ resource: APIResource, in store: ObjectStore) throws(APIFault) -> APIAnswer {
        let key = ObjectKey(resource, namespace: call.namespace, name: call.name)
        guard let found = store.objects[key] else { throw .notFound(resource, call.name) }
        let isKnown =
            call.subresource.isEmpty || (call.subresource == "status" && resource.hasStatus)
            || resource.subresources.contains(call.subresource)
        guard isKnown else { throw .noSuchResource }
        return APIAnswer(200, resource.answered(found.tree, call))
    }

    static func list(_ call: APICall, _ resource: APIResource, in store: ObjectStore) throws(APIFault) -> APIAnswer {
        let filter = try ObjectFilter(call, resource)
        var version = store.version
        var start: String?
        if let token = call.parameter("continue"), !token.isEmpty {
            guard let place = ContinueToken(token) else {
                throw .badRequest("continue key is not valid: \(token)")
            }
            // -1 continues from the same place in what is there now.
            if place.version >= 0 {
                guard place.version >= store.horizon else {
                    throw .expiredContinue(token: ContinueToken(version: -1, start: place.start).text)
                }
                version = place.version
            }
            start = place.start
        } else if let asked = call.parameter("resourceVersion").flatMap({ Int64($0) }), asked > store.version {
            throw APIFault(
                504, "Timeout", "Too large resource version: \(asked), current: \(store.version)",
                details: ["causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]]],
                retryAfter: 1)
        }
        var found = store.selected(filter, at: version)
        if let start { found = found.filter { $0.key.path > start } }
        let limit = call.parameter("limit").flatMap { Int($0) } ?? 0
        var metadata: JSONTree = [:]
        if limit > 0, found.count > limit {
            let page = found.prefix(limit)
            let remaining = found.count - limit
            found = Array(page)
            metadata["continue"] = .string(ContinueToken(version: version, start: found.last?.key.path ?? "").text)
            metadata["resourceVersion"] = .string(String(version))
            if call.parameter("labelSelector") == nil, call.parameter("fieldSelector") == nil {
                metadata["remainingItemCount"] = .integer(Int64(remaining))
            }
        } else {
            if resource.isCustom { metadata["continue"] = "" }
            metadata["resourceVersion"] = .string(String(version))
        }
        let items = found.map { item in
            var shown = resource.shown(item.object, in: call.version)
            // Elements of typed lists do not repeat the type; those of custom resources do.
            if !resource.isCustom {
                shown.remove("apiVersion")
                shown.remove("kind")
            }
            return shown
        }
        return APIAnswer(
            200,
            [
                "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion(call.version)),
                "metadata": metadata, "items": .array(items),
            ])
    }
}

/// Where a list stopped; opaque to clients.
struct ContinueToken {
    let version: Int64
    let start: String

    init(version: Int64, start: String) {
        self.version = version
        self.start = start
    }

    init?(_ text: String) {
        guard let bytes = Data(base64Encoded: text), let tree = try? JSONTree(json: Array(bytes)),
            let version = tree["rv"].integer, let start = tree["start"].string
        else { return nil }
        self.init(version: version, start: start)
    }

    var text: String {
        // Standard base64 with plus and slash: a client that does not escape it finds out.
        let tree: JSONTree = ["v": "meta.k8s.io/v1", "rv": .integer(version), "start": .string(start)]
        return MintedText.base64(tree.bytes)
    }
}
