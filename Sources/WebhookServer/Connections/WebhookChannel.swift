// SPDX-License-Identifier: Apache-2.0
import EventLoopTasks
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL

/// A connection to the webhook: TLS, then HTTP/1.1 or HTTP/2 by ALPN, with a limit on every wait.
struct WebhookChannel: ServerChildChannel {
    typealias Value = HTTP2UpgradeChannel.Value

    private let upgrade: HTTP2UpgradeChannel
    private let limits: ServerLimits
    private let clients: ClientVerification?
    private let refused: RefusedClients

    /// How long an HTTP/2 connection lives: long-lived ones would keep all load on the replica that they once found.
    private static let maximumAge = Duration.seconds(600)

    init(
        tls: TLSConfiguration, limits: ServerLimits, clients: ClientVerification? = nil, refused: RefusedClients,
        responder: @escaping HTTPChannelHandler.Responder
    ) throws {
        var configuration = HTTP2UpgradeChannel.Configuration(
            idleTimeout: limits.idle, gracefulCloseTimeout: limits.answer,
            streamConfiguration: Self.http(limits))
        // Hummingbird 2.28.1 drops this argument of its initialiser.
        configuration.maxAgeTimeout = Self.maximumAge
        upgrade = try HTTP2UpgradeChannel(tlsConfiguration: tls, configuration: configuration, responder: responder)
        self.limits = limits
        self.clients = clients
        self.refused = refused
    }

    /// What HTTP/1.1 connections and HTTP/2 streams have in common; also that of the health port.
    static func http(_ limits: ServerLimits) -> HTTP1Channel.Configuration {
        var configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestTimeouts(body: limits.body, answer: limits.answer)],
            idleTimeout: TimeAmount(limits.idle))
        configuration.httpDecoder = .init(
            maxHeaderFieldSize: ServerLimits.headBytes, maxHeaderListSize: ServerLimits.headBytes,
            maxHeaderFieldCount: ServerLimits.headFields)
        return configuration
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let value = upgrade.setup(channel: channel, logger: logger)
        do {
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(
                ConnectionTimeouts(handshake: limits.handshake, head: limits.head), position: .after(tls))
            if let clients, !clients.names.isEmpty {
                try pipeline.addHandler(
                    ClientNameCheck(clients: clients, tls: tls, refused: refused), position: .after(tls))
            }
            try pipeline.addHandler(HandshakeFailures(refused: refused), position: .after(tls))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return value
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await upgrade.handle(value: value, logger: logger)
        }
    }
}
