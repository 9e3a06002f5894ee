// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// TrustRoot documents beside the policies, with nothing else to believe but the public instance.
@Suite("Trust roots before the webhook", .serialized)
struct TrustRootScenarioTests {
    private static let release = ScenarioBench.Signer.workflow(repository: "acme/demo")

    @Test("Certificates, logs and timestamps of an instance of one's own", arguments: ["sigstoreKeys", "repository"])
    func instance(source: String) async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let attested = try await bench.push("rooted/demo")
            let bare = try await bench.push("rooted/demo-bare")
            let foreign = try await bench.push("unrooted/demo")
            let unlogged = try await bench.push("rooted/demo-unlogged")
            for image in [attested, foreign] {
                try await bench.attest(image, by: Self.release, .tag, type: "custom", "tested")
            }
            try await bench.attest(unlogged, by: Self.release, .tag, .none, type: "custom", "tested")
            func policy(_ name: String, root: String?) -> String {
                ScenarioPolicy(
                    name, "**/\(name)/demo**",
                    authorities: [
                        ScenarioPolicy.keyless(
                            issuer: ScenarioBench.Signer.gitHub, subject: Self.release.subject,
                            more: root.map { "trustRootRef: \($0)" } ?? "")
                            + (root.map { "ctlog:\n  trustRootRef: \($0)\n" } ?? "")
                            + ScenarioPolicy.attestations(
                                ScenarioPolicy.attestation("custom-match-predicate", type: "custom"))
                    ]
                ).text
            }
            let root =
                source == "repository"
                ? try await TrustRootText.repository(of: bench.sigstore, named: "my-instance")
                : try TrustRootText.keys(of: bench.sigstore, named: "my-instance")
            try await bench.webhook(
                root, policy("rooted", root: "my-instance"), policy("unrooted", root: nil),
                policy("misrooted", root: "nobodys"), policy("remote", root: "remote-instance"),
                try TrustRootText.remote(named: "remote-instance"), trusting: false
            ) { webhook in
                try await webhook.admits(ScenarioReview(attested), warning: "signature-not-checked")
                try await webhook.denies(bare, saying: "failed policy: rooted", "no matching attestations")
                try await webhook.denies(foreign, saying: "failed policy: unrooted", "no matching attestations")
                try await webhook.denies(unlogged, saying: "signature not found in transparency log")
                try await webhook.denies(
                    "\(bench.host)/misrooted/demo@\(foreign.suffix(71))",
                    saying: "failed policy: misrooted", "trustRootRef nobodys not found")
                // Until such roots are fetched, nothing is believed in their place.
                try await webhook.denies(
                    "\(bench.host)/remote/demo@\(foreign.suffix(71))",
                    saying: "failed policy: remote", "remote trust roots are not fetched yet")
            }
        }
    }

    @Test(
        "A timestamp of the authority that the policy names, until another's chain stands there",
        arguments: SignatureForm.allCases)
    func timestamps(form: SignatureForm) async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            let key = try await bench.cosign.generateKey()
            let stamped = try await bench.push("stamped/demo")
            let bare = try await bench.push("stamped/demo-bare")
            try await bench.sign(stamped, with: key, form, .timestamp)
            try await bench.sign(bare, with: key, form, .none)
            let chain = try bench.sigstore.file("tsa-chain.pem")
            let other = Array(try TestTimestampAuthority().chainPEM.utf8)
            let policy = ScenarioPolicy(
                "image-policy-tsa", "**stamped/demo**",
                authorities: [
                    ScenarioPolicy.key(key.publicKeyPEM) + "rfc3161timestamp:\n  trustRootRef: my-tsa\n"
                ]
            ).text
            try await bench.webhook(
                TrustRootText.timestamps(chain, named: "my-tsa"), policy, trusting: false
            ) { webhook in
                try await webhook.admits(stamped)
                // Upstream looks at a timestamp where there is one; a check that the document names is never skipped here.
                try await webhook.denies(bare, saying: "failed policy: image-policy-tsa", "timestamp")
                try webhook.replace(0, by: TrustRootText.timestamps(other, named: "my-tsa"))
                try await webhook.waits(until: false, ScenarioReview(stamped))
                try await webhook.denies(stamped, saying: "failed policy: image-policy-tsa", "timestamp")
                try webhook.replace(0, by: TrustRootText.timestamps(chain, named: "my-tsa"))
                try await webhook.waits(until: true, ScenarioReview(stamped))
            }
        }
    }

    @Test("A certificate without a log's promise is enough only where the policy says so")
    func certificateLogs() async throws {
        guard await ScenarioBench.isAvailable() else { return }
        try await ScenarioBench.running { bench in
            // cosign asks for the promise itself and would not sign without, so that the signature is made here.
            let authority = try TestAuthority()
            let identity = SigningIdentity.workflow()
            let issued = try authority.keylessSigner(identity)
            let template = authority.certificateAuthority.leafTemplate(
                for: issued.key, identity, at: TestAuthority.time)
            let unpromised = TestSigner(
                key: issued.key, certificate: try authority.certificateAuthority.issue(template))
            var images: [String] = []
            for (name, signer) in [("promised", issued), ("unpromised", unpromised)] {
                for repository in ["asked/demo-\(name)", "ignored/demo-\(name)"] {
                    let image = try await bench.push(repository)
                    let digest = try Digest(String(image.suffix(71)))
                    let layer = try authority.legacySignature(
                        SimpleSigningTemplate(of: digest, reference: repository), by: signer)
                    let manifest = try MintedManifest(layers: [layer])
                    for blob in manifest.blobs { try await bench.client.push(blob: blob, to: bench.host, repository) }
                    try await bench.client.push(
                        manifest: manifest.bytes, mediaType: MintedManifest.mediaType, to: bench.host, repository,
                        as: "\(digest.tagStem).sig")
                    images.append(image)
                }
            }
            let folder = try TemporaryDirectory()
            let root = try folder.write(authority.trustedRoot.bytes, to: "trusted_root.json")
            func policy(_ name: String, more: String = "") -> String {
                ScenarioPolicy(
                    name, "**/\(name)/demo**", authorities: [ScenarioPolicy.keyless(more: more)]
                ).text
            }
            try await bench.webhook(
                policy("asked"), policy("ignored", more: "insecureIgnoreSCT: true"), flags: ["--trusted-root", root],
                trusting: false
            ) { webhook in
                try await webhook.admits(images[0])
                try await webhook.admits(images[1])
                try await webhook.denies(images[2], saying: "failed policy: asked", "no matching signatures")
                try await webhook.admits(images[3])
            }
        }
    }
}

/// TrustRoot documents as administrators write them.
enum TrustRootText {
    /// The keys of an instance, each in its place.
    static func keys(of sigstore: PrivateSigstore, named name: String) throws -> String {
        """
        \(head(name))
          sigstoreKeys:
            certificateAuthorities:
            - subject: {organization: sigstore.local.test, commonName: fake-fulcio}
              uri: https://fulcio.sigstore.local.test
              certChain: \(base64(try sigstore.file("fulcio-chain.pem")))
            tLogs:
            - baseURL: https://rekor1.sigstore.local.test
              hashAlgorithm: sha-256
              publicKey: \(base64(try sigstore.file("rekor1.pub")))
            ctLogs:
            - baseURL: https://ctfe.sigstore.local.test
              hashAlgorithm: sha-256
              publicKey: \(base64(try sigstore.file("ctlog.pub")))

        """
    }

    /// The same in a repository of The Update Framework, packed as upstream's users pack theirs.
    static func repository(of sigstore: PrivateSigstore, named name: String) async throws -> String {
        var repository = try TestUpdateRepository()
        repository.targets["trusted_root.json"] = .init(try sigstore.file("trusted_root.json"))
        let archive = TarWriter.archive(try repository.files())
        guard let gzip = Tool.find("gzip") else { throw BenchFailure("there is no gzip") }
        let packed = try await Command(gzip, ["-c"], input: archive).run().stdout
        return """
            \(head(name))
              repository:
                root: \(base64(repository.firstRoot))
                mirrorFS: \(base64(packed))
                targets: targets

            """
    }

    /// A repository that would have to be fetched.
    static func remote(named name: String) throws -> String {
        """
        \(head(name))
          remote:
            mirror: https://tuf.example.com
            root: \(base64(try TestUpdateRepository().firstRoot))

        """
    }

    /// A timestamp authority's chain, and nothing else; the list of certificate authorities is spelt out, as it must be.
    static func timestamps(_ chain: [UInt8], named name: String) -> String {
        """
        \(head(name))
          sigstoreKeys:
            certificateAuthorities: []
            timestampAuthorities:
            - subject: {organization: sigstore.local.test, commonName: fake-tsa}
              uri: https://tsa.sigstore.local.test
              certChain: \(base64(chain))

        """
    }

    private static func head(_ name: String) -> String {
        """
        apiVersion: policy.sigstore.dev/v1alpha1
        kind: TrustRoot
        metadata:
          name: \(name)
        spec:
        """
    }

    private static func base64(_ bytes: [UInt8]) -> String { MintedText.base64(bytes) }
}
