// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import HummingbirdHTTP2
import HummingbirdTLS
import Logging
import NIOCore
import Synchronization
import Testing

@testable import HTTPTransport

/// Over TLS, HTTP/2 is spoken where the server offers it, under the same rules.
@Suite struct HTTP2Tests {
    private struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            channel = source.channel
        }
    }

    @Test("Bodies, limits and the check of the address hold over HTTP/2")
    func http2() async throws {
        let certificate = try TestCertificate(names: ["registry.example"])
        let port = AsyncStream.makeStream(of: Int.self)
        let router = Router(context: Context.self)
        router.get("/**") { _, context -> String in
            // A stream's parent is the connection, whose parent is the listener; HTTP/1.1 has no streams.
            context.channel.parent?.parent == nil ? "http/1.1" : "h2"
        }
        let application = Application(
            router: router, server: try .http2Upgrade(tlsConfiguration: certificate.serverConfiguration),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.continuation.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "http2") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await application.run() }
            defer { group.cancelAll() }
            var ports = port.stream.makeAsyncIterator()
            let url = "https://registry.example:\(await ports.next() ?? 0)/x"
            var configuration = TransportConfiguration()
            configuration.additionalRoots = certificate.pem
            let names = ["registry.example": "127.0.0.1"]
            let elsewhere: HostLookup.Resolver = { _ in [try #require(IPAddress(literal: "203.0.113.7"))] }
            try await withTransport(configuration, resolver: elsewhere, connectTo: names) { http in
                await #expect(throws: TransportError.forbiddenAddress(host: "registry.example", .loopback)) {
                    try await http.get(url)
                }
            }
            configuration.insecureHosts = ["registry.example:\(try RequestURL(parsing: url).port)"]
            let here: HostLookup.Resolver = { _ in [try #require(IPAddress(literal: "127.0.0.1"))] }
            try await withTransport(configuration, resolver: here, connectTo: names) { http in
                let response = try await http.get(url)
                #expect(String(decoding: response.body, as: UTF8.self) == "h2")
                await #expect(throws: TransportError.tooLarge(host: "registry.example", limit: 1)) {
                    try await http.get(url, limit: 1)
                }
            }
        }
    }
}
