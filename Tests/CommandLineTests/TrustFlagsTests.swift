// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

@Suite("Flags that say whom to believe")
struct TrustFlagsTests {
    /// An image that one instance has signed, without keys, and the files of that instance and of another one.
    private struct Bench: Sendable {
        let program: Program
        let bundled: String
        let tagged: String

        static let name = "alice@example.com"
        static let issuer = "https://issuer.example"

        static func running(_ body: (Bench) async throws -> Void) async throws {
            let authority = try TestAuthority()
            let program = try Program()
            try write(authority, "own", to: program)
            try write(TestAuthority(), "other", to: program)
            try await LoopbackRegistry.running { registry in
                let contents = registry.contents
                let host = try await registry.host
                let signer = try authority.keylessSigner(.email(name, issuer: issuer))
                var options = SigningOptions.rekor1
                options.isTimestamped = true
                let image = DemoImage(content: "by a bundle")
                let digest = contents.put(image, in: "a/b", tag: "bundle")
                let bundle = try authority.bundle(payload: StatementTemplate(of: digest).bytes, by: signer, options)
                contents.put(
                    MintedManifest(
                        bundle: try bundle.bytes(), predicateType: StatementTemplate.signatureType, subject: digest,
                        subjectSize: image.manifest.count), in: "a/b")
                let other = contents.put(DemoImage(content: "by a tag"), in: "a/b", tag: "tag")
                let payload = SimpleSigningTemplate(of: other, reference: "\(host)/a/b")
                let layer = try authority.legacySignature(payload, by: signer, options)
                contents.put(try MintedManifest(layers: [layer]), in: "a/b", tag: "\(other.tagStem).sig")
                try await body(Bench(program: program, bundled: "\(host)/a/b:bundle", tagged: "\(host)/a/b:tag"))
            }
        }

        private static func write(_ authority: TestAuthority, _ name: String, to program: Program) throws {
            let home = program.home
            try home.write(authority.trustedRoot.bytes, to: "\(name).json")
            try home.write(authority.log.key.publicKeyPEM, to: "\(name)-rekor.pub")
            try home.write(authority.ctLogs.map(\.key.publicKeyPEM).joined(), to: "\(name)-ctlog.pub")
            let chain = authority.certificateAuthority
            try home.write(chain.root.certificate.pem, to: "\(name)-roots.pem")
            try home.write(chain.intermediates.map(\.certificate.pem).joined(), to: "\(name)-intermediates.pem")
            try home.write(authority.timestampAuthority.chainPEM, to: "\(name)-tsa.pem")
        }

        func verify(_ image: String, _ flags: [String]) async throws -> Program.Answer {
            try await program.run(
                ["verify", "--certificate-identity", Self.name, "--certificate-oidc-issuer", Self.issuer] + flags
                    + [image])
        }
    }

    @Test("A file of tests may name the trusted root beside it; a flag goes before it")
    func testFile() async throws {
        try await Bench.running { bench in
            let home = bench.program.home
            let identity = "{issuer: \"\(Bench.issuer)\", subject: \(Bench.name)}"
            try home.write(
                """
                apiVersion: policy.sigstore.dev/v1beta1
                kind: ClusterImagePolicy
                metadata: {name: alice}
                spec:
                  images: [{glob: "**"}]
                  authorities: [{keyless: {identities: [\(identity)]}}]

                """, to: "tests/alice.yaml")
            for (root, flags, expect) in [
                ("own", [], "admitted"), ("other", [], "denied"), ("own", ["--trusted-root", "other.json"], "denied"),
                ("other", ["--trusted-root", "own.json"], "admitted"),
            ] as [(String, [String], String)] {
                for word in ["admitted", "denied"] {
                    try home.write(
                        """
                        apiVersion: countersign.dev/v1alpha1
                        kind: PolicyTest
                        policies: [alice.yaml]
                        trustedRoot: ../\(root).json
                        tests: [{image: "\(bench.bundled)", expect: \(word)}, {image: "\(bench.tagged)", expect: \(word)}]

                        """, to: "tests/test.yaml")
                    let answer = try await bench.program.run(["policy", "test", "tests"] + flags)
                    #expect(answer.exitCode == (word == expect ? 0 : 1), "\(root) \(flags): \(answer)")
                    #expect(answer.output.hasSuffix(word == expect ? "2 passed\n" : "0 passed, 2 failed\n"))
                }
            }
        }
    }

    @Test("Each file is what is believed: its own instance's admits, another one's denies")
    func files() async throws {
        try await Bench.running { bench in
            let own = ["--trusted-root", "own.json"]
            let intermediates = ["--ca-intermediates", "own-intermediates.pem"]
            for (flags, other) in [
                ([], ["--trusted-root", "other.json"]),
                (["--rekor-public-key", "own-rekor.pub"], ["--rekor-public-key", "other-rekor.pub"]),
                (["--ctlog-public-key", "own-ctlog.pub"], ["--ctlog-public-key", "other-ctlog.pub"]),
                (
                    ["--ca-roots", "own-roots.pem"] + intermediates,
                    ["--ca-roots", "other-roots.pem"] + intermediates
                ),
                (
                    ["--timestamp-certificate-chain", "own-tsa.pem", "--use-signed-timestamps"],
                    ["--timestamp-certificate-chain", "other-tsa.pem", "--use-signed-timestamps"]
                ),
            ] as [([String], [String])] {
                for image in [bench.bundled, bench.tagged] {
                    let good = try await bench.verify(image, own + flags)
                    #expect(good.exitCode == 0, "\(flags): \(good)")
                    let root = other.first == "--trusted-root" ? [] : own
                    let bad = try await bench.verify(image, root + other)
                    #expect(bad.exitCode == 1, "\(other): \(bad)")
                    #expect(bad.output.isEmpty)
                }
            }
        }
    }

    @Test("Without any flag the built-in root is believed, which knows nothing of another instance")
    func builtIn() async throws {
        try await Bench.running { bench in
            let answer = try await bench.verify(bench.bundled, [])
            #expect(answer.exitCode == 1, "\(answer)")
        }
    }

    @Test("Of several keys one is enough, and what is ignored needs none")
    func severalAndNone() async throws {
        try await Bench.running { bench in
            let own = ["--trusted-root", "own.json"]
            for flags in [
                ["--rekor-public-key", "other-rekor.pub", "--rekor-public-key", "own-rekor.pub"],
                ["--ctlog-public-key", "other-ctlog.pub", "--ctlog-public-key=own-ctlog.pub"],
                ["--ctlog-public-key", "other-ctlog.pub", "--insecure-ignore-sct"],
            ] {
                let answer = try await bench.verify(bench.bundled, own + flags)
                #expect(answer.exitCode == 0, "\(flags): \(answer)")
                #expect(
                    answer.words.contains("WARNING: --insecure-ignore-sct")
                        == flags.contains("--insecure-ignore-sct"), "\(answer)")
            }
            // The timestamp proves a time then.
            let timed = try await bench.verify(
                bench.bundled, own + ["--rekor-public-key", "other-rekor.pub", "--insecure-ignore-tlog"])
            #expect(timed.exitCode == 0, "\(timed)")
        }
    }

    @Test("Intermediates come with a tag's signature where none are named, and never with a bundle")
    func offeredIntermediates() async throws {
        try await Bench.running { bench in
            let flags = ["--trusted-root", "own.json", "--ca-roots", "own-roots.pem"]
            let tagged = try await bench.verify(bench.tagged, flags)
            #expect(tagged.exitCode == 0, "\(tagged)")
            let bundled = try await bench.verify(bench.bundled, flags)
            #expect(bundled.exitCode == 1, "\(bundled)")
        }
    }

    @Test(
        "A file that is not what it should be ends with 64 and a sentence",
        arguments: [
            (["--trusted-root", "own-rekor.pub"], "own-rekor.pub"), (["--trusted-root", "absent.json"], "absent.json"),
            (["--trusted-root", ""], "--trusted-root"), (["--rekor-public-key", "own.json"], "the log's key"),
            (["--ctlog-public-key", "own-roots.pem"], "certificate log's key"),
            (["--ca-roots", "own.json"], "countersign: "),
            (["--ca-intermediates", "own-intermediates.pem"], "--ca-roots"),
            (["--timestamp-certificate-chain", "own-rekor.pub"], "countersign: "),
        ] as [([String], String)])
    func unreadable(flags: [String], words: String) async throws {
        try await Bench.running { bench in
            let root = flags.first == "--trusted-root" ? [] : ["--trusted-root", "own.json"]
            let answer = try await bench.verify(bench.bundled, root + flags)
            #expect(answer.exitCode == 64, "\(answer)")
            #expect(answer.output.isEmpty, "\(answer)")
            #expect(answer.words.contains(words), "\(answer)")
        }
    }
}
