// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// A door to one server that an operator named and trusts by its own authorities, such as an API server: bodies of every
/// status are handed on, answers can be streamed, and its address may be any.
///
/// Redirects are not followed and nothing is decompressed. HTTP/1.1, or HTTP/2 where TLS negotiates it; never plain HTTP.
/// `shutDown()` must be called before it goes away.
public final class NamedServer: Sendable {
    /// By what each side is known to the other.
    public struct Identity: Hashable, Sendable {
        /// PEM certificates that alone are trusted; empty for those of the system.
        public var authorities: [UInt8]
        /// PEM chain and key that are shown where the server asks for them; empty for none.
        public var certificate: [UInt8]
        public var key: [UInt8]

        public init(authorities: [UInt8] = [], certificate: [UInt8] = [], key: [UInt8] = []) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
        }
    }

    /// One request to the server.
    public struct Request: Sendable {
        /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
        public var method: String
        /// Path and query.
        public var target: String
        public var headers: [(name: String, value: String)] = []
        public var authorization: Authorization?
        public var body: [UInt8] = []
        public var identity: Identity
        /// Bytes of an answer that are accepted; of one read piece by piece, of an answer that is no success.
        public var maximumBodyBytes: Int
        public var deadline: ContinuousClock.Instant

        public init(
            _ method: String, _ target: String, identity: Identity, maximumBodyBytes: Int,
            deadline: ContinuousClock.Instant
        ) {
            self.method = method
            self.target = target
            self.identity = identity
            self.maximumBodyBytes = maximumBodyBytes
            self.deadline = deadline
        }
    }

    private let url: RequestURL
    /// What the certificate must name, and what is asked of the resolver where that differs.
    private let serverName: String?
    private let prefix: String
    private let client: HTTPClient
    /// TLS settings by identity, of which a server has a few in its life: a credential is renewed, an authority replaced.
    private let settings = Mutex<[Identity: TLSConfiguration]>([:])
    private static let maximumSettings = 8
    private let userAgent: String

    /// - Parameters:
    ///   - serverName: what the server's certificate names instead of the host of `url`.
    ///   - idleTimeout: the longest silence inside an answer.
    public init(
        _ url: RequestURL, serverName: String? = nil, idleTimeout: Duration, userAgent: String = "countersign"
    ) throws(TransportError) {
        guard url.scheme == .https else { throw .plainHTTP(host: "\(url.host)") }
        self.url = url
        self.serverName = serverName
        self.userAgent = userAgent
        var prefix = url.target
        while prefix.utf8.last == UInt8(ascii: "/") { prefix.removeLast() }
        self.prefix = prefix
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: TimeAmount(idleTimeout)), decompression: .disabled)
        configuration.connectionPool.retryConnectionEstablishment = false
        // Watches are held open for minutes, each on a connection of its own where the server speaks HTTP/1.1 only.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connections
        // What nobody acknowledges is given up: otherwise everything went on to a server that is gone, over the one
        // connection of HTTP/2, until the system gives up after a quarter of an hour.
        configuration.http1_1ConnectionDebugInitializer = Self.noticingSilence
        configuration.http2ConnectionDebugInitializer = Self.noticingSilence
        if let serverName { configuration.dnsOverride = [serverName: url.host.unbracketed] }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ten watches, and calls beside them.
    private static let connections = 64
    /// Milliseconds that sent bytes may stay without acknowledgement.
    private static let unacknowledged = 20_000

    private static let noticingSilence: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
        // Linux's TCP_USER_TIMEOUT, by its number. A channel that has no such option goes on without.
        channel.setOption(ChannelOptions.tcpOption(.init(rawValue: 18)), value: unacknowledged).recover { _ in }
    }

    /// As errors name it.
    public var name: String { "\(url.host)" }

    /// Closes every connection; requests under way fail.
    public func shutDown() async { try? await client.shutdown() }

    /// The answer, whole, whatever its status.
    public func send(_ request: Request) async throws(TransportError) -> OutboundResponse {
        do {
            let response = try await execute(request)
            let body = try await Self.body(of: response, limit: request.maximumBodyBytes, host: name)
            return OutboundResponse(
                status: Int(response.status.code), headers: ResponseHeaders(response.headers), body: body, url: url)
        } catch {
            throw TransportError(error, host: name, deadline: request.deadline)
        }
    }

    /// The answer, a success handed on piece by piece as it comes; any other is returned whole.
    ///
    /// - Parameters:
    ///   - onOpen: told when a success has begun.
    ///   - onChunk: told each piece; returns whether it wants more.
    public func stream(
        _ request: Request, onOpen: () async -> Void = {}, onChunk: ([UInt8]) async -> Bool
    ) async throws(TransportError) -> OutboundResponse {
        do {
            let response = try await execute(request)
            let status = Int(response.status.code)
            let headers = ResponseHeaders(response.headers)
            guard (200...299).contains(status) else {
                let body = try await Self.body(of: response, limit: request.maximumBodyBytes, host: name)
                return OutboundResponse(status: status, headers: headers, body: body, url: url)
            }
            await onOpen()
            for try await chunk in response.body {
                guard await onChunk(Array(chunk.readableBytesView)) else { break }
            }
            return OutboundResponse(status: status, headers: headers, body: [], url: url)
        } catch {
            throw TransportError(error, host: name, deadline: request.deadline)
        }
    }

    private func execute(_ request: Request) async throws -> HTTPClientResponse {
        let remaining = ContinuousClock.now.duration(to: request.deadline)
        guard remaining > .zero else { throw TransportError.deadline(host: name) }
        let authority = serverName.map { "\($0):\(url.port)" } ?? "\(url.host):\(url.port)"
        var message = HTTPClientRequest(url: "https://\(authority)\(prefix)\(request.target)")
        message.method = HTTPMethod(rawValue: request.method)
        message.headers.add(name: "User-Agent", value: userAgent)
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let authorization = request.authorization {
            message.headers.add(name: "Authorization", value: authorization.value)
        }
        if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
        message.tlsConfiguration = try tls(request.identity)
        return try await client.execute(message, deadline: .now() + TimeAmount(remaining))
    }

    private func tls(_ identity: Identity) throws -> TLSConfiguration {
        if let known = settings.withLock({ $0[identity] }) { return known }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if !identity.authorities.isEmpty {
            guard let authorities = try? NIOSSLCertificate.fromPEMBytes(identity.authorities), !authorities.isEmpty
            else { throw TransportError.unusableIdentity(host: name, "its authorities are not PEM certificates") }
            tls.trustRoots = .certificates(authorities)
        }
        if !identity.certificate.isEmpty {
            guard let chain = try? NIOSSLCertificate.fromPEMBytes(identity.certificate), !chain.isEmpty,
                let key = try? NIOSSLPrivateKey(bytes: identity.key, format: .pem)
            else { throw TransportError.unusableIdentity(host: name, "the client certificate or its key is not PEM") }
            tls.certificateChain = chain.map { .certificate($0) }
            tls.privateKey = .privateKey(key)
        }
        let made = tls
        settings.withLock { settings in
            if settings.count >= Self.maximumSettings { settings.removeAll() }
            settings[identity] = made
        }
        return made
    }

    private static func body(of response: HTTPClientResponse, limit: Int, host: String) async throws -> [UInt8] {
        var body: [UInt8] = []
        for try await chunk in response.body {
            guard chunk.readableBytes <= limit - body.count else {
                throw TransportError.tooLarge(host: host, limit: limit)
            }
            body.append(contentsOf: chunk.readableBytesView)
        }
        return body
    }
}
