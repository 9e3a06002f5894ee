// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import TestSupport

/// The built program with nothing of this machine's environment but what a test gives it.
struct Program: Sendable {
    struct Answer: Sendable, CustomStringConvertible {
        let exitCode: Int32
        let output: String
        let words: String

        var description: String { "exit \(exitCode); stdout: \(output); stderr: \(words)" }
    }

    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    func command(_ arguments: [String], _ variables: [String: String] = [:]) throws -> Command {
        guard let executable = CountersignTool.executable else { throw NotBuilt() }
        var environment = ["HOME": home.path, "PATH": "/usr/bin:/bin"]
        environment["LD_LIBRARY_PATH"] = ProcessEnvironment.current["LD_LIBRARY_PATH"]
        return Command(executable, arguments, environment: environment.merging(variables) { $1 }, directory: home.path)
    }

    func run(_ arguments: [String], _ variables: [String: String] = [:]) async throws -> Answer {
        let result = try await command(arguments, variables).run(timeout: .seconds(60))
        return Answer(exitCode: result.exitCode, output: result.outputText, words: result.errorText)
    }

    /// A policy for every image below this name that admits or denies by itself.
    func writePolicy(_ name: String = "policy.yaml", host: String = "registry.example", action: String = "pass") throws
    {
        try home.write(
            """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: everything}
            spec:
              images: [{glob: "\(host)/**"}]
              authorities: [{static: {action: \(action)}}]

            """, to: name)
    }
}

struct NotBuilt: Error {}

/// A registry with the demo's images, the program beside it, and the demo's keys and policies in its folder: `key.pub`,
/// `other.pub`, `policies/demo.yaml`.
struct DemoBench: Sendable {
    let registry: LoopbackRegistry
    let content: DemoContent
    let program: Program

    static func running<R: Sendable>(
        _ options: LoopbackOptions = LoopbackOptions(), _ body: (DemoBench) async throws -> R
    ) async throws -> R {
        try await LoopbackRegistry.running(options) { registry in
            let content = try await DemoContent(filling: registry)
            let program = try Program()
            try program.home.write(content.signer.publicKeyPEM, to: "key.pub")
            try program.home.write(content.stranger.publicKeyPEM, to: "other.pub")
            try program.home.write(content.policies, to: "policies/demo.yaml")
            return try await body(DemoBench(registry: registry, content: content, program: program))
        }
    }

    /// `verify` as most of cosign's users run it.
    func verify(_ arguments: String..., variables: [String: String] = [:]) async throws -> Program.Answer {
        try await program.run(
            ["verify", "--key", "key.pub", "--insecure-ignore-tlog"] + arguments, variables)
    }
}

enum TextFile {
    /// A file's text; `nil` where there is none.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
