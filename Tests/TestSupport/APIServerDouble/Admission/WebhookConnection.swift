// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// One connection to a webhook, used for one request at a time.
struct WebhookConnection: Sendable {
    struct Request: Sendable {
        let host: String
        let path: String
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status = 0
        var body: [UInt8] = []
        var keepsAlive = false
        /// Seconds.
        var retryAfter: Int?
    }

    enum End: Sendable {
        case answered(Answer)
        /// The connection was gone before any of the request left.
        case nothingWritten(String)
        case failed(String)
    }

    let channel: any Channel
    let address: ServiceAddress
    let receiver: NIOLoopBound<WebhookReceiver>

    func close() { channel.close(promise: nil) }

    /// Sends a request and waits for the whole answer, or for the end of the connection or of the time.
    func exchange(_ request: Request, until deadline: NIODeadline) async -> End {
        let promise = channel.eventLoop.makePromise(of: End.self)
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            promise.succeed(.failed("context deadline exceeded"))
            channel.close(promise: nil)
        }
        channel.eventLoop.execute {
            guard channel.isActive else {
                return promise.succeed(.nothingWritten("http: server closed idle connection"))
            }
            receiver.value.begin(promise)
            let head = HTTPRequestHead(
                version: .http1_1, method: .POST, uri: request.path,
                headers: [
                    "Host": request.host, "User-Agent": "kube-apiserver-admission",
                    "Content-Length": String(request.body.count), "Accept": "application/json, */*",
                    "Content-Type": "application/json",
                ])
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: request.body))), promise: nil)
            // All of it is flushed at once, so that it has left whole or not at all.
            channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { error in
                promise.succeed(.nothingWritten("write: broken pipe (\(error))"))
            }
        }
        let end = try? await promise.futureResult.get()
        timer.cancel()
        return end ?? .failed("EOF")
    }
}

/// Gathers one answer after the other.
final class WebhookReceiver: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Far above any answer of ours; the real one reads as much.
    private static let maximumBodyBytes = 8 << 20

    private var promise: EventLoopPromise<WebhookConnection.End>?
    private var answer = WebhookConnection.Answer()
    private var failure: String?

    func begin(_ promise: EventLoopPromise<WebhookConnection.End>) {
        self.promise = promise
        answer = WebhookConnection.Answer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.status = Int(head.status.code)
            answer.keepsAlive = head.isKeepAlive
            answer.retryAfter = head.headers.first(name: "Retry-After").flatMap { Int($0) }
        case .body(let chunk):
            answer.body += Array(chunk.readableBytesView)
            if answer.body.count > Self.maximumBodyBytes { end(.failed("the answer is too large"), context) }
        case .end:
            promise?.succeed(.answered(answer))
            promise = nil
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = "\(error)"
        end(.failed("tls or connection failure: \(error)"), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise?.succeed(.failed(failure ?? "EOF"))
        promise = nil
        context.fireChannelInactive()
    }

    private func end(_ end: WebhookConnection.End, _ context: ChannelHandlerContext) {
        promise?.succeed(end)
        promise = nil
        context.close(promise: nil)
    }
}
