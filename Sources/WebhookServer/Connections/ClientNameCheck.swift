// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL
import NIOTLS

/// Closes a connection whose client certificate bears none of the names, before a byte of a request is read.
final class ClientNameCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let clients: ClientVerification
    private let tls: NIOSSLServerHandler
    private let refused: RefusedClients
    private var isAccepted = false

    init(clients: ClientVerification, tls: NIOSSLServerHandler, refused: RefusedClients) {
        self.clients = clients
        self.tls = tls
        self.refused = refused
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            isAccepted = clients.accepts(tls.peerCertificate)
            guard isAccepted else {
                refused.note("its certificate bears no name of --client-name", from: context.channel.remoteAddress)
                return context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isAccepted { context.fireChannelRead(data) }
    }
}
