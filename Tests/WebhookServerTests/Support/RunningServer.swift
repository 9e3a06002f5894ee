// SPDX-License-Identifier: Apache-2.0
import Admission
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport

@testable import WebhookServer

/// A whole server on ports of its own, for as long as a test runs.
struct RunningServer: Sendable {
    let ports: WebhookService.Ports
    let certificate: ServingCertificate
    let metrics: ServerMetrics
    let log: LogLines
    let group: ServiceGroup
    private let authority: String?

    func url(_ path: String) -> String { "https://127.0.0.1:\(ports.webhook)\(path)" }
    func health(_ path: String) -> String { "http://127.0.0.1:\(ports.health)\(path)" }

    func client(_ version: CurlClient.Version = .http1, timeout: Duration = .seconds(30)) -> CurlClient {
        CurlClient(version: version, caPEM: authority ?? certificate.authorityPEM, timeout: timeout)
    }

    /// Starts one, runs `body`, and shuts it down in order.
    static func run<R: Sendable>(
        _ reviewing: any Reviewing = FakeReviewer(), limits: ServerLimits = ServerLimits(),
        drain: DrainTimes = DrainTimes(quiet: .zero, total: .seconds(20)),
        readiness: @escaping @Sendable () -> [String] = { [] }, certificateFiles: TestCertificate? = nil,
        clients: ClientVerification? = nil,
        _ body: @Sendable (RunningServer) async throws -> R
    ) async throws -> R {
        let metrics = ServerMetrics(version: "0.0.0", revision: "test")
        let lines = LogLines()
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, output: lines.output) }
        let certificate =
            if let files = certificateFiles {
                try ServingCertificate.files(
                    certificate: files.certificatePath, key: files.keyPath, interval: .milliseconds(20),
                    metrics: metrics, logger: logger)
            } else {
                try ServingCertificate.selfSigned(metrics: metrics, logger: logger)
            }
        var configuration = WebhookService.Configuration()
        configuration.listen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.healthListen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.limits = limits
        configuration.drain = drain
        configuration.clients = clients
        let (listening, announce) = AsyncStream.makeStream(of: WebhookService.Ports.self)
        let service = try WebhookService(
            configuration, certificate: certificate, reviewing: reviewing, metrics: metrics, logger: logger,
            readiness: readiness, onListening: { announce.yield($0) })
        let group = ServiceGroup(services: [service], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { announce.finish() }
                try await group.run()
            }
            guard let ports = await listening.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw NeverListened()
            }
            let server = RunningServer(
                ports: ports, certificate: certificate, metrics: metrics, log: lines, group: group,
                authority: certificateFiles?.certificatePEM)
            let result: R
            do {
                result = try await body(server)
            } catch {
                await group.triggerGracefulShutdown()
                try? await tasks.waitForAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }

    struct NeverListened: Error {}
}

/// Log lines as they were written.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var output: LogOutput {
        LogOutput { [self] line in
            lines.withLock { if $0.count < 1000 { $0.append(String(decoding: line, as: UTF8.self)) } }
        }
    }
}

/// A certificate and its key in files, made by OpenSSL.
struct TestCertificate: Sendable {
    let certificatePath: String
    let keyPath: String
    let certificatePEM: String

    /// One key pair and certificate per `name`, in a folder.
    static func make(_ name: String, in folder: TemporaryDirectory) async throws -> TestCertificate {
        let certificate = folder.path("\(name).crt")
        let key = folder.path("\(name).key")
        let result = try await Command(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                certificate,
            ]
        ).run()
        guard result.succeeded, let pem = folder.read("\(name).crt") else { throw ProcessOutput(result.errorText) }
        return TestCertificate(
            certificatePath: certificate, keyPath: key, certificatePEM: String(decoding: pem, as: UTF8.self))
    }

    struct ProcessOutput: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
