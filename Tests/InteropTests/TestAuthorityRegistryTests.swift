// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// Images that the test authority signs in a registry, judged by cosign.
@Suite("TestAuthority in a registry")
struct TestAuthorityRegistryTests {
    /// How a signature hangs on its image.
    enum Carrier: CaseIterable {
        case bundle, bundleRekor2, legacy, legacyTimestamped, legacyRekord, legacyKey
    }

    private static let identity = SigningIdentity.workflow()

    @Test(
        "cosign takes a signed image, and refuses the same signature on another image",
        .enabled(if: CosignTool.isAvailable()), arguments: Carrier.allCases)
    func signatures(_ carrier: Carrier) async throws {
        let authority = try TestAuthority()
        let signer = try carrier == .legacyKey ? authority.keySigner() : authority.keylessSigner(Self.identity)
        try await check(
            authority, signer, "verify",
            more: carrier == .legacyTimestamped || carrier == .bundleRekor2 ? ["--use-signed-timestamps"] : []
        ) { image, reference in
            switch carrier {
            case .bundle, .bundleRekor2:
                let options = carrier == .bundle ? SigningOptions.rekor1 : .rekor2
                let statement = StatementTemplate(of: image)
                return .bundle(try authority.bundle(payload: statement.bytes, by: signer, options).bytes())
            case .legacy, .legacyTimestamped, .legacyRekord, .legacyKey:
                var options = SigningOptions.rekor1
                options.isTimestamped = carrier == .legacyTimestamped
                if carrier == .legacyRekord { options.log = .kind(.rekord001) }
                let payload = SimpleSigningTemplate(of: image, reference: reference)
                return .layer(try authority.legacySignature(payload, by: signer, options))
            }
        }
    }

    @Test(
        "cosign takes an attestation with each kind of entry, and refuses it on another image",
        .enabled(if: CosignTool.isAvailable()), arguments: [SigningOptions.EntryKind.dsse001, .intoto001, .intoto002])
    func attestations(_ kind: SigningOptions.EntryKind) async throws {
        let authority = try TestAuthority()
        let signer = try authority.keylessSigner(Self.identity)
        try await check(
            authority, signer, "verify-attestation", more: ["--type", "https://example.com/p"]
        ) { image, _ in
            var options = SigningOptions.rekor1
            options.log = .kind(kind)
            let statement = StatementTemplate(
                of: image, predicateType: "https://example.com/p", predicate: ["a": 1],
                type: StatementTemplate.typeV01, name: "a/b")
            return .layer(try authority.legacyAttestation(statement, by: signer, options))
        }
    }

    enum Product {
        case bundle([UInt8])
        case layer(LegacyTemplate)
    }

    private func check(
        _ authority: TestAuthority, _ signer: TestSigner, _ command: String, more: [String] = [],
        _ make: (_ image: Digest, _ reference: String) throws -> Product
    ) async throws {
        let cosign = try await CosignTool()
        let folder = try TemporaryDirectory()
        let root = try folder.write(authority.trustedRoot.bytes, to: "trusted_root.json")
        let key = try folder.write(signer.key.publicKeyPEM, to: "key.pub")
        let who =
            signer.certificate == nil
            ? ["--key", key]
            : [
                "--certificate-identity",
                "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main",
                "--certificate-oidc-issuer", "https://token.actions.githubusercontent.com",
            ]
        try await LoopbackRegistry.running { registry in
            let signed = DemoImage(content: "signed")
            let other = DemoImage(content: "not signed")
            let digest = registry.contents.put(signed, in: "a/b", tag: "v1")
            let stranger = registry.contents.put(other, in: "a/b", tag: "v2")
            let host = try await registry.host
            for (image, subject) in [(signed, digest), (other, stranger)] {
                let manifest: MintedManifest
                var tag: String?
                switch try make(digest, "\(host)/a/b") {
                case .bundle(let bundle):
                    manifest = MintedManifest(
                        bundle: bundle, predicateType: StatementTemplate.signatureType, subject: subject,
                        subjectSize: image.manifest.count, subjectMediaType: image.mediaType)
                case .layer(let layer):
                    manifest = try MintedManifest(layers: [layer])
                    tag = subject.tagStem + (command == "verify" ? ".sig" : ".att")
                }
                registry.contents.put(manifest, in: "a/b", tag: tag)
                let result = try await cosign.run(
                    [command, "--trusted-root", root] + who + more + ["\(host)/a/b@\(subject)"])
                #expect(result.succeeded == (subject == digest), "\(result.errorText)")
            }
        }
    }
}
