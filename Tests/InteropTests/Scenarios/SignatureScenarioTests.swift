// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

/// The scenarios of signatures that policy-controller's users know, before the running webhook: the real registry, what
/// the real cosign writes, and policies of our own in the same spirit.
@Suite("Signatures before the webhook", .serialized)
struct SignatureScenarioTests {
    private static let release = ScenarioBench.Signer.workflow(repository: "acme/demo")
    private static let fork = ScenarioBench.Signer.workflow(repository: "mallory/demo")

    @Test(
        "Without keys: signed, unsigned, by another workflow; and what static policies add",
        arguments: SignatureForm.allCases)
    func keyless(form: SignatureForm) async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let signed = try await bench.push("signed/demo")
            let unsigned = try await bench.push("unsigned/demo")
            let foreign = try await bench.push("signed/demo-by-fork")
            let forbidden = try await bench.push("signed/demo-static-fail")
            let both = try await bench.push("signed/demo-static-both")
            for image in [signed, forbidden, both] { try await bench.sign(image, by: Self.release, form) }
            try await bench.sign(foreign, by: Self.fork, form)
            let free = try await bench.push("static/demo")
            try await bench.webhook(
                ScenarioPolicy(
                    "image-policy-keyless", "**signed/demo**",
                    authorities: [
                        ScenarioPolicy.keyless(issuer: ScenarioBench.Signer.gitHub, subject: Self.release.subject)
                    ]
                ).text,
                ScenarioPolicy(
                    "image-policy-static-fail", "**/demo-static-*",
                    authorities: [ScenarioPolicy.static("fail", message: "not this one")]
                ).text,
                ScenarioPolicy(
                    "image-policy-static-pass", "**/demo-static-both*", "**static/demo@*",
                    authorities: [ScenarioPolicy.static("pass")]
                ).text
            ) { webhook in
                for kind in ScenarioReview.Kind.allCases {
                    try await webhook.admits(ScenarioReview(signed, kind))
                    try await webhook.denies(
                        ScenarioReview(unsigned, kind),
                        saying: "failed policy: image-policy-keyless: \(kind.path).containers[0].image",
                        "signature keyless validation failed for authority authority-0 for \(unsigned)",
                        "no signatures found")
                }
                try await webhook.denies(
                    foreign, saying: "failed policy: image-policy-keyless",
                    "none of the expected identities matched what was in the certificate", "mallory/demo")
                try await webhook.denies(
                    forbidden, saying: "failed policy: image-policy-static-fail",
                    "disallowed by static policy: not this one")
                // Policies are ANDed, whatever else passes.
                try await webhook.denies(both, saying: "failed policy: image-policy-static-fail")
                try await webhook.admits(free)
            }
        }
    }

    @Test("With keys: inline, from a Secret, beside a keyless authority, with a longer hash")
    func keys() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try await bench.cosign.generateKey()
            let long = try await bench.cosign.importKey(try OpenSSLKey(generating: .p521))
            let byKey = try await bench.push("either/demo-key")
            let byName = try await bench.push("either/demo-keyless")
            let byOther = try await bench.push("either/demo-other")
            let byNobody = try await bench.push("either/demo-unsigned")
            let byLong = try await bench.push("sha512/demo")
            let byLongElsewhere = try await bench.push("sha256/demo")
            for form in SignatureForm.allCases {
                try await bench.sign(byKey, with: key, form)
                try await bench.sign(byOther, with: other, form)
            }
            try await bench.sign(byName, by: Self.release)
            try await bench.sign(byLong, with: long)
            try await bench.sign(byLongElsewhere, with: long)
            func hashed(_ hash: String) -> String {
                ScenarioPolicy(
                    "image-policy-\(hash)", "**\(hash)/demo@*",
                    authorities: [ScenarioPolicy.key(long.publicKeyPEM, more: "hashAlgorithm: \(hash)")]
                ).text
            }
            try await bench.webhook(
                ScenarioPolicy(
                    "image-policy-key-or-keyless", "**either/demo**",
                    authorities: [
                        ScenarioPolicy.key(key.publicKeyPEM),
                        ScenarioPolicy.keyless(issuer: ScenarioBench.Signer.gitHub, subject: Self.release.subject),
                    ]
                ).text,
                ScenarioPolicy(
                    "image-policy-secret", "**either/demo-key@*", "**either/demo-other@*",
                    authorities: ["key:\n  secretRef:\n    name: cosign-key\n"]
                ).text,
                """
                apiVersion: v1
                kind: Secret
                metadata:
                  name: cosign-key
                  namespace: cosign-system
                type: Opaque
                stringData:
                  cosign.pub: |
                \(ScenarioPolicy.indented(key.publicKeyPEM, by: 4))
                """,
                hashed("sha512"), hashed("sha256")
            ) { webhook in
                try await webhook.admits(byKey)
                try await webhook.admits(byName)
                try await webhook.denies(
                    byOther, saying: "failed policy: image-policy-key-or-keyless", "failed policy: image-policy-secret",
                    "signature key validation failed for authority authority-0 for \(byOther)",
                    "no matching signatures")
                try await webhook.denies(
                    byNobody, saying: "failed policy: image-policy-key-or-keyless", "no signatures found")
                try await webhook.admits(byLong)
                try await webhook.denies(
                    byLongElsewhere, saying: "failed policy: image-policy-sha256", "no matching signatures")
            }
        }
    }

    @Test("A signature in another repository counts where source.oci names it", arguments: SignatureForm.allCases)
    func source(form: SignatureForm) async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = try await bench.push("plain/demo")
            let named = try await bench.push("sourced/demo")
            let wrong = try await bench.push("missourced/demo")
            let signatures = "\(bench.host)/signatures/demo"
            for image in [image, named, wrong] {
                try await bench.sign(image, with: key, form, proofsIn: signatures)
            }
            func policy(_ name: String, source: String? = nil) -> String {
                ScenarioPolicy(
                    "image-policy-\(name)", "**/\(name)/demo**", version: form == .tag ? "v1alpha1" : "v1beta1",
                    authorities: [
                        ScenarioPolicy.key(key.publicKeyPEM)
                            + (source.map { "source:\n- oci: \(bench.host)/\($0)\n" } ?? "")
                    ]
                ).text
            }
            try await bench.webhook(
                policy("plain"), policy("sourced", source: "signatures/demo"),
                policy("missourced", source: "elsewhere/demo")
            ) { webhook in
                try await webhook.admits(named)
                try await webhook.denies(
                    image, saying: "failed policy: image-policy-plain", "no signatures found")
                try await webhook.denies(
                    wrong, saying: "failed policy: image-policy-missourced", "no signatures found")
            }
        }
    }

    @Test("An image that is denied is admitted once it has been signed, without a restart")
    func signedLater() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = try await bench.push("later/demo")
            try await bench.webhook(
                ScenarioPolicy(
                    "image-policy-key", "**later/demo**", authorities: [ScenarioPolicy.key(key.publicKeyPEM)]
                ).text
            ) { webhook in
                // A Deployment from before the policy, as when a namespace is taken in later.
                let deployment = ScenarioReview(image, .deployment)
                try await webhook.denies(
                    deployment.update { $0.replicas = 2 },
                    saying: "failed policy: image-policy-key: spec.template.spec.containers", "no signatures found")
                try await webhook.admits(
                    ScenarioReview(image, .deployment) { $0.replicas = 3 }.update { $0.replicas = 1 })
                try await bench.sign(image, with: key)
                try await webhook.waits(until: true, deployment.update { $0.replicas = 2 })
            }
        }
    }
}
