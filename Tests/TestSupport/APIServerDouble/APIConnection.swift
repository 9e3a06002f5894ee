// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// Where the answer to one request goes. Everything is handed to the event loop in the order of the calls, whatever
/// thread they come from.
struct APIResponder: Sendable {
    /// The connection; under HTTP/2, the stream.
    let channel: any Channel
    /// The connection.
    let connection: any Channel
    let isHead: Bool

    var id: ObjectIdentifier { ObjectIdentifier(channel) }

    /// Does something later on the event loop, or now where there is no delay.
    func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
        guard delay > .zero else { return work() }
        channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(delay / .nanoseconds(1))), work)
    }

    func send(_ answer: APIAnswer, after delay: Duration) { after(delay) { send(answer) } }

    func send(_ answer: APIAnswer) {
        begin(answer.status, answer.headers + [("Content-Length", String(answer.body.count))])
        if !isHead { write(answer.body) }
        end()
    }

    func begin(_ status: Int, _ headers: [(String, String)]) {
        var fields = HTTPHeaders(headers)
        fields.add(name: "Audit-Id", value: "00000000-0000-4000-8000-000000000000")
        fields.add(name: "Cache-Control", value: "no-cache, private")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
        channel.eventLoop.execute { channel.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil) }
    }

    func write(_ bytes: [UInt8]) {
        channel.eventLoop.execute {
            channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
        }
    }

    func end() {
        channel.eventLoop.execute { channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil) }
    }

    /// Closes the connection, under HTTP/2 with all its streams.
    func abort() { connection.eventLoop.execute { connection.close(promise: nil) } }
}

/// Reads requests off one connection, or off one stream of it.
final class APIConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// No request of a client of ours comes near it; etcd refuses objects beyond 1.5 MiB.
    static let maximumBodyBytes = 4 << 20

    private let server: APIServerDouble
    private let connection: any Channel
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(server: APIServerDouble, connection: any Channel) {
        self.server = server
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let new): (head, body) = (new, [])
        case .body(let chunk):
            body += Array(chunk.readableBytesView)
            if body.count > Self.maximumBodyBytes { context.close(promise: nil) }
        case .end:
            guard let head else { return context.close(promise: nil) }
            let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let request = APIServerRequest(
                method: head.method.rawValue, path: parts[0], query: parts.count > 1 ? parts[1] : "",
                headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body, time: .now)
            let responder = APIResponder(
                channel: context.channel, connection: connection, isHead: head.method == .HEAD)
            server.receive(request, certificateUser: certificateUser, responder: responder)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        server.forgetWatch(ObjectIdentifier(context.channel))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The common name of the client's certificate, which TLS has verified already.
    private var certificateUser: String? {
        guard
            let handler = try? connection.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self),
            let certificate = handler.peerCertificate, let der = try? certificate.toDERBytes(),
            let parsed = try? Certificate(derEncoded: der)
        else { return nil }
        return parsed.subject.lazy.flatMap { $0 }.first { $0.type == .RDNAttributeType.commonName }
            .flatMap { String($0.value) }
    }
}

extension APIServerDouble {
    /// Listens, on the same port as before; objects, tokens and orders are as they were.
    public func start() async throws {
        var configuration = try certificates.serverConfiguration
        configuration.applicationProtocols = options.protocols
        let context = try NIOSSLContext(configuration: configuration)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { connection in
                self.keep(connection)
                return connection.eventLoop.makeCompletedFuture {
                    try connection.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }.flatMap {
                    connection.configureCommonHTTPServerPipeline { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(
                                APIConnection(server: self, connection: connection))
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        state.withLock { $0.listener = listener }
    }

    /// Stops listening and closes all connections; what is stored stays.
    public func stop() async {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        try? await listener?.close()
        await dropConnections()
    }

    /// Closes all connections, and goes on listening.
    public func dropConnections() async {
        let connections = state.withLock { Array($0.connections.values) }
        for connection in connections { try? await connection.close() }
    }

    /// How many connections are open.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    private func keep(_ connection: any Channel) {
        let id = ObjectIdentifier(connection)
        state.withLock { $0.connections[id] = connection }
        connection.closeFuture.whenComplete { _ in self.state.withLock { _ = $0.connections.removeValue(forKey: id) } }
    }
}
