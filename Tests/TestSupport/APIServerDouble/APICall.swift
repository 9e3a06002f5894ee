// SPDX-License-Identifier: Apache-2.0

/// A request as the server saw it, for a test to look at.
public struct APIServerRequest: Sendable {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    public let method: String
    /// The path, as it was sent.
    public let path: String
    /// What stood behind the question mark, as it was sent.
    public let query: String
    /// Names in lower case.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]
    /// The name that the credential stands for; empty where it was refused.
    public internal(set) var user = ""
    /// When it came in.
    public let time: ContinuousClock.Instant

    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, as permissions call it.
    public var verb: String { APICall(self).verb }
    /// `secrets`, or `clusterimagepolicies/status`; empty where the path names no resource.
    public var resource: String {
        let call = APICall(self)
        guard let plural = call.resource?.plural else { return "" }
        return call.subresource.isEmpty ? plural : "\(plural)/\(call.subresource)"
    }
    /// The object's name; empty for a collection.
    public var name: String { APICall(self).name }
    /// The body as JSON; `null` where it is none.
    public var object: JSONTree { (try? JSONTree(json: body)) ?? .null }
    /// The first header of that name, which is given in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// A request taken apart.
struct APICall: Sendable {
    let method: String
    let path: String
    let query: [(name: String, value: String)]
    let contentType: String
    let body: [UInt8]
    private(set) var resource: APIResource?
    private(set) var version = ""
    private(set) var namespace = ""
    private(set) var name = ""
    private(set) var subresource = ""
    /// Whether the path is below a group and version that are served, whatever follows.
    private(set) var isBelowGroup = false
    var user = ""

    init(_ request: APIServerRequest) {
        method = request.method
        path = request.path
        body = request.body
        user = request.user
        contentType = String((request.header("content-type") ?? "").prefix { $0 != ";" })
        query = request.query.split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (Self.unescaped(name), Self.unescaped(pair.dropFirst(name.count + 1)))
        }
        var parts = request.path.split(separator: "/").map { Self.unescaped($0, plusIsSpace: false) }
        var group = ""
        if parts.first == "api", parts.count >= 2 {
            version = parts[1]
            parts.removeFirst(2)
        } else if parts.first == "apis", parts.count >= 3 {
            (group, version) = (parts[1], parts[2])
            parts.removeFirst(3)
        } else {
            return
        }
        isBelowGroup = APIResource.all.contains { $0.group == group && $0.versions.contains(version) }
        // `namespaces/NAME`, `namespaces/NAME/status` and `…/finalize` are about the namespace itself.
        if parts.first == "namespaces", parts.count >= 3, parts[2] != "status", parts[2] != "finalize" {
            namespace = parts[1]
            parts.removeFirst(2)
        }
        guard let plural = parts.first, parts.count <= 3 else { return }
        resource = APIResource.find(group: group, version: version, plural: plural)
        if parts.count > 1 { name = parts[1] }
        if parts.count > 2 { subresource = parts[2] }
    }

    /// The name that permissions are asked for: a list or watch of one name by field selector is about that name.
    var authorizedName: String {
        guard name.isEmpty, ["list", "watch", "deletecollection"].contains(verb) else { return name }
        let terms = (parameter("fieldSelector") ?? "").split(separator: ",")
        let prefix = "metadata.name="
        guard terms.count == 1, let term = terms.first, term.hasPrefix(prefix) else { return "" }
        return String(term.dropFirst(prefix.count))
    }

    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func flag(_ name: String) -> Bool { ["true", "1"].contains(parameter(name) ?? "") }

    var isDryRun: Bool { parameter("dryRun") == "All" }

    var isWatch: Bool { method == "GET" && name.isEmpty && flag("watch") }

    var verb: String {
        switch method {
        case "GET" where isWatch: "watch"
        case "GET" where resource != nil && name.isEmpty: "list"
        case "POST": "create"
        case "PUT": "update"
        case "PATCH": "patch"
        case "DELETE" where resource != nil && name.isEmpty: "deletecollection"
        case "DELETE": "delete"
        default: "get"
        }
    }

    private static func unescaped(_ text: some StringProtocol, plusIsSpace: Bool = true) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
