// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Synchronization

/// Docker's credential helpers in one directory: programs `docker-credential-NAME` that are told a server on their input
/// and answer with its credential. `PATH` is never searched.
public struct HelperDirectory: Sendable {
    /// A credential has a few KiB.
    static let maximumOutputBytes = 64 << 10
    /// A helper that asks a service on the web takes a second; an admission has ten for everything.
    static let patience: Duration = .seconds(5)
    /// Helpers that run at the same time; each is a process and a thread.
    private static let maximumRunning = 8

    private let path: String
    private let environment: [String: String]
    private let patience: Duration
    private let running = RunningHelpers()

    /// - Parameters:
    ///   - path: of the directory.
    ///   - environment: this process's; helpers are given what they need of it.
    public init(_ path: String, environment: [String: String]) {
        self.init(path, environment: environment, patience: Self.patience)
    }

    init(_ path: String, environment: [String: String], patience: Duration) {
        self.path = path
        self.patience = patience
        self.environment = Self.reduced(environment, path)
    }

    /// What helpers of the clouds read, and nothing that configures us. `PATH` holds what an operator put beside them.
    private static func reduced(_ environment: [String: String], _ path: String) -> [String: String] {
        let names: Set<String> = [
            "HOME", "TMPDIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
            "SSL_CERT_FILE", "SSL_CERT_DIR", "CLOUDSDK_CONFIG",
        ]
        let prefixes = ["AWS_", "AZURE_", "GOOGLE_"]
        var reduced = environment.filter { name, _ in names.contains(name) || prefixes.contains { name.hasPrefix($0) } }
        reduced["PATH"] = path
        return reduced
    }

    /// `nil` where the helper says that it has none.
    func credential(
        of helper: CredentialHelperName, for server: String, deadline: ContinuousClock.Instant
    ) async throws(HelperFault) -> RegistryCredential? {
        guard running.begin(below: Self.maximumRunning) else { throw .tooMany }
        defer { running.end() }
        let process = HelperProcess(
            executable: "\(path)/\(helper.fileName)", arguments: ["get"], input: server, environment: environment,
            maximumOutputBytes: Self.maximumOutputBytes, deadline: min(deadline, .now.advanced(by: patience)))
        let (output, isSuccess) = try await process.run()
        guard isSuccess else {
            // Helpers say so on their output, in the words of docker's library.
            if String(decoding: output, as: UTF8.self).hasPrefix("credentials not found") { return nil }
            throw .failed
        }
        let limits = JSONLimits(maximumBytes: Self.maximumOutputBytes, maximumDepth: 8, maximumValues: 256)
        guard let answer = try? JSONDocument(parsing: output, limits: limits).root,
            let username = answer["Username"]?.string, let secret = answer["Secret"]?.string, !secret.isEmpty
        else { throw .unreadable }
        if username == "<token>" { return .identityToken(secret) }
        guard !username.isEmpty else { throw .unreadable }
        return .basic(username: username, password: secret)
    }
}

/// How many helpers run.
private final class RunningHelpers: Sendable {
    private let count = Mutex(0)

    func begin(below limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func end() { count.withLock { $0 -= 1 } }
}

/// Why a helper gave no answer; what it wrote is never quoted.
package enum HelperFault: Error, Hashable, Sendable {
    case notStarted
    case timedOut
    case tooMuchOutput
    case failed
    case unreadable
    case tooMany
    /// Whoever asked has gone.
    case givenUp
}

extension HelperFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notStarted: "cannot be started; put it into the directory of --credential-helpers"
        case .timedOut: "did not end in time"
        case .tooMuchOutput: "wrote more than the \(HelperDirectory.maximumOutputBytes) bytes that are read"
        case .failed: "failed"
        case .unreadable: "gave no credential that can be read"
        case .tooMany: "was not started, since too many run already"
        case .givenUp: "was given up"
        }
    }
}
