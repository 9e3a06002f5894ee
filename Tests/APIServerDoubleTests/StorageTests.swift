import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("What the API server double keeps")
struct StorageTests {
    static let secrets = "/api/v1/namespaces/demo/secrets"
    static let merge = "application/merge-patch+json"
    static let apply = "application/apply-patch+yaml"

    @Test("A created object has a version, a uid and a time, and a second of its name is a 409 AlreadyExists")
    func creation() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            let created = try await client.send("POST", Self.secrets, Example.secret())
            #expect(created.status == 201)
            #expect(created.object["type"] == "Opaque")
            for name in ["uid", "resourceVersion", "creationTimestamp"] {
                #expect(!created.object.metadata[name].text.isEmpty)
            }
            #expect(created.object.metadata.member("generation") == nil)
            let again = try await client.send("POST", Self.secrets, Example.secret())
            #expect(again.status == 409)
            #expect(again.object["reason"] == "AlreadyExists")
            #expect(again.object["message"] == "secrets \"s1\" already exists")
            let elsewhere = try await client.send("POST", "/api/v1/namespaces/none/secrets", Example.secret(in: "none"))
            #expect(elsewhere.status == 404)
            #expect(elsewhere.object["message"] == "namespaces \"none\" not found")
        }
    }

    @Test("An update with the version that is current wins, and one with an older version is a 409 Conflict")
    func locking() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            let first = server.store(Example.secret())
            var changed = first
            changed["data"]["a"] = "Yg=="
            let won = try await client.send("PUT", Self.secrets + "/s1", changed)
            #expect(won.status == 200)
            #expect(won.object.metadata["uid"] == first.metadata["uid"])
            let lost = try await client.send("PUT", Self.secrets + "/s1", changed)
            #expect(lost.status == 409)
            #expect(lost.object["reason"] == "Conflict")
            #expect(
                lost.object["message"].text.hasPrefix(
                    "Operation cannot be fulfilled on secrets \"s1\": the object has been modified"))
            changed.metadata.remove("resourceVersion")
            #expect(try await client.send("PUT", Self.secrets + "/s1", changed).status == 200)
        }
    }

    @Test("A Lease is not updated without a version")
    func unconditional() async throws {
        try await APIServerDouble.withServer { server async throws in
            var lease = server.store([
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": "l", "namespace": "demo"], "spec": ["holderIdentity": "a"],
            ])
            let path = "/apis/coordination.k8s.io/v1/namespaces/demo/leases/l"
            let client = DoubleClient(server: server)
            lease["spec"]["holderIdentity"] = "b"
            #expect(try await client.send("PUT", path, lease).status == 200)
            lease.metadata.remove("resourceVersion")
            #expect(try await client.send("PUT", path, lease).status == 422)
        }
    }

    @Test("A write that changes nothing gets no version")
    func nothingChanged() async throws {
        try await APIServerDouble.withServer { server async throws in
            let object = server.store(Example.secret())
            let version = server.resourceVersion
            let answer = try await DoubleClient(server: server).send("PUT", Self.secrets + "/s1", object)
            #expect(answer.object.resourceVersion == object.resourceVersion)
            #expect(server.resourceVersion == version)
        }
    }

    @Test("The generation counts changes of the specification only")
    func generation() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.store(Example.policy("p"))
            let path = Example.policies + "/p"
            let labelled = try await client.send(
                "PATCH", path, ["metadata": ["labels": ["a": "b"]]], type: Self.merge)
            #expect(labelled.object.metadata["generation"] == 1)
            let changed = try await client.send(
                "PATCH", path, ["spec": ["mode": "warn"]], type: Self.merge)
            #expect(changed.object.metadata["generation"] == 2)
            let status = try await client.send(
                "PATCH", path + "/status", ["status": ["x": 1], "spec": ["mode": "enforce"]], type: Self.merge)
            #expect(status.object["status"]["x"] == 1)
            #expect(status.object["spec"]["mode"] == "warn")
            #expect(status.object.metadata["generation"] == 2)
            let plain = try await client.send("PATCH", path, ["status": ["x": 2]], type: Self.merge)
            #expect(plain.object["status"]["x"] == 1)
        }
    }

    @Test("Merge patches take away what is null, JSON patches fail where a test fails")
    func patches() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.store(Example.secret(data: ["a": "YQ==", "b": "Yg=="]))
            let path = Self.secrets + "/s1"
            let merged = try await client.send("PATCH", path, ["data": ["a": .null]], type: Self.merge)
            #expect(merged.object["data"] == ["b": "Yg=="])
            let patch: JSONTree = [
                ["op": "test", "path": "/data/b", "value": "Yg=="],
                ["op": "add", "path": "/metadata/labels", "value": ["x~1y": "1"]],
                ["op": "remove", "path": "/data/b"],
            ]
            let type = "application/json-patch+json"
            let patched = try await client.send("PATCH", path, patch, type: type)
            #expect(patched.status == 200)
            #expect(patched.object["data"] == [:])
            #expect(try await client.send("PATCH", path, patch, type: type).status == 422)
            #expect(try await client.send("PATCH", path, patch, type: "text/plain").status == 415)
        }
    }

    @Test("Server-side apply creates, merges maps and conditions, and takes away what its manager no longer applies")
    func serverSideApply() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            let path = Example.policies + "/p?fieldManager=countersign&force=true"
            let created = try await client.send("PATCH", path, Example.policy("p"), type: Self.apply)
            #expect(created.status == 201)
            server.edit("clusterimagepolicies", "p") { $0.metadata["annotations"]["other"] = "1" }
            var fewer = Example.policy("p", glob: "b/*")
            fewer.metadata.remove("annotations")
            let changed = try await client.send("PATCH", path, fewer, type: Self.apply)
            #expect(changed.status == 200)
            #expect(changed.object.metadata["annotations"] == ["other": "1"])
            #expect(changed.object["spec"]["images"] == [["glob": "b/*"]])
            func status(_ type: JSONTree) -> JSONTree {
                [
                    "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy",
                    "status": ["conditions": [["type": type, "status": "True"]]],
                ]
            }
            for (manager, type) in [("a", "Ready"), ("b", "Other")] {
                let answer = try await client.send(
                    "PATCH", Example.policies + "/p/status?fieldManager=\(manager)&force=true",
                    status(.string(type)), type: Self.apply)
                #expect(answer.status == 200)
            }
            let object = try #require(server.object("clusterimagepolicies", "p"))
            #expect(object["status"]["conditions"].elements.map { $0["type"] } == ["Ready", "Other"])
            let nobody = try await client.send("PATCH", Example.policies + "/p", fewer, type: Self.apply)
            #expect(nobody.status == 422)
        }
    }

    @Test("An object with finalisers is only marked, and goes with the last of them")
    func finalizers() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            var policy = Example.policy("p")
            policy.metadata["finalizers"] = ["a.example.com/x"]
            server.store(policy)
            let path = Example.policies + "/p"
            let marked = try await client.send("DELETE", path)
            #expect(marked.status == 200)
            #expect(!marked.object.metadata["deletionTimestamp"].text.isEmpty)
            #expect(try await client.get(path).status == 200)
            let gone = try await client.send(
                "PATCH", path, ["metadata": ["finalizers": .null]], type: Self.merge)
            #expect(gone.status == 200)
            #expect(try await client.get(path).status == 404)
        }
    }

    @Test("A dry run is answered and changes nothing")
    func dryRun() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            let version = server.resourceVersion
            let answer = try await client.send("POST", Self.secrets + "?dryRun=All", Example.secret())
            #expect(answer.status == 201)
            server.store(Example.secret("kept"))
            #expect(try await client.send("DELETE", Self.secrets + "/kept?dryRun=All").status == 200)
            #expect(server.objects(of: "secrets").map(\.name) == ["kept"])
            #expect(server.resourceVersion == version + 1)
        }
    }

    @Test("Policies are served in both versions")
    func versions() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.store(Example.policy("p", version: "v1alpha1"))
            let old = try await client.get("/apis/policy.sigstore.dev/v1alpha1/clusterimagepolicies/p")
            #expect(old.object["apiVersion"] == "policy.sigstore.dev/v1alpha1")
            let list = try await client.get(Example.policies)
            #expect(list.object["items"][0]["apiVersion"] == "policy.sigstore.dev/v1beta1")
            #expect(try await client.get("/apis/policy.sigstore.dev/v1/clusterimagepolicies").status == 404)
        }
    }

    @Test("Lists come in pages of one snapshot, and a page that was forgotten is a 410 that can be continued")
    func pages() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            for number in 1...5 { server.store(Example.secret("s\(number)")) }
            let first = try await client.get(Self.secrets + "?limit=2")
            #expect(first.object["items"].elements.map(\.name) == ["s1", "s2"])
            #expect(first.object["items"][0].member("kind") == nil)
            #expect(first.object.metadata["remainingItemCount"] == 3)
            server.remove("secrets", "s4", in: "demo")
            let token = escaped(first.object.metadata["continue"].text)
            let second = try await client.get(Self.secrets + "?limit=2&continue=\(token)")
            #expect(second.object["items"].elements.map(\.name) == ["s3", "s4"])
            #expect(second.object.resourceVersion == first.object.resourceVersion)
            server.expireWatches()
            let expired = try await client.get(Self.secrets + "?limit=2&continue=\(token)")
            #expect(expired.status == 410)
            #expect(expired.object["reason"] == "Expired")
            let other = escaped(expired.object.metadata["continue"].text)
            let rest = try await client.get(Self.secrets + "?limit=9&continue=\(other)")
            #expect(rest.object["items"].elements.map(\.name) == ["s3", "s5"])
            #expect(try await client.get(Self.secrets + "?continue=nonsense").status == 400)
        }
    }

    @Test(
        "Selectors choose by labels and fields",
        arguments: [
            ("labelSelector=app%3Dweb", ["a"]), ("labelSelector=app%21%3Dweb", ["b", "c"]),
            ("labelSelector=app", ["a", "b"]), ("labelSelector=%21app", ["c"]),
            ("labelSelector=app+in+(web,db),tier", ["b"]), ("labelSelector=app+notin+(web)", ["b", "c"]),
            ("fieldSelector=metadata.name%3Da", ["a"]), ("fieldSelector=metadata.namespace%21%3Ddemo", []),
        ])
    func selectors(query: String, names: [String]) async throws {
        try await APIServerDouble.withServer { server async throws in
            for (name, labels) in [("a", ["app": "web"]), ("b", ["app": "db", "tier": "x"]), ("c", [:])] {
                var secret = Example.secret(name)
                for (key, value) in labels { secret.metadata["labels"][key] = .string(value) }
                server.store(secret)
            }
            let answer = try await DoubleClient(server: server).get(Self.secrets + "?" + query)
            #expect(answer.object["items"].elements.map(\.name) == names)
        }
    }

    private func escaped(_ token: String) -> String {
        token.map { $0 == "+" ? "%2B" : $0 == "/" ? "%2F" : $0 == "=" ? "%3D" : String($0) }.joined()
    }
}
