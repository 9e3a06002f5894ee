// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension TransportError {
    /// What an error of the libraries underneath means. Their own words are dropped, since they may hold what the other
    /// side sent.
    init(_ error: any Error, host: String, deadline: ContinuousClock.Instant) {
        switch error {
        case let error as TransportError: self = error
        case let refusal as PeerCheck.Refusal: self = .forbiddenAddress(host: host, refusal.reason)
        case is CancellationError: self = deadline <= .now ? .deadline(host: host) : .cancelled(host: host)
        case let error as HTTPClientError: self.init(error, host: host)
        case let error as NIOConnectionError: self.init(error, host: host)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            // BoringSSL's error stack has no public cases; its text is made by the library, from names of its own.
            let isRejected =
                error is NIOSSLExtraError || String(describing: error).contains("CERTIFICATE_VERIFY_FAILED")
            self = .tls(host: host, certificateRejected: isRejected)
        // The body ended before its announced length.
        case HTTPParserError.invalidEOFState: self = .unreachable(host: host, .connectionLost)
        case let error as IOError where error.errnoCode == Self.connectionRefused:
            self = .unreachable(host: host, .refused)
        case is HTTPParserError: self = .malformed(host: host)
        case ChannelError.connectTimeout: self = .unreachable(host: host, .timedOut)
        default: self = .unreachable(host: host, .connectionLost)
        }
    }

    /// The same where the connection goes through a proxy: then it is the proxy that is not there.
    var throughProxy: TransportError {
        switch self {
        case .unresolvable(let host), .unreachable(let host, .refused): .proxy(host: host, .unreachable)
        default: self
        }
    }

    /// Linux's ECONNREFUSED, written out since its name belongs to whichever C module the compiler meets first.
    private static let connectionRefused: CInt = 111

    private init(_ error: HTTPClientError, host: String) {
        switch error {
        case .deadlineExceeded: self = .deadline(host: host)
        case .connectTimeout, .readTimeout, .writeTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            self = .unreachable(host: host, .timedOut)
        case .alreadyShutdown: self = .shutDown
        case .httpProxyHandshakeTimeout: self = .proxy(host: host, .unreachable)
        case .proxyAuthenticationRequired: self = .proxy(host: host, .authentication)
        case .invalidProxyResponse, .invalidProxyConfiguration: self = .proxy(host: host, .refusal)
        default: self = .unreachable(host: host, .connectionLost)
        }
    }

    private init(_ error: NIOConnectionError, host: String) {
        if error.connectionErrors.isEmpty {
            self = .unresolvable(host: host)
        } else {
            let isTimeout = error.connectionErrors.allSatisfy {
                if case ChannelError.connectTimeout = $0.error { true } else { false }
            }
            self = .unreachable(host: host, isTimeout ? .timedOut : .refused)
        }
    }
}
