// SPDX-License-Identifier: Apache-2.0

/// Debian's `docker-registry` on a loopback port, empty, with its storage in a temporary folder. It has no referrers
/// API, so that clients write the fallback tag.
public struct RealRegistry: Sendable {
    /// `127.0.0.1:port`
    public let host: String
    private let process: RunningProcess
    private let folder: TemporaryDirectory

    /// Whether the program is here; a told skip where it is not.
    public static func isAvailable(file: StaticString = #fileID, line: UInt = #line) -> Bool {
        Tool.haveAll("docker-registry", file: file, line: line)
    }

    private init(port: Int?) async throws {
        guard let program = Tool.find("docker-registry") else { throw ProcessFailure("there is no docker-registry") }
        folder = try TemporaryDirectory()
        let port = try port ?? freeLoopbackPort()
        let configuration = """
            version: 0.1
            log: {level: error}
            storage:
              filesystem: {rootdirectory: \(folder.path("storage"))}
              delete: {enabled: true}
            http: {addr: "127.0.0.1:\(port)"}

            """
        let file = try folder.write(configuration, to: "config.yml")
        host = "127.0.0.1:\(port)"
        let address = "http://\(host)/v2/"
        process = try RunningProcess(Command(program, ["serve", file]), log: folder.path("log"))
        let client = CurlClient(timeout: .seconds(2))
        try await process.waitUntil { () -> Bool? in
            let answer = try? await client.get(address)
            return answer?.status == 200 ? true : nil
        }
    }

    /// Calls `body` with a registry that answers, on a free port unless one is given, and stops it afterwards.
    public static func running<R: Sendable>(
        port: Int? = nil, _ body: (RealRegistry) async throws -> R
    ) async throws -> R {
        let registry = try await RealRegistry(port: port)
        do {
            let result = try await body(registry)
            await registry.stop()
            return result
        } catch {
            await registry.stop()
            throw error
        }
    }

    /// Ends the server, so that its port refuses connections.
    public func stop() async { _ = await process.stop() }
}
