// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A request as it came in.
struct ScriptedRequest: Sendable {
    let method: String
    let target: String
    let headers: HTTPHeaders
    let body: [UInt8]

    var path: String { String(target.prefix { $0 != "?" }) }
    var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    var authorization: String? { self["authorization"] }

    subscript(name: String) -> String? { headers.first(name: name) }
}

/// What goes out, honest or not.
struct ScriptedAnswer: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Chunks until the client goes away.
        case endless
        /// Bytes under a `Content-Length` that says something else; the connection is closed after them.
        case lying(contentLength: Int, [UInt8])
        /// Nothing, ever.
        case silence
    }

    var status: Int
    var headers: [(String, String)] = []
    var body: Body = .bytes([])

    init(_ status: Int, headers: [(String, String)] = [], _ body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = .bytes(body)
    }

    init(_ status: Int, headers: [(String, String)] = [], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(_ status: Int, headers: [(String, String)] = [], _ text: String) {
        self.init(status, headers: headers, Array(text.utf8))
    }
}

/// A server on loopback that answers as a test says, over plain HTTP/1.1 or TLS.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (ScriptedRequest) -> ScriptedAnswer

    let port: Int
    fileprivate let script: Script
    private let requests = Mutex<[ScriptedRequest]>([])

    private init(port: Int, script: @escaping Script) {
        self.port = port
        self.script = script
    }

    var host: String { "127.0.0.1:\(port)" }

    /// What was asked so far.
    var seen: [ScriptedRequest] { requests.withLock { $0 } }

    func count(_ prefix: String) -> Int { seen.count { $0.target.hasPrefix(prefix) } }

    /// On the event loop: a server must answer also while tests of other suites keep every thread of the pool busy.
    fileprivate func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        requests.withLock { $0.append(request) }
        return script(request)
    }

    @discardableResult
    static func running<R: Sendable>(
        tls: TestCertificate? = nil, _ script: @escaping Script, _ body: @Sendable (ScriptedServer) async throws -> R
    ) async throws -> R {
        let context = try tls.map { try NIOSSLContext(configuration: $0.serverConfiguration) }
        let connections = Mutex<[any Channel]>([])
        let server = Mutex<ScriptedServer?>(nil)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                connections.withLock { $0.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(ScriptedConnection(server: server.withLock { $0 }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let running = ScriptedServer(port: listener.localAddress?.port ?? 0, script: script)
        server.withLock { $0 = running }
        let result: Result<R, any Error>
        do {
            result = .success(try await body(running))
        } catch {
            result = .failure(error)
        }
        try? await listener.close()
        for connection in connections.withLock({ $0 }) { try? await connection.close() }
        return try result.get()
    }
}

/// One connection of a scripted server.
private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: ScriptedServer?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(server: ScriptedServer?) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let new): (head, body) = (new, [])
        case .body(let chunk): body += Array(chunk.readableBytesView)
        case .end:
            guard let head, let server else { return context.close(promise: nil) }
            let request = ScriptedRequest(
                method: head.method.rawValue, target: head.uri, headers: head.headers, body: body)
            Self.write(server.answer(request), to: context.channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private static func write(_ answer: ScriptedAnswer, to channel: any Channel) {
        var headers = HTTPHeaders(answer.headers)
        switch answer.body {
        case .bytes(let bytes): headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.count)")
        case .lying(let length, _): headers.replaceOrAdd(name: "Content-Length", value: "\(length)")
        case .endless: headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
        case .silence: return
        }
        channel.write(
            HTTPServerResponsePart.head(
                HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)),
            promise: nil)
        switch answer.body {
        case .bytes(let bytes):
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        case .lying(_, let bytes):
            channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))))
                .whenComplete { _ in channel.close(promise: nil) }
        case .endless:
            writeForever(ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10), to: channel)
        case .silence: break
        }
    }

    private static func writeForever(_ chunk: ByteBuffer, to channel: any Channel) {
        channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(chunk))).whenSuccess {
            // In a later turn of the loop, so that a fast reader does not make this recursive.
            channel.eventLoop.execute { writeForever(chunk, to: channel) }
        }
    }
}
