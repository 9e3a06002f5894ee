// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The program itself, as this build made it, run as a user runs it.
public struct CountersignTool: Sendable {
    /// Beside the test bundle, where the package manager puts both.
    public static let executable: String? = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = bundle.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/countersign"
        let candidates = [beside, PackageFolder.root + "/.build/debug/countersign"]
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// One exit code and everything that was said.
    public struct Answer: Sendable, CustomStringConvertible {
        public let exitCode: Int32
        public let output: String
        /// The words for a person.
        public let words: String

        public var description: String { "exit \(exitCode); stdout: \(output); stderr: \(words)" }
    }

    private let program: String
    private let home: TemporaryDirectory

    public init() throws {
        guard let program = Self.executable else { throw ProcessFailure("the program has not been built") }
        self.program = program
        home = try TemporaryDirectory()
    }

    /// Runs any command, with a home folder of its own; `within` puts another program around it.
    public func run(
        _ arguments: [String], within: (Command) -> Command = { $0 }
    ) async throws -> Answer {
        var variables = ProcessEnvironment.current
        variables["HOME"] = home.path
        let result = try await within(Command(program, arguments, environment: variables)).run()
        return Answer(exitCode: result.exitCode, output: result.outputText, words: result.errorText)
    }

    /// `verify --key … --insecure-ignore-tlog`
    public func verify(_ reference: String, publicKeyPEM: String, more: [String] = []) async throws -> Answer {
        try await run(["verify", "--key", try file(publicKeyPEM), "--insecure-ignore-tlog"] + more + [reference])
    }

    /// `verify-attestation --key … --insecure-ignore-tlog --type …`
    public func verifyAttestation(
        _ reference: String, publicKeyPEM: String, type: String, more: [String] = []
    ) async throws -> Answer {
        let flags = ["--key", try file(publicKeyPEM), "--insecure-ignore-tlog", "--type", type]
        return try await run(["verify-attestation"] + flags + more + [reference])
    }

    private func file(_ pem: String) throws -> String {
        try home.write(pem, to: "key-\(UInt64.random(in: .min ... .max)).pub")
    }
}
