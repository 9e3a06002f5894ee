// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

/// The loopback registry beside another implementation: the same requests, the same answers.
@Suite struct ReferenceRegistryTests {
    private struct Step {
        let method: String
        let path: String
        var contentType: String?
        var body: [UInt8]?
    }

    /// One answer, reduced to what the distribution specification settles.
    private struct Observation: Equatable, CustomStringConvertible {
        let step: String
        let status: Int
        let headers: [String]
        let body: String

        var description: String { "\(step): \(status) \(headers) \(body)" }
    }

    private static let reference = "tools/oci11_registry.py"

    private static func haveReference() -> Bool {
        Tool.haveAll("python3")
            && available(SharedFolder.path(reference) != nil, orSkip: "needs the shared folder's \(reference)")
    }

    @Test("Pushes, reads, referrers, tags and mounts are answered as the reference does")
    func sameAnswers() async throws {
        guard Self.haveReference(), let python = Tool.find("python3"),
            let script = SharedFolder.path(Self.reference)
        else { return }
        let folder = try TemporaryDirectory()
        let port = try freeLoopbackPort()
        let process = try RunningProcess(Command(python, [script, String(port)]), log: folder.path("log"))
        let client = CurlClient()
        try await process.waitUntil { () -> Bool? in
            (try? await client.get("http://127.0.0.1:\(port)/v2/"))?.status == 200 ? true : nil
        }
        let expected = try await observe("127.0.0.1:\(port)")
        await process.stop()
        let ours = try await LoopbackRegistry.running { try await observe(try await $0.host) }
        #expect(ours.count == expected.count)
        for (our, their) in zip(ours, expected) { #expect(our == their) }
    }

    private func observe(_ host: String) async throws -> [Observation] {
        let client = CurlClient()
        var observations: [Observation] = []
        func observe(_ step: Step) async throws -> CurlClient.Response {
            let headers = step.contentType.map { [("Content-Type", $0)] } ?? []
            let answer = try await client.send(
                step.method, "http://\(host)\(step.path)", headers: headers, body: step.body)
            // Upload addresses are random, and an upload's last answer may name either address.
            // Whether a mount also tells the digest is left open.
            let isMount = step.path.contains("?mount=")
            let compared = (isMount ? [] : ["docker-content-digest"]) + ["oci-subject", "oci-filters-applied", "range"]
            var told = compared.compactMap { name in answer[name].map { "\(name): \($0)" } }
            if answer["location"] != nil { told.append("location") }
            let reads = answer.status == 200 && step.method == "GET"
            if reads, let type = answer["content-type"] { told.append("content-type: \(type)") }
            observations.append(
                Observation(
                    step: "\(step.method) \(step.path.split(separator: "uploads/").first ?? "")",
                    status: answer.status, headers: told, body: reads ? canonical(answer.body) : ""))
            return answer
        }
        func upload(_ blob: [UInt8], to repository: String) async throws {
            let begun = try await observe(
                Step(method: "POST", path: "/v2/\(repository)/blobs/uploads/", body: []))
            let location = try #require(begun["location"])
            let half = blob.count / 2
            _ = try await observe(Step(method: "PATCH", path: location, body: Array(blob.prefix(half))))
            _ = try await observe(
                Step(
                    method: "PUT", path: "\(location)?digest=\(Digest(of: blob))", body: Array(blob.dropFirst(half))))
        }

        let image = DemoImage(content: "the same everywhere")
        let artifact = DemoImage(artifactType: "application/vnd.example.note", content: Array("a note".utf8))
        for blob in image.blobs + artifact.blobs { try await upload(blob, to: "one/app") }
        _ = try await observe(Step(method: "GET", path: "/v2/"))
        for (path, image) in [("v1", image), ("v2", artifact), (image.digest.description, image)] {
            _ = try await observe(
                Step(
                    method: "PUT", path: "/v2/one/app/manifests/\(path)", contentType: image.mediaType,
                    body: image.manifest))
        }
        for (type, annotations) in [("application/vnd.example.a", #"{"k":"v"}"#), ("application/vnd.example.b", "{}")] {
            let manifest = """
                {"schemaVersion":2,"mediaType":"\(image.mediaType)","artifactType":"\(type)",\
                "config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"\(Digest(of: Array("{}".utf8)))"},\
                "layers":[],"annotations":\(annotations),\
                "subject":{"mediaType":"\(image.mediaType)","size":\(image.manifest.count),"digest":"\(image.digest)"}}
                """
            let bytes = Array(manifest.utf8)
            _ = try await observe(
                Step(
                    method: "PUT", path: "/v2/one/app/manifests/\(Digest(of: bytes))", contentType: image.mediaType,
                    body: bytes))
        }
        let absent = Digest(of: Array("absent".utf8))
        let blob = Digest(of: image.blobs[0])
        for path in [
            "manifests/v1", "manifests/v2", "manifests/v3", "manifests/\(image.digest)", "manifests/\(absent)",
            "blobs/\(blob)", "blobs/\(absent)", "tags/list", "referrers/\(image.digest)", "referrers/\(absent)",
            "referrers/\(image.digest)?artifactType=application/vnd.example.b",
            "referrers/\(image.digest)?artifactType=application/vnd.example.c",
        ] {
            for method in ["GET", "HEAD"] {
                _ = try await observe(Step(method: method, path: "/v2/one/app/\(path)"))
            }
        }
        for digest in [blob, absent] {
            _ = try await observe(
                Step(method: "POST", path: "/v2/two/app/blobs/uploads/?mount=\(digest)&from=one/app", body: []))
        }
        return observations
    }

    /// JSON with its members in order of name, so that white space and order do not matter; else the bytes' digest.
    private func canonical(_ bytes: [UInt8]) -> String {
        guard let document = try? JSONDocument(parsing: bytes) else { return Digest(of: bytes).description }
        return canonical(document.root)
    }

    private func canonical(_ value: JSONValue) -> String {
        switch value.kind {
        case .object:
            let members = value.members.map { "\($0.name):\(canonical($0.value))" }.sorted()
            return "{" + members.joined(separator: ",") + "}"
        case .array: return "[" + value.elements.map { canonical($0) }.joined(separator: ",") + "]"
        default: return String(decoding: value.rawText, as: UTF8.self)
        }
    }
}
