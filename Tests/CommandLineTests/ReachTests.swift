// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import TestSupport
import Testing

/// How registries are reached, by flags and variables.
@Suite struct ReachTests {
    @Test("A credential helper is run out of the directory that is named, and nowhere else")
    func helpers() async throws {
        let access = LoopbackAccess.basic(LoopbackCredentials(user: "robot", password: "secret"))
        try await DemoBench.running(LoopbackOptions(access: access)) { bench in
            let home = bench.program.home
            let helper = try home.write(
                "#!/bin/sh\necho '{\"Username\":\"robot\",\"Secret\":\"secret\"}'\n", to: "bin/docker-credential-demo")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: helper)
            try home.write(#"{"credHelpers":{"\#(bench.content.host)":"demo"}}"#, to: ".docker/config.json")
            let image = bench.content.signed.reference
            let without = try await bench.verify(image, variables: ["PATH": home.path("bin")])
            #expect(without.exitCode == 2, "\(without)")
            #expect(without.words.contains("its credential helpers are not run"), "\(without)")
            let with = try await bench.verify("--credential-helpers", "bin", image)
            #expect(with.exitCode == 0, "\(with)")
            #expect(!with.words.contains("credential helpers"), "\(with)")
            try home.write("", to: "empty/x")
            let missing = try await bench.verify("--credential-helpers", "empty", image)
            #expect(missing.exitCode == 2, "\(missing)")
            #expect(
                missing.words.contains("the credential helper docker-credential-demo cannot be started"), "\(missing)")
        }
    }

    @Test(
        "What cannot be used is wrong usage, and says which",
        arguments: [
            (
                ["--cloud-credentials", "oracle"], [:],
                "--cloud-credentials takes one of aws, google, azure, not 'oracle'"
            ),
            (["--cloud-credentials", "aws"], [:], "--cloud-credentials: aws needs the variable AWS_ROLE_ARN"),
            (["--credential-helpers", "gone"], [:], "--credential-helpers: gone is no directory that can be read"),
            (["--registry-ca-directory", "gone"], [:], "cannot read gone: "),
            ([], ["HTTPS_PROXY": "socks5://p:1"], "HTTPS_PROXY names a proxy of another kind than http://"),
            ([], ["http_proxy": "http://p:x"], "http_proxy is no address of a proxy"),
        ] as [([String], [String: String], String)])
    func usage(flags: [String], variables: [String: String], words: String) async throws {
        let answer = try await Program().run(["digest"] + flags + ["127.0.0.1:1/a:b"], variables)
        #expect(answer.exitCode == 64, "\(answer)")
        #expect(answer.words.contains(words), "\(answer)")
    }

    @Test("A registry is reached through the proxy that the environment names, and that it does not answer is told")
    func proxy() async throws {
        let variables = ["HTTPS_PROXY": "http://127.0.0.1:\(try freeLoopbackPort())", "NO_PROXY": "other.example"]
        let answer = try await Program().run(["digest", "registry.example/a:b"], variables)
        #expect(answer.exitCode == 2, "\(answer)")
        #expect(answer.words.contains("no connection to the proxy that leads to registry.example"), "\(answer)")
    }
}
