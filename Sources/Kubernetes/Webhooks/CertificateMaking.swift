// SPDX-License-Identifier: Apache-2.0
public import Sigstore

/// A certificate, or a chain that begins with it, and its private key, both PEM.
public struct KeptPair: Hashable, Sendable {
    public var certificate: [UInt8]
    public var key: [UInt8]

    public init(certificate: [UInt8], key: [UInt8]) {
        self.certificate = certificate
        self.key = key
    }
}

/// From when to when a certificate is good.
public struct CertificateValidity: Hashable, Sendable {
    public let notBefore: Instant
    public let notAfter: Instant

    public init(notBefore: Instant, notAfter: Instant) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    func holds(at now: Instant) -> Bool { notBefore <= now && now < notAfter }

    /// Whether a third of its time or less is left: the next one is due.
    func isNearEnd(at now: Instant) -> Bool {
        now.seconds >= notAfter.seconds - (notAfter.seconds - notBefore.seconds) / 3
    }
}

/// One authority of a bundle.
public struct KeptAuthority: Hashable, Sendable {
    /// This certificate alone.
    public let certificate: [UInt8]
    public let validity: CertificateValidity

    public init(certificate: [UInt8], validity: CertificateValidity) {
        self.certificate = certificate
        self.validity = validity
    }
}

/// Why a certificate could not be made, in a sentence.
public struct CertificateFault: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// The port through which certificates are made and read; here they are bytes that are kept.
public protocol CertificateMaking: Sendable {
    func makeAuthority(now: Instant) throws(CertificateFault) -> KeptPair
    /// A serving certificate that bears these DNS names and IP addresses.
    func issue(_ names: [String], by authority: KeptPair, now: Instant) throws(CertificateFault) -> KeptPair
    /// The authorities of a bundle in its order; none where any of it cannot be read.
    func authorities(in bundle: [UInt8]) -> [KeptAuthority]
    /// Whether they are one authority.
    func isPair(_ authority: KeptPair) -> Bool
    /// When a pair can serve under a name, for whoever trusts these authorities; `nil` for never.
    func validity(of pair: KeptPair, for name: String, under authorities: [KeptAuthority]) -> CertificateValidity?
}
