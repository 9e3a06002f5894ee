// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// The kinds of set-up that projects run, before the webhook and on the command line. The hosts in their globs are the
/// loopback registry's.
@Suite("Set-ups of projects", .serialized)
struct SetupScenarioTests {
    /// The webhook's verdict and the command line's are the same.
    private static func agree(
        _ bench: ScenarioBench, _ webhook: Webhook, _ image: String, _ documents: String, denial: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let words = try await bench.verify(image, documents)
        if let denial {
            try await webhook.denies(image, saying: denial, sourceLocation: sourceLocation)
            #expect(words.exitCode == 1, "\(words)", sourceLocation: sourceLocation)
            #expect(words.words.contains(denial), "\(words)", sourceLocation: sourceLocation)
        } else {
            try await webhook.admits(image, sourceLocation: sourceLocation)
            #expect(words.exitCode == 0, "\(words)", sourceLocation: sourceLocation)
        }
    }

    @Test("Releases of a workflow by regular expression, a digest pin, and a mirror")
    func releases() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let content = DemoImage.twoPlatforms("scheduler")
            let release = try await bench.push("karmada/karmada-scheduler", content)
            let branch = try await bench.push("karmada/karmada-agent")
            let unsigned = try await bench.push("karmada/karmada-webhook")
            let mirrored = try await bench.push("mirror/karmada/karmada-scheduler", content)
            let nested = try await bench.push("mirror2/karmada/karmada-scheduler", content)
            let pinned = try await bench.push("library/base")
            let unpinned = try await bench.push("library/base", tag: "v2")
            func signer(_ ref: String) -> ScenarioBench.Signer {
                .workflow(repository: "karmada-io/karmada", file: "dockerhub-released-image.yml", ref: ref)
            }
            try await bench.sign(release, by: signer("refs/tags/v1.14.0"), .tag)
            try await bench.sign(branch, by: signer("refs/heads/feature"))
            let expression =
                #"^https://github\.com/karmada-io/karmada/\.github/workflows/.+\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+$"#
            func policy(_ name: String, _ glob: String, more: String = "") -> String {
                ScenarioPolicy(
                    name, glob,
                    authorities: [
                        ScenarioPolicy.keyless(
                            issuer: ScenarioBench.Signer.gitHub, subjectRegExp: "'\(expression)'") + more
                    ]
                ).text
            }
            let documents = [
                policy("released", "\(bench.host)/karmada/**"),
                policy("mirrored", "\(bench.host)/mirror/**"),
                policy(
                    "mirrored-with-source", "\(bench.host)/mirror2/**",
                    more: "source:\n- oci: \(bench.host)/karmada/karmada-scheduler\n"),
                ScenarioPolicy("pinned", pinned, authorities: [ScenarioPolicy.static("pass")]).text,
            ].joined(separator: "---\n")
            try await bench.webhook(documents) { webhook in
                try await Self.agree(bench, webhook, release, documents)
                try await Self.agree(
                    bench, webhook, branch, documents,
                    denial: "none of the expected identities matched what was in the certificate")
                try await Self.agree(bench, webhook, unsigned, documents, denial: "no signatures found")
                try await Self.agree(bench, webhook, mirrored, documents, denial: "no signatures found")
                try await Self.agree(bench, webhook, nested, documents)
                try await Self.agree(bench, webhook, pinned, documents)
                try await webhook.denies(unpinned, saying: "no matching policies")
            }
        }
    }

    @Test("A key for images, people's addresses for artifacts")
    func artifacts() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try await bench.cosign.generateKey()
            let image = try await bench.push("metal-stack/api")
            let byOther = try await bench.push("metal-stack/api-by-other")
            func artifact(_ name: String) async throws -> String {
                try await bench.push(
                    "metal-stack/artifacts/\(name)",
                    DemoImage(artifactType: "application/vnd.example.release.v1+yaml", content: Array(name.utf8)))
            }
            let release = try await artifact("release")
            let byOtherIssuer = try await artifact("other-issuer")
            let byOtherPerson = try await artifact("other-person")
            try await bench.sign(image, with: key, .tag)
            try await bench.sign(byOther, with: other)
            let issuer = "https://accounts.example.com"
            try await bench.sign(release, by: .email("releases@example.com", issuer: issuer))
            try await bench.sign(
                byOtherIssuer, by: .email("releases@example.com", issuer: "https://login.example.net"))
            try await bench.sign(byOtherPerson, by: .email("releases@example.com.example.net", issuer: issuer))
            let documents =
                ScenarioPolicy(
                    "images", "\(bench.host)/metal-stack/*", authorities: [ScenarioPolicy.key(key.publicKeyPEM)]
                ).text + "---\n"
                + ScenarioPolicy(
                    "artifacts", "\(bench.host)/metal-stack/artifacts/**",
                    authorities: [ScenarioPolicy.keyless(issuer: issuer, subject: "releases@example.com")]
                ).text
            try await bench.webhook(documents) { webhook in
                try await Self.agree(bench, webhook, image, documents)
                try await Self.agree(bench, webhook, byOther, documents, denial: "no matching signatures")
                try await Self.agree(bench, webhook, release, documents)
                for image in [byOtherIssuer, byOtherPerson] {
                    try await Self.agree(
                        bench, webhook, image, documents,
                        denial: "none of the expected identities matched what was in the certificate")
                }
                // As clusters use them: mounted into a Pod.
                try await webhook.admits(ScenarioReview(image) { $0.imageVolumes = [release] })
                try await webhook.denies(
                    ScenarioReview(image) { $0.imageVolumes = [byOtherPerson] },
                    saying: "failed policy: artifacts: spec.volumes[0].image")
            }
        }
    }

    @Test("Signatures that skopeo wrote while it copied, as Pulp and podman hold them")
    func attachments() async throws {
        guard SkopeoTool.isAvailable(), await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try await bench.cosign.generateKey()
            let content = DemoImage.twoPlatforms("copied")
            _ = try await bench.push("upstream/app", content)
            let skopeo = try SkopeoTool()
            for (name, signer) in [("app", key), ("app-by-other", other)] {
                try await skopeo.copy(
                    "\(bench.host)/upstream/app:v1", to: "\(bench.host)/pulp/\(name):v1", signingWith: signer, all: true
                )
            }
            try await skopeo.copy(
                "\(bench.host)/upstream/app:v1", to: "\(bench.host)/pulp/app-unsigned:v1", all: true)
            let documents = ScenarioPolicy(
                "pulp", "\(bench.host)/pulp/**", authorities: [ScenarioPolicy.key(key.publicKeyPEM)]
            ).text
            try await bench.webhook(documents) { webhook in
                for part in [content] + content.children {
                    try await Self.agree(bench, webhook, "\(bench.host)/pulp/app@\(part.digest)", documents)
                }
                try await Self.agree(
                    bench, webhook, "\(bench.host)/pulp/app-by-other@\(content.digest)", documents,
                    denial: "no matching signatures")
                try await Self.agree(
                    bench, webhook, "\(bench.host)/pulp/app-unsigned@\(content.digest)", documents,
                    denial: "no signatures found")
            }
        }
    }
}
