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
    private var isAccepted = false

    init(clients: ClientVerification, tls: NIOSSLServerHandler) {
        self.clients = clients
        self.tls = tls
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            isAccepted = clients.accepts(tls.peerCertificate)
            guard isAccepted else { return context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isAccepted { context.fireChannelRead(data) }
    }
}
