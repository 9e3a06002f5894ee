// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// What the demo writes, judged by the real cosign; and what the real cosign writes into the real registry, by itself,
/// so that a failure of ours is told from a failure of the tools.
@Suite struct CosignWriterTests {
    @Test("cosign verifies what the demo signs, and refuses it under another key", arguments: SignatureForm.allCases)
    func demoSignatures(form: SignatureForm) async throws {
        guard CosignTool.isAvailable() else { return }
        let cosign = try await CosignTool()
        let key = try OpenSSLKey(generating: .p256)
        let imported = try await cosign.importKey(key)
        let other = try await cosign.generateKey()
        let signer = try DemoSigner(openSSL: key)
        for referrersAPI in [true, false] {
            try await LoopbackRegistry.running(LoopbackOptions(referrersAPI: referrersAPI)) { registry in
                let digest = registry.contents.put(DemoImage(content: "by the demo"), in: "a/b", tag: "v1")
                try await registry.sign(digest, in: "a/b", with: signer, form: form)
                let reference = "\(try await registry.host)/a/b@\(digest)"
                let good = try await cosign.verify(reference, with: imported)
                #expect(good.succeeded, "\(good.errorText)")
                let bad = try await cosign.verify(reference, with: other)
                #expect(!bad.succeeded)
            }
        }
    }

    @Test("cosign verifies what the demo attests, and refuses another type", arguments: SignatureForm.allCases)
    func demoAttestations(form: SignatureForm) async throws {
        guard CosignTool.isAvailable() else { return }
        let cosign = try await CosignTool()
        let key = try OpenSSLKey(generating: .p256)
        let imported = try await cosign.importKey(key)
        let signer = try DemoSigner(openSSL: key)
        try await LoopbackRegistry.running { registry in
            let digest = registry.contents.put(DemoImage(content: "attested"), in: "a/b", tag: "v1")
            try await registry.attest(
                digest, in: "a/b", with: signer, predicateType: "https://example.com/review/v1",
                predicate: Array(#"{"reviewed":true}"#.utf8), form: form)
            for (type, expected) in [("https://example.com/review/v1", true), ("https://example.com/other/v1", false)] {
                let result = try await cosign.run(
                    [
                        "verify-attestation", "--key", imported.publicPath, "--insecure-ignore-tlog", "--type", type,
                        "\(try await registry.host)/a/b@\(digest)",
                    ])
                #expect(result.succeeded == expected, "\(type): \(result.errorText)")
            }
        }
    }

    @Test(
        "cosign signs with each kind of key in the real registry, and verifies where it can",
        arguments: OpenSSLKey.Kind.signing, SignatureForm.allCases)
    func realRegistry(kind: OpenSSLKey.Kind, form: SignatureForm) async throws {
        guard CosignTool.isAvailable(), RealRegistry.isAvailable() else { return }
        let cosign = try await CosignTool()
        let key = try await cosign.importKey(try OpenSSLKey(generating: kind))
        try await RealRegistry.running { registry in
            let digest = try await CurlClient().push(DemoImage(content: "real"), to: registry.host, "a/b", tag: "v1")
            try await cosign.sign("\(registry.host)/a/b@\(digest)", with: key, form: form)
            // cosign 3 cannot verify its own prehashed Ed25519, and wants to be told the hash of the larger curves.
            guard kind != .ed25519 else { return }
            let hash: OpenSSLKey.Hash = cosign.writesBundles ? kind.cosignHash : .sha256
            let result = try await cosign.verify("\(registry.host)/a/b@\(digest)", with: key, hash: hash)
            #expect(result.succeeded, "\(result.errorText)")
        }
    }
}

extension OpenSSLKey.Kind {
    /// What cosign 3 signs with.
    fileprivate var cosignHash: OpenSSLKey.Hash {
        switch self {
        case .p384: .sha384
        case .p521: .sha512
        default: .sha256
        }
    }
}
