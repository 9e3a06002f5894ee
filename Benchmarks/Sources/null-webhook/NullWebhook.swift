// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals
import WebhookServer

/// `null-webhook`: the server of `countersign serve` with its limits, its certificate and its log, and nothing behind
/// it. What a review costs here is what it costs to be a webhook at all.
@main
enum NullWebhook {
    static func main() async throws {
        let level = CommandLine.arguments.dropFirst().first.flatMap { Logger.Level(rawValue: $0) } ?? .info
        let logger = Logger(label: "null-webhook") { LogFormat.text.handler(label: $0, level: level) }
        let metrics = ServerMetrics()
        var configuration = WebhookService.Configuration()
        configuration.listen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.healthListen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.drain = DrainTimes(quiet: .zero, total: .seconds(5))
        let webhook = try WebhookService(
            configuration, certificate: .selfSigned(metrics: metrics, logger: logger), reviewing: NullReviewer(),
            metrics: metrics, logger: logger,
            onListening: { ports in
                print("null-webhook: webhook on port \(ports.webhook), health on port \(ports.health)")
                // Into a file nothing would go before the end.
                fflush(nil)
            })
        try await ServiceGroup(
            services: [webhook], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}
