// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import TestSupport

/// A webhook as a process of its own: `countersign serve` over a directory of policies, or the null webhook.
struct ServerProcess: Sendable {
    /// `https://127.0.0.1:port`
    let webhook: String
    /// `http://127.0.0.1:port`
    let health: String
    private let process: RunningProcess
    private let folder: TemporaryDirectory

    var pid: Int32 { process.pid }

    /// `countersign serve` with its defaults but for the ports and a short end; each policy is a document.
    static func countersign(
        _ settings: Settings, policies: [String], trustedRoot: [UInt8]? = nil, more: [String] = []
    ) async throws -> ServerProcess {
        let (command, folder) = try Self.command(settings, policies: policies, trustedRoot: trustedRoot, more: more)
        return try await ServerProcess(command, in: folder)
    }

    static func null(_ settings: Settings, logLevel: String = "info") async throws -> ServerProcess {
        try await ServerProcess(Command(settings.null, [logLevel]), in: TemporaryDirectory())
    }

    /// How it is started, and the folder that has to stay.
    static func command(
        _ settings: Settings, policies: [String], trustedRoot: [UInt8]? = nil, more: [String] = [],
        healthListen: String = "127.0.0.1:0"
    ) throws -> (Command, TemporaryDirectory) {
        let folder = try TemporaryDirectory()
        for (index, policy) in policies.enumerated() { try folder.write(policy, to: "policies/\(index).yaml") }
        var arguments = [
            "serve", "--policies", folder.path("policies"), "--listen", "127.0.0.1:0", "--health-listen",
            healthListen, "--drain-seconds", "0",
        ]
        if let trustedRoot {
            arguments += ["--trusted-root", try folder.write(trustedRoot, to: "trusted_root.json")]
        }
        // Nobody's credentials, and no setting that somebody has in the environment.
        var variables = ProcessEnvironment.current.filter { !$0.key.hasPrefix("COUNTERSIGN_") }
        variables["HOME"] = folder.path
        variables["DOCKER_CONFIG"] = nil
        return (Command(settings.program, arguments + more, environment: variables), folder)
    }

    private init(_ command: Command, in folder: TemporaryDirectory) async throws {
        guard FileManager.default.isExecutableFile(atPath: command.executable) else {
            throw Failure("there is no \(command.executable)")
        }
        self.folder = folder
        let process = try RunningProcess(command, log: folder.path("log"))
        self.process = process
        let ports = try await process.waitUntil { Self.ports(process.output) }
        webhook = "https://127.0.0.1:\(ports[0])"
        health = "http://127.0.0.1:\(ports[1])"
    }

    /// The ports that it says it listens on.
    private static func ports(_ output: String) -> [Int]? {
        let line = output.split(separator: "\n").first { $0.firstRange(of: ": webhook on port ") != nil }
        let numbers = line?.split { !$0.isNumber }.compactMap { Int($0) }
        return numbers?.count == 2 ? numbers : nil
    }

    /// What it has logged takes no more room; its next line stands behind a hole.
    func emptyLog() { truncate(folder.path("log"), 0) }

    /// The last of what it has logged.
    var lastWords: String { String(process.output.suffix(2000)) }

    func metrics() async throws -> MetricsText {
        let answer = try await CurlClient().get(health + "/metrics")
        guard answer.status == 200 else { throw Failure("\(health)/metrics answered \(answer.status)") }
        return MetricsText(answer.text)
    }

    func stop() async { await process.stop() }
}
