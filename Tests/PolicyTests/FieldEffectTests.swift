// SPDX-License-Identifier: Apache-2.0
import OCI
import Sigstore
import Testing

@testable import Policy

/// Every field of a document that can decide has a case in which changing it alone turns admission into denial.
@Suite("What each field does")
struct FieldEffectTests {
    /// The proofs of one image, as an evaluator would find them.
    private struct World {
        let image = "registry.example/acme/app@\(sampleDigest)"
        let workload = WorkloadFacts(group: "apps", version: "v1", resource: "deployments", labels: ["app": "web"])
        let place = ProofSource(repository: nil, tagPrefix: "")
        let predicateTypes: Set<String> = ["https://cyclonedx.org/bom"]

        /// Whether the policy admits; an image that nothing governs is denied.
        func admits(_ policy: ClusterImagePolicy) throws -> Bool {
            let signed = VerificationOptions(key: try VerificationKey(pem: Keys.first, hash: .sha256))
            let selection = PolicySet(policies: [policy]).policies(for: try reference(image), workload: workload)
            guard !selection.isEmpty else { return false }
            let refusal = AtLeastOne(DenialReason(.noMatchingSignatures, ""))
            return selection.policies.allSatisfy { policy in
                let judgement = policy.judge(
                    findings: policy.authorities.map { authority in
                        let isSatisfied =
                            switch authority.check {
                            case .staticPass: true
                            case .staticFail, .unavailable, .keyInSecret: false
                            case .signer(let options):
                                options == signed && (authority.sources.first ?? place) == place
                                    && authority.attestations.allSatisfy { predicateTypes.contains($0.predicateType) }
                            }
                        return AuthorityFinding(
                            authority: authority.name,
                            result: isSatisfied
                                ? .satisfied(
                                    AuthorityMatch(authority: authority.name, evidence: .staticPass, summary: ""))
                                : .refused(refusal)
                        )
                    })
                if judgement.mode == .warn { return true }
                if case .admitted = judgement.outcome { return true }
                return false
            }
        }
    }

    struct Change: CustomTestStringConvertible, Sendable {
        let field: String
        let before: String
        let after: String

        init(_ field: String, _ before: String, _ after: String) {
            self.field = field
            self.before = before
            self.after = after
        }

        var testDescription: String { field }
    }

    private static let signed = """
        apiVersion: policy.sigstore.dev/v1beta1
        kind: ClusterImagePolicy
        metadata:
          name: effects
        spec:
          mode: enforce
          images:
          - glob: registry.example/acme/*
          match:
          - group: apps
            version: v1
            resource: deployments
            selector:
              matchLabels: {app: web}
              matchExpressions: [{key: app, operator: In, values: [web, db]}]
          authorities:
          - name: signer
            key:
              data: \(Keys.block())
              hashAlgorithm: sha256
            source:
            - tagPrefix: ""
            attestations:
            - name: bom
              predicateType: https://cyclonedx.org/bom

        """
    private static let unsigned = signed.replacing(Keys.block(), with: Keys.block(Keys.second))
    private static let fixed = """
        apiVersion: policy.sigstore.dev/v1beta1
        kind: ClusterImagePolicy
        metadata: {name: effects}
        spec:
          images: [{glob: "**"}]
          authorities:
          - static:
              action: pass

        """

    static let changes: [Change] = [
        Change("images[].glob", "glob: registry.example/acme/*", "glob: registry.example/other/*"),
        Change("match[].group", "group: apps", "group: batch"),
        Change("match[].version", "version: v1", "version: v2"),
        Change("match[].resource", "resource: deployments", "resource: pods"),
        Change("match[].selector.matchLabels", "{app: web}", "{app: db}"),
        Change("match[].selector.matchExpressions[].key", "{key: app,", "{key: tier,"),
        Change("match[].selector.matchExpressions[].operator", "operator: In,", "operator: NotIn,"),
        Change("match[].selector.matchExpressions[].values", "[web, db]", "[db]"),
        Change("authorities[].key.data", Keys.block(), Keys.block(Keys.second)),
        Change("authorities[].key.hashAlgorithm", "hashAlgorithm: sha256", "hashAlgorithm: sha512"),
        Change("authorities[].source[].oci", "- tagPrefix: \"\"", "- oci: proofs.example/acme/app"),
        Change("authorities[].source[].tagPrefix", "tagPrefix: \"\"", "tagPrefix: v2"),
        Change("authorities[].attestations[].predicateType", "https://cyclonedx.org/bom", "https://spdx.dev/Document"),
        Change("authorities[].ctlog", "    attestations:", "    ctlog: {}\n    attestations:"),
        Change("authorities[].rfc3161timestamp", "    attestations:", "    rfc3161timestamp: {}\n    attestations:"),
        Change("authorities[].signatureFormat", "    attestations:", "    signatureFormat: other\n    attestations:"),
        Change(
            "authorities[].keyless", "    key:\n      data: \(Keys.block())\n      hashAlgorithm: sha256",
            "    keyless: {identities: [{issuer: a, subject: b}]}"),
        Change(
            "authorities[].key.kms", "data: \(Keys.block())\n      hashAlgorithm: sha256", "kms: gcpkms://projects/p"),
        Change(
            "authorities[].key.secretRef", "data: \(Keys.block())\n      hashAlgorithm: sha256", "secretRef: {name: s}"),
    ]

    @Test("changing it alone denies", arguments: changes)
    func denies(_ change: Change) throws {
        let changed = Self.signed.replacing(change.before, with: change.after, maxReplacements: 1)
        #expect(changed != Self.signed)
        #expect(try World().admits(try #require(Source.read(Self.signed).first?.policy)))
        let document = try #require(try Source.read(changed).first)
        #expect(try !World().admits(try #require(document.policy, "\(document.errors)")))
    }

    @Test("the action of a static authority decides")
    func action() throws {
        #expect(try World().admits(try #require(Source.read(Self.fixed).first?.policy)))
        let failing = Self.fixed.replacing("action: pass", with: "action: fail")
        #expect(try !World().admits(try #require(Source.read(failing).first?.policy)))
    }

    @Test("the mode tells a warning from a denial")
    func mode() throws {
        let warning = Self.unsigned.replacing("mode: enforce", with: "mode: warn")
        #expect(try World().admits(try #require(Source.read(warning).first?.policy)))
        #expect(try !World().admits(try #require(Source.read(Self.unsigned).first?.policy)))
    }
}
