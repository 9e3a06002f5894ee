// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The API server's connections to webhooks: HTTP/1.1 over TLS, kept alive, as its Go client keeps them.
///
/// Modelled on net/http.Transport and client-go's rest.Request, since a server that is restarted is judged by them:
/// - A connection goes back when its answer is complete and neither side said `Connection: close`; at most 25 lie idle
///   per host, for at most 90 s. One that the server has closed meanwhile is dropped when that is noticed.
/// - A POST is sent again only where nothing of it was written, on a connection that had been used before. An answer
///   that does not come after the request was written is a failure: EOF. So is a connection that is refused.
/// - 429 and 5xx with `Retry-After` are asked again after so many seconds, up to 10 times, within the deadline.
/// - A request and its retries share one deadline, the webhook's `timeoutSeconds`.
/// Not modelled: HTTP/2, which the real one speaks only to webhooks by URL on the local host.
final class WebhookConnections: Sendable {
    /// What became of one request.
    struct Exchange: Sendable {
        var result: Result<[UInt8], WebhookFailure>
        var address: ServiceAddress?
        var isReused = false
        var retries = 0
    }

    /// rest.defaultMaxRetries... of client-go.
    private static let maximumRetries = 10
    /// idleConnsPerHost of client-go.
    private static let maximumIdle = 25
    /// net/http.DefaultTransport.IdleConnTimeout.
    private static let maximumIdleTime = TimeAmount.seconds(90)

    private struct Idle: Sendable {
        let connection: WebhookConnection
        let since: NIODeadline
    }

    private struct State: Sendable {
        var idle: [WebhookTarget.Pool: [Idle]] = [:]
        var contexts: [WebhookTarget.Pool: NIOSSLContext] = [:]
        var turn = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Sends one request, and again where the real one would.
    func post(_ target: WebhookTarget, _ body: [UInt8], until deadline: NIODeadline) async -> Exchange {
        var exchange = Exchange(result: .failure(WebhookFailure("context deadline exceeded")))
        var refusals = 0
        while NIODeadline.now() < deadline {
            let kept = takeIdle(target.pool)
            let connection: WebhookConnection
            do throws(WebhookFailure) {
                if let kept { connection = kept } else { connection = try await connect(target, until: deadline) }
            } catch {
                exchange.result = .failure(error)
                return exchange
            }
            exchange.address = connection.address
            exchange.isReused = kept != nil
            let request = WebhookConnection.Request(host: target.pool.host, path: target.path, body: body)
            switch await connection.exchange(request, until: deadline) {
            case .answered(let answer):
                if answer.keepsAlive { giveBack(connection, target.pool) } else { connection.close() }
                if answer.status == 429 || answer.status >= 500, let seconds = answer.retryAfter,
                    refusals < Self.maximumRetries
                {
                    refusals += 1
                    exchange.retries += 1
                    try? await Task.sleep(for: .seconds(seconds))
                    continue
                }
                exchange.result =
                    (200..<300).contains(answer.status)
                    ? .success(answer.body)
                    : .failure(WebhookFailure("the server answered with status \(answer.status)"))
                return exchange
            case .nothingWritten(let reason):
                connection.close()
                guard exchange.isReused else {
                    exchange.result = .failure(WebhookFailure(reason))
                    return exchange
                }
                exchange.retries += 1
            case .failed(let reason):
                connection.close()
                exchange.result = .failure(WebhookFailure(reason))
                return exchange
            }
        }
        return exchange
    }

    /// Closes what lies idle, for good.
    func close() async {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [:] }
            return state.idle.values.flatMap { $0 }
        }
        for entry in idle { try? await entry.connection.channel.close() }
    }

    /// How many connections lie idle and are open.
    var idleCount: Int {
        state.withLock { $0.idle.values.reduce(0) { $0 + $1.count { $0.connection.channel.isActive } } }
    }

    private func takeIdle(_ pool: WebhookTarget.Pool) -> WebhookConnection? {
        state.withLock { state in
            // The newest first, as Go does it.
            while let entry = state.idle[pool]?.popLast() {
                guard entry.connection.channel.isActive else { continue }
                guard entry.since + Self.maximumIdleTime > .now() else {
                    entry.connection.close()
                    continue
                }
                return entry.connection
            }
            return nil
        }
    }

    private func giveBack(_ connection: WebhookConnection, _ pool: WebhookTarget.Pool) {
        let isKept = state.withLock { state in
            guard !state.isClosed, state.idle[pool, default: []].count < Self.maximumIdle else { return false }
            state.idle[pool, default: []].append(Idle(connection: connection, since: .now()))
            return true
        }
        if !isKept { connection.close() }
    }

    private func connect(
        _ target: WebhookTarget, until deadline: NIODeadline
    ) async throws(WebhookFailure) -> WebhookConnection {
        let address = state.withLock { state in
            state.turn &+= 1
            return target.addresses[state.turn % target.addresses.count]
        }
        let context: NIOSSLContext
        do { context = try sslContext(target.pool) } catch {
            throw WebhookFailure("unable to load root certificates: \(error)")
        }
        // Addresses are checked against the addresses in the certificate.
        let isAddress = target.pool.host.allSatisfy { $0.isNumber || $0 == "." }
        let name = isAddress ? nil : target.pool.host
        let remaining = deadline - .now()
        do {
            let (channel, receiver) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(min(remaining, .seconds(30)))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
                        try pipeline.addHTTPClientHandlers()
                        let receiver = WebhookReceiver()
                        try pipeline.addHandler(receiver)
                        return (channel, NIOLoopBound(receiver, eventLoop: channel.eventLoop))
                    }
                }
            return WebhookConnection(channel: channel, address: address, receiver: receiver)
        } catch {
            throw WebhookFailure(
                "dial tcp \(address.host):\(address.port): connect: connection refused (\(type(of: error)))")
        }
    }

    private func sslContext(_ pool: WebhookTarget.Pool) throws -> NIOSSLContext {
        if let known = state.withLock({ $0.contexts[pool] }) { return known }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if !pool.authorities.isEmpty {
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(pool.authorities.utf8)))
        }
        if let identity = pool.identity {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8))
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem))
        }
        configuration.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: configuration)
        state.withLock { $0.contexts[pool] = context }
        return context
    }
}
