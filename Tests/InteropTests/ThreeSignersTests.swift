// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

/// One image, signed three times over: by a key, by a workflow's certificate, and by somebody's key.
@Suite("An image with the bundles of three signers", .serialized)
struct ThreeSignersTests {
    private static let workflow = SigningIdentity.workflow()
    private static let name = "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main"
    private static let issuer = "https://token.actions.githubusercontent.com"

    /// Which of the three lie in the registry.
    struct Present: OptionSet, Sendable {
        let rawValue: Int
        static let key = Present(rawValue: 1)
        static let keyless = Present(rawValue: 2)
        static let foreign = Present(rawValue: 4)
    }

    private struct Bench {
        let tool: CountersignTool
        let reference: String
        let root: [String]
        let own: [String]
        let foreign: [String]
        let stranger: [String]
        let folder: TemporaryDirectory

        func verify(_ signer: [String]) async throws -> CountersignTool.Answer {
            try await tool.run(["verify"] + signer + root + [reference])
        }
    }

    private func bench<R: Sendable>(
        _ present: Present, referrersAPI: Bool, _ body: (Bench) async throws -> R
    ) async throws -> R {
        let authority = try TestAuthority()
        let own = try authority.keySigner()
        let keyless = try authority.keylessSigner(Self.workflow)
        let foreign = try authority.keySigner(kind: .p384)
        let stranger = try authority.keySigner()
        let folder = try TemporaryDirectory()
        let root = try folder.write(authority.trustedRoot.bytes, to: "trusted_root.json")
        func key(_ signer: TestSigner, _ name: String) throws -> [String] {
            ["--key", try folder.write(signer.key.publicKeyPEM, to: name)]
        }
        let options = LoopbackOptions(referrersAPI: referrersAPI)
        return try await LoopbackRegistry.running(options) { registry in
            let image = registry.contents.put(DemoImage(content: "signed by three"), in: "octo/app", tag: "v1")
            let statement = StatementTemplate(of: image).bytes
            for (part, signer) in [(Present.foreign, foreign), (.key, own), (.keyless, keyless)]
            where present.contains(part) {
                try registry.contents.attach(
                    bundle: try authority.bundle(payload: statement, by: signer).bytes(),
                    predicateType: StatementTemplate.signatureType, to: image, in: "octo/app",
                    referrersAPI: referrersAPI)
            }
            return try await body(
                Bench(
                    tool: try CountersignTool(), reference: "\(try await registry.host)/octo/app@\(image)",
                    root: ["--trusted-root", root], own: try key(own, "own.pub"),
                    foreign: try key(foreign, "foreign.pub"),
                    stranger: try key(stranger, "stranger.pub"), folder: folder))
        }
    }

    private static let identity = ["--certificate-identity", name, "--certificate-oidc-issuer", issuer]

    @Test("shows each verifier its own, once", arguments: [true, false])
    func each(referrersAPI: Bool) async throws {
        try await bench([.key, .keyless, .foreign], referrersAPI: referrersAPI) { bench in
            for signer in [bench.own, bench.foreign, Self.identity] {
                let answer = try await bench.verify(signer)
                #expect(answer.exitCode == 0, "\(answer)")
                let list = try JSONDocument(parsing: Array(answer.output.utf8)).root
                #expect(list.count == 1, "\(answer)")
            }
        }
    }

    @Test("shows nothing to anybody else", arguments: [true, false])
    func nobody(referrersAPI: Bool) async throws {
        try await bench([.key, .keyless, .foreign], referrersAPI: referrersAPI) { bench in
            for signer in [
                bench.stranger,
                ["--certificate-identity", "\(Self.name)x", "--certificate-oidc-issuer", Self.issuer],
                ["--certificate-identity", Self.name, "--certificate-oidc-issuer", "\(Self.issuer)/"],
                Self.identity + ["--certificate-github-workflow-repository", "octo/other"],
            ] {
                let answer = try await bench.verify(signer)
                #expect(answer.exitCode == 1, "\(answer)")
                #expect(answer.output.isEmpty)
            }
        }
    }

    @Test("is not signed by whoever's own bundle is taken away", arguments: [Present.key, .keyless])
    func without(missing: Present) async throws {
        let present = Present([.key, .keyless, .foreign]).subtracting(missing)
        try await bench(present, referrersAPI: true) { bench in
            let byKey = try await bench.verify(bench.own)
            let byName = try await bench.verify(Self.identity)
            #expect(byKey.exitCode == (missing == .key ? 1 : 0), "\(byKey)")
            #expect(byName.exitCode == (missing == .keyless ? 1 : 0), "\(byName)")
        }
    }
}
