// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// Policies that read the object and the image's configuration besides what authorities found.
@Suite("Policies over objects and configurations before the webhook", .serialized)
struct ObjectScenarioTests {
    private static let prefix =
        "failed evaluating cue policy for ClusterImagePolicy: failed to evaluate the policy with error: "

    private static func policy(_ name: String, _ program: String, globs: String? = nil) -> String {
        ScenarioPolicy(
            name, globs ?? "**/\(name)/demo**", authorities: [ScenarioPolicy.static("pass")], rest: program
        ).text
    }

    @Test("The specification, the metadata and the type of the object, in CUE's own words where they conflict")
    func object() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            func push(_ name: String) async throws -> String { try await bench.push("\(name)/demo") }
            let spec = try await push("include-spec")
            let metadata = try await push("include-objectmeta")
            let type = try await push("include-typemeta")
            try await bench.webhook(
                Self.policy(
                    "include-spec",
                    ScenarioPolicy.cue("spec: serviceAccount: \"non-default\"\n", including: "includeSpec")),
                Self.policy(
                    "include-objectmeta",
                    ScenarioPolicy.cue("metadata: labels: foo: \"non-bar\"\n", including: "includeObjectMeta")),
                Self.policy(
                    "include-typemeta",
                    ScenarioPolicy.cue(
                        "typemeta: {\n  kind: \"Pod\"\n  apiVersion: \"v1\"\n}\n", including: "includeTypeMeta"))
            ) { webhook in
                try await webhook.denies(
                    spec, saying: "failed policy: include-spec: spec.containers[0].image",
                    Self.prefix + #"spec.serviceAccount: conflicting values "default" and "non-default""#)
                try await webhook.admits(ScenarioReview(spec) { $0.serviceAccount = "non-default" })

                try await webhook.denies(
                    ScenarioReview(metadata) { $0.labels = ["foo": "bar"] },
                    saying: "failed policy: include-objectmeta: spec.containers[0].image",
                    Self.prefix + #"metadata.labels.foo: conflicting values "bar" and "non-bar""#)
                try await webhook.admits(ScenarioReview(metadata) { $0.labels = ["foo": "non-bar"] })

                try await webhook.denies(
                    ScenarioReview(type, .job),
                    saying: "failed policy: include-typemeta: spec.template.spec.containers[0].image",
                    Self.prefix, #"typemeta.kind: conflicting values "Job" and "Pod""#)
                // Pods come without it, and what is absent conflicts with nothing.
                try await webhook.admits(ScenarioReview(type))
            }
        }
    }

    @Test("The configuration of the image, with the policy inline, in a ConfigMap and on the web")
    func configuration() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let cue = "config: \"linux/amd64\": config: User: \"65532\"\n"
            let other = "config: \"linux/amd64\": config: User: \"root\"\n"
            let names = ["inline-config", "mapped-config", "remote-config"]
            var good: [String] = []
            var bad: [String] = []
            for name in names {
                good.append(try await bench.push("\(name)/demo", .running(as: "65532")))
                bad.append(try await bench.push("\(name)/demo-root", .running(as: "root")))
            }
            let index = try await bench.push(
                "inline-config/demo-index",
                DemoImage(index: [
                    ("amd64", try .running(as: "65532")), ("arm64", try .running(as: "65532", architecture: "arm64")),
                ]))
            let badIndex = try await bench.push(
                "inline-config/demo-bad-index",
                DemoImage(index: [
                    ("amd64", try .running(as: "0")), ("arm64", try .running(as: "65532", architecture: "arm64")),
                ]))
            let files = try await FileServer(["policy.cue": cue], bench.authority)
            func map(_ text: String) -> String {
                """
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: image-policies
                  namespace: cosign-system
                data:
                  user.cue: |
                \(ScenarioPolicy.indented(text, by: 4))
                """
            }
            func remote(_ sum: Digest) -> String {
                """
                policy:
                  type: cue
                  fetchConfigFile: true
                  remote:
                    url: https://\(files.host)/policy.cue
                    sha256sum: \(sum.hex)
                """
            }
            try await bench.webhook(
                map(cue), Self.policy("inline-config", ScenarioPolicy.cue(cue, including: "fetchConfigFile")),
                Self.policy(
                    "mapped-config",
                    """
                    policy:
                      type: cue
                      fetchConfigFile: true
                      configMapRef:
                        name: image-policies
                        key: user.cue
                    """), Self.policy("remote-config", remote(Digest(of: Array(cue.utf8)))),
                flags: ["--registry-ca", "\(files.host)=\(files.authority)"]
            ) { webhook in
                for (position, name) in names.enumerated() {
                    try await webhook.admits(good[position])
                    try await webhook.denies(
                        bad[position], saying: "failed policy: \(name): spec.containers[0].image",
                        Self.prefix + #"config."linux/amd64".config.User: conflicting values"#, #""65532""#,
                        #""root""#)
                }
                try await webhook.admits(index)
                try await webhook.denies(
                    badIndex, saying: Self.prefix + #"config."linux/amd64".config.User: conflicting values"#)
                // An edit of the ConfigMap is an edit of the policy.
                try webhook.replace(0, by: map(other))
                try await webhook.waits(until: true, ScenarioReview(bad[1]))
                try await webhook.denies(
                    good[1], saying: Self.prefix + #"config."linux/amd64".config.User: conflicting values"#)
            }
            // The same address with another sum.
            try await bench.webhook(
                Self.policy("remote-config", remote(Digest(of: Array(other.utf8)))),
                flags: ["--registry-ca", "\(files.host)=\(files.authority)"]
            ) { webhook in
                try await webhook.denies(
                    good[2], saying: "failed policy: remote-config", "failed to check sha256sum from policy remote")
            }
            await files.stop()
        }
    }
}
