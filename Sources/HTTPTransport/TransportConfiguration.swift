// SPDX-License-Identifier: Apache-2.0
import NIOSSL

/// What an operator says about the network.
public struct TransportConfiguration: Sendable {
    /// `--insecure-registry`: hosts, with their port where it is not the scheme's own, to which plain HTTP may be spoken
    /// and whose names may resolve to loopback. Compared in lower case, exactly.
    public var insecureHosts: Set<String> = []
    /// `--registry-ca`: PEM certificates trusted besides the system's, for every host.
    public var additionalRoots: [UInt8] = []
    /// PEM certificates trusted besides these for one host, with its port where it is not 443.
    public var rootsByHost: [String: [UInt8]] = [:]
    /// A registry that takes longer than this to accept a connection is down for an admission, which has ten seconds.
    public var connectTimeout: Duration = .seconds(5)
    /// The longest silence inside an answer.
    public var idleTimeout: Duration = .seconds(10)
    public var userAgent = "countersign"
    /// What goes through which proxy.
    public var proxies = ProxyRules.none

    public init() {}
}

/// PEM that should hold certificates and does not.
public struct TrustRootsError: Error, Hashable, Sendable {
    /// The host whose roots they are; `nil` for those of every host.
    public let host: String?

    init(host: String?) { self.host = host }
}

extension TrustRootsError: CustomStringConvertible {
    public var description: String {
        "the authorities for \(host ?? "all registries") are not PEM certificates, or there are none"
    }
}

/// Configuration of TLS for each host: never below 1.2, always with full verification.
struct TLSTrust: Sendable {
    /// For hosts without roots of their own.
    let general: TLSConfiguration
    private let byHost: [String: TLSConfiguration]
    /// Whether the clients were made with another one.
    var isReplacement = false

    init(additionalRoots: [UInt8], rootsByHost: [String: [UInt8]]) throws(TrustRootsError) {
        var general = TLSConfiguration.makeClientConfiguration()
        general.minimumTLSVersion = .tlsv12
        if !additionalRoots.isEmpty {
            general.additionalTrustRoots = [
                .certificates(try Self.certificates(additionalRoots, host: nil))
            ]
        }
        self.general = general
        var byHost: [String: TLSConfiguration] = [:]
        for (host, pem) in rootsByHost {
            var configuration = general
            configuration.additionalTrustRoots += [.certificates(try Self.certificates(pem, host: host))]
            byHost[host.lowercased()] = configuration
        }
        self.byHost = byHost
    }

    /// `nil` where the general one holds. Per host, so that one registry's private authority cannot speak for another.
    subscript(authority: String) -> TLSConfiguration? { byHost[authority] }

    /// What a client has to be told; `nil` where it was made with it.
    func own(_ authority: String) -> TLSConfiguration? { byHost[authority] ?? (isReplacement ? general : nil) }

    private static func certificates(
        _ pem: [UInt8], host: String?
    ) throws(TrustRootsError) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
            throw TrustRootsError(host: host)
        }
        return certificates
    }
}
