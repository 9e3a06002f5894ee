// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

/// Documents to the last byte, and images by the names that clusters pull them by: those of real hosts, which lead to the
/// loopback registry for our own program alone.
@Suite("Documents with the hosts that their authors wrote", .serialized)
struct NamedHostTests {
    private static let flags = ["--insecure-registry", "ghcr.io", "--insecure-registry", "registry-1.docker.io"]

    private static func running(_ body: (ScenarioBench) async throws -> Void) async throws {
        guard await ScenarioBench.isAvailable(), await NamedHosts.isAvailable() else { return }
        try await ScenarioBench.running(hosts: try NamedHosts(["ghcr.io", "registry-1.docker.io"]), body)
    }

    /// A reference in the registry as it is pulled by that name.
    private static func pulled(_ image: String, from host: String, _ bench: ScenarioBench) -> String {
        image.replacing("\(bench.host)/", with: host.isEmpty ? "" : "\(host)/")
    }

    @Test("OpenMed's policy, unchanged")
    func openMed() async throws {
        guard let bytes = OpenMedScenarioTests.document else {
            return skip("needs OpenMed's policy of the shared folder")
        }
        try await Self.running { bench in
            let policy = String(decoding: bytes, as: UTF8.self)
            var images: [String] = []
            for (name, signer) in [("right", "image-signing.yml"), ("wrong", "container-multiarch.yml")] {
                let signer = ScenarioBench.Signer.workflow(
                    repository: OpenMedScenarioTests.repository, file: signer, ref: "refs/heads/master")
                let image = try await bench.push(OpenMedScenarioTests.repository, .twoPlatforms(name))
                try await bench.sign(image, by: signer)
                try await bench.attest(image, by: signer, type: "cyclonedx", OpenMedScenarioTests.materials)
                try await bench.attest(image, by: signer, type: "slsaprovenance1", OpenMedScenarioTests.provenance())
                images.append(Self.pulled(image, from: "ghcr.io", bench))
            }
            let denial = "none of the expected identities matched what was in the certificate"
            try await bench.webhook(policy, flags: Self.flags) { webhook in
                try await webhook.admits(ScenarioReview(images[0]), warning: "only attestations were checked")
                try await webhook.denies(images[1], saying: "failed policy: openmed-ghcr-keyless-signatures", denial)
            }
            let good = try await bench.verify(images[0], policy, flags: Self.flags)
            #expect(good.exitCode == 0, "\(good)")
            let bad = try await bench.verify(images[1], policy, flags: Self.flags)
            #expect(bad.exitCode == 1 && bad.words.contains(denial), "\(bad)")
        }
    }

    @Test("Releases on Docker Hub, and their mirror elsewhere")
    func dockerHub() async throws {
        try await Self.running { bench in
            let content = DemoImage.twoPlatforms("released")
            let release = try await bench.push("karmada/karmada-scheduler", content)
            let branch = try await bench.push("karmada/karmada-agent")
            let mirrored = try await bench.push("mirror/karmada/karmada-scheduler", content)
            let sourced = try await bench.push("sourced/karmada/karmada-scheduler", content)
            for (image, ref) in [(release, "refs/tags/v1.14.0"), (branch, "refs/heads/feature")] {
                try await bench.sign(
                    image, by: .workflow(repository: "karmada-io/karmada", file: "released.yml", ref: ref))
            }
            func policy(_ name: String, _ glob: String, more: String = "") -> String {
                ScenarioPolicy(
                    name, glob,
                    authorities: [
                        ScenarioPolicy.keyless(
                            issuer: ScenarioBench.Signer.gitHub,
                            subjectRegExp: #"'^https://github\.com/karmada-io/karmada/.+@refs/tags/v[0-9.]+$'"#) + more
                    ]
                ).text
            }
            let documents = [
                policy("hub", "docker.io/karmada/**"), policy("mirror", "ghcr.io/mirror/karmada/*"),
                policy(
                    "mirror-with-source", "ghcr.io/sourced/karmada/*",
                    more: "source:\n- oci: docker.io/karmada/karmada-scheduler\n"),
            ].joined(separator: "---\n")
            try await bench.webhook(documents, flags: Self.flags) { webhook in
                for host in ["docker.io", "index.docker.io", ""] {
                    try await webhook.admits(Self.pulled(release, from: host, bench))
                    try await webhook.denies(
                        Self.pulled(branch, from: host, bench), saying: "failed policy: hub",
                        "none of the expected identities matched what was in the certificate")
                }
                try await webhook.denies(
                    Self.pulled(mirrored, from: "ghcr.io", bench), saying: "failed policy: mirror",
                    "no signatures found")
                try await webhook.admits(Self.pulled(sourced, from: "ghcr.io", bench))
            }
            for (image, host, code) in [
                (release, "docker.io", 0), (branch, "docker.io", 1), (mirrored, "ghcr.io", 1), (sourced, "ghcr.io", 0),
            ] {
                let answer = try await bench.verify(
                    Self.pulled(image, from: host, bench), documents, flags: Self.flags)
                #expect(answer.exitCode == Int32(code), "\(answer)")
            }
        }
    }
}
