// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Policy
import TestSupport
import Testing

@testable import Kubernetes

private let isHere = available(
    SharedFolder.path("captures/kubernetes-api") != nil, orSkip: "needs the recordings of an API server")

/// What a real API server of version 1.36 said.
@Suite("Recordings of an API server", .enabled(if: isHere))
struct RecordedStreamTests {
    private static let type = ResourceType(
        group: "policy.sigstore.dev", version: "v1beta1", plural: "clusterimagepolicies", kind: "ClusterImagePolicy",
        isNamespaced: false)

    private static func lines(_ name: String) throws -> [[UInt8]] {
        let bytes = try #require(SharedFolder.bytes("captures/kubernetes-api/\(name)"))
        return bytes.split(separator: UInt8(0x0A)).filter { $0.first == UInt8(ascii: "{") }.map(Array.init)
    }

    private static func body(_ name: String) throws -> [UInt8] {
        let bytes = try #require(SharedFolder.bytes("captures/kubernetes-api/\(name)"))
        return Array(bytes.drop { $0 != UInt8(ascii: "{") })
    }

    @Test("A watch's lines become events, in order")
    func watch() throws {
        let events = try Self.lines("watch-clusterimagepolicies.txt").map { line in
            switch try Watching.event(line[...], of: Self.type) {
            case .stored(let object): "stored \(object.name) \(object.resourceVersion)"
            case .removed(let object): "removed \(object.name) \(object.resourceVersion)"
            case .bookmark(let version): "bookmark \(version)"
            case nil: "nothing"
            }
        }
        #expect(
            events == [
                "stored example 397", "stored second 398", "removed second 399", "bookmark 400", "bookmark 400",
            ])
    }

    @Test("A version that is too old")
    func expired() throws {
        let line = try #require(try Self.lines("watch-410.txt").first)
        do throws(APIFault) {
            _ = try Watching.event(line[...], of: Self.type)
            Issue.record("it is no event")
        } catch {
            #expect(error.isExpired)
            #expect("\(error)".contains("too old resource version: 1 (395)"))
        }
    }

    @Test(
        "Refusals are told apart",
        arguments: [("list-401.txt", 401), ("list-anonymous-403.txt", 403), ("get-secret-404.txt", 404)])
    func refusals(file: String, code: Int) async throws {
        let body = try Self.body(file)
        try await APIServerDouble.withServer { server in
            let status = try JSONTree(json: body)
            server.refuse(
                code, reason: status["reason"].text, message: status["message"].text, times: code == 401 ? 2 : 1)
            try await withClient(of: server) { client in
                do throws(APIFault) {
                    let object = try await client.get(.secrets, "missing", in: "demo")
                    #expect(code == 404 && object == nil)
                } catch {
                    #expect(error.isUnauthorized == (code == 401) && error.isForbidden == (code == 403))
                    #expect("\(error)".contains(status["message"].text.prefix(30)) || code == 404)
                }
            }
        }
    }

    @Test("A list's items, a page's token, and a Secret")
    func objects() throws {
        let page = try JSONTree(json: try Self.body("list-page1.json"))
        for item in page["items"].elements {
            let object = try KubernetesObject(parsing: item.bytes, of: Self.type)
            #expect(object.generation == 1 && !object.uid.isEmpty && !object.isBeingDeleted)
            // What it means has none of what others wrote about it.
            guard case .text(let text) = PolicyResource.policies.file(object).content else { return }
            let document = try JSONTree(json: text)
            #expect(document.members.map { $0.name } == ["apiVersion", "kind", "metadata", "spec"])
            #expect(document["metadata"] == ["name": .string(object.name)])
        }
        let secret = try KubernetesObject(parsing: try Self.body("get-secret.txt"))
        #expect(secret.key == ObjectKey(namespace: "demo", name: "s1"))
        #expect(secret.labels.isEmpty && secret.resourceVersion == "400")
    }
}
