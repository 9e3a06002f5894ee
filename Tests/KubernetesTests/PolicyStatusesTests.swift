// SPDX-License-Identifier: Apache-2.0
import Policy
import Sigstore
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Statuses of policies and trust roots")
struct PolicyStatusesTests {
    /// A cluster with a leader that writes.
    private static func with(
        _ objects: [JSONTree], configuration: (inout PolicyStatuses.Configuration) -> Void = { _ in },
        faults: Recorded<String> = Recorded(), _ body: (Cluster) async throws -> Void
    ) async throws {
        try await Cluster.with(objects) { cluster in
            let statuses = statuses(cluster, configuration, faults)
            try await KubernetesTests.beside({ await statuses.run() }) { try await body(cluster) }
        }
    }

    private static func statuses(
        _ cluster: Cluster, _ configuration: (inout PolicyStatuses.Configuration) -> Void = { _ in },
        _ faults: Recorded<String> = Recorded(), identity: String = "replica-1"
    ) -> PolicyStatuses {
        var settings = PolicyStatuses.Configuration(identity: identity)
        settings.pause = .milliseconds(1)
        settings.backoff = .short
        configuration(&settings)
        return PolicyStatuses(
            cluster.client, of: cluster.policies, settings, now: { testTime }, onFault: { faults.add($0) })
    }

    private static func condition(_ cluster: Cluster, _ type: String, _ name: String = "p") -> JSONTree {
        let object = cluster.double.object("clusterimagepolicies", name) ?? .null
        return object["status"]["conditions"].elements.first { $0["type"].text == type } ?? .null
    }

    private static func ready(_ cluster: Cluster, _ name: String = "p") -> String {
        condition(cluster, "Ready", name)["status"].text
    }

    private static func writes(_ cluster: Cluster) -> [APIServerRequest] {
        cluster.double.requests.filter { ["POST", "PUT", "PATCH", "DELETE"].contains($0.method) }
    }

    @Test("A good policy is ready, with every condition that clients wait for, and an Event says so")
    func good() async throws {
        try await Self.with([Example.policy("p")]) { cluster in
            try await eventually("ready") { Self.ready(cluster) == "True" }
            let status = try #require(cluster.double.object("clusterimagepolicies", "p"))["status"]
            #expect(
                status["conditions"].elements.map { $0["type"].text } == [
                    "ConfigMapUpdated", "KeysInlined", "PoliciesInlined", "Ready",
                ])
            #expect(status["conditions"].elements.allSatisfy { $0["status"] == "True" })
            #expect(status["conditions"].elements.allSatisfy { $0["lastTransitionTime"] == "2026-11-21T12:00:00Z" })
            #expect(status["observedGeneration"] == 1)
            try await eventually("told") { !cluster.double.objects(of: "events").isEmpty }
            let event = try #require(cluster.double.objects(of: "events").first)
            #expect(event["type"] == "Normal" && event["reason"] == "Ready")
            #expect(event["involvedObject"]["kind"] == "ClusterImagePolicy" && event["involvedObject"]["name"] == "p")
            #expect(event.namespace == "default")
        }
    }

    @Test("What is written once is not written again, though every write changes the object")
    func noLoop() async throws {
        try await Self.with([Example.policy("p"), Example.policy("q")]) { cluster in
            try await eventually("ready") { Self.ready(cluster) == "True" && Self.ready(cluster, "q") == "True" }
            cluster.double.edit("clusterimagepolicies", "p") { $0.metadata["annotations"] = ["a": "b"] }
            cluster.double.store(Example.policy("r"))
            try await eventually("ready") { Self.ready(cluster, "r") == "True" }
            cluster.double.store(Example.policy("s"))
            try await eventually("ready") { Self.ready(cluster, "s") == "True" }
            #expect(Self.writes(cluster).filter { $0.path.hasSuffix("/status") }.count == 4)
        }
    }

    @Test("A server that keeps something else than was written is not written to in a loop")
    func stubborn() async throws {
        try await Self.with([Example.policy("p")]) { cluster in
            for round in 0..<5 {
                try await eventually("ready, or left") { Self.ready(cluster) == "True" || round > 0 }
                // Another controller has its own words.
                cluster.double.edit("clusterimagepolicies", "p") { object in
                    object["status"]["conditions"] = [
                        ["type": "Ready", "status": "Unknown", "message": .string("\(round)")]
                    ]
                }
                cluster.double.store(Example.policy("x\(round)"))
                try await eventually("another") { Self.ready(cluster, "x\(round)") == "True" }
            }
            let written = Self.writes(cluster).filter { $0.path.hasSuffix("clusterimagepolicies/p/status") }
            #expect(written.count == 1)
        }
    }

    @Test("A broken edit makes it unready with the reason, the last good version named; the next edit mends it")
    func broken() async throws {
        try await Self.with([Example.policy("p")]) { cluster in
            try await eventually("ready") { Self.ready(cluster) == "True" }
            cluster.double.store(Example.policy("p", authorities: Example.brokenAuthorities))
            try await eventually("not ready") { Self.ready(cluster) == "False" }
            let ready = Self.condition(cluster, "Ready")
            #expect(ready["reason"] == "InvalidDocument")
            #expect(ready["message"].text.hasSuffix("its last good version stays in force"), "\(ready.jsonText)")
            #expect(ready["message"].text.contains("static.action"))
            #expect(Self.condition(cluster, "KeysInlined")["status"] == "Unknown")
            #expect(cluster.double.object("clusterimagepolicies", "p")?["status"]["observedGeneration"] == 2)
            cluster.double.store(Example.policy("p"))
            try await eventually("ready again") { Self.ready(cluster) == "True" }
            try await eventually("told") {
                Set(cluster.double.objects(of: "events").map { $0["reason"].text }) == ["Ready", "NotReady"]
            }
            try await eventually("told again") {
                cluster.double.objects(of: "events").contains { $0["reason"] == "Ready" && $0["count"] == 2 }
            }
            #expect(cluster.double.objects(of: "events").count == 2)
        }
    }

    @Test(
        "What a policy refers to and is not there is told by the reasons that upstream's users know",
        arguments: [
            ("key", "KeysInlined", "InliningKeysFailed", "secret \"keys\" not found", "PoliciesInlined"),
            ("text", "PoliciesInlined", "InliningPoliciesFailed", "configmap \"texts\" not found", "ConfigMapUpdated"),
        ])
    func unresolved(what: String, type: String, reason: String, message: String, unknown: String) async throws {
        var policy = Example.policy("p")
        if what == "key" {
            policy["spec"]["authorities"] = Example.keyInSecret
        } else {
            policy["spec"]["policy"] = ["type": "cue", "configMapRef": ["name": "texts", "key": "p.cue"]]
        }
        try await Self.with([policy]) { cluster in
            try await eventually("not ready") { Self.ready(cluster) == "False" }
            for type in [type, "Ready"] {
                let condition = Self.condition(cluster, type)
                #expect(condition["status"] == "False" && condition["reason"].text == reason)
                #expect(condition["message"].text.contains(message), "\(condition.jsonText)")
            }
            #expect(Self.condition(cluster, unknown)["status"] == "Unknown")
            cluster.double.store(Example.secret("keys", ["k": Example.key]))
            cluster.double.store(Example.configMap("texts", ["p.cue": "a: 1"]))
            try await eventually("ready") { Self.ready(cluster) == "True" }
        }
    }

    @Test("A time stays where its status stays, and an Event is told once for each change")
    func times() async throws {
        var policy = Example.policy("p")
        policy["status"] = [
            "observedGeneration": 1,
            "conditions": [
                ["type": "Ready", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"],
                ["type": "KeysInlined", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"],
                ["type": "Strange", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"],
            ],
        ]
        try await Self.with([policy, Example.policy("q")]) { cluster in
            try await eventually("written") { Self.condition(cluster, "KeysInlined")["status"] == "True" }
            #expect(Self.condition(cluster, "Ready")["lastTransitionTime"] == "2020-01-01T00:00:00Z")
            #expect(Self.condition(cluster, "KeysInlined")["lastTransitionTime"] == "2026-11-21T12:00:00Z")
            #expect(Self.condition(cluster, "Strange") == .null)
            try await eventually("the other's Event") { !cluster.double.objects(of: "events").isEmpty }
            #expect(cluster.double.objects(of: "events").map { $0["involvedObject"]["name"].text } == ["q"])
        }
    }

    @Test("A trust root has its own conditions, and says why it cannot be used")
    func trustRoots() async throws {
        let authority = try TestAuthority()
        try await Self.with([Example.trustRoot("good", authority), Example.trustRoot("bad", authority, isWhole: false)])
        { cluster in
            func conditions(_ name: String) -> [JSONTree] {
                cluster.double.object("trustroots", name)?["status"]["conditions"].elements ?? []
            }
            try await eventually("written") { !conditions("good").isEmpty && !conditions("bad").isEmpty }
            #expect(conditions("good").map { $0["type"].text } == ["ConfigMapUpdated", "KeysInlined", "Ready"])
            #expect(conditions("good").allSatisfy { $0["status"] == "True" })
            #expect(conditions("bad").last?["status"] == "False")
            #expect(conditions("bad").last?["message"].text.contains("certChain") == true)
        }
    }

    @Test("Finalizers of a controller that is gone are taken out, others' stay, and a deletion ends")
    func finalizers() async throws {
        var policy = Example.policy("p")
        policy.metadata["finalizers"] = ["clusterimagepolicies.policy.sigstore.dev", "other.example/keep"]
        var deleted = Example.policy("d")
        deleted.metadata["finalizers"] = ["clusterimagepolicies.policy.sigstore.dev"]
        try await Self.with([policy, deleted]) { cluster in
            _ = await cluster.double.submit(
                "DELETE", "/apis/policy.sigstore.dev/v1alpha1/clusterimagepolicies/d")
            try await eventually("gone") { cluster.double.object("clusterimagepolicies", "d") == nil }
            try await eventually("taken out") {
                cluster.double.object("clusterimagepolicies", "p")?.metadata["finalizers"] == ["other.example/keep"]
            }
            try await eventually("ready") { Self.ready(cluster) == "True" }
            try await eventually("out of force") { cluster.names == ["p"] }
        }
    }

    @Test("Beside a controller that still runs, its finalizers and its conversion stay")
    func besideAnother() async throws {
        var policy = Example.policy("p")
        policy.metadata["finalizers"] = ["clusterimagepolicies.policy.sigstore.dev"]
        try await Self.with([policy, Self.definition()], configuration: { $0.takesOver = false }) { cluster in
            try await eventually("ready") { Self.ready(cluster) == "True" }
            #expect(cluster.double.object("clusterimagepolicies", "p")?.metadata["finalizers"].elements.count == 1)
            #expect(Self.conversion(cluster)["strategy"] == "Webhook")
        }
    }

    @Test("A conversion webhook is taken out of the definitions, as often as somebody puts it back")
    func conversion() async throws {
        try await Self.with([Self.definition()], configuration: { $0.repairInterval = .milliseconds(30) }) { cluster in
            try await eventually("taken out") { Self.conversion(cluster) == ["strategy": "None"] }
            cluster.double.store(Self.definition())
            try await eventually("taken out again") { Self.conversion(cluster) == ["strategy": "None"] }
            cluster.double.forgetRequests()
            try await eventually("looked at") {
                cluster.double.requests.count { $0.resource == "customresourcedefinitions" } >= 4
            }
            #expect(Self.writes(cluster).isEmpty)
        }
    }

    private static func conversion(_ cluster: Cluster) -> JSONTree {
        cluster.double.object("customresourcedefinitions", UpstreamRemains.definitions[0])?["spec"]["conversion"]
            ?? .null
    }

    private static func definition() -> JSONTree {
        [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": "clusterimagepolicies.policy.sigstore.dev"],
            "spec": [
                "group": "policy.sigstore.dev", "scope": "Cluster",
                "names": ["plural": "clusterimagepolicies", "kind": "ClusterImagePolicy"],
                "versions": [["name": "v1alpha1", "served": true, "storage": true]],
                "conversion": [
                    "strategy": "Webhook",
                    "webhook": [
                        "conversionReviewVersions": ["v1beta1", "v1alpha1"],
                        "clientConfig": ["service": ["name": "webhook", "namespace": "cosign-system"]],
                    ],
                ],
            ],
        ]
    }

    @Test("What may not be written is told once, and holds nothing else up")
    func forbidden() async throws {
        let faults = Recorded<String>()
        try await Self.with([Example.policy("p"), Example.policy("q")], faults: faults) { cluster in
            cluster.double.deny(APIPermission(verb: "patch", resource: "clusterimagepolicies", name: "p"))
            cluster.double.deny(APIPermission(verb: "patch", resource: "clusterimagepolicies/status", name: "p"))
            cluster.double.store(Example.policy("q", mode: "warn"))
            try await eventually("the other") { Self.ready(cluster, "q") == "True" }
            cluster.double.denyNothing()
            try await eventually("both") { Self.ready(cluster) == "True" }
        }
        #expect(faults.all.count <= 2, "\(faults.all)")
    }

    @Test("Of two leaders to be only one writes, and after it the other")
    func twoLeaders() async throws {
        try await Cluster.with([Example.policy("p")]) { cluster in
            var times = LeaderElection.Times()
            times.duration = .milliseconds(600)
            times.renewDeadline = .milliseconds(400)
            times.retry = .milliseconds(50)
            let writing = Recorded<String>()
            func candidate(_ name: String) -> (LeaderElection, @Sendable () async -> Void) {
                let election = LeaderElection(
                    cluster.client, lease: "countersign-leader", in: Example.namespace, identity: name, times: times)
                let statuses = Self.statuses(cluster, identity: name)
                return (
                    election,
                    {
                        await election.run {
                            writing.add("+\(name)")
                            await statuses.run()
                            writing.add("-\(name)")
                        }
                    }
                )
            }
            let (first, runFirst) = candidate("one")
            let (second, runSecond) = candidate("two")
            try await KubernetesTests.beside(runSecond) {
                try await KubernetesTests.beside(runFirst) {
                    try await eventually("a leader") { first.isLeader || second.isLeader }
                    try await eventually("ready") { Self.ready(cluster) == "True" }
                    #expect(!(first.isLeader && second.isLeader))
                }
                try await eventually("the other leads") { second.isLeader }
                cluster.double.store(Example.policy("q"))
                try await eventually("ready") { Self.ready(cluster, "q") == "True" }
            }
            // Nobody begins before the one before has ended.
            var active = 0
            for entry in writing.all {
                active += entry.hasPrefix("+") ? 1 : -1
                #expect((0...1).contains(active), "\(writing.all)")
            }
        }
    }
}
