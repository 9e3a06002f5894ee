// SPDX-License-Identifier: Apache-2.0

/// Why a request has no answer that may be used. Nothing here quotes what the other side sent.
public enum TransportError: Error, Hashable, Sendable {
    /// The host's name has no address, or nobody could be asked for it.
    case unresolvable(host: String)
    /// No connection, or it broke before the answer was complete.
    case unreachable(host: String, Unreachable)
    /// The other side is not who it should be, or speaks no TLS that we accept.
    case tls(host: String, certificateRejected: Bool)
    /// Plain HTTP to a host that is neither loopback nor named by flag.
    case plainHTTP(host: String)
    /// A name that resolves to, or a literal that is, an address we never connect to.
    case forbiddenAddress(host: String, ForbiddenAddress)
    case redirect(host: String, RedirectFault)
    /// The answer is not HTTP, has too many or too large headers, or is compressed although nobody asked for that.
    case malformed(host: String)
    /// The body is longer than the caller allows.
    case tooLarge(host: String, limit: Int)
    /// The body's hash is not the expected one.
    case wrongDigest(host: String)
    /// The host is to be reached through a proxy, and is not.
    case proxy(host: String, ProxyFailure)
    case deadline(host: String)
    case cancelled(host: String)
    /// Certificates or a key of ours that no connection can be made with; why, in words of ours.
    case unusableIdentity(host: String, String)
    /// The transport has been shut down.
    case shutDown

    public enum Unreachable: String, Hashable, Sendable {
        case refused, timedOut, connectionLost
    }
}

/// Why a proxy does not pass a request on.
public enum ProxyFailure: String, Hashable, Sendable {
    /// No connection to the proxy, or its name does not resolve.
    case unreachable
    /// It asks for other credentials than the variable has.
    case authentication
    /// It does not make the connection.
    case refusal
    /// `HTTP_PROXY` is not believed beside `REQUEST_METHOD`.
    case commonGatewayInterface
}

/// Why a redirect is not followed.
public enum RedirectFault: Hashable, Sendable {
    case tooMany(limit: Int)
    case toPlainHTTP
    case noLocation
    case invalidLocation(RequestURLFault)
    /// A POST carries a secret in its body, which would travel along.
    case notOfGET
}

extension TransportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unresolvable(let host): "the name \(host) does not resolve"
        case .unreachable(let host, .refused): "no connection to \(host)"
        case .unreachable(let host, .timedOut): "\(host) does not answer in time"
        case .unreachable(let host, .connectionLost): "the connection to \(host) broke"
        case .tls(let host, certificateRejected: true):
            "the TLS certificate of \(host) is not trusted; add its authority with --registry-ca"
        case .tls(let host, certificateRejected: false): "no TLS with \(host)"
        case .plainHTTP(let host):
            "plain HTTP to \(host) is not allowed; --insecure-registry names hosts where it is"
        case .forbiddenAddress(let host, let reason):
            "\(host) is at a \(reason.rawValue) address, where no registry is asked"
        case .redirect(let host, let fault): "\(host) redirects, and \(fault)"
        case .malformed(let host): "\(host) sent an answer that is not usable HTTP"
        case .tooLarge(let host, let limit): "\(host) sent more than the \(limit) bytes that are allowed"
        case .wrongDigest(let host): "\(host) sent bytes that do not have their digest"
        case .proxy(let host, .unreachable): "no connection to the proxy that leads to \(host)"
        case .proxy(let host, .authentication):
            "the proxy that leads to \(host) asks for credentials; write them into its URL"
        case .proxy(let host, .refusal): "the proxy makes no connection to \(host)"
        case .proxy(let host, .commonGatewayInterface):
            "\(host) would be reached by HTTP_PROXY, which is not believed where REQUEST_METHOD is set"
        case .deadline(let host): "time ran out while waiting for \(host)"
        case .cancelled(let host): "waiting for \(host) was given up"
        case .unusableIdentity(let host, let reason): "no connection to \(host) can be made: \(reason)"
        case .shutDown: "the program is shutting down"
        }
    }
}

extension RedirectFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooMany(let limit): "does so more than \(limit) times"
        case .toPlainHTTP: "leads from HTTPS to plain HTTP"
        case .noLocation: "does not say where to"
        case .invalidLocation(let fault): "\(fault)"
        case .notOfGET: "only GET and HEAD are redirected"
        }
    }
}
