// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

/// The examples with which policy-tester is tried, as `countersign policy test` takes them.
@Suite("policy-tester's examples", .serialized)
struct TesterScenarioTests {
    @Test("A bill of materials by a key of one's own")
    func materials() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let attested = try await bench.push("listed/demo")
            let bare = try await bench.push("listed/demo-bare")
            let other = try await bench.push("listed/demo-cyclonedx")
            try await bench.attest(attested, with: key, .tag, type: "spdxjson", #"{"spdxVersion":"SPDX-2.3"}"#)
            try await bench.attest(other, with: key, .tag, type: "cyclonedx", #"{"bomFormat":"CycloneDX"}"#)
            let policy = try bench.sigstore.write(
                ScenarioPolicy(
                    "must-have-a-list", "**", version: "v1alpha1",
                    authorities: [
                        "name: release-key\n" + ScenarioPolicy.key(key.publicKeyPEM)
                            + ScenarioPolicy.attestations(
                                ScenarioPolicy.attestation(
                                    "list", type: "spdxjson", cue: "predicateType: \"https://spdx.dev/Document\"\n"))
                    ]
                ).text, to: "policy.yaml")
            func test(_ image: String) async throws -> CountersignTool.Answer {
                try await bench.countersign.run(["policy", "test", "-policy", policy, "-image", image])
            }
            let good = try await test(attested)
            #expect(good.exitCode == 0 && good.output.isEmpty, "\(good)")
            for image in [bare, other] {
                let bad = try await test(image)
                #expect(bad.exitCode == 1 && bad.output.contains("no matching attestations"), "\(bad)")
            }
        }
    }

    @Test("Pods alone, whatever their image")
    func pods() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let image = try await bench.push("any/demo")
            let policy = try bench.sigstore.write(
                ScenarioPolicy(
                    "only-pods", "**", authorities: [ScenarioPolicy.static("pass")],
                    rest: ScenarioPolicy.cue("typemeta: kind: \"Pod\"\n", including: "includeTypeMeta")
                ).text, to: "policy.yaml")
            let pod = try bench.sigstore.write(
                "apiVersion: v1\nkind: Pod\nmetadata: {name: demo}\nspec: {containers: [{name: a, image: b}]}\n",
                to: "pod.yaml")
            let job = try bench.sigstore.write(
                "apiVersion: batch/v1\nkind: Job\nmetadata: {name: demo}\nspec: {template: {spec: {containers: []}}}\n",
                to: "job.yaml")
            for (resource, code) in [(pod, 0), (job, 1)] {
                let answer = try await bench.countersign.run(
                    ["policy", "test", "-policy", policy, "-image", image, "-resource", resource])
                #expect(answer.exitCode == Int32(code), "\(answer)")
                #expect(answer.output.contains("typemeta.kind: conflicting values") == (code == 1), "\(answer)")
            }
        }
    }
}
