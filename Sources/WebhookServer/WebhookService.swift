// SPDX-License-Identifier: Apache-2.0
public import Admission
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCertificateReloading
import NIOCore
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// The whole server: the webhook over TLS, the health port, the watch over the certificate, and an orderly end.
///
/// On a graceful shutdown it stops being ready and asks callers to leave, waits for the quiet time, stops listening,
/// lets reviews in flight finish, and returns; what is left after the total time is cut off.
public struct WebhookService: Service, CustomStringConvertible {
    public struct Configuration: Sendable {
        public var listen = ListenAddress(host: "0.0.0.0", port: 8443)
        public var healthListen = ListenAddress(host: "0.0.0.0", port: 8080)
        public var limits = ServerLimits()
        public var drain = DrainTimes()
        /// Whom the webhook's port answers; `nil` for everybody. The health port asks for no certificate.
        public var clients: ClientVerification?

        public init() {}
    }

    /// The ports that the system gave, which differ from those asked for where 0 was asked for.
    public struct Ports: Hashable, Sendable {
        public let webhook: Int
        public let health: Int
    }

    private let configuration: Configuration
    private let certificate: ServingCertificate
    private let channel: WebhookChannel
    private let metrics: ServerMetrics
    private let readiness: @Sendable () -> [String]
    private let drain = Drain()
    private let board: PortBoard
    private let logger: Logger

    public var description: String { "webhook" }

    /// - Parameters:
    ///   - certificate: watched by this service; it is not to be run a second time.
    ///   - readiness: why reviews cannot be judged at this moment, one sentence each; called at every probe.
    ///   - onListening: called once, as soon as both ports accept connections.
    public init(
        _ configuration: Configuration, certificate: ServingCertificate, reviewing: any Reviewing,
        metrics: ServerMetrics, logger: Logger, readiness: @escaping @Sendable () -> [String] = { [] },
        onListening: @escaping @Sendable (Ports) async -> Void = { _ in }
    ) throws {
        self.configuration = configuration
        self.certificate = certificate
        self.metrics = metrics
        self.readiness = readiness
        self.logger = logger
        board = PortBoard(onListening)

        let occupancy = Occupancy(configuration.limits)
        metrics.registry.addCollector { occupancy.samples() }
        let responder = WebhookResponder(
            reviewing: reviewing, limits: configuration.limits, occupancy: occupancy, metrics: metrics,
            log: ReviewLog(logger: logger), drain: drain)
        var tls = try TLSConfiguration.makeServerConfiguration(certificateReloader: certificate)
        tls.minimumTLSVersion = .tlsv12
        // For the other side's farewell after ours; it held the end of the program up by 5 s, the default.
        tls.shutdownTimeout = .seconds(1)
        configuration.clients?.require(in: &tls)
        channel = try WebhookChannel(
            tls: tls, limits: configuration.limits, clients: configuration.clients,
            refused: RefusedClients(logger: logger)
        ) { request, writer, channel in
            try await responder.respond(to: request, writer, on: channel)
        }
    }

    public func run() async throws {
        // The last of the list is the first to be shut down.
        var group = ServiceGroupConfiguration(
            services: [
                certificate, healthServer(), webhookServer(),
                QuietPeriod(drain: drain, duration: configuration.drain.quiet, logger: logger),
            ],
            logger: quietLogger)
        group.maximumGracefulShutdownDuration = configuration.drain.total
        let end: Result<Void, any Error>
        do {
            end = .success(try await ServiceGroup(configuration: group).run())
        } catch {
            end = .failure(error)
        }
        drain.sayItHasEnded(within: configuration.drain, logger)
        try end.get()
    }

    private func webhookServer() -> any Service {
        let server = server(
            channel, at: configuration.listen, connections: configuration.limits.connections
        ) { board, port in
            await board.post(webhook: port)
        }
        return CertifiedServer(server: server, certificate: certificate)
    }

    private func healthServer() -> any Service {
        let drain = drain
        let board = board
        let readiness = readiness
        let responder = HealthResponder(metrics: metrics.registry) {
            if drain.isDraining { return ["draining"] }
            return (board.isListening ? [] : ["not listening yet"]) + readiness()
        }
        let http = HTTP1Channel(
            responder: { try await responder.respond(to: $0, $1, on: $2) },
            configuration: WebhookChannel.http(configuration.limits))
        return server(http, at: configuration.healthListen, connections: Self.healthConnections) { board, port in
            await board.post(health: port)
        }
    }

    /// A kubelet and a few Prometheus servers, each with a few connections.
    private static let healthConnections = 128

    /// Connections that the system queues before they are accepted, as Go asks of Linux at most by default.
    private static let backlog = 4096

    private func server(
        _ channel: some ServerChildChannel, at address: ListenAddress, connections: Int,
        onRunning: @escaping @Sendable (PortBoard, Int) async -> Void
    ) -> any Service {
        let board = board
        return channel.server(
            configuration: ServerConfiguration(
                address: .hostname(address.host, port: address.port), backlog: Self.backlog,
                availableConnectionsDelegate: .maximum(connections, logger: quietLogger)),
            onServerRunning: { await onRunning(board, $0.localAddress?.port ?? address.port) },
            eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup, logger: quietLogger)
    }

    /// For what the libraries say of themselves: their news is not ours.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }
}

/// The webhook's port, closed until there is a certificate to show.
private struct CertifiedServer: Service {
    let server: any Service
    let certificate: ServingCertificate

    func run() async throws {
        await cancelWhenGracefulShutdown { [certificate] in await certificate.untilInstalled() }
        if certificate.isInstalled {
            try await server.run()
        } else {
            // Told to leave before there was anything to serve.
            try? await gracefulShutdown()
        }
    }
}

/// Both listeners' ports, as they become known.
private final class PortBoard: Sendable {
    private let state = Mutex<(webhook: Int?, health: Int?)>((nil, nil))
    private let onListening: @Sendable (WebhookService.Ports) async -> Void

    init(_ onListening: @escaping @Sendable (WebhookService.Ports) async -> Void) { self.onListening = onListening }

    var isListening: Bool { state.withLock { $0.webhook != nil } }

    func post(webhook: Int? = nil, health: Int? = nil) async {
        let ports: WebhookService.Ports? = state.withLock { state in
            state = (webhook ?? state.webhook, health ?? state.health)
            guard let webhook = state.webhook, let health = state.health else { return nil }
            return WebhookService.Ports(webhook: webhook, health: health)
        }
        if let ports { await onListening(ports) }
    }
}
