import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

/// Asks an API server double over its socket, by libcurl.
struct DoubleClient: Sendable {
    let server: APIServerDouble
    var token: String? = "test-token"
    var version = CurlClient.Version.http1

    struct Answer: Sendable {
        let status: Int
        let object: JSONTree
        let text: String
        let headers: [(name: String, value: String)]

        /// The lines of a watch.
        var events: [JSONTree] {
            text.split(separator: "\n").map { (try? JSONTree(json: Array($0.utf8))) ?? .null }
        }
    }

    func send(
        _ method: String, _ target: String, _ object: JSONTree? = nil, type: String = "application/json"
    ) async throws -> Answer {
        var client = CurlClient(version: version, caPEM: server.authorityPEM)
        client.timeout = .seconds(20)
        var headers = [("Content-Type", type)]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        let response = try await client.send(method, server.url + target, headers: headers, body: object?.bytes)
        return Answer(
            status: response.status, object: (try? JSONTree(json: response.body)) ?? .null, text: response.text,
            headers: response.headers)
    }

    func get(_ target: String) async throws -> Answer { try await send("GET", target) }
}

/// Recordings of a real API server.
enum Recording {
    static func object(_ name: String) -> JSONTree? {
        guard let bytes = SharedFolder.bytes("captures/kubernetes-api/\(name)") else { return nil }
        // Headers come first in some; no header line has a brace.
        return try? JSONTree(json: Array(bytes.drop { $0 != UInt8(ascii: "{") }))
    }

    static func lines(_ name: String) -> [JSONTree] {
        let text = String(decoding: SharedFolder.bytes("captures/kubernetes-api/\(name)") ?? [], as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{") }.compactMap {
            try? JSONTree(json: Array($0.utf8))
        }
    }

    static let isHere = available(
        SharedFolder.path("captures/kubernetes-api") != nil, orSkip: "needs the recordings of an API server")
}

extension JSONTree {
    /// The paths of all members, without those that a test says do not count; elements of arrays share one path.
    func shape(_ prefix: String = "", without left: Set<String> = ["managedFields"]) -> Set<String> {
        switch self {
        case .object(let members):
            var paths: Set<String> = [prefix + "{}"]
            for member in members where !left.contains(member.name) {
                paths.formUnion(member.value.shape("\(prefix)/\(member.name)", without: left))
            }
            return paths
        case .array(let values):
            return values.reduce(into: [prefix + "[]"]) { $0.formUnion($1.shape(prefix + "[]", without: left)) }
        default: return [prefix]
        }
    }
}

/// Objects that tests store.
enum Example {
    static func secret(_ name: String = "s1", in namespace: String = "demo", data: JSONTree = ["cosign.pub": "YWJj"])
        -> JSONTree
    {
        [
            "apiVersion": "v1", "kind": "Secret",
            "metadata": ["name": .string(name), "namespace": .string(namespace)], "data": data,
        ]
    }

    static func policy(_ name: String, glob: String = "ghcr.io/example/*", version: String = "v1beta1") -> JSONTree {
        [
            "apiVersion": .string("policy.sigstore.dev/\(version)"), "kind": "ClusterImagePolicy",
            "metadata": ["name": .string(name), "annotations": ["a": "b"]],
            "spec": [
                "images": [["glob": .string(glob)]],
                "authorities": [
                    [
                        "keyless": [
                            "url": "https://fulcio.example.com",
                            "identities": [
                                [
                                    "issuer": "https://token.actions.githubusercontent.com",
                                    "subjectRegExp": "^https://github.com/example/.*$",
                                ]
                            ],
                        ]
                    ]
                ],
            ],
        ]
    }

    static let policies = "/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies"
}
