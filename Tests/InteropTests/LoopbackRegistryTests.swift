// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

@Suite struct LoopbackRegistryTests {
    private let client = CurlClient()

    @Test("What is pushed over HTTP is read back, byte for byte, by tag and by digest")
    func roundTrip() async throws {
        try await LoopbackRegistry.running { registry in
            let host = try await registry.host
            let image = DemoImage(content: "round trip")
            let digest = try await client.push(image, to: host, "a/b", tag: "v1")
            for reference in ["v1", digest.description] {
                let answer = try await client.get("http://\(host)/v2/a/b/manifests/\(reference)")
                #expect(answer.status == 200)
                #expect(answer.body == image.manifest)
                #expect(answer["docker-content-digest"] == digest.description)
                #expect(answer["content-type"] == image.mediaType)
            }
            for blob in image.blobs {
                let answer = try await client.get("http://\(host)/v2/a/b/blobs/\(Digest(of: blob))")
                #expect(answer.body == blob)
            }
        }
    }

    @Test("HEAD tells the length and sends no body")
    func head() async throws {
        try await LoopbackRegistry.running { registry in
            let image = DemoImage(content: "head")
            registry.contents.put(image, in: "a", tag: "v1")
            let answer = try await client.send("HEAD", "http://\(try await registry.host)/v2/a/manifests/v1")
            #expect(answer.status == 200)
            #expect(answer["content-length"] == String(image.manifest.count))
            #expect(answer.body.isEmpty)
        }
    }

    @Test(
        "What is not there is a 404 with the specification's code",
        arguments: [
            ("manifests/v1", "MANIFEST_UNKNOWN"), ("tags/list", "NAME_UNKNOWN"),
            ("blobs/sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "BLOB_UNKNOWN"),
        ])
    func absence(path: String, code: String) async throws {
        try await LoopbackRegistry.running { registry in
            let answer = try await client.get("http://\(try await registry.host)/v2/no/such/\(path)")
            #expect(answer.status == 404)
            let error = try JSONDocument(parsing: answer.body).root["errors"]?[0]
            #expect(error?["code"]?.string == code)
        }
    }

    @Test("A blob or a manifest whose digest is another is refused")
    func wrongDigest() async throws {
        try await LoopbackRegistry.running { registry in
            let base = "http://\(try await registry.host)/v2/a"
            let wrong = Digest(of: Array("another".utf8))
            let blob = try await client.post("\(base)/blobs/uploads/?digest=\(wrong)", body: [1])
            #expect(blob.status == 400)
            let right = try await client.post("\(base)/blobs/uploads/?digest=\(Digest(of: [1]))", body: [1])
            #expect(right.status == 201)
            let manifest = try await client.send(
                "PUT", "\(base)/manifests/\(wrong)", headers: [("Content-Type", "application/json")],
                body: Array("{}".utf8))
            #expect(manifest.status == 400)
        }
    }

    @Test("The referrers list comes in pages, and following the links gives every entry once", arguments: [1, 2, 3, 7])
    func pages(size: Int) async throws {
        try await LoopbackRegistry.running(LoopbackOptions(pageSize: size)) { registry in
            let host = try await registry.host
            let signer = DemoSigner()
            let digest = registry.contents.put(DemoImage(content: "pages"), in: "a", tag: "v1")
            for _ in 0..<5 { try await registry.sign(digest, in: "a", with: signer) }
            var found: [String] = []
            var next: String? = "/v2/a/referrers/\(digest)"
            while let path = next {
                let answer = try await client.get("http://\(host)\(path)")
                let entries = try JSONDocument(parsing: answer.body).root["manifests"]?.elements.map { $0 } ?? []
                #expect(entries.count <= size)
                found += entries.compactMap { $0["digest"]?.string }
                next = answer["link"].map { String($0.dropFirst().prefix { $0 != ">" }) }
            }
            #expect(found.count == 5)
            #expect(Set(found).count == 5)
        }
    }

    @Test("The filter by artifact type is applied and said")
    func filter() async throws {
        try await LoopbackRegistry.running { registry in
            let host = try await registry.host
            let digest = registry.contents.put(DemoImage(content: "filter"), in: "a", tag: "v1")
            try await registry.sign(digest, in: "a", with: DemoSigner())
            for (type, count) in [("application/vnd.dev.sigstore.bundle.v0.3%2Bjson", 1), ("application/other", 0)] {
                let answer = try await client.get("http://\(host)/v2/a/referrers/\(digest)?artifactType=\(type)")
                #expect(answer["oci-filters-applied"] == "artifactType")
                #expect(try JSONDocument(parsing: answer.body).root["manifests"]?.count == count)
            }
        }
    }

    @Test("Without the referrers API its path is a plain 404 and signing keeps the fallback tag")
    func fallback() async throws {
        try await LoopbackRegistry.running(LoopbackOptions(referrersAPI: false)) { registry in
            let host = try await registry.host
            let digest = registry.contents.put(DemoImage(content: "fallback"), in: "a", tag: "v1")
            try await registry.sign(digest, in: "a", with: DemoSigner())
            try await registry.sign(digest, in: "a", with: DemoSigner())
            #expect(try await client.get("http://\(host)/v2/a/referrers/\(digest)").status == 404)
            let index = try await client.get("http://\(host)/v2/a/manifests/\(digest.tagStem)")
            let digests = try JSONDocument(parsing: index.body).root["manifests"]?.elements.compactMap {
                $0["digest"]?.string
            }
            #expect(digests?.count == 2)
            #expect(digests == digests?.sorted())
        }
    }

    @Test("A token is asked for, given for one repository and to the right password only, and runs out")
    func tokens() async throws {
        let credentials = LoopbackCredentials(user: "reader", password: "right")
        let options = LoopbackOptions(access: .token(credentials, lifetime: .seconds(300)))
        try await LoopbackRegistry.running(options) { registry in
            let host = try await registry.host
            registry.contents.put(DemoImage(content: "token"), in: "a", tag: "v1")
            registry.contents.put(DemoImage(content: "token"), in: "b", tag: "v1")
            let challenge = try await client.get("http://\(host)/v2/a/manifests/v1")
            #expect(challenge.status == 401)
            let expected =
                #"Bearer realm="http://\#(host)/token",service="loopback",scope="repository:a:pull""#
            #expect(challenge["www-authenticate"] == expected)

            let realm = "http://\(host)/token?service=loopback&scope=repository:a:pull"
            #expect(try await client.get(realm).status == 401)
            // reader:wrong, reader:right
            let wrong = try await client.get(realm, headers: [("Authorization", "Basic cmVhZGVyOndyb25n")])
            #expect(wrong.status == 401)
            let right = try await client.get(realm, headers: [("Authorization", "Basic cmVhZGVyOnJpZ2h0")])
            let token = try #require(try JSONDocument(parsing: right.body).root["token"]?.string)
            let bearer = [("Authorization", "Bearer \(token)")]
            #expect(try await client.get("http://\(host)/v2/a/manifests/v1", headers: bearer).status == 200)
            #expect(try await client.get("http://\(host)/v2/b/manifests/v1", headers: bearer).status == 401)
            let push = try await client.send(
                "PUT", "http://\(host)/v2/a/manifests/v2",
                headers: bearer + [("Content-Type", "application/json")], body: Array("{}".utf8))
            #expect(push.status == 401)
        }
        let brief = LoopbackOptions(access: .token(nil, lifetime: .zero))
        try await LoopbackRegistry.running(brief) { registry in
            let host = try await registry.host
            let answer = try await client.get("http://\(host)/token?scope=repository:a:pull")
            let token = try #require(try JSONDocument(parsing: answer.body).root["token"]?.string)
            let late = try await client.get("http://\(host)/v2/", headers: [("Authorization", "Bearer \(token)")])
            #expect(late.status == 401)
        }
    }

    @Test("Faults strike the requests they name, as often as they say, and every request is recorded")
    func faults() async throws {
        try await LoopbackRegistry.running { registry in
            let host = try await registry.host
            let address = "http://\(host)/v2/a/manifests/v1"
            let image = DemoImage(content: "faults")
            registry.contents.put(image, in: "a", tag: "v1")

            registry.faults.inject(RegistryFault(.status(503, headers: [("Retry-After", "1")]), target: "v1", times: 1))
            let struck = try await client.get(address)
            #expect(struck.status == 503)
            #expect(struck["retry-after"] == "1")
            #expect(try await client.get(address).status == 200)

            registry.faults.inject(RegistryFault(.body([1, 2, 3]), method: "GET"))
            let corrupt = try await client.get(address)
            #expect(corrupt.body == [1, 2, 3])
            #expect(corrupt["docker-content-digest"] == image.digest.description)
            registry.faults.removeAll()

            registry.faults.inject(RegistryFault(.truncated(10)))
            await #expect(throws: CurlFailure.self) { _ = try await client.get(address) }
            registry.faults.removeAll()
            #expect(registry.faults.count(method: "GET", target: "manifests/v1") == 4)
            #expect(registry.faults.count(method: "HEAD") == 0)
        }
    }

    @Test("Once stopped, nobody listens")
    func stopped() async throws {
        let host = try await LoopbackRegistry.running { try await $0.host }
        await #expect(throws: CurlFailure.self) { _ = try await client.get("http://\(host)/v2/") }
    }
}
