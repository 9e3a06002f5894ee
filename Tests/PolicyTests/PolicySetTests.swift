// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Policy

@Suite("Which policies govern an image")
struct PolicySetTests {
    private let image = "registry.example/acme/app@\(sampleDigest)"
    private let pod = WorkloadFacts(group: "", version: "v1", resource: "pods", labels: ["app": "web"])

    private func policy(
        _ name: String, glob: String = "registry.example/**", rest: String = ""
    ) throws -> ClusterImagePolicy {
        try Source(name: name, images: "  images:\n  - glob: '\(glob)'\n", rest: rest).policy
    }

    @Test("those whose glob names it, in order of name")
    func byGlob() throws {
        let set = PolicySet(policies: [
            try policy("c"), try policy("b", glob: "other.example/**"), try policy("a", rest: "  mode: warn"),
        ])
        let selection = try set.policies(for: reference(image), workload: pod)
        #expect(selection.policies.map(\.name) == ["a", "c"])
        #expect(selection.modes == [.warn, .enforce])
        #expect(selection.denials.isEmpty)
        #expect(try set.policies(for: reference("third.example/a@\(sampleDigest)"), workload: pod).isEmpty)
    }

    @Test("any glob of a policy is enough")
    func anyGlob() throws {
        let policy = try Source(images: "  images:\n  - glob: a.example/**\n  - glob: registry.example/**\n").policy
        #expect(try PolicySet(policies: [policy]).policies(for: reference(image), workload: pod).policies.count == 1)
    }

    @Test("a policy with match governs the workloads that it names, and every image on the command line")
    func byWorkload() throws {
        let rest = "  match:\n  - {version: v1, resource: pods, selector: {matchLabels: {app: db}}}"
        let set = PolicySet(policies: [try policy("a", rest: rest)])
        let database = WorkloadFacts(group: "", version: "v1", resource: "pods", labels: ["app": "db"])
        #expect(try set.policies(for: reference(image), workload: database).policies.count == 1)
        #expect(try set.policies(for: reference(image), workload: pod).policies.isEmpty)
        #expect(try set.policies(for: reference(image), workload: nil).policies.count == 1)
    }

    /// Globs and modes of policies, and the modes that a tag of `registry.example/acme/app` gets by them.
    static let tagged: [([(String, EnforcementMode)], [EnforcementMode])] = [
        ([("registry.example/acme/**", .warn)], [.warn]),
        // What enforces counts if it names any digest, whatever it says about the tag.
        ([("registry.example/acme/**", .warn), ("registry.example/acme/app@*", .enforce)], [.warn, .enforce]),
        ([("registry.example/acme/**", .warn), ("registry.example/acme/app@sha256:*", .enforce)], [.warn, .enforce]),
        ([("registry.example/acme/**", .warn), ("**a@sha512:00*", .enforce)], [.warn]),
        ([("registry.example/acme/**", .warn), ("**p@sha512:00*", .enforce)], [.warn, .enforce]),
        ([("**", .warn), ("registry.example/acme/app@\(sampleDigest)", .enforce)], [.warn, .enforce]),
        ([("**", .warn), ("registry.example/acme/app@\(sampleDigest.dropLast())*", .enforce)], [.warn, .enforce]),
        ([("**", .warn), ("registry.example/acme/app@\(sampleDigest)0", .enforce)], [.warn]),
        ([("**", .warn), ("registry.example/acme/app@sha256:g*", .enforce)], [.warn]),
        ([("**", .warn), ("registry.example/acme/app:v1", .enforce)], [.warn]),
        ([("**", .warn), ("registry.example/acme/other@*", .enforce)], [.warn]),
        // What warns counts if it names every digest.
        ([("registry.example/acme/app:v1", .warn)], []),
        ([("registry.example/acme/app:*", .warn)], []),
        ([("registry.example/acme/app@*", .warn)], [.warn]),
        ([("registry.example/acme/app*:**", .warn)], [.warn]),
        ([("registry.example/acme/app@\(sampleDigest)", .warn)], []),
        ([("registry.example/acme/app@*0*", .warn)], []),
    ]

    @Test("of a reference without digest the modes are those of what it may become", arguments: tagged)
    func anyDigest(_ rules: [(String, EnforcementMode)], _ modes: [EnforcementMode]) throws {
        let tag = try reference("registry.example/acme/app:v1")
        let policies = try rules.enumerated().map { index, rule in
            try policy("p\(index)", glob: rule.0, rest: "  mode: \(rule.1.rawValue)")
        }
        #expect(PolicySet(policies: policies).modesOfAnyDigest(of: tag, workload: pod) == modes)
        let broken = try rules.enumerated().map { index, rule in
            BrokenPolicy(name: "p\(index)", reason: "", mode: rule.1, images: [try Glob(rule.0)])
        }
        #expect(PolicySet(policies: [], broken: broken).modesOfAnyDigest(of: tag, workload: pod) == modes)
    }

    @Test("a short name's modes are those of its full one, and its workload's")
    func anyDigestOfShortName() throws {
        let nginx = try reference("nginx")
        let policies = [
            try policy("a", glob: "*", rest: "  mode: warn"), try policy("b", glob: "nginx"),
            try policy("c", glob: "**", rest: "  match:\n  - {version: v1, resource: jobs, group: batch}"),
        ]
        let set = PolicySet(policies: policies)
        #expect(set.modesOfAnyDigest(of: nginx, workload: pod) == [.warn])
        #expect(set.modesOfAnyDigest(of: nginx, workload: nil) == [.warn, .enforce])
        let gone = PolicySet(
            policies: policies, broken: [BrokenPolicy(name: "x", reason: "", mode: .warn, images: nil)], missing: ["/p"]
        )
        #expect(gone.modesOfAnyDigest(of: nginx, workload: pod) == [.warn, .warn, .enforce])
    }

    @Test("with a digest, the modes are those of what governs it")
    func oneDigest() throws {
        let set = PolicySet(policies: [
            try policy("a", glob: image, rest: "  mode: warn"),
            try policy("b", glob: "registry.example/acme/app@sha512:*"),
        ])
        #expect(try set.modesOfAnyDigest(of: reference(image), workload: pod) == [.warn])
    }

    @Test("a broken document denies what its globs name, in its mode")
    func broken() throws {
        let broken = BrokenPolicy(
            name: "b", reason: "f.yaml:1:1: x", mode: .warn, images: [try Glob("registry.example/**")])
        let set = PolicySet(policies: [], broken: [broken])
        let selection = try set.policies(for: reference(image), workload: pod)
        #expect(!selection.isEmpty)
        #expect(selection.modes == [.warn])
        guard case .denied(let reasons) = try #require(selection.denials.first).outcome else {
            Issue.record("not denied")
            return
        }
        #expect(reasons.first.code == .brokenPolicy)
        #expect(reasons.first.sentence.contains("f.yaml:1:1: x"))
        #expect(try set.policies(for: reference("other.example/a@\(sampleDigest)"), workload: pod).isEmpty)
    }

    @Test("a broken document without globs, and a source that is gone, deny everything")
    func everything() throws {
        for set in [
            PolicySet(policies: [], broken: [BrokenPolicy(name: "b", reason: "", images: nil)]),
            PolicySet(policies: [], missing: ["/policies"]),
        ] {
            let selection = try set.policies(for: reference("any.example/a@\(sampleDigest)"), workload: nil)
            #expect(selection.modes == [.enforce])
            #expect(selection.denials.count == 1)
            #expect(!selection.isEmpty)
        }
    }

    @Test("two policies of one name that differ are broken, both; two equal ones are one")
    func twins() throws {
        let first = try policy("a")
        let second = try policy("a", glob: "other.example/**")
        let set = PolicySet(policies: [first, second])
        #expect(set.policies.isEmpty && set.broken.count == 2)
        #expect(try set.policies(for: reference(image), workload: nil).denials.count == 1)
        #expect(PolicySet(policies: [first, try policy("a")]).policies.count == 1)
    }
}

@Suite("Workload rules")
struct WorkloadRuleTests {
    private let facts = WorkloadFacts(group: "apps", version: "v1", resource: "deployments", labels: ["app": "web"])

    @Test(
        "a rule names a workload by exact group, plural resource, and version or *",
        arguments: [
            (WorkloadRule(group: "apps", version: "v1", resource: "deployments"), true),
            (WorkloadRule(group: "apps", version: "*", resource: "deployments"), true),
            (WorkloadRule(group: "apps", version: "", resource: "deployments"), false),
            (WorkloadRule(group: "apps", version: "v2", resource: "deployments"), false),
            (WorkloadRule(group: "", version: "v1", resource: "deployments"), false),
            (WorkloadRule(group: "*", version: "v1", resource: "deployments"), false),
            (WorkloadRule(group: "apps", version: "v1", resource: "replicasets"), false),
            (WorkloadRule(group: "apps", version: "v1", resource: ""), false),
            (WorkloadRule(group: "apps", version: "v1", resource: "*"), false),
        ])
    func kinds(_ rule: WorkloadRule, _ matches: Bool) {
        #expect(rule.matches(facts) == matches)
    }

    @Test(
        "a selector reads labels as Kubernetes does",
        arguments: [
            ("{}", ["app": "web"], true),
            ("{matchLabels: {app: web}}", ["app": "web"], true),
            ("{matchLabels: {app: web, tier: front}}", ["app": "web"], false),
            ("{matchLabels: {app: ''}}", ["app": ""], true),
            ("{matchLabels: {app: ''}}", [:], false),
            ("{matchExpressions: [{key: app, operator: In, values: [db, web]}]}", ["app": "web"], true),
            ("{matchExpressions: [{key: app, operator: In, values: [db]}]}", ["app": "web"], false),
            ("{matchExpressions: [{key: app, operator: In, values: [db]}]}", [:], false),
            ("{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}", ["app": "web"], true),
            ("{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}", ["app": "db"], false),
            ("{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}", [:], true),
            ("{matchExpressions: [{key: a.example/app, operator: Exists}]}", ["a.example/app": "x"], true),
            ("{matchExpressions: [{key: app, operator: Exists}]}", [:], false),
            ("{matchExpressions: [{key: app, operator: DoesNotExist}]}", [:], true),
            ("{matchExpressions: [{key: app, operator: DoesNotExist}]}", ["app": ""], false),
            ("{matchLabels: {app: web}, matchExpressions: [{key: x, operator: Exists}]}", ["app": "web"], false),
        ] as [(String, [String: String], Bool)])
    func selectors(_ text: String, _ labels: [String: String], _ matches: Bool) throws {
        let source = Source(rest: "  match:\n  - {version: v1, resource: pods, selector: \(text)}")
        let rule = try #require(try source.policy.match.first)
        let facts = WorkloadFacts(group: "", version: "v1", resource: "pods", labels: labels)
        #expect(rule.matches(facts) == matches)
    }
}
