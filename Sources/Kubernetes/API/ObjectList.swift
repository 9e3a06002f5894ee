// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import JSON

/// All objects that a selection names, as they were at one version.
public struct ObjectList: Sendable {
    public let objects: [KubernetesObject]
    /// From which a watch goes on.
    public let resourceVersion: String
}

extension APIServer {
    /// Objects that one page holds; client-go asks for as many.
    public static let pageSize = 500
    /// Bytes of one page: each of its objects may be as large as etcd takes, and a cluster's are a few KiB. A page that
    /// is larger is asked for anew with half as many objects.
    static let maximumPageBytes = 64 << 20
    /// Objects of a list altogether: pods of the largest clusters that Kubernetes is tested with (150,000), with room.
    static let maximumObjects = 400_000

    /// Every object, page by page. A list that grew too old between two pages is begun again, once.
    public func list(
        _ type: ResourceType, _ selection: ObjectSelection = ObjectSelection()
    ) async throws(APIFault) -> ObjectList {
        var objects: [KubernetesObject] = []
        let version = try await list(type, selection) {
            objects += $0
        } startAgain: {
            objects = []
        }
        return ObjectList(objects: objects, resourceVersion: version)
    }

    /// Every object, a page at a time, for whoever does not want to hold them all; returns the version of the list.
    ///
    /// - Parameter startAgain: what was handed on so far does not count: the list is begun anew.
    public func list(
        _ type: ResourceType, _ selection: ObjectSelection, pageSize: Int = pageSize,
        onPage: ([KubernetesObject]) async -> Void, startAgain: () async -> Void
    ) async throws(APIFault) -> String {
        var token = ""
        var count = 0
        var startedAgain = false
        var pageSize = pageSize
        while true {
            var query = selection.query + [("limit", String(pageSize))]
            if !token.isEmpty { query.append(("continue", token)) }
            let page: JSONDocument
            do throws(APIFault) {
                page = try await self.page(type.path(namespace: selection.namespace), query)
            } catch {
                if error.isTooLarge, pageSize > 1 {
                    pageSize /= 2
                    continue
                }
                guard error.isExpired, !token.isEmpty, !startedAgain else { throw error }
                startedAgain = true
                token = ""
                count = 0
                await startAgain()
                continue
            }
            guard let items = page.root["items"], items.kind == .array || items.isNull else {
                throw .malformed("a list has no items")
            }
            var objects: [KubernetesObject] = []
            for item in items.elements {
                objects.append(try KubernetesObject(parsing: Array(item.rawText), of: type))
            }
            count += objects.count
            guard count <= Self.maximumObjects else {
                throw .malformed("a list has more than \(Self.maximumObjects) objects")
            }
            await onPage(objects)
            let metadata = page.root["metadata"]
            token = metadata?["continue"]?.string ?? ""
            if token.isEmpty { return metadata?["resourceVersion"]?.string ?? "" }
        }
    }

    private func page(_ path: String, _ query: [(String, String)]) async throws(APIFault) -> JSONDocument {
        let text = query.map { "\($0.0)=\(URLText.escaped($0.1))" }.joined(separator: "&")
        let response = try await call("GET", "\(path)?\(text)", maximumBodyBytes: maximumPageBytes)
        do throws(JSONError) {
            return try JSONDocument(parsing: response.body, limits: KubernetesObject.limits)
        } catch {
            throw .malformed("a list is no JSON: \(error)")
        }
    }
}

extension KubernetesObject {
    /// An item of a list, which for built-in resources says neither kind nor version: they are put in front.
    init(parsing text: [UInt8], of type: ResourceType) throws(APIFault) {
        let object = try KubernetesObject(parsing: text)
        guard object.root["kind"] == nil else {
            self = object
            return
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", type.apiVersion)
            writer.member("kind", type.kind)
            for member in object.root.members where member.name != "apiVersion" {
                writer.name(member.name)
                writer.raw(member.value.rawText)
            }
        }
        try self.init(parsing: writer.bytes)
    }
}
