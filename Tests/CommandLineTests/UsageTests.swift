// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import countersign

@Suite("Wrong usage")
struct UsageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let words: String

        init(_ arguments: String..., says words: String) {
            self.arguments = arguments
            self.words = words
        }

        var testDescription: String { arguments.joined(separator: " ") }
    }

    private static let image = "registry.example/a/b:v1"

    @Test(
        "Wrong usage and unreadable input end with 64 and a sentence",
        arguments: [
            Case("frobnicate", says: "Unexpected argument 'frobnicate'"),
            Case("verify", says: "Missing expected argument '<image> ...'"),
            Case("verify", "--frob", image, says: "Unknown option '--frob'"),
            Case("verify", image, says: "give --key FILE, or --policies DIR|FILE; --certificate-identity or"),
            Case("verify", image, says: "is required for verification in keyless mode"),
            Case(
                "verify", "--certificate-identity", "x", image,
                says: "--certificate-oidc-issuer or --certificate-oidc-issuer-regexp is required"),
            Case(
                "verify", "--certificate-oidc-issuer", "x", image,
                says: "--certificate-identity or --certificate-identity-regexp is required"),
            Case(
                "verify", "--certificate-github-workflow-ref", "x", image,
                says: "--certificate-identity or --certificate-identity-regexp is required"),
            Case(
                "verify", "--certificate-identity", "", "--certificate-oidc-issuer", "x", image,
                says: "--certificate-identity takes a value that is not empty"),
            Case(
                "verify", "--certificate-identity", "x", "--certificate-oidc-issuer-regexp=", image,
                says: "--certificate-oidc-issuer-regexp takes a value that is not empty"),
            Case(
                "verify", "--certificate-identity", "x", "--certificate-oidc-issuer", "x",
                "--certificate-github-workflow-sha=", image,
                says: "--certificate-github-workflow-sha takes a value that is not empty"),
            Case("verify", "--key", "", image, says: "--key takes a value that is not empty"),
            Case(
                "verify", "--certificate-identity-regexp", "a(b", "--certificate-oidc-issuer", "x", image,
                says: "--certificate-identity-regexp: "),
            Case(
                "verify", "--certificate-identity", "x", "--certificate-oidc-issuer-regexp", "(?=x)", image,
                says: "--certificate-oidc-issuer-regexp: "),
            Case(
                "verify", "--key", "key.pub", "--certificate-identity", "x", "--certificate-oidc-issuer", "x", image,
                says: "either --key or --certificate-identity, not both"),
            Case(
                "verify", "--certificate-identity", "x", "--certificate-oidc-issuer", "x",
                "--signature-digest-algorithm", "sha256", image, says: "--signature-digest-algorithm goes with --key"),
            Case("verify", "--policies", "policy.yaml", "--insecure-ignore-sct", image, says: "goes with --key"),
            Case(
                "verify", "--policies", "policy.yaml", "--certificate-identity", "x", image,
                says: "either --policies or a signer"),
            Case("verify", "--key", "absent.pub", image, says: "cannot read absent.pub: no such file or directory"),
            Case("verify", "--key", ".", image, says: "cannot read .: is a directory"),
            Case("verify", "--key", "/dev/zero", image, says: "/dev/zero is larger than"),
            Case("verify", "--key", "policy.yaml", image, says: "policy.yaml: no PEM public key"),
            Case("verify", "--key", "awskms:///alias/x", image, says: "is no file"),
            Case("verify", "--key", "env://ABSENT", image, says: "the variable ABSENT is not set"),
            Case("verify", "--key", "key.pub", "host.example/UPPER", says: "'host.example/UPPER': "),
            Case("verify", "--key", "key.pub", "a/b:", says: "'a/b:': "),
            Case("verify", "--key", "key.pub", "", says: "'': "),
            Case(
                "verify", "--key", "key.pub", "--policies", "policy.yaml", image, says: "either --policies or a signer"),
            Case("verify", "--policies", "absent", image, says: "absent: there is no such file or directory"),
            Case("verify", "--policies", "empty", image, says: "empty: there is no policy file in it"),
            Case("verify", "--policies", "broken.yaml", image, says: "broken.yaml:6:18: unknown field \"statik\""),
            Case("verify", "--policies", "policy.yaml", "--insecure-ignore-tlog", image, says: "goes with --key"),
            Case("verify", "--policies", "policy.yaml", "-a", "x=y", image, says: "--annotations goes with --key"),
            Case("verify", "--policies", "policy.yaml", "--no-match", "shrug", image, says: "deny, warn or allow"),
            Case("verify", "--key", "key.pub", "--no-match", "allow", image, says: "--no-match goes with --policies"),
            Case("verify", "--key", "key.pub", "-a", "novalue", image, says: "takes key=value, not 'novalue'"),
            Case("verify", "--key", "key.pub", "-o", "text", image, says: "takes json or report, not 'text'"),
            Case("verify", "--key", "key.pub", "--timeout", "5", image, says: "takes a time as 90s, 3m or 1h"),
            Case("verify", "--key", "key.pub", "--signature-digest-algorithm", "md5", image, says: "not 'md5'"),
            Case("verify", "--key", "key.pub", "--attachment-tag-prefix", "../x", image, says: "not '../x'"),
            Case("verify", "--key", "key.pub", "--check-claims=false", image, says: "is always checked"),
            Case("verify", "--key", "key.pub", "--local-image=perhaps", image, says: "true or false, not 'perhaps'"),
            Case("verify", "--key", "key.pub", "--local-image", "absent", says: "cannot read absent/index.json"),
            Case("verify", "--key", "key.pub", "--local-image", "d@sha256:12", says: "'d@sha256:12': "),
            Case("verify", "--key", "key.pub", "--docker-config", "absent", image, says: "cannot read absent"),
            Case("verify", "--key", "key.pub", "--docker-config", "policy.yaml", image, says: "policy.yaml: "),
            Case("verify", "--key", "key.pub", "--registry-ca", "policy.yaml", image, says: "--registry-ca: "),
            Case("verify-attestation", image, says: "give --key FILE; --certificate-identity or"),
            Case("verify-attestation", "--key", "key.pub", "--type", "", image, says: "--type takes a URI or one of"),
            Case("verify-bundle", "policy.yaml", says: "Missing expected argument '--bundle <file>'"),
            Case("verify-bundle", "--bundle", "policy.yaml", "policy.yaml", says: "give --key FILE; "),
            Case(
                "verify-bundle", "--bundle", "absent", "--key", "key.pub", "policy.yaml",
                says: "cannot read absent: "),
            Case(
                "verify-bundle", "--bundle", "policy.yaml", "--key", "key.pub", "absent",
                says: "cannot read absent: "),
            Case(
                "verify-bundle", "--bundle", "policy.yaml", "--key", "key.pub", "sha256:12", says: "'sha256:12': "),
            Case("verify-attestation", "--key", "key.pub", "--type", "spdxjsonn", image, says: "not 'spdxjsonn'"),
            Case("digest", "a b", says: "'a b': "),
            Case("review", "policy.yaml", says: "give --policies DIR|FILE"),
            Case("review", "--policies", "policy.yaml", "absent.yaml", says: "cannot read absent.yaml"),
            Case("review", "--policies", "policy.yaml", "key.pub", says: "key.pub: "),
            Case("policy", "check", "absent.yaml", says: "absent.yaml: there is no such file or directory"),
            Case("policy", "check", "empty", says: "empty: there is no policy file in it"),
            Case(
                "policy", "check", "policy.yaml", "--fail-on-empty-authorities", "no",
                says: "--fail-on-empty-authorities takes true or false, not 'no'"),
            Case(
                "policy", "check", "policy.yaml", "--policy-namespace", "a/b",
                says: "--policy-namespace takes the name of a namespace, not 'a/b'"),
            Case("policy", "test", says: "name files or directories of tests, or give --policy and --image"),
            Case("policy", "test", "policy.yaml", says: "policy.yaml: there is no document of kind PolicyTest in it"),
            Case("policy", "test", "empty", says: "empty: there is no document of kind PolicyTest in it"),
            Case("policy", "test", "absent", says: "absent: there is no such file or directory"),
            Case("policy", "test", "key.pub", "--image", image, says: "--image goes without files of tests"),
            Case(
                "verify", "--key", "key.pub", "--require-signature", image,
                says: "--require-signature goes with --policies"),
            Case(
                "verify", "--key", "key.pub", "--fail-on-empty-authorities=false", image,
                says: "--fail-on-empty-authorities goes with --policies"),
            Case(
                "serve", "--config", "flag.yaml", says: "flag.yaml:2:1: require-signature takes true or false, not 'no'"
            ),
            Case("serve", says: "give --policies DIR|FILE"),
            Case("serve", "--policies", "broken.yaml", says: "broken.yaml:6:18: unknown field \"statik\""),
            Case("serve", "--policies", "empty", says: "empty: there is no policy file in it"),
            Case("serve", "--policies", "absent", says: "absent: there is no such file or directory"),
            Case("serve", "--policies", "policy.yaml", "--listen", "8443", says: "--listen takes HOST:PORT"),
            Case("serve", "--policies", "policy.yaml", "--tls-key", "k", says: "--tls-key goes with --tls-certificate"),
            Case(
                "serve", "--policies", "policy.yaml", "--tls-certificate", "key.pub", "--tls-key", "key.pub",
                says: "holds no PEM block CERTIFICATE"),
            Case("serve", "--policies", "policy.yaml", "--tls-name", "a b", says: "'a b' is neither a DNS name nor"),
            Case(
                "serve", "--policies", "policy.yaml", "--tls-name", "a", "--tls-certificate", "c", "--tls-key", "k",
                says: "--tls-name is for the self-signed certificate"),
            Case("serve", "--policies", "policy.yaml", "--log-level", "loud", says: "--log-level takes one of trace,"),
            Case("serve", "--policies", "policy.yaml", "--max-in-flight", "0", says: "a number from 1 to 100000"),
            Case("serve", "--policies", "policy.yaml", "--blob-cache-bytes", "1048576", says: "goes with --blob-cache"),
            Case(
                "serve", "--policies", "policy.yaml", "--blob-cache", ".", "--blob-cache-bytes", "1",
                says: "from 1048576"),
            Case(
                "serve", "--policies", "policy.yaml", "--blob-cache", "none", "--listen=127.0.0.1:0",
                "--health-listen=127.0.0.1:0", says: "--blob-cache: none is no directory"),
            Case("serve", "--config", "unknown.yaml", says: "unknown.yaml:2:1: polices is no setting"),
            Case("serve", "--config", "list.yaml", says: "list.yaml:1:1: listen takes one value, not 2"),
            Case("serve", "--config", "null.yaml", says: "null.yaml:1:1: policies takes a value or a list of values"),
            Case("serve", "--config", "twice.yaml", says: "twice.yaml: "),
        ])
    func wrong(_ wrong: Case) async throws {
        let program = try Program()
        try program.writePolicy()
        try program.writePolicy("registry.yaml")
        try program.home.write(try OpenSSLKey(generating: .p256).publicKeyPEM, to: "key.pub")
        try program.home.write("", to: "empty/.hidden")
        try program.home.write(
            """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: broken}
            spec:
              images: [{glob: "registry.example/**"}]
              authorities: [{statik: {action: pass}}]

            """, to: "broken.yaml")
        try program.home.write("listen: 127.0.0.1:0\npolices: policy.yaml\n", to: "unknown.yaml")
        try program.home.write("listen: [\"127.0.0.1:0\", \"127.0.0.1:1\"]\npolicies: policy.yaml\n", to: "list.yaml")
        try program.home.write("policies: policy.yaml\nrequire-signature: \"no\"\n", to: "flag.yaml")
        try program.home.write("policies:\n", to: "null.yaml")
        try program.home.write("policies: policy.yaml\npolicies: policy.yaml\n", to: "twice.yaml")
        let answer = try await program.run(wrong.arguments)
        #expect(answer.exitCode == 64, "\(answer)")
        #expect(answer.output.isEmpty, "\(answer)")
        #expect(answer.words.contains(wrong.words), "\(answer)")
    }

    @Test("What the command line carries cannot draw on the terminal")
    func escaping() async throws {
        let hostile = "a/b\u{1B}[2J\n\u{202E}x\u{85}"
        for arguments in [["digest", hostile], ["digest", "--\(hostile)"], ["policy", "check", hostile]] {
            let answer = try await Program().run(arguments)
            #expect(answer.exitCode == 64, "\(answer)")
            for scalar in ["\u{1B}", "\u{202E}", "\u{85}"] { #expect(!answer.words.contains(scalar), "\(answer)") }
        }
        #expect(Words.printable("a\u{1B}[1m\nb\u{200B}é") == "a\\u{1b}[1m\\u{a}b\\u{200b}é")
    }

    @Test("JSON is printed on one line with the same meaning, invisible characters as escapes")
    func printableJSON() {
        let text = "{\"a\": \"x\u{85}\u{202E}\u{E0001}é\",\n\t\"b\":1}"
        #expect(
            Words.printable(json: Array(text.utf8)) == #"{"a": "x\u0085\u202e\udb40\udc01é",  "b":1}"#)
    }

    @Test(
        "A boolean flag of cosign's may have a value; the last one counts, and operands after -- are left alone",
        arguments: [
            (["--local-image=true", "x"], ["--local-image", "x"]),
            (["--local-image=false", "x"], ["x"]),
            (["--local-image", "--local-image=0", "x"], ["x"]),
            (["--local-image=f", "--local-image=T"], ["--local-image"]),
            (["--check-claims=true"], ["--check-claims"]),
            (["--require-signature=1", "x"], ["--require-signature", "x"]),
            (["--require-signature", "--require-signature=false"], ["--no-require-signature"]),
            (["--", "--local-image=false"], ["--", "--local-image=false"]),
            (["--output=true"], ["--output=true"]),
        ])
    func booleans(arguments: [String], expected: [String]) throws {
        #expect(try BooleanFlags.spelledOut(arguments) == expected)
    }

    @Test(
        "Flags of policy-tester may have one dash, and only there",
        arguments: [
            (["policy", "test", "-policy", "p", "-image=i"], ["policy", "test", "--policy", "p", "--image=i"]),
            (["policy", "test", "--policy", "p", "-version"], ["policy", "test", "--policy", "p", "--version"]),
            (["policy", "test", "-h", "-policies", "-"], ["policy", "test", "-h", "-policies", "-"]),
            (["policy", "test", "--", "-policy"], ["policy", "test", "--", "-policy"]),
            (["policy", "check", "-policy"], ["policy", "check", "-policy"]),
            (["verify", "-image"], ["verify", "-image"]),
        ])
    func oneDash(arguments: [String], expected: [String]) {
        #expect(TesterFlags.spelledOut(arguments) == expected)
    }

    @Test(
        "Times are written as Go writes them", arguments: [("90s", 90), ("3m", 180), ("1h2m3s", 3723), ("24h", 86_400)])
    func durations(text: String, seconds: Int) throws {
        #expect(try ProofOptions.duration(text) == .seconds(seconds))
    }

    @Test(
        "Other times are refused",
        arguments: ["", "5", "s", "0s", "-1s", "1.5h", "25h", "99999999999999999999s", "3 m"])
    func noDurations(text: String) {
        #expect(throws: UsageError.self) { try ProofOptions.duration(text) }
    }
}
