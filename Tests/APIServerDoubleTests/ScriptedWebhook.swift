// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// A webhook that answers as a test says.
final class ScriptedWebhook: Sendable {
    enum Reply: Sendable {
        /// `response` of the AdmissionReview, the uid filled in.
        case response(JSONTree)
        /// Another status, with headers.
        case status(Int, [(String, String)])
        /// A body as it is.
        case body(String)
        /// Nothing, and the connection closed.
        case hangUp
        /// Nothing.
        case silence
    }

    typealias Script = @Sendable (_ request: JSONTree) -> Reply

    static let allow = Reply.response(["allowed": true])

    let port: Int
    fileprivate let script: Script
    private let seen = Mutex<(requests: [JSONTree], connections: [any Channel])>(([], []))

    private init(port: Int, script: @escaping Script) {
        self.port = port
        self.script = script
    }

    var address: ServiceAddress { ServiceAddress(port: port) }

    /// `request` of each review so far.
    var requests: [JSONTree] { seen.withLock { $0.requests } }

    /// How many connections were opened so far.
    var connectionCount: Int { seen.withLock { $0.connections.count } }

    /// Closes all connections, as a server does with those that lie idle.
    func closeConnections() async {
        for channel in seen.withLock({ $0.connections }) { try? await channel.close() }
    }

    fileprivate func answer(_ body: [UInt8]) -> (reply: Reply, uid: JSONTree) {
        let request = ((try? JSONTree(json: body)) ?? .null)["request"]
        seen.withLock { $0.requests.append(request) }
        return (script(request), request["uid"])
    }

    static func running<R: Sendable>(
        of server: APIServerDouble, names: [String] = ["webhook.cosign-system.svc"], _ script: @escaping Script,
        _ body: (ScriptedWebhook) async throws -> R
    ) async throws -> R {
        let pair = try server.servingCertificate(names: names)
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(pair.certificate.utf8))
                    .map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(pair.key.utf8), format: .pem))))
        let running = SharedWebhook()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                running.webhook.withLock { $0 }?.seen.withLock { $0.connections.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(WebhookHandler(webhook: running.webhook.withLock { $0 }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let webhook = ScriptedWebhook(port: listener.localAddress?.port ?? 0, script: script)
        running.webhook.withLock { $0 = webhook }
        let result: Result<R, any Error>
        do { result = .success(try await body(webhook)) } catch { result = .failure(error) }
        try? await listener.close()
        await webhook.closeConnections()
        return try result.get()
    }
}

/// The webhook, for connections that are made before it knows its port.
private final class SharedWebhook: Sendable {
    let webhook = Mutex<ScriptedWebhook?>(nil)
}

private final class WebhookHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let webhook: ScriptedWebhook?
    private var body: [UInt8] = []

    init(webhook: ScriptedWebhook?) { self.webhook = webhook }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: body = []
        case .body(let chunk): body += Array(chunk.readableBytesView)
        case .end:
            guard let (reply, uid) = webhook?.answer(body) else { return context.close(promise: nil) }
            switch reply {
            case .response(var response):
                if response.member("uid") == nil { response["uid"] = uid }
                let review: JSONTree = [
                    "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response,
                ]
                write(200, [], review.bytes, context)
            case .status(let status, let headers): write(status, headers, [], context)
            case .body(let text): write(200, [], Array(text.utf8), context)
            case .hangUp: context.close(promise: nil)
            case .silence: break
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func write(
        _ status: Int, _ headers: [(String, String)], _ bytes: [UInt8], _ context: ChannelHandlerContext
    ) {
        let fields = HTTPHeaders(headers + [("Content-Length", String(bytes.count))])
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
