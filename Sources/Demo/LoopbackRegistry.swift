// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization

/// A registry on 127.0.0.1, in this process and in memory: real sockets and the real protocol, plain HTTP.
public final class LoopbackRegistry: Service, Sendable {
    public let contents: RegistryContents
    public let faults = RegistryFaults()
    public let options: LoopbackOptions
    private let protocolAnswers: RegistryProtocol
    private let listening = ListeningPort()
    /// The clients' ports.
    private let peers = Mutex<Set<Int>>([])

    public init(options: LoopbackOptions = LoopbackOptions(), contents: RegistryContents = RegistryContents()) {
        self.options = options
        self.contents = contents
        protocolAnswers = RegistryProtocol(contents: contents, options: options)
    }

    /// `127.0.0.1:port`; waits until `run` listens, and throws where that failed.
    public var host: String {
        get async throws { "127.0.0.1:\(try await listening.port)" }
    }

    /// How many connections have sent a request.
    public var connections: Int { peers.withLock { $0.count } }

    /// Serves until cancelled or shut down.
    public func run() async throws {
        let application = Application(
            responder: CallbackResponder<ConnectionContext> { request, context in
                if let port = context.channel.remoteAddress?.port { self.peers.withLock { _ = $0.insert(port) } }
                return try await self.respond(to: request)
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: options.port)),
            onServerRunning: { channel in self.listening.resolve(channel.localAddress?.port) },
            logger: Logger(label: "loopback-registry") { _ in SwiftLogNoOpLogHandler() })
        defer { listening.resolve(nil) }
        try await application.run()
    }

    /// Runs a registry for as long as `body` does.
    public static func running<R: Sendable>(
        _ options: LoopbackOptions = LoopbackOptions(), contents: RegistryContents = RegistryContents(),
        _ body: (LoopbackRegistry) async throws -> R
    ) async throws -> R {
        let registry = LoopbackRegistry(options: options, contents: contents)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancellation is how it is meant to end; a failure to listen is thrown by `host`.
                try? await registry.run()
            }
            defer { group.cancelAll() }
            _ = try await registry.host
            return try await body(registry)
        }
    }

    // MARK: HTTP

    private func respond(to request: Request) async throws -> Response {
        let read = RegistryRequest(
            method: request.method.rawValue, target: request.head.path ?? "/",
            authorization: request.headers[.authorization], contentType: request.headers[.contentType],
            body: Array(buffer: try await request.body.collect(upTo: LoopbackOptions.maximumBlobBytes)))
        let effects = faults.admit(read)
        var answer = protocolAnswers.answer(to: read, host: try await host)
        var truncation: Int?
        for effect in effects {
            switch effect {
            case .delay(let duration): try await Task.sleep(for: duration)
            case .status(let status, let headers): answer = RegistryAnswer(status, headers: headers)
            case .body(let bytes): answer.body = bytes
            case .truncated(let count): truncation = count
            }
        }
        return Self.response(answer, to: read.method, truncation: truncation)
    }

    private static func response(_ answer: RegistryAnswer, to method: String, truncation: Int?) -> Response {
        var fields = HTTPFields()
        for (name, value) in [("Docker-Distribution-Api-Version", "registry/2.0")] + answer.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        fields[.contentLength] = String(answer.body.count)
        let status = HTTPResponse.Status(code: answer.status)
        guard method != "HEAD" else { return Response(status: status, headers: fields) }
        guard let truncation else {
            return Response(
                status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        }
        let part = ByteBuffer(bytes: answer.body.prefix(truncation))
        let body = ResponseBody(contentLength: answer.body.count) { writer in
            try await writer.write(part)
            throw TruncatedOnPurpose()
        }
        return Response(status: status, headers: fields, body: body)
    }
}

/// Tells requests of different connections apart.
private struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Ends a connection in the middle of an answer.
private struct TruncatedOnPurpose: Error {}

/// The registry does not listen, or no longer.
public struct RegistryNotListening: Error {}

/// The port of a server that is still starting.
private final class ListeningPort: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Int, any Error>])
        case listening(Int)
        case ended
    }

    private let state = Mutex(State.waiting([]))

    var port: Int {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                let known: Result<Int, any Error>? = state.withLock { state in
                    switch state {
                    case .waiting(let others):
                        state = .waiting(others + [continuation])
                        return nil
                    case .listening(let port): return .success(port)
                    case .ended: return .failure(RegistryNotListening())
                    }
                }
                if let known { continuation.resume(with: known) }
            }
        }
    }

    /// Tells everyone who waits; `nil` means that it does not listen.
    func resolve(_ port: Int?) {
        let waiting = state.withLock { state in
            defer { state = port.map(State.listening) ?? .ended }
            if case .waiting(let continuations) = state { return continuations }
            return []
        }
        for continuation in waiting {
            if let port {
                continuation.resume(returning: port)
            } else {
                continuation.resume(throwing: RegistryNotListening())
            }
        }
    }
}
