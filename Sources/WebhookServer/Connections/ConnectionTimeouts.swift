// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOExtras
import NIOTLS

/// Closes a TLS connection whose handshake, or whose next request head, drags on; and one still shaking hands when the
/// server leaves. Stands between TLS and HTTP, where it sees bytes but not their meaning: `RequestTimeouts` tells it.
final class ConnectionTimeouts: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshaking
        /// Between requests; connections may stay so for as long as the idle timeout lets them.
        case idle
        case readingHead
        case pastHead
        /// HTTP/2 has many requests at once: its own timers watch over it.
        case multiplexed
    }

    private let handshake: TimeAmount
    private let head: TimeAmount
    private let timer = IdleableTimer()
    private var phase = Phase.handshaking

    init(handshake: Duration, head: Duration) {
        self.handshake = TimeAmount(handshake)
        self.head = TimeAmount(head)
    }

    func handlerAdded(context: ChannelHandlerContext) { timer.start(handshake, context: context) }

    func handlerRemoved(context: ChannelHandlerContext) { timer.stop() }

    func channelInactive(context: ChannelHandlerContext) {
        timer.stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if phase == .idle {
            phase = .readingHead
            timer.start(head, context: context)
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            phase = negotiated == "h2" ? .multiplexed : .idle
            timer.pause()
        case is ChannelShouldQuiesceEvent where phase == .handshaking:
            context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Hummingbird 2.28.1 closes a leaving HTTP/2 connection as soon as its last stream is closed, which is before the
    /// frames of that stream's answer were flushed to here. One turn of the event loop later they are.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard phase == .multiplexed, mode == .all else { return context.close(mode: mode, promise: promise) }
        context.eventLoop.assumeIsolated().execute { context.close(mode: mode, promise: promise) }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let progress = event as? RequestProgress else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        switch progress {
        case .head: phase = .pastHead
        case .end: phase = .idle
        }
        timer.pause()
        promise?.succeed()
    }
}
