// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import TestSupport
import Testing

/// Authorities as documents write them, over proofs that a whole private Sigstore made.
@Suite("Keyless authorities")
struct KeylessPolicyTests {
    private static let issuer = "https://token.actions.githubusercontent.com"
    private static let subject = "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main"
    private static let slsa = "https://slsa.dev/provenance/v1"
    private let image = reference("app", digest: digest("image"))
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func document(_ members: String, rest: String = "") throws -> ClusterImagePolicy {
        let text = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: sample}
            spec:
              images: [{glob: 'registry.example.com/**'}]
              authorities:
              - name: only
            \(members)
            \(rest)
            """
        let file = PolicyFile(path: "p.yaml", text: Array(text.utf8))
        return try #require(file.documents.first?.policy, "\(file.errors)")
    }

    private func keyless(_ issuer: String = issuer, _ subject: String = subject, more: String = "") -> String {
        "    keyless: {url: https://ca.example, identities: [{issuer: '\(issuer)', subject: '\(subject)'}]\(more)}"
    }

    private func signature(_ options: SigningOptions = .rekor1, bundle: Bool = true) throws -> UnverifiedBundle {
        let signer = try authority.keylessSigner(.workflow(), at: options.time)
        guard !bundle else {
            return Notary().bundle(
                try authority.bundle(payload: StatementTemplate(of: digest("image")).bytes, by: signer, options).bytes()
            )
        }
        return try layer(
            authority.legacySignature(
                SimpleSigningTemplate(of: digest("image"), reference: "registry.example.com/app"), by: signer, options))
    }

    private func layer(_ template: LegacyTemplate) throws -> UnverifiedBundle {
        let annotations = CosignAnnotations(try template.annotations())
        let isSignature = template.mediaType == LegacyTemplate.signatureMediaType
        return UnverifiedBundle(
            isSignature
                ? .simpleSigning(payload: template.blob, annotations: annotations)
                : .envelope(template.blob, annotations: annotations),
            origin: ProofOrigin(
                carrier: isSignature ? .signatureTag : .attestationTag, manifest: digest("manifest"),
                blob: Digest(of: template.blob)))
    }

    private func attestation(_ type: String = slsa, _ predicate: JSONTree = ["a": 1]) throws -> UnverifiedBundle {
        let signer = try authority.keylessSigner(.workflow())
        let statement = StatementTemplate(of: digest("image"), predicateType: type, predicate: predicate)
        return Notary().bundle(try authority.bundle(payload: statement.bytes, by: signer).bytes())
    }

    private func judge(
        _ policy: ClusterImagePolicy, _ proofs: [UnverifiedBundle], requiresSignature: Bool = false
    ) async throws -> Outcome {
        let source = ScriptedSource()
        source.state.withLock { $0.proofs[digest("image")] = proofs }
        let trust = try TrustMaterial(trustedRoot: authority.trustedRoot.bytes)
        nonisolated(unsafe) var found: Outcome?
        try await verifying(source, [policy], trust: trust, requiresSignature: requiresSignature) { verifier in
            let verdict = await verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
            if case .judged(let judgements) = verdict.finding { found = judgements.first.outcome }
        }
        return try #require(found)
    }

    private func sentence(_ outcome: Outcome) -> String {
        guard case .denied(let reasons) = outcome else { return "\(outcome)" }
        return reasons.first.sentence
    }

    @Test(
        "who the document names is admitted, and nobody else",
        arguments: [
            (issuer, subject, true), (issuer, subject + "x", false), (issuer + "/", subject, false),
        ])
    func identities(_ issuer: String, _ subject: String, _ isAdmitted: Bool) async throws {
        for bundle in [true, false] {
            let outcome = try await judge(document(keyless(issuer, subject)), [signature(bundle: bundle)])
            if isAdmitted {
                guard case .admitted = outcome else { throw Unexpected(outcome) }
            } else {
                #expect(
                    sentence(outcome).contains("none of the expected identities matched what was in the certificate"))
            }
        }
    }

    @Test("a proof without log entry is refused, a timestamp instead counts only where the document asks for one")
    func witnesses() async throws {
        var unlogged = SigningOptions.rekor1
        unlogged.log = .none
        unlogged.isTimestamped = true
        let proof = try signature(unlogged)
        let plain = try await judge(document(keyless()), [proof])
        #expect(sentence(plain).contains("signature not found in transparency log"))
        let both = try await judge(document(keyless() + "\n    rfc3161timestamp: {}"), [proof])
        #expect(sentence(both).contains("signature not found in transparency log"))
        let named = try await judge(document(keyless() + "\n    ctlog: {}"), [proof])
        #expect(sentence(named).contains("signature not found in transparency log"))
    }

    @Test(
        "a form that the document names is the only one that counts",
        arguments: [("legacy", true, false), ("legacy", false, true), ("bundle", true, true), ("bundle", false, false)])
    func formats(_ format: String, _ isBundle: Bool, _ isAdmitted: Bool) async throws {
        let outcome = try await judge(
            document(keyless() + "\n    signatureFormat: \(format)"), [signature(bundle: isBundle)])
        if case .admitted = outcome { #expect(isAdmitted) } else { #expect(!isAdmitted) }
        if !isAdmitted { #expect(sentence(outcome).contains("no matching signatures: there are 1 of another form")) }
    }

    @Test("attestations alone admit with a caution; where a signature is required it has to be there too")
    func requiredSignature() async throws {
        let attested = "\n    attestations: [{name: p, predicateType: '\(Self.slsa)'}]"
        let proofs = [try attestation()]
        let alone = try await judge(document(keyless() + attested), proofs)
        #expect(alone.cautions == [.signatureNotChecked])

        for (policy, flag) in [
            (try document(keyless() + attested + "\n    requireSignature: true"), false),
            (try document(keyless() + attested), true),
        ] {
            let unsigned = try await judge(policy, proofs, requiresSignature: flag)
            #expect(sentence(unsigned).contains("no signatures found: an attestation of type"))
            let signed = try await judge(policy, proofs + [signature()], requiresSignature: flag)
            guard case .admitted(let matches) = signed, case .both = matches.first.evidence else {
                throw Unexpected(signed)
            }
            #expect(signed.cautions == [])
        }
        let unasked = try await judge(document(keyless() + attested + "\n    requireSignature: false"), proofs)
        #expect(unasked.cautions == [.signatureNotChecked])
    }

    @Test("certificate transparency is asked for unless the document lets it be")
    func transparency() async throws {
        var bare = authority
        bare.ctLogs = []
        let signer = try bare.keylessSigner(.workflow())
        let proof = Notary().bundle(
            try bare.bundle(payload: StatementTemplate(of: digest("image")).bytes, by: signer).bytes())
        let asked = try await judge(document(keyless()), [proof])
        #expect(sentence(asked).contains("certificate transparency"))
        let ignored = try await judge(document(keyless(more: ", insecureIgnoreSCT: true")), [proof])
        guard case .admitted = ignored else { throw Unexpected(ignored) }
    }
}
