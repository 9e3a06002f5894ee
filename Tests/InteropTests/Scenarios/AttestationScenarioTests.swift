// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

/// Attestations, and what a policy asks of what they say.
@Suite("Attestations before the webhook", .serialized)
struct AttestationScenarioTests {
    private static let release = ScenarioBench.Signer.workflow(repository: "acme/demo")
    private static let custom = "https://cosign.sigstore.dev/attestation/v1"
    /// What the predicate of cosign's own type must say; its time is a text.
    private static let cue = """
        import "time"
        limit: time.Parse(time.RFC3339, "2049-10-09T17:10:27Z")
        predicateType: "\(custom)"
        predicate: {
          Data: "tested"
          Timestamp: <limit
        }
        """

    /// One policy for each way to sign, for images named so.
    private static func policy(_ name: String, _ authority: String, type: String = "custom") -> String {
        ScenarioPolicy(
            "image-policy-\(name)", "**/\(name)/demo**",
            authorities: [
                authority
                    + ScenarioPolicy.attestations(
                        ScenarioPolicy.attestation("custom-match-predicate", type: type, cue: cue))
            ]
        ).text
    }

    @Test("An attestation is asked for instead of a signature: by name in bundles, by key under cosign's tag")
    func custom() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try await bench.cosign.generateKey()
            func push(_ what: String) async throws -> [String] {
                [
                    try await bench.push("keyless/demo-\(what)"), try await bench.push("keyed/demo-\(what)"),
                ]
            }
            let signed = try await push("signed")
            let attested = try await push("attested")
            let untrue = try await push("untrue")
            let mended = try await push("mended")
            let bare = try await push("bare")
            try await bench.sign(signed[0], by: Self.release)
            try await bench.sign(signed[1], with: key, .tag)
            let texts = [(attested, ["tested"]), (untrue, ["guessed"]), (mended, ["guessed", "tested"])]
            for (images, texts) in texts {
                for text in texts {
                    try await bench.attest(images[0], by: Self.release, type: "custom", text)
                    try await bench.attest(images[1], with: key, .tag, type: "custom", text)
                }
            }
            let foreign = try await bench.push("keyed/demo-foreign")
            try await bench.attest(foreign, with: other, type: "custom", "tested")
            let signer = ScenarioPolicy.keyless(issuer: ScenarioBench.Signer.gitHub, subject: Self.release.subject)
            try await bench.webhook(
                Self.policy("keyless", signer),
                Self.policy("keyed", ScenarioPolicy.key(key.publicKeyPEM), type: Self.custom)
            ) { webhook in
                for (index, name) in ["keyless", "keyed"].enumerated() {
                    let word = name == "keyed" ? "key" : "keyless"
                    let answer = try await webhook.admits(
                        ScenarioReview(attested[index]), warning: "only attestations were checked")
                    #expect(answer.audit["signature-not-checked"] == "true")
                    // A second attestation may say what the first does not.
                    try await webhook.admits(ScenarioReview(mended[index]), warning: "only attestations were checked")
                    for image in [bare[index], signed[index]] {
                        try await webhook.denies(
                            image, saying: "failed policy: image-policy-\(name)",
                            "attestation \(word) validation failed for authority authority-0 for \(image)",
                            "no matching attestations")
                    }
                    try await webhook.denies(
                        untrue[index],
                        saying: "failed evaluating cue policy for custom-match-predicate: "
                            + "failed to evaluate the policy with error: predicate.Data: conflicting values",
                        "\"guessed\"", "\"tested\"")
                }
                try await webhook.denies(foreign, saying: "no matching attestations", "not made by key")
            }
        }
    }

    @Test("Attestations of a type are asked for, and others do not stand in")
    func types() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let vulnerable = try await bench.push("typed/demo-vuln")
            let listed = try await bench.push("typed/demo-spdx")
            let both = try await bench.push("typed/demo-both")
            let spdx = #"{"spdxVersion":"SPDX-2.3","name":"demo","packages":[]}"#
            for image in [listed, both] { try await bench.attest(image, with: key, .tag, type: "spdxjson", spdx) }
            for image in [vulnerable, both] {
                try await bench.attest(image, with: key, type: "https://example.com/scan/v1", #"{"found":0}"#)
            }
            let signed = try await bench.push("typed/demo-signed")
            try await bench.attest(signed, with: key, .tag, type: "spdxjson", spdx)
            try await bench.sign(signed, with: key)
            func policy(_ name: String, _ requirements: String..., more: String = "") -> String {
                ScenarioPolicy(
                    name, "**typed/demo**",
                    authorities: [
                        ScenarioPolicy.key(key.publicKeyPEM) + "attestations:\n" + requirements.joined() + more
                    ]
                ).text
            }
            let list = ScenarioPolicy.attestation("list", type: "spdxjson")
            let scan = ScenarioPolicy.attestation("scan", type: "https://example.com/scan/v1")
            try await bench.webhook(policy("all-of-them", list, scan)) { webhook in
                try await webhook.admits(ScenarioReview(both), warning: "signature-not-checked")
                try await webhook.denies(
                    listed,
                    saying: "no matching attestations with type https://example.com/scan/v1, "
                        + "checked the following predicateTypes: \"https://spdx.dev/Document\"")
                try await webhook.denies(
                    vulnerable,
                    saying: "no matching attestations with type https://spdx.dev/Document, "
                        + "checked the following predicateTypes: \"https://example.com/scan/v1\"")
            }
            try await bench.webhook(policy("signed-too", list, more: "requireSignature: true\n")) { webhook in
                try await webhook.admits(signed)
                for image in [listed, both] {
                    try await webhook.denies(image, saying: "failed policy: signed-too", "no signatures found")
                }
                try await webhook.denies(vulnerable, saying: "no matching attestations", "no signatures found")
            }
        }
    }

    @Test("Attestations lie elsewhere, or under a prefix, where the policy says so")
    func source() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = try await bench.push("prefixed/demo")
            let plain = try await bench.push("unprefixed/demo")
            for (image, repository) in [(image, "prefixed/demo"), (plain, "unprefixed/demo")] {
                try await bench.attest(image, with: key, .tag, type: "custom", "tested")
                let tag = String(image.suffix(71)).replacing(":", with: "-") + ".att"
                if repository == "prefixed/demo" { try await bench.copy(repository, tag, to: "sigprefix\(tag)") }
            }
            func policy(_ name: String) -> String {
                ScenarioPolicy(
                    name, "**/\(name)/demo**",
                    authorities: [
                        ScenarioPolicy.key(key.publicKeyPEM)
                            + "source:\n- oci: \(bench.host)/\(name)/demo\n  tagPrefix: sigprefix\n"
                            + ScenarioPolicy.attestations(
                                ScenarioPolicy.attestation("custom-match-predicate", type: "custom"))
                    ]
                ).text
            }
            try await bench.webhook(policy("prefixed"), policy("unprefixed")) { webhook in
                try await webhook.admits(ScenarioReview(image), warning: "signature-not-checked")
                try await webhook.denies(plain, saying: "failed policy: unprefixed", "no matching attestations")
            }
        }
    }

    @Test("A policy in Rego is taken, and denies what it guards, saying so")
    func rego() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = try await bench.push("rego/demo")
            try await bench.attest(image, with: key, type: "custom", "tested")
            let policy = ScenarioPolicy(
                "image-policy-rego", "**rego/demo**",
                authorities: [
                    ScenarioPolicy.key(key.publicKeyPEM) + """
                        attestations:
                        - name: custom-match-predicate
                          predicateType: \(Self.custom)
                          policy:
                            type: rego
                            data: |
                              package sigstore
                              isCompliant { input.predicate.Data == "tested" }

                        """
                ]
            ).text
            try await bench.webhook(policy) { webhook in
                try await webhook.denies(
                    image, saying: "failed policy: image-policy-rego",
                    "failed evaluating rego policy for custom-match-predicate")
            }
        }
    }

    @Test("Two signatures and three attestations, counted by the policy over all authorities")
    func everything() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            func scan(_ day: Int) -> String {
                """
                {"invocation":{"uri":"https://ci.example.com/7"},"scanner":{"uri":"https://scanner.example.com"},\
                "metadata":{"scanStartedOn":"2026-01-0\(day)T00:00:00Z","scanFinishedOn":"2026-01-0\(day)T00:01:00Z"}}
                """
            }
            func push(_ name: String, signatures: Int = 1, day: Int = 3) async throws -> String {
                let image = try await bench.push("counted/demo-\(name)")
                for _ in 0..<signatures { try await bench.sign(image, with: key) }
                try await bench.sign(image, by: Self.release)
                try await bench.attest(image, with: key, type: "custom", "tested")
                try await bench.attest(image, by: Self.release, type: "custom", "tested")
                try await bench.attest(image, by: Self.release, type: "vuln", scan(day))
                return image
            }
            let whole = try await push("whole")
            let unsigned = try await push("without-key", signatures: 0)
            let twice = try await push("twice", signatures: 2)
            let late = try await push("late", day: 9)
            let keyless = ScenarioPolicy.keyless(issuer: ScenarioBench.Signer.gitHub, subject: Self.release.subject)
            let vulnerabilities = ScenarioPolicy.attestation(
                "vuln", type: "https://cosign.sigstore.dev/attestation/vuln/v1",
                cue: """
                    import "time"
                    before: time.Parse(time.RFC3339, "2026-01-05T00:00:00Z")
                    after: time.Parse(time.RFC3339, "2026-01-01T00:00:00Z")
                    predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1"
                    predicate: {
                      scanner: uri: "https://scanner.example.com"
                      metadata: {
                        scanStartedOn: <before
                        scanStartedOn: >after
                        scanFinishedOn: <before
                        scanFinishedOn: >after
                      }
                    }
                    """)
            let custom = ScenarioPolicy.attestation("custom", type: "custom", cue: Self.cue)
            let counting = """
                import "list"
                import "struct"
                authorityMatches: {
                  "key-attested": attestations: struct.MaxFields(1) & struct.MinFields(1)
                  "keyless-attested": attestations: struct.MinFields(2)
                  "key-signed": signatures: list.MaxItems(1) & list.MinItems(1)
                  "keyless-signed": signatures: [{issuer: "\(ScenarioBench.Signer.gitHub)", subject: string}]
                }
                """
            func policy(_ concrete: String...) -> String {
                ScenarioPolicy(
                    "image-policy-everything", "**counted/demo**",
                    authorities: [
                        "name: keyless-attested\n" + keyless + ScenarioPolicy.attestations(custom, vulnerabilities),
                        "name: key-attested\n" + ScenarioPolicy.key(key.publicKeyPEM)
                            + ScenarioPolicy.attestations(custom),
                        "name: keyless-signed\n" + keyless, "name: key-signed\n" + ScenarioPolicy.key(key.publicKeyPEM),
                    ],
                    rest: ScenarioPolicy.cue(counting).replacing(
                        "  type: cue\n", with: "  type: cue\n" + concrete.map { "  \($0)\n" }.joined())
                ).text
            }
            let prefix = "failed evaluating cue policy for ClusterImagePolicy: "
            try await bench.webhook(policy()) { webhook in
                try await webhook.admits(whole)
                try await webhook.denies(twice, saying: prefix, "authorityMatches.\"key-signed\".signatures")
                // An authority that found nothing is absent, and what is absent conflicts with nothing.
                for image in [unsigned, late] { try await webhook.admits(image) }
            }
            try await bench.webhook(policy("concrete: true")) { webhook in
                try await webhook.admits(whole)
                try await webhook.denies(unsigned, saying: prefix, "authorityMatches.\"key-signed\".signatures")
                try await webhook.denies(late, saying: prefix, "authorityMatches.\"keyless-attested\".attestations")
            }
        }
    }
}
