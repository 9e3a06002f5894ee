// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A proxy on loopback that knows CONNECT and nothing else, and connects to where a test says.
final class TunnelProxy: Sendable {
    let port: Int
    private let requests = Mutex<[(target: String, authorization: String?)]>([])

    private init(port: Int) { self.port = port }

    /// What was asked for.
    var targets: [String] { requests.withLock { $0.map(\.target) } }
    var authorizations: [String?] { requests.withLock { $0.map(\.authorization) } }

    /// - Parameters:
    ///   - status: of every answer; only 200 makes a tunnel.
    ///   - destination: the port of loopback to which every tunnel leads.
    static func running<R: Sendable>(
        status: HTTPResponseStatus = .ok, to destination: Int, _ body: @Sendable (TunnelProxy) async throws -> R
    ) async throws -> R {
        let proxy = Mutex<TunnelProxy?>(nil)
        let connections = Mutex<[any Channel]>([])
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                connections.withLock { $0.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
                    let encoder = HTTPResponseEncoder()
                    try channel.pipeline.syncOperations.addHandlers([
                        encoder, decoder,
                        Connecting(
                            proxy: proxy.withLock { $0 }, status: status, destination: destination, encoder, decoder),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let running = TunnelProxy(port: listener.localAddress?.port ?? 0)
        proxy.withLock { $0 = running }
        let result: Result<R, any Error>
        do { result = .success(try await body(running)) } catch { result = .failure(error) }
        try? await listener.close()
        for connection in connections.withLock({ $0 }) { try? await connection.close() }
        return try result.get()
    }

    fileprivate func note(_ head: HTTPRequestHead) {
        requests.withLock { $0.append((head.uri, head.headers.first(name: "proxy-authorization"))) }
    }
}

/// Answers one CONNECT, and gives way to bytes.
private final class Connecting: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let proxy: TunnelProxy?
    private let status: HTTPResponseStatus
    private let destination: Int
    private let encoder: HTTPResponseEncoder
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>

    init(
        proxy: TunnelProxy?, status: HTTPResponseStatus, destination: Int, _ encoder: HTTPResponseEncoder,
        _ decoder: ByteToMessageHandler<HTTPRequestDecoder>
    ) {
        self.proxy = proxy
        self.status = status
        self.destination = destination
        self.encoder = encoder
        self.decoder = decoder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        proxy?.note(head)
        guard head.method == .CONNECT, status == .ok else {
            let status = head.method == .CONNECT ? status : .methodNotAllowed
            context.write(
                wrapOutboundOut(
                    .head(HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"]))),
                promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            return
        }
        let channel = context.channel
        let here = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { $0.pipeline.addHandler(Passing(to: channel)) }
            .connect(host: "127.0.0.1", port: destination)
            .whenComplete { result in
                guard case .success(let peer) = result else { return channel.close(promise: nil) }
                here.value.open(channel, to: peer)
            }
    }

    private func open(_ channel: any Channel, to peer: any Channel) {
        let pipeline = channel.pipeline.syncOperations
        let head = HTTPResponseHead(version: .http1_1, status: .ok)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        do { try pipeline.addHandler(Passing(to: peer)) } catch { return channel.close(promise: nil) }
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(decoder, promise: nil)
        pipeline.removeHandler(encoder, promise: nil)
    }
}

/// Writes what one connection reads to another.
private final class Passing: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
