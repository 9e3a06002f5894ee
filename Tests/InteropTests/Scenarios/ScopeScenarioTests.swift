// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

/// Which policies an object falls under, and what becomes of one that falls under none.
@Suite("Scope and modes before the webhook", .serialized)
struct ScopeScenarioTests {
    @Test("What no policy names is denied, warned of or allowed, as the operator says")
    func noMatch() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let image = try await bench.push("nobodys/demo")
            let policy = ScenarioPolicy(
                "image-policy-other", "**others/demo**", authorities: [ScenarioPolicy.static("pass")]
            ).text
            let kinds = [ScenarioReview.Kind.pod, .job, .cronJob]
            try await bench.webhook(policy) { webhook in
                for kind in kinds {
                    try await webhook.denies(
                        ScenarioReview(image, kind),
                        saying: "no matching policies: \(kind.path).containers[0].image\n\(image)")
                }
            }
            try await bench.webhook(policy, flags: ["--no-match", "warn"]) { webhook in
                for kind in kinds {
                    try await webhook.admits(
                        ScenarioReview(image, kind), warning: "no matching policies: \(kind.path).containers[0].image",
                        image)
                }
            }
            try await bench.webhook(policy, flags: ["--no-match", "allow"]) { webhook in
                for kind in kinds { try await webhook.admits(ScenarioReview(image, kind)) }
            }
        }
    }

    @Test("A policy that warns admits and says why it would not; one that enforces still denies")
    func warn() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let unsigned = try await bench.push("warned/demo")
            let both = try await bench.push("warned/demo-enforced")
            try await bench.webhook(
                ScenarioPolicy(
                    "image-policy-keyless-warn", "**warned/demo**", authorities: [ScenarioPolicy.keyless()],
                    rest: "mode: warn"
                ).text,
                ScenarioPolicy(
                    "image-policy-key", "**/demo-enforced@*", authorities: [ScenarioPolicy.key(key.publicKeyPEM)]
                ).text
            ) { webhook in
                let answer = try await webhook.admits(
                    ScenarioReview(unsigned, .job),
                    warning: "failed policy: image-policy-keyless-warn: spec.template.spec.containers[0].image",
                    "no signatures found")
                #expect(answer.audit["decision"] == "warned" && answer.audit["reasons"] == "no-signatures")
                // Each at its own level.
                let denial = try await webhook.denies(
                    both, saying: "failed policy: image-policy-key: spec.containers[0].image", "no signatures found")
                #expect(!denial.message.contains("image-policy-keyless-warn"))
                #expect(denial.warnings.contains { $0.contains("failed policy: image-policy-keyless-warn") })
            }
        }
    }

    @Test("match asks for the kind of object and its labels")
    func match() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try await bench.cosign.generateKey()
            let good = try await bench.push("matched/demo-good")
            let bad = try await bench.push("matched/demo-bad")
            try await bench.sign(good, with: key)
            try await bench.sign(bad, with: other)
            let policy = ScenarioPolicy(
                "image-policy-match", "**matched/demo**", authorities: [ScenarioPolicy.key(key.publicKeyPEM)],
                rest: """
                    match:
                    - resource: pods
                      version: v1
                      selector:
                        matchLabels:
                          tier: web
                    - group: apps
                      version: "*"
                      resource: deployments
                      selector:
                        matchExpressions:
                        - {key: tier, operator: In, values: [web]}
                    """
            ).text
            try await bench.webhook(policy, flags: ["--no-match", "allow"]) { webhook in
                for kind in [ScenarioReview.Kind.pod, .deployment] {
                    let matched = ScenarioReview(bad, kind) { $0.labels = ["tier": "web"] }
                    try await webhook.denies(
                        matched, saying: "failed policy: image-policy-match: \(kind.path).containers[0].image",
                        "no matching signatures")
                    try await webhook.admits(ScenarioReview(bad, kind) { $0.labels = ["tier": "batch"] })
                    try await webhook.admits(ScenarioReview(good, kind) { $0.labels = ["tier": "web"] })
                }
                // Another kind with the same labels.
                try await webhook.admits(ScenarioReview(bad, .job) { $0.labels = ["tier": "web"] })
            }
        }
    }

    @Test("A debugging container is judged as the others are")
    func ephemeral() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = try await bench.push("app/demo")
            let good = try await bench.push("app/demo-debugger")
            let unsigned = try await bench.push("app/demo-unsigned")
            let unnamed = try await bench.push("tools/busybox")
            for image in [image, good] { try await bench.sign(image, with: key) }
            try await bench.webhook(
                ScenarioPolicy(
                    "image-policy-key", "**app/demo**", authorities: [ScenarioPolicy.key(key.publicKeyPEM)]
                ).text
            ) { webhook in
                func debugging(_ debugger: String) -> ScenarioReview {
                    ScenarioReview(image).update {
                        $0.subresource = "ephemeralcontainers"
                        $0.ephemeralImages = [debugger]
                    }
                }
                try await webhook.admits(debugging(good))
                try await webhook.denies(
                    debugging(unsigned),
                    saying: "failed policy: image-policy-key: spec.ephemeralContainers[0].image", "no signatures found")
                try await webhook.denies(
                    debugging(unnamed), saying: "no matching policies: spec.ephemeralContainers[0].image")
                try await webhook.denies(
                    debugging("\(bench.host)/app/demo-debugger:v1"),
                    saying: "must be an image digest: spec.ephemeralContainers[0].image")
            }
        }
    }

    @Test("A policy without authorities admits only where the operator lets such documents be, and asks its own policy")
    func noAuthorities() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let image = try await bench.push("empty/demo")
            let documents = ScenarioPolicy(
                "image-policy-empty", "**empty/demo**",
                rest: ScenarioPolicy.cue("metadata: labels: tier: \"web\"\n", including: "includeObjectMeta")
            ).text
            let flags = ["--fail-on-empty-authorities", "false"]
            try await bench.webhook(documents, flags: flags) { webhook in
                let answer = try await webhook.admits(
                    ScenarioReview(image) { $0.labels = ["tier": "web"] },
                    warning: "admitted by policy: image-policy-empty", "the policy has no authorities")
                #expect(answer.audit["no-authorities"] == "true")
                try await webhook.denies(
                    ScenarioReview(image) { $0.labels = ["tier": "batch"] },
                    saying: "failed policy: image-policy-empty", "metadata.labels.tier: conflicting values")
            }
            // On the command line there is no workload that the policy could be asked about.
            let alone = try await bench.verify(image, documents, flags: flags)
            #expect(alone.exitCode == 1 && alone.words.contains("it reads the workload"), "\(alone)")
            let refused = try await bench.verify(image, documents)
            #expect(
                refused.exitCode == 64 && refused.words.contains("missing field(s): spec.authorities"), "\(refused)")
        }
    }
}
