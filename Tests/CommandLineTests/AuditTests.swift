// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import TestSupport
import Testing

@testable import countersign

@Suite("audit")
struct AuditTests {
    @Test("Every workload gets the webhook's verdict, in a table, with what is not enforced marked")
    func table() async throws {
        try await ClusterBench.running { bench in
            bench.fill()
            bench.store(
                "v1", "Pod", "etcd", in: "kube-system", bench.content.signed.pinned,
                metadata: ["annotations": ["kubernetes.io/config.mirror": "hash"]])
            let answer = try await bench.run("audit")
            let host = bench.content.host
            let expected = """
                NAMESPACE    WORKLOAD        VERDICT   ENFORCED                        FINDING
                demo         Deployment/bad  denied    yes                             \
                \(host)/demo/app:unsigned: application-is-signed: denied: no-signatures
                demo         Deployment/web  admitted  yes
                demo         Pod/tool        warned    yes                             \
                \(host)/demo/tools:unsigned: tools-should-be-signed: denied (warn): no-signatures
                kube-system  Pod/etcd        admitted  no (mirror pod)
                legacy       Deployment/old  denied    no (namespace is not labelled)  \
                \(host)/demo/app:unsigned: application-is-signed: denied: no-signatures

                """
            #expect(answer.output == expected, "\(answer)")
            #expect(answer.exitCode == 1)
            #expect(
                answer.words.hasSuffix(
                    "countersign: 5 workloads, 2 admitted, 1 warned, 2 denied, 0 undecided, 2 not enforced\n"),
                "\(answer)")
            #expect(answer.words.contains("nothing is enforced yet"), "\(answer)")
            #expect(!answer.words.contains("\u{1B}"), "no bar where there is no terminal")
            #expect(Set(bench.server.requests.map(\.method)) == ["GET"], "nothing is written")
        }
    }

    @Test("One namespace, one kind, one label: nothing else counts")
    func selections() async throws {
        try await ClusterBench.running { bench in
            bench.fill()
            bench.store(
                "apps/v1", "StatefulSet", "db", in: "demo", bench.content.signed.pinned,
                metadata: ["labels": ["app": "db"]])
            for (arguments, status, workloads) in [
                (["--namespace", "legacy"], 1, ["Deployment/old"]), (["--kind", "pods"], 0, ["Pod/tool"]),
                (["-l", "app=db"], 0, ["StatefulSet/db"]), (["-l", "app in (x)"], 0, []),
                (
                    ["--kind", "Pod", "--kind", "deployment", "-n", "demo"], 1,
                    [
                        "Deployment/bad", "Deployment/web", "Pod/tool",
                    ]
                ),
            ] as [([String], Int32, [String])] {
                let answer = try await bench.program.run(["audit"] + arguments)
                #expect(answer.exitCode == status, "\(arguments): \(answer)")
                let found = answer.output.split(separator: "\n").dropFirst().map {
                    String($0.split(separator: " ")[1])
                }
                #expect(found == workloads, "\(arguments): \(answer)")
            }
            let unknown = try await bench.run("audit", "--kind", "Secret")
            #expect(unknown.exitCode == 64, "\(unknown)")
            let form = try await bench.run("audit", "--output", "xml")
            #expect(form.exitCode == 64, "\(form)")
        }
    }

    @Test("Pods are told with what controls them, and the worst of them counts; --all tells each")
    func folding() async throws {
        try await ClusterBench.running { bench in
            let content = bench.content
            let deployment = bench.store("apps/v1", "Deployment", "web", in: "demo", content.signed.reference)
            let set = bench.store(
                "apps/v1", "ReplicaSet", "web-1", in: "demo", content.signed.reference, owner: deployment)
            let old: JSONTree = ["replicas": 0]
            var idle = bench.store(
                "apps/v1", "ReplicaSet", "web-0", in: "demo", content.unsigned.reference, owner: deployment)
            idle["spec"]["replicas"] = old["replicas"]
            bench.server.store(idle)
            for index in 1...3 {
                bench.store(
                    "v1", "Pod", "web-1-\(index)", in: "demo", content.signed.reference, status: ["phase": "Running"],
                    owner: set)
            }
            bench.store("v1", "Pod", "done", in: "demo", content.unsigned.reference, status: ["phase": "Succeeded"])
            let good = try await bench.run("audit")
            #expect(good.exitCode == 0, "\(good)")
            #expect(good.output.contains("Deployment/web (3 Pod, 1 ReplicaSet)  admitted"), "\(good)")
            #expect(good.words.contains("1 workloads"), "\(good)")
            #expect(good.words.contains("2 that run nothing passed over"), "\(good)")

            // The tag has moved on; one Pod still runs what it named before.
            bench.store(
                "v1", "Pod", "web-1-2", in: "demo", content.signed.reference,
                status: [
                    "phase": "Running",
                    "containerStatuses": [
                        [
                            "name": "main", "imageID": .string("\(content.host)/demo/app@\(content.unsigned.digest)"),
                        ]
                    ],
                ], owner: set)
            let bad = try await bench.run("audit")
            #expect(bad.exitCode == 1, "\(bad)")
            #expect(
                bad.output.contains(
                    "\(content.signed.reference)@\(content.unsigned.digest) (running): application-is-signed: denied"),
                "\(bad)")

            let all = try await bench.run("audit", "--all")
            #expect(all.exitCode == 1, "\(all)")
            for title in ["Deployment/web ", "ReplicaSet/web-0", "ReplicaSet/web-1", "Pod/web-1-3", "Pod/done"] {
                #expect(all.output.contains(title), "\(title): \(all)")
            }
        }
    }

    @Test("Lists are read page by page, and each image is asked for once")
    func pages() async throws {
        try await ClusterBench.running { bench in
            let content = bench.content
            for index in 0..<120 {
                bench.store("apps/v1", "Deployment", "web-\(index)", in: "demo", content.unsigned.reference)
            }
            let answer = try await bench.run("audit")
            #expect(answer.exitCode == 1, "\(answer.words)")
            #expect(answer.words.contains("120 workloads, 0 admitted, 0 warned, 120 denied"), "\(answer.words)")
            let lists = bench.server.requests.filter { $0.path == "/apis/apps/v1/deployments" }
            #expect(lists.count == 3)
            #expect(lists.allSatisfy { $0.query.contains("limit=50") })
            // What one image needs, asked by as many reviews at once as there are.
            #expect(bench.demo.registry.faults.requests.count < 40)
        }
    }

    @Test("What cannot be read is undecided, and never nothing")
    func forbidden() async throws {
        try await ClusterBench.running { bench in
            bench.store("apps/v1", "Deployment", "web", in: "demo", bench.content.signed.reference)
            bench.server.deny(APIPermission(verb: "list", resource: "daemonsets"))
            let some = try await bench.run("audit")
            #expect(some.exitCode == 2, "\(some)")
            #expect(some.output.contains("Deployment/web  admitted"), "\(some)")
            #expect(
                some.words.contains("daemonsets cannot be read to their end: the API server answered 403"), "\(some)")
            #expect(some.words.contains("1 resources not read"), "\(some)")

            bench.server.denyNothing()
            for resource in ["clusterimagepolicies", "trustroots", "configmaps"] {
                bench.server.deny(APIPermission(resource: resource))
                let answer = try await bench.run("audit")
                #expect(answer.exitCode == 2, "\(answer)")
                #expect(answer.output.isEmpty, "\(answer)")
                #expect(answer.words.contains("\(resource)"), "\(answer)")
                bench.server.denyNothing()
            }
            // Nothing is decided by these: they are marks.
            bench.server.deny(APIPermission(resource: "namespaces"))
            let unmarked = try await bench.run("audit")
            #expect(unmarked.exitCode == 0, "\(unmarked)")
            #expect(unmarked.output.contains("admitted  unknown"), "\(unmarked)")
            #expect(unmarked.words.contains("0 not enforced, 1 of which that is not known"), "\(unmarked)")
            // Who may not list them all may read their own.
            bench.server.denyNothing()
            bench.server.deny(APIPermission(verb: "list", resource: "namespaces"))
            let own = try await bench.run("audit", "--namespace", "demo")
            #expect(own.output.contains("admitted  yes"), "\(own)")
        }
    }

    @Test("A server that is lost midway leaves an audit undecided, with what was seen")
    func lost() async throws {
        try await ClusterBench.running { bench in
            bench.fill()
            bench.server.drop { $0.path.hasSuffix("/statefulsets") }
            let answer = try await bench.run("audit")
            #expect(answer.exitCode == 2, "\(answer)")
            #expect(answer.output.contains("Deployment/bad"), "\(answer)")
            for resource in ["statefulsets", "daemonsets", "pods"] {
                #expect(answer.words.contains("\(resource) cannot be read to their end"), "\(answer)")
            }
            #expect(!bench.server.requests.contains { $0.path.hasSuffix("/pods") }, "who does not answer is left alone")
        }
    }

    @Test("Policies of files are tried before they are applied")
    func files() async throws {
        try await ClusterBench.running { bench in
            bench.store("apps/v1", "Deployment", "web", in: "demo", bench.content.signed.reference)
            let host = bench.content.host
            for (action, status) in [("pass", 0), ("fail", 1)] as [(String, Int32)] {
                try bench.program.writePolicy("mine.yaml", host: host, action: action)
                let answer = try await bench.run("audit", "--policies", "mine.yaml")
                #expect(answer.exitCode == status, "\(answer)")
            }
            #expect(!bench.server.requests.contains { $0.path.contains("clusterimagepolicies") })
            let absent = try await bench.run("audit", "--policies", "absent")
            #expect(absent.exitCode == 64, "\(absent)")
        }
    }

    @Test("The settings of the cluster say what becomes of an image that no policy names; a flag goes before them")
    func settings() async throws {
        try await ClusterBench.running { bench in
            bench.server.remove("clusterimagepolicies", "application-is-signed")
            bench.store("apps/v1", "Deployment", "web", in: "demo", bench.content.signed.reference)
            #expect(try await bench.run("audit").exitCode == 1)
            for (value, status) in [("allow", 0), ("warn", 0), ("deny", 1), ("ALLOW", 1)] as [(String, Int32)] {
                bench.server.store([
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": ["name": "config-policy-controller", "namespace": "cosign-system"],
                    "data": ["no-match-policy": .string(value)],
                ])
                let answer = try await bench.run("audit")
                #expect(answer.exitCode == status, "\(value): \(answer)")
                let flag = try await bench.run("audit", "--no-match", "deny")
                #expect(flag.exitCode == 1, "\(value): \(flag)")
            }
        }
    }

    @Test("As JSON every finding is there with its sentences")
    func json() async throws {
        try await ClusterBench.running { bench in
            bench.fill()
            let answer = try await bench.run("audit", "--output", "json")
            let root = try JSONDocument(parsing: Array(answer.output.utf8)).root
            #expect(root["kind"]?.string == "Audit")
            #expect(root["summary"]?["denied"]?.integer == 2)
            let workloads = try #require(root["workloads"]).elements.map { $0 }
            #expect(workloads.map { $0["name"]?.string } == ["bad", "web", "tool", "old"])
            let bad = try #require(workloads.first)
            #expect(bad["verdict"]?.string == "denied")
            #expect(bad["enforced"]?.bool == true)
            let finding = try #require(bad["findings"]?[0])
            #expect(finding["policy"]?.string == "application-is-signed")
            #expect(finding["reason"]?.string == "no-signatures")
            #expect(finding["messages"]?[0]?.string?.contains("no signatures found") == true, "\(answer)")
            #expect(workloads.last?["enforced"]?.bool == false)
            #expect(workloads.last?["notEnforcedBecause"]?.string == "namespace is not labelled")
        }
    }

    @Test("As PolicyReports there is one object for each namespace, which the API server takes")
    func policyReports() async throws {
        try await ClusterBench.running { bench in
            bench.fill()
            let answer = try await bench.run("audit", "-o", "policyreport")
            #expect(answer.exitCode == 1, "\(answer)")
            let list = try JSONTree(json: Array(answer.output.utf8))
            #expect(list["kind"].text == "List")
            let items = list["items"].elements
            #expect(items.map(\.namespace) == ["demo", "legacy"])
            for item in items {
                #expect(item["apiVersion"].text == "wgpolicyk8s.io/v1alpha2" && item["kind"].text == "PolicyReport")
                bench.server.store(item)
            }
            let demo = try #require(items.first)
            #expect(demo["summary"] == ["pass": 1, "fail": 1, "warn": 1, "error": 0, "skip": 0])
            let results = demo["results"].elements
            #expect(results.map { $0["result"].text } == ["fail", "pass", "warn"])
            #expect(results.map { $0["resources"].elements.first?["name"].text } == ["bad", "web", "tool"])
            #expect(results.first?["policy"].text == "application-is-signed")
            #expect(results.first?["message"].text.contains("no signatures found") == true)
            #expect(items.last?["results"].elements.first?["scored"].bool == false)
        }
    }

    @Test("The bar shows how far it is, also where nobody knows how much there is")
    func bar() {
        #expect(
            AuditProgress.line(judged: 30, bad: 2, total: 120, images: 7)
                == "[#####...............] 30/120 workloads, 7 images judged, 2 workloads denied or undecided")
        #expect(AuditProgress.line(judged: 9, bad: 0, total: 4, images: 1).hasPrefix("[####################] 9/9"))
        #expect(AuditProgress.line(judged: 9, bad: 0, total: nil, images: 1).hasPrefix("9 workloads, "))
    }
}
