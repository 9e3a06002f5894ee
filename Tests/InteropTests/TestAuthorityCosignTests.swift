// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

/// What the test authority makes is held against cosign 3, without a network.
@Suite("TestAuthority before cosign")
struct TestAuthorityCosignTests {
    static let identity = SigningIdentity.email("alice@example.com", issuer: "https://accounts.example.com")
    static let artifact = Array("an artifact\n".utf8)
    static let keyless = [
        "--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", "https://accounts.example.com",
    ]

    /// A case: how it is signed, and what cosign has to be told.
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        var kind = AuthorityKey.Kind.p256
        var isKeyed = false
        var isAttestation = false
        var options = SigningOptions.rekor1
        var flags: [String] = []

        init(_ description: String, _ change: (inout Case) -> Void = { _ in }) {
            testDescription = description
            change(&self)
        }
    }

    static let cases = [
        Case("message, Rekor v1"),
        Case("message, Rekor v1, P-384") { $0.kind = .p384 },
        Case("message, Rekor v1, RSA") { $0.kind = .rsa2048 },
        Case("message, Rekor v1, version 0.1") {
            $0.options.mediaType = BundleTemplate.MediaType.v01
            $0.options.carriesChain = true
        },
        Case("envelope, Rekor v1") { $0.isAttestation = true },
        Case("envelope, Rekor v1 and a timestamp") {
            $0.isAttestation = true
            $0.options.isTimestamped = true
            $0.flags = ["--use-signed-timestamps"]
        },
        Case("envelope, Rekor v1 as intoto 0.0.2, version 0.2") {
            $0.isAttestation = true
            $0.options.log = .kind(.intoto002)
            $0.options.mediaType = BundleTemplate.MediaType.v02
            $0.options.carriesChain = true
        },
        Case("message, Rekor v2") { $0.options = .rekor2 },
        Case("message, Rekor v2, P-521") {
            $0.options = .rekor2
            $0.kind = .p521
        },
        Case("message, Rekor v2, Ed25519") {
            $0.options = .rekor2
            $0.kind = .ed25519
        },
        Case("envelope, Rekor v2") {
            $0.isAttestation = true
            $0.options = .rekor2
        },
        Case("message, Rekor v1, Ed25519") { $0.kind = .ed25519 },
        Case("message, Rekor v1, P-521, the older spelling of version 0.3") {
            $0.kind = .p521
            $0.options.mediaType = BundleTemplate.MediaType.v03Old
        },
        Case("envelope, Rekor v1, P-384") {
            $0.isAttestation = true
            $0.kind = .p384
        },
        Case("envelope, Rekor v1, Ed25519") {
            $0.isAttestation = true
            $0.kind = .ed25519
        },
        Case("envelope, Rekor v2, RSA") {
            $0.isAttestation = true
            $0.options = .rekor2
            $0.kind = .rsa2048
        },
        Case("message, a timestamp alone") {
            $0.options = .timestampOnly
            $0.flags = ["--insecure-ignore-tlog", "--use-signed-timestamps"]
        },
        Case("message, key, Rekor v1") { $0.isKeyed = true },
        Case("envelope, key, Rekor v1") {
            $0.isKeyed = true
            $0.isAttestation = true
        },
        Case("message, key, Rekor v2") {
            $0.isKeyed = true
            $0.options = .rekor2
            $0.options.isTimestamped = false
        },
    ]

    /// A bundle with what cosign needs to judge it.
    struct Minted {
        var authority: TestAuthority
        var signer: TestSigner
        var bundle: BundleTemplate
    }

    static func mint(_ test: Case, in authority: TestAuthority? = nil) throws -> Minted {
        let authority = try authority ?? TestAuthority()
        let signer =
            try test.isKeyed
            ? authority.keySigner(kind: test.kind) : authority.keylessSigner(identity, kind: test.kind)
        let statement = StatementTemplate(of: Digest(of: artifact), predicateType: "https://example.com/p")
        let bundle =
            try test.isAttestation
            ? authority.bundle(payload: statement.bytes, by: signer, test.options)
            : authority.bundle(message: artifact, by: signer, test.options)
        return Minted(authority: authority, signer: signer, bundle: bundle)
    }

    static func judge(_ test: Case, _ minted: Minted, bundle: [UInt8]? = nil) async throws -> CommandResult {
        let folder = try TemporaryDirectory()
        let file = try folder.write(artifact, to: "artifact")
        let bundle = try folder.write(try bundle ?? minted.bundle.bytes(), to: "bundle.json")
        let root = try folder.write(minted.authority.trustedRoot.bytes, to: "trusted_root.json")
        let key = try folder.write(minted.signer.key.publicKeyPEM, to: "key.pub")
        let what =
            test.isAttestation
            ? ["verify-blob-attestation", "--type", "https://example.com/p"] : ["verify-blob"]
        let who = test.isKeyed ? ["--key", key] : keyless
        var variables = ProcessEnvironment.current
        variables["HOME"] = folder.path
        variables["TUF_ROOT"] = folder.path("tuf")
        let program = try #require(Tool.find("cosign"))
        return try await Command(
            program, what + ["--bundle", bundle, "--trusted-root", root] + who + test.flags + [file],
            environment: variables
        ).run()
    }

    @Test("cosign takes what the authority makes", .enabled(if: CosignTool.isAvailable()), arguments: cases)
    func accepted(_ test: Case) async throws {
        let result = try await Self.judge(test, try Self.mint(test))
        #expect(result.succeeded, "\(result.errorText)")
    }

    @Test("cosign refuses the twin with one bit changed", .enabled(if: CosignTool.isAvailable()), arguments: cases)
    func damaged(_ test: Case) async throws {
        var minted = try Self.mint(test)
        switch minted.bundle.content {
        case .message(var message):
            message.signature[message.signature.count - 1] ^= 1
            minted.bundle.content = .message(message)
        case .envelope(var envelope):
            envelope.signatures[0].bytes[envelope.signatures[0].bytes.count - 1] ^= 1
            minted.bundle.content = .envelope(envelope)
        case .none: break
        }
        let result = try await Self.judge(test, minted)
        #expect(!result.succeeded)
        // The signature is compared with the log's or the token's word before it is verified itself.
        let reasons = ["log signature does not match", "calculated root", "hashed messages don't match"]
        #expect(reasons.contains { result.errorText.contains($0) }, "\(result.errorText)")
    }
}
