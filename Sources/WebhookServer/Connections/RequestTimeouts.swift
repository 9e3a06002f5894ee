// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTPTypes

/// Said upstream, towards the socket, when the head or the end of a request was read.
enum RequestProgress: Sendable {
    case head, end
}

/// Closes an HTTP/1.1 connection, or one HTTP/2 stream, whose request body or whose taking of the answer drags on. What
/// counts is the whole time since the head, so that one byte now and then buys nothing.
final class RequestTimeouts: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let body: TimeAmount
    private let answer: TimeAmount
    private let timer = IdleableTimer()
    /// Answers owed: more than one only where requests are pipelined.
    private var outstanding = 0
    /// An answer may precede the end of an over-long body, whose time goes on.
    private var isReading = false

    init(body: Duration, answer: Duration) {
        self.body = TimeAmount(body)
        self.answer = TimeAmount(answer)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer.stop() }

    func channelInactive(context: ChannelHandlerContext) {
        timer.stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            outstanding += 1
            isReading = true
            context.triggerUserOutboundEvent(RequestProgress.head, promise: nil)
            timer.start(body, context: context)
        case .body: break
        case .end:
            context.triggerUserOutboundEvent(RequestProgress.end, promise: nil)
            isReading = false
            if outstanding > 0 { timer.start(answer, context: context) } else { timer.pause() }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.outstanding -= 1
            if self.outstanding <= 0, !self.isReading { self.timer.pause() }
        }
        context.write(data, promise: written)
    }
}

/// One timer that is moved often and fires rarely: moving it costs no event, and it looks again if it wakes too early.
/// Confined to the event loop of its context.
final class IdleableTimer {
    private var deadline: NIODeadline?
    private var scheduled: (at: NIODeadline, task: Scheduled<Void>)?

    func start(_ delay: TimeAmount, context: ChannelHandlerContext) {
        let due = NIODeadline.now() + delay
        // The look that is scheduled may be later than what is asked for now.
        if let known = scheduled, due < known.at {
            known.task.cancel()
            scheduled = nil
        }
        deadline = due
        if scheduled == nil { schedule(context) }
    }

    /// Nothing is due; the scheduled look finds that out.
    func pause() { deadline = nil }

    func stop() {
        deadline = nil
        scheduled?.task.cancel()
        scheduled = nil
    }

    private func schedule(_ context: ChannelHandlerContext) {
        guard let deadline else { return }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.scheduled = nil
            guard let due = self.deadline else { return }
            if NIODeadline.now() >= due { context.close(promise: nil) } else { self.schedule(context) }
        }
        scheduled = (deadline, task)
    }
}
