// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import ImageVerification
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import TestSupport
import Testing

/// For every field of a policy that asks for a proof, or for what a proof says, a case in which changing it alone turns
/// admission into denial; with proofs that really verify. `requireSignature` has its own in `KeylessPolicyTests`.
@Suite("What each field asks for")
struct ProofFieldTests {
    /// One image that is signed and attested in every way, and everything that policies refer to.
    private struct World {
        let authority: TestAuthority
        let notary = Notary()
        let proofs: [UnverifiedBundle]
        let image = reference("app", digest: digest("image"))
        let remote = Array("authorityMatches: only: signatures: [{issuer: =~\"token\"}, ...]".utf8)

        init() throws {
            authority = try TestAuthority()
            var stamped = SigningOptions.rekor1
            stamped.isTimestamped = true
            let signer = try authority.keylessSigner(.workflow())
            let signature = try authority.bundle(
                payload: StatementTemplate(of: digest("image")).bytes, by: signer, stamped)
            let statement = StatementTemplate(
                of: digest("image"), predicateType: "https://slsa.dev/provenance/v1", predicate: ["builder": "ours"])
            let attestation = try authority.bundle(payload: statement.bytes, by: signer, stamped)
            proofs = [
                notary.bundle(try signature.bytes()), notary.bundle(try attestation.bytes()),
                try notary.signature(of: digest("image")),
            ]
        }

        /// What policies refer to: `keys`, `texts`, and the trust root `mine`; `strange` is of another instance.
        private func resources() throws -> [String: String] {
            func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
            func root(_ name: String, _ authority: TestAuthority) -> String {
                let subject = "subject: {organization: o, commonName: c}"
                return """
                    apiVersion: policy.sigstore.dev/v1alpha1
                    kind: TrustRoot
                    metadata: {name: \(name)}
                    spec:
                      sigstoreKeys:
                        certificateAuthorities:
                        - {\(subject), uri: 'https://ca', certChain: \(encoded(authority.certificateAuthority.chainPEM))}
                        timestampAuthorities:
                        - {\(subject), uri: 'https://t', certChain: \(encoded(authority.timestampAuthority.chainPEM))}
                        tLogs:
                        - {baseURL: 'https://l', hashAlgorithm: sha-256, publicKey: \
                    \(encoded(authority.log.key.publicKeyPEM))}
                        ctLogs:
                        - {baseURL: 'https://c', hashAlgorithm: sha-256, publicKey: \
                    \(encoded(authority.ctLogs.first?.key.publicKeyPEM ?? ""))}
                    """
            }
            func secret(_ name: String, _ key: String) -> String {
                "apiVersion: v1\nkind: Secret\nmetadata: {name: \(name)}\ndata: {cosign.pub: \(encoded(key))}\n"
            }
            return [
                "mine.yaml": root("mine", authority), "strange.yaml": root("strange", try TestAuthority()),
                "keys.yaml": secret("keys", notary.signer.publicKeyPEM),
                "others.yaml": secret("others", Notary().signer.publicKeyPEM),
                "texts.yaml": """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: texts}
                data: {good: 'authorityMatches: only: {}', bad: 'authorityMatches: only: signatures: []'}
                """,
            ]
        }

        func admits(_ text: String) async throws -> Bool {
            var files = try resources()
            files["policy.yaml"] = text
            let snapshot = PolicySnapshot(sources: [
                PolicySnapshot.Source(
                    path: "/p",
                    content: .files(
                        files.map { PolicySnapshot.File(path: "/p/\($0.key)", content: .text(Array($0.value.utf8))) }))
            ])
            var state = try PolicyFilesState(starting: snapshot, now: Instant(rfc3339: "2026-01-01T00:00:00Z"))
            state.update(remotes: [
                .remote(url: "https://texts.example/good", sha256: Digest(of: remote).hex): .success(remote)
            ])
            let source = ScriptedSource()
            let configuration = try JSONDocument(
                parsing: Array(#"{"os":"linux","architecture":"amd64","config":{"User":"65532"}}"#.utf8))
            source.state.withLock { scripted in
                scripted.proofs[digest("image")] = proofs
                scripted.configurations = .success([digest("image"): ImageConfiguration(configuration)])
            }
            let object = try JSONDocument(
                parsing: Array(
                    #"{"apiVersion":"apps/v1","metadata":{"labels":{"a":"b"}},"spec":{"replicas":1}}"#.utf8))
            let workload = WorkloadFacts(
                group: "apps", version: "v1", resource: "deployments", labels: [:],
                object: WorkloadObject(kind: "Deployment", object: object.root))
            let admitted = Mutex(false)
            let trust = try TrustMaterial(trustedRoot: authority.trustedRoot.bytes)
            try await verifying(source, state.set.policies, trust: trust) { verifier in
                let verdict = await verifier.verdict(on: image, for: workload, deadline: .after(.seconds(60)))
                guard case .judged(let judgements) = verdict.finding else { return }
                admitted.withLock { isAdmitted in
                    isAdmitted = judgements.all.allSatisfy { judgement in
                        if case .admitted = judgement.outcome { true } else { false }
                    }
                }
            }
            return admitted.withLock { $0 }
        }
    }

    struct Change: CustomTestStringConvertible, Sendable {
        let field: String
        let authority: String
        let rest: String
        let before: String
        let after: String

        init(_ field: String, in authority: String, rest: String = "", _ before: String, _ after: String) {
            self.field = field
            self.authority = authority
            self.rest = rest
            self.before = before
            self.after = after
        }

        var testDescription: String { "\(field): \(before) -> \(after)" }
    }

    private static let named =
        "issuer: 'https://token.actions.githubusercontent.com', "
        + "subject: 'https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main'"
    private static let keyless = "keyless: {identities: [{\(named)}]}"
    private static let matched =
        "keyless: {identities: [{issuerRegExp: '^https://token[.]', subjectRegExp: '^https://github[.]com/octo/'}]}"
    private static let rooted =
        "keyless: {trustRootRef: mine, identities: [{\(named)}]}\n    ctlog: {trustRootRef: mine}\n"
        + "    rfc3161timestamp: {trustRootRef: mine}"
    private static let attested =
        "\(keyless)\n    attestations:\n    - name: slsa\n      predicateType: https://slsa.dev/provenance/v1\n"
        + "      policy: {type: cue, data: 'predicate: builder: \"ours\"'}"

    private static func program(_ text: String, _ switches: String = "") -> String {
        "  policy: {type: cue, data: '\(text)'\(switches)}"
    }

    static let changes: [Change] = [
        Change("keyless.identities[].issuer", in: keyless, "githubusercontent.com'", "githubusercontent.org'"),
        Change("keyless.identities[].subject", in: keyless, "refs/heads/main", "refs/heads/dev"),
        Change("keyless.identities[].issuerRegExp", in: matched, "https://token[.]", "https://tokens[.]"),
        Change("keyless.identities[].subjectRegExp", in: matched, "com/octo/", "com/octa/"),
        Change("keyless.trustRootRef", in: rooted, "{trustRootRef: mine, id", "{trustRootRef: strange, id"),
        Change("keyless.trustRootRef", in: rooted, "{trustRootRef: mine, id", "{trustRootRef: gone, id"),
        Change("ctlog.trustRootRef", in: rooted, "ctlog: {trustRootRef: mine}", "ctlog: {trustRootRef: strange}"),
        Change(
            "rfc3161timestamp.trustRootRef", in: rooted, "timestamp: {trustRootRef: mine}",
            "timestamp: {trustRootRef: strange}"),
        Change("ctlog", in: "key: {secretRef: {name: keys}}", "keys}}", "keys}}\n    ctlog: {}"),
        Change("rfc3161timestamp", in: "key: {secretRef: {name: keys}}", "keys}}", "keys}}\n    rfc3161timestamp: {}"),
        Change("key.secretRef.name", in: "key: {secretRef: {name: keys}}", "name: keys", "name: others"),
        Change("signatureFormat", in: "\(keyless)\n    signatureFormat: bundle", "Format: bundle", "Format: legacy"),
        Change("attestations[].predicateType", in: attested, "provenance/v1", "provenance/v2"),
        Change("attestations[].policy.data", in: attested, #""ours""#, #""theirs""#),
        Change("attestations[].policy.type", in: attested, "type: cue", "type: rego"),
        Change(
            "attestations[].policy.concrete", in: attested.replacing(#"builder: "ours""#, with: "further: string"),
            "type: cue", "type: cue, concrete: true"),
        Change(
            "policy.data", in: keyless, rest: program(#"authorityMatches: only: signatures: [_, ...]"#),
            "[_, ...]", "[]"),
        Change(
            "policy.concrete", in: keyless, rest: program("further: string"), "type: cue", "type: cue, concrete: true"),
        Change(
            "policy.fetchConfigFile", in: keyless,
            rest: program(#"config: "linux/amd64": config: User: "0""#, ", fetchConfigFile: false"),
            "fetchConfigFile: false", "fetchConfigFile: true"),
        Change(
            "policy.includeSpec", in: keyless, rest: program("spec: replicas: 2", ", includeSpec: false"),
            "includeSpec: false", "includeSpec: true"),
        Change(
            "policy.includeObjectMeta", in: keyless,
            rest: program(#"metadata: labels: a: "c""#, ", includeObjectMeta: false"),
            "includeObjectMeta: false", "includeObjectMeta: true"),
        Change(
            "policy.includeTypeMeta", in: keyless, rest: program(#"typemeta: kind: "Pod""#, ", includeTypeMeta: false"),
            "includeTypeMeta: false", "includeTypeMeta: true"),
        Change(
            "policy.configMapRef.key", in: keyless,
            rest: "  policy: {type: cue, configMapRef: {name: texts, key: good}}",
            "key: good", "key: bad"),
        Change(
            "policy.configMapRef.name", in: keyless,
            rest: "  policy: {type: cue, configMapRef: {name: texts, key: good}}", "name: texts", "name: gone"),
        Change("policy.remote.url", in: keyless, rest: remote, "example/good", "example/gone"),
        Change("policy.remote.sha256sum", in: keyless, rest: remote, "sha256sum: ", "sha256sum: 0"),
        Change("static.action", in: "static: {action: pass}", "pass", "fail"),
    ]

    private static let remote =
        "  policy: {type: cue, remote: {url: 'https://texts.example/good', sha256sum: "
        + "SUM}}"

    @Test("changing it alone denies", arguments: changes)
    func denies(_ change: Change) async throws {
        let world = try World()
        let text = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: effects}
            spec:
              images: [{glob: 'registry.example.com/**'}]
              authorities:
              - name: only
                \(change.authority)

            """ + change.rest.replacing("SUM", with: Digest(of: world.remote).hex) + "\n"
        try #require(text.contains(change.before))
        #expect(try await world.admits(text))
        #expect(try await !world.admits(text.replacing(change.before, with: change.after)))
    }
}
