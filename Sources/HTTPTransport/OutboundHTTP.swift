// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import EventLoopTasks
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The only door to the network: values in, values out, within a deadline and a byte limit.
///
/// What is guaranteed for every hop of every request:
/// - plain HTTP only to hosts spelled as loopback, where the caller asked for one, and to hosts named by flag;
/// - no HTTP request is written to a link-local, metadata, multicast or unspecified address, nor to loopback unless the
///   host is one of the above. The name is resolved and all of its addresses judged first; then the address of the
///   connection itself is judged before it is used, so a second resolution that differs meets a closed door;
/// - where `ProxyRules` send a request through a proxy, the proxy resolves the name and connects, so that of these
///   checks only those of literal addresses are left: what may be reached through it is for the proxy to say;
/// - redirects follow `RedirectRules`; bodies are never decompressed; nothing of an error page is kept.
///
/// HTTP/1.1, and HTTP/2 where TLS negotiates it. The header of an answer is bounded by SwiftNIO: over HTTP/1.1
/// 256 fields, each of at most 80 KiB, and 2 MiB in all; 16 KiB in all over HTTP/2. `shutDown()` must be called before it goes away.
public final class OutboundHTTP: Sendable {
    private let configuration: TransportConfiguration
    private let trust: Mutex<TLSTrust>
    private let lookup: HostLookup
    /// For each way out one client on each event loop, since a client's connections are made and checked alike.
    private let clients: [WayOut: [HTTPClient]]
    /// Where connections to a host are, so that a request is made, waited for and read without waking another thread. Which
    /// one, its name decides: a connection's names are resolved one after the other on each, and a host whose name server
    /// is silent delays no more of the others than share it.
    private static let eventLoops = MultiThreadedEventLoopGroup.singleton.makeIterator().map {
        (loop: $0, executor: EventLoopExecutor($0))
    }

    private enum WayOut: Hashable {
        case direct(LoopbackRule)
        case proxy(ProxyServer)
    }

    public convenience init(_ configuration: TransportConfiguration = .init()) throws(TrustRootsError) {
        try self.init(configuration, resolver: nil)
    }

    /// For tests: `resolver` answers the first look at a name, and `connectTo` says where its connections then go.
    init(
        _ configuration: TransportConfiguration, resolver: HostLookup.Resolver?, connectTo: [String: String] = [:]
    ) throws(TrustRootsError) {
        var configuration = configuration
        configuration.insecureHosts = Set(configuration.insecureHosts.map { $0.lowercased() })
        self.configuration = configuration
        let trust = try TLSTrust(
            additionalRoots: configuration.additionalRoots, rootsByHost: configuration.rootsByHost)
        self.trust = Mutex(trust)
        lookup = HostLookup(resolver: resolver ?? { try await SystemResolver.addresses(of: $0) })
        let ways =
            LoopbackRule.allCases.map { WayOut.direct($0) } + configuration.proxies.servers.map { WayOut.proxy($0) }
        var clients: [WayOut: [HTTPClient]] = [:]
        for way in ways {
            let settings = Self.clientConfiguration(configuration, trust, way, connectTo: connectTo)
            clients[way] = Self.eventLoops.map {
                HTTPClient(eventLoopGroupProvider: .shared($0.loop), configuration: settings)
            }
        }
        self.clients = clients
    }

    private static func clientConfiguration(
        _ configuration: TransportConfiguration, _ trust: TLSTrust, _ way: WayOut, connectTo: [String: String]
    ) -> HTTPClient.Configuration {
        var client = HTTPClient.Configuration(
            tlsConfiguration: trust.general, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.idleTimeout)),
            decompression: .disabled)
        // Nobody would see the spans, and each request's is filled with a dozen attributes.
        client.tracing.tracer = nil
        // The callers have their own bounded retries; waiting inside the pool would eat their deadline.
        client.connectionPool.retryConnectionEstablishment = false
        switch way {
        case .direct(let rule):
            client.dnsOverride = connectTo
            client.http1_1ConnectionDebugInitializer = PeerCheck.initializer(rule)
            client.http2ConnectionDebugInitializer = PeerCheck.initializer(rule)
        case .proxy(let proxy):
            client.proxy = .server(
                host: proxy.host.unbracketed, port: proxy.port,
                authorization: proxy.credentials.map { .basic(username: $0.username, password: $0.password) })
        }
        return client
    }

    /// From the next request on these certificates are trusted besides the system's, and no others. Where they cannot be
    /// read, what was trusted stays. Connections that are open already are used to their end by requests under way only.
    public func replaceAuthorities(
        additionalRoots: [UInt8], rootsByHost: [String: [UInt8]]
    ) throws(TrustRootsError) {
        var replacement = try TLSTrust(additionalRoots: additionalRoots, rootsByHost: rootsByHost)
        replacement.isReplacement = true
        trust.withLock { $0 = replacement }
    }

    /// How a host, with its port where that is not 443, is spoken to: plain HTTP where it is named by flag, or is spelled
    /// as loopback and has no certificate authority of its own; else TLS.
    public func scheme(forAuthority authority: String) -> RequestURL.Scheme {
        if configuration.insecureHosts.contains(authority) { return .http }
        guard let (host, _) = try? RequestURL.readAuthority(authority[...], scheme: .https), host.isLoopback else {
            return .https
        }
        return trust.withLock { $0[authority] } == nil ? .http : .https
    }

    /// Closes every connection; requests under way fail.
    public func shutDown() async {
        for client in clients.values.joined() { try? await client.shutdown() }
    }

    /// The answer to a request, after redirects. Any status is an answer.
    public func send(_ request: OutboundRequest) async throws(TransportError) -> OutboundResponse {
        let place = Self.place(of: request.url.host)
        // What a sink does with a large body is more than others on the event loop may wait for.
        let executor: any TaskExecutor =
            request.sink == nil ? Self.eventLoops[place].executor : globalConcurrentExecutor
        return try await withTaskExecutorPreference(executor) {
            await untilDeadline(request, on: Self.eventLoops[place].loop)
        }.get()
    }

    /// Among the event loops.
    private static func place(of host: Host) -> Int {
        Int(UInt(bitPattern: "\(host)".hashValue) % UInt(eventLoops.count))
    }

    @concurrent private func untilDeadline(
        _ request: OutboundRequest, on eventLoop: any EventLoop
    ) async -> Result<OutboundResponse, TransportError> {
        let host = "\(request.url.host)"
        return await withTaskGroup(of: Result<OutboundResponse, TransportError>.self) { group in
            group.addTask {
                do throws(TransportError) {
                    return .success(try await self.followingRedirects(request))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await eventLoop.wait(until: request.deadline)
                return .failure(Task.isCancelled ? .cancelled(host: host) : .deadline(host: host))
            }
            let first = await group.next() ?? .failure(.cancelled(host: host))
            group.cancelAll()
            return first
        }
    }

    private func followingRedirects(_ request: OutboundRequest) async throws(TransportError) -> OutboundResponse {
        var request = request
        var hops = 0
        while true {
            let response = try await exchange(request)
            let next = try RedirectRules.next(
                after: request, status: response.status, location: response.headers["location"], hops: hops)
            guard let next else { return response }
            request = next
            hops += 1
        }
    }

    private func exchange(_ request: OutboundRequest) async throws(TransportError) -> OutboundResponse {
        let url = request.url
        let host = "\(url.host)"
        let way = try await wayOut(for: request)
        guard let client = clients[way]?[Self.place(of: url.host)] else { throw .shutDown }
        let remaining = ContinuousClock.now.duration(to: request.deadline)
        guard remaining > .zero else { throw .deadline(host: host) }
        do {
            let response = try await client.execute(message(for: request), deadline: .now() + TimeAmount(remaining))
            let headers = ResponseHeaders(response.headers)
            guard (200...299).contains(response.status.code) else {
                try await BodyReading.discard(response)
                return OutboundResponse(status: Int(response.status.code), headers: headers, body: [], url: url)
            }
            guard headers["content-encoding"].map({ $0.lowercased() == "identity" }) ?? true else {
                throw TransportError.malformed(host: host)
            }
            let body = try await BodyReading.read(response, for: request, host: host)
            return OutboundResponse(status: Int(response.status.code), headers: headers, body: body, url: url)
        } catch {
            let error = TransportError(error, host: host, deadline: request.deadline)
            if case .proxy = way { throw error.throughProxy }
            throw error
        }
    }

    private func wayOut(for request: OutboundRequest) async throws(TransportError) -> WayOut {
        let rule = try loopbackRule(for: request)
        switch rule == .metadata ? .direct : configuration.proxies.route(to: request.url) {
        case .direct:
            try await lookup.check(request.url.host, rule)
            return .direct(rule)
        case .proxy(let proxy):
            try HostLookup.checkSpelling(request.url.host, rule)
            return .proxy(proxy)
        case .refused: throw .proxy(host: "\(request.url.host)", .commonGatewayInterface)
        }
    }

    private func message(for request: OutboundRequest) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: request.url.description)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        message.headers.add(name: "User-Agent", value: configuration.userAgent)
        message.headers.add(name: "Accept-Encoding", value: "identity")
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let authorization = request.authorization {
            message.headers.add(name: "Authorization", value: authorization.value)
        }
        if request.method == .post { message.body = .bytes(ByteBuffer(bytes: request.body)) }
        if request.url.scheme == .https { message.tlsConfiguration = trust.withLock { $0.own(request.url.authority) } }
        return message
    }

    private func loopbackRule(for request: OutboundRequest) throws(TransportError) -> LoopbackRule {
        let url = request.url
        if request.mayReachMetadataServer, url.scheme == .http, url.host.address == .metadataServer {
            return .metadata
        }
        if isInsecure(url) { return .allowed }
        if url.host.isLoopback {
            guard request.mayReachLoopback else { throw .forbiddenAddress(host: "\(url.host)", .loopback) }
            return .required
        }
        guard url.scheme == .https else { throw .plainHTTP(host: "\(url.host)") }
        return .refused
    }

    private func isInsecure(_ url: RequestURL) -> Bool {
        configuration.insecureHosts.contains(url.authority)
            || configuration.insecureHosts.contains("\(url.host):\(url.port)")
    }
}

extension TimeAmount {
    /// At least a nanosecond: SwiftNIO reads zero as "never" in places.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = .nanoseconds(overflow ? .max / 4 : min(.max / 4, max(1, nanoseconds + attoseconds / 1_000_000_000)))
    }
}
