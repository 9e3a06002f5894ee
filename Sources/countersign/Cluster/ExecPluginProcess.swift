// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSON
import Kubernetes
import Registry

/// Runs credential plugins as kubectl does: found on PATH, with our environment and the plugin's own, its errors shown to
/// whoever runs us. It gets no input: nobody is asked anything.
struct ExecPluginProcess: ExecPluginRunner {
    let environment: [String: String]
    /// A cloud's plugin asks its token endpoint, seldom longer than a few seconds; a person may be asked in a browser.
    var patience: Duration = .seconds(60)

    /// An ExecCredential with a certificate chain and a key has a few KiB.
    static let maximumOutputBytes = 1 << 20

    func output(
        of plugin: ExecPlugin, deadline: ContinuousClock.Instant
    ) async throws(ExecPluginFault) -> [UInt8] {
        guard let executable = executable(plugin.command) else {
            throw ExecPluginFault("there is no such program on PATH")
        }
        var variables = environment.merging(plugin.environment) { _, own in own }
        variables["KUBERNETES_EXEC_INFO"] = Self.information(plugin)
        let start = ContinuousClock.now
        let end = min(deadline, start.advanced(by: patience))
        let process = HelperProcess(
            executable: executable, arguments: plugin.arguments, input: "", environment: variables,
            maximumOutputBytes: Self.maximumOutputBytes, deadline: end, showsErrors: true)
        do throws(HelperFault) {
            let (bytes, isSuccess) = try await process.run()
            guard isSuccess else { throw HelperFault.failed }
            return bytes
        } catch {
            switch error {
            case .notStarted: throw ExecPluginFault("it cannot be started")
            case .timedOut:
                throw ExecPluginFault("it did not end within \((end - start).components.seconds) s")
            case .tooMuchOutput: throw ExecPluginFault("it wrote more than \(Self.maximumOutputBytes) bytes")
            case .failed, .unreadable, .tooMany: throw ExecPluginFault("it failed")
            case .givenUp: throw ExecPluginFault("it was given up")
            }
        }
    }

    private static func information(_ plugin: ExecPlugin) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", plugin.apiVersion)
            writer.member("kind", "ExecCredential")
            writer.member("spec", object: { $0.member("interactive", false) })
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A path as it is; a name where it is first found in an absolute directory of PATH.
    private func executable(_ command: String) -> String? {
        if command.utf8.contains(UInt8(ascii: "/")) { return command }
        // A relative directory would run what lies where the user happens to stand; Go refuses those, too.
        return (environment["PATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
            .map { "\($0)/\(command)" }.first { path in
                var information = stat()
                return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
                    && Glibc.access(path, X_OK) == 0
            }
    }
}
