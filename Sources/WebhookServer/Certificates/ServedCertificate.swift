// SPDX-License-Identifier: Apache-2.0
public import FoundationEssentials
import X509

/// What can be told of certificates that were kept somewhere.
public struct ServedCertificate: Sendable {
    private let chain: [Certificate]

    /// The beginning and end of the first certificate of the chain.
    public let notBefore: Date
    public let notAfter: Date

    /// A chain, leaf first, and the key of its first certificate, both PEM; `nil` for what cannot serve, as when the key is
    /// another certificate's.
    public init?(certificatePEM: [UInt8], keyPEM: [UInt8]) {
        guard (try? CertificatePair(certificatePEM: certificatePEM, keyPEM: keyPEM)) != nil,
            let chain = try? CertificatePair.certificates(certificatePEM), let leaf = chain.first
        else { return nil }
        self.chain = chain
        notBefore = leaf.notValidBefore
        notAfter = leaf.notValidAfter
    }

    /// Whether it bears a name, and one of these authorities signed it or what stands behind it in its chain.
    public func serves(_ name: String, under authorities: [Authority]) -> Bool {
        guard let leaf = chain.first, SubjectNames.bears(leaf, name) else { return false }
        for (position, certificate) in chain.enumerated() {
            if authorities.contains(where: { Self.signed($0.certificate, certificate) }) { return true }
            guard position + 1 < chain.count, Self.isAuthority(chain[position + 1]),
                Self.signed(chain[position + 1], certificate)
            else { return false }
        }
        return false
    }

    /// One certificate of a bundle.
    public struct Authority: Sendable {
        fileprivate let certificate: Certificate
        /// This certificate alone.
        public let pem: [UInt8]
        public var notBefore: Date { certificate.notValidBefore }
        public var notAfter: Date { certificate.notValidAfter }
    }

    /// The authorities of a bundle, in its order; none where any of it cannot be read.
    public static func authorities(in pem: [UInt8]) -> [Authority] {
        guard let certificates = try? CertificatePair.certificates(pem) else { return [] }
        return certificates.filter(isAuthority).compactMap { certificate in
            (try? PEMText.bytes(certificate)).map { Authority(certificate: certificate, pem: $0) }
        }
    }

    static func isAuthority(_ certificate: Certificate) -> Bool {
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else { return false }
        return true
    }

    private static func signed(_ authority: Certificate, _ certificate: Certificate) -> Bool {
        authority.subject == certificate.issuer
            && authority.publicKey.isValidSignature(certificate.signature, for: certificate)
    }
}
