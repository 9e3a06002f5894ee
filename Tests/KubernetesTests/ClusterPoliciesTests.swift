// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Policies of a cluster")
struct ClusterPoliciesTests {
    /// The longest time between an event and its acting.
    static let second = Duration.seconds(1)

    @Test("A policy acts within a second of being stored, edited and deleted")
    func live() async throws {
        try await Cluster.with { cluster in
            #expect(cluster.names == [])
            cluster.double.store(Example.policy("p"))
            try await eventually("stored", within: Self.second) { cluster.names == ["p"] }
            cluster.double.store(Example.policy("p", glob: "b.example/**"))
            try await eventually("edited", within: Self.second) { cluster.globs("p") == ["b.example/**"] }
            cluster.double.remove("clusterimagepolicies", "p")
            try await eventually("deleted", within: Self.second) { cluster.names == [] }
            #expect(cluster.health.isWhole)
            #expect(
                cluster.events.all.contains(
                    .policy(.removed(policy: "p", file: "clusterimagepolicies/p"))))
        }
    }

    @Test("A cluster without policies is no broken set: what no policy names is the settings' to decide")
    func empty() async throws {
        try await Cluster.with { cluster in
            #expect(cluster.set.missing == [])
            #expect(cluster.health.isWhole)
            #expect(cluster.policies.readiness() == [])
        }
    }

    @Test("A broken edit keeps the last good version; a mended one takes its place")
    func broken() async throws {
        try await Cluster.with([Example.policy("p")]) { cluster in
            #expect(cluster.names == ["p"])
            cluster.double.store(Example.policy("p", glob: "b.example/**", authorities: Example.brokenAuthorities))
            try await eventually("broken", within: Self.second) { !cluster.health.documents.isEmpty }
            #expect(cluster.globs("p") == ["a.example/**"])
            let breakage = try #require(cluster.health.documents.first)
            #expect(breakage.keepsLastGood)
            #expect(breakage.file == "clusterimagepolicies/p")
            // Nobody sees the text in which a line could be looked up.
            #expect(!breakage.reason.contains("1:"))
            #expect(breakage.reason.contains("static.action"), "\(breakage.reason)")
            cluster.double.store(Example.policy("p", glob: "c.example/**"))
            try await eventually("mended", within: Self.second) { cluster.globs("p") == ["c.example/**"] }
            #expect(cluster.health.isWhole)
        }
    }

    @Test("A policy that was never good denies what it names, and leaves the others in peace")
    func neverGood() async throws {
        let objects = [Example.policy("good"), Example.policy("bad", authorities: Example.brokenAuthorities)]
        try await Cluster.with(objects) { cluster in
            #expect(cluster.names == ["good"])
            #expect(cluster.set.broken.map(\.name) == ["bad"])
            #expect(cluster.set.broken.first?.images?.map(\.pattern) == ["a.example/**"])
            cluster.double.remove("clusterimagepolicies", "bad")
            try await eventually("gone", within: Self.second) { cluster.set.broken.isEmpty }
        }
    }

    @Test("What others write about an object changes nothing that is in force")
    func annotations() async throws {
        try await Cluster.with([Example.policy("p")]) { cluster in
            let before = cluster.set.policies.map(\.documentHash)
            cluster.double.edit("clusterimagepolicies", "p") {
                $0.metadata["annotations"] = ["a": "b"]
                $0["status"] = ["observedGeneration": 1]
            }
            cluster.double.store(Example.policy("q"))
            try await eventually("another", within: Self.second) { cluster.names == ["p", "q"] }
            #expect(cluster.set.policies.first.map(\.documentHash) == before.first)
        }
    }

    @Test("A lost API server leaves everything in force and us ready, says so once, and is taken up again")
    func lost() async throws {
        try await Cluster.with([Example.policy("p"), Example.policy("q")]) { cluster in
            await cluster.double.stop()
            try await eventually("lost") { cluster.health.sources.count == 4 }
            #expect(cluster.names == ["p", "q"])
            #expect(cluster.set.missing == [])
            #expect(cluster.policies.readiness() == [])
            cluster.double.remove("clusterimagepolicies", "q")
            try await cluster.double.start()
            try await eventually("found") { cluster.health.isWhole && cluster.names == ["p"] }
            let losses = cluster.events.all.filter { event in
                if case .policy(.sourceLost("clusterimagepolicies", _, true)) = event { true } else { false }
            }
            #expect((1...3).contains(losses.count), "\(losses)")
        }
    }

    @Test("Nothing that was deleted meanwhile stays, and nothing is lost, where the server has forgotten what changed")
    func expired() async throws {
        try await Cluster.with([Example.policy("p"), Example.policy("q")]) { cluster in
            cluster.double.cutWatches()
            cluster.double.remove("clusterimagepolicies", "q")
            cluster.double.store(Example.policy("r"))
            cluster.double.expireWatches()
            try await eventually("listed anew") { cluster.names == ["p", "r"] }
        }
    }

    @Test("Until everything was listed nobody is ready and everything is denied", arguments: PolicyResource.allCases)
    func notReady(resource: PolicyResource) async throws {
        try await APIServerDouble.withServer { double in
            double.store(Example.policy("p"))
            double.deny(APIPermission(resource: resource.rawValue))
            try await withClient(of: double) { client in
                var configuration = ClusterPolicies.Configuration(namespace: Example.namespace)
                configuration.backoff = .short
                let policies = ClusterPolicies(client, configuration, now: { testTime }, fetch: { _ in [:] })
                #expect(policies.readiness().count == 4)
                #expect(!policies.inForce.current.missing.isEmpty)
                try await beside({ await policies.run() }) {
                    try await eventually("the reason") {
                        policies.readiness().count == 1 && policies.readiness()[0].contains("403")
                    }
                    #expect(policies.readiness()[0].hasPrefix("\(resource.words) have not been listed yet"))
                    #expect(policies.inForce.current.missing == [resource.rawValue])
                    double.denyNothing()
                    try await eventually("ready") { policies.readiness().isEmpty }
                    #expect(policies.inForce.current.missing == [])
                }
            }
        }
    }

    @Test("A Secret is followed: it comes, changes and goes, and the key with it")
    func secret() async throws {
        try await Cluster.with([Example.policy("p", authorities: Example.keyInSecret)]) { cluster in
            func key() -> VerificationKey? {
                guard case .signer(let options)? = cluster.set.policies.first?.authorities.first?.check else {
                    return nil
                }
                return options.key
            }
            #expect(cluster.set.policies.first?.unusableAuthorities.first?.contains("not found") == true)
            cluster.double.store(Example.secret("keys", ["cosign.pub": Example.key]))
            let first = try VerificationKey(pem: Example.key)
            let second = try VerificationKey(pem: Example.otherKey)
            try await eventually("read", within: Self.second) { key() == first }
            cluster.double.store(Example.secret("keys", ["cosign.pub": Example.otherKey]))
            try await eventually("replaced", within: Self.second) { key() == second }
            cluster.double.remove("secrets", "keys", in: Example.namespace)
            try await eventually("gone", within: Self.second) { key() == nil }
        }
    }

    @Test("Secrets of other namespaces, our own certificate, and those that nobody names are not read")
    func strangers() async throws {
        let objects: [JSONTree] = [
            Example.policy("p", authorities: [["key": ["secretRef": ["name": "webhook-certs"]]]]),
            Example.secret("webhook-certs", ["server-cert.pem": Example.key]),
            Example.secret("other", ["a": "b"]),
        ]
        try await Cluster.with(objects) { cluster in
            #expect(cluster.set.policies.first?.unusableAuthorities.count == 1)
            #expect(cluster.health.isWhole)
            let asked = cluster.double.requests.filter { $0.resource == "secrets" }
            #expect(asked.allSatisfy { $0.path.contains("/namespaces/cosign-system/") })
        }
    }

    @Test("The last good version of a broken policy goes on with the Secret that it names")
    func brokenWithSecret() async throws {
        let objects = [
            Example.policy("p", authorities: Example.keyInSecret), Example.secret("keys", ["k": Example.key]),
        ]
        try await Cluster.with(objects) { cluster in
            cluster.double.store(Example.policy("p", authorities: Example.brokenAuthorities))
            try await eventually("broken", within: Self.second) { !cluster.health.documents.isEmpty }
            #expect(cluster.set.policies.first?.unusableAuthorities == [])
            cluster.double.store(Example.policy("q"))
            try await eventually("another", within: Self.second) { cluster.names == ["p", "q"] }
            #expect(cluster.set.policies.first?.unusableAuthorities == [])
        }
    }

    @Test("Texts of policies in ConfigMaps and on the web are followed and fetched")
    func texts() async throws {
        let text = Array("predicateType: \"x\"".utf8)
        func policy(_ name: String, _ source: JSONTree) -> JSONTree {
            var policy = Example.policy(name)
            var program = source
            program["type"] = "cue"
            policy["spec"]["policy"] = program
            return policy
        }
        let objects = [
            policy("p", ["configMapRef": ["name": "texts", "key": "p.cue"]]),
            policy(
                "q", ["remote": ["url": "https://web.example/q.cue", "sha256sum": .string(Digest(of: text).hex)]]),
        ]
        try await Cluster.with(objects, fetch: { $0.checked(text) }) { cluster in
            func unusable(_ name: String) -> [String] {
                cluster.set.policies.first { $0.name == name }?.unusablePrograms ?? ["absent"]
            }
            #expect(unusable("p") == ["configmap \"texts\" not found"])
            cluster.double.store(Example.configMap("texts", ["p.cue": "predicateType: \"x\""]))
            try await eventually("read", within: Self.second) { unusable("p") == [] }
            try await eventually("fetched", within: Self.second) { unusable("q") == [] }
            #expect(cluster.fetched.all.count == 1)
        }
    }

    @Test("A text that cannot be fetched is asked for again after a pause, and holds no policy edit up")
    func fetchedAgain() async throws {
        let attempts = Recorded<Int>()
        var policy = Example.policy("q")
        policy["spec"]["policy"] = [
            "type": "cue",
            "remote": ["url": "https://web.example/q.cue", "sha256sum": .string(Digest(of: Array("a: 1".utf8)).hex)],
        ]
        try await Cluster.with(
            [policy], configuration: { $0.fetchPause = .milliseconds(100) },
            fetch: { source in
                attempts.add(1)
                return attempts.all.count < 3 ? .failure(UnusableResource("down")) : source.checked(Array("a: 1".utf8))
            }
        ) { cluster in
            try await eventually("fetched") { cluster.set.policies.first?.unusablePrograms == [] }
            #expect(attempts.all.count == 3)
        }
    }

    @Test("A trust root is followed, and what names a broken one is told")
    func trustRoot() async throws {
        let authority = try TestAuthority()
        let keyless: JSONTree = [
            [
                "keyless": [
                    "trustRootRef": "mine",
                    "identities": [["issuer": "https://issuer.example", "subject": "https://a.example/x"]],
                ]
            ]
        ]
        try await Cluster.with([Example.policy("p", authorities: keyless)]) { cluster in
            #expect(cluster.set.policies.first?.unusableAuthorities.count == 1)
            cluster.double.store(Example.trustRoot("mine", authority))
            try await eventually("read", within: Self.second) {
                cluster.set.policies.first?.unusableAuthorities == []
            }
            cluster.double.store(Example.trustRoot("mine", authority, isWhole: false))
            try await eventually("broken", within: Self.second) { !cluster.health.documents.isEmpty }
            // The last good one stays.
            #expect(cluster.set.policies.first?.unusableAuthorities == [])
        }
    }

    @Test("More objects than are read make a broken source, and leave what was in force")
    func bound() throws {
        var compilation = PolicyCompilation(PolicySettings(), settingsConfigMap: "config-policy-controller")
        func contents(_ count: Int) throws -> ClusterView.Contents {
            let objects = try (0..<count).map { index in
                try KubernetesObject(parsing: Example.policy("p\(index)").bytes)
            }
            var contents = ClusterView.Contents()
            for resource in PolicyResource.allCases { contents.copies[resource] = .init(objects: [:]) }
            contents.copies[.policies] = .init(
                objects: Dictionary(uniqueKeysWithValues: objects.map { ($0.key, $0) }))
            return contents
        }
        _ = compilation.take(try contents(1), now: testTime, expires: false)
        #expect(compilation.set.policies.map(\.name) == ["p0"])
        _ = compilation.take(try contents(PolicyCompilation.maximumObjects + 1), now: testTime, expires: false)
        #expect(compilation.set.policies.map(\.name) == ["p0"])
        #expect(compilation.health.sources.map(\.name) == ["clusterimagepolicies"])
        _ = compilation.take(try contents(2), now: testTime, expires: false)
        #expect(compilation.set.policies.map(\.name) == ["p0", "p1"])
        #expect(compilation.health.isWhole)
    }
}
