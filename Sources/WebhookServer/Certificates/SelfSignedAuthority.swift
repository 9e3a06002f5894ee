// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// An authority that lives in this process only, and what its serving certificates are for.
struct SelfSignedAuthority: Sendable {
    /// The authority outlives any process, so that what an operator copied from its output stays true.
    private static let authorityLifetime: TimeInterval = 10 * 365 * 86_400
    /// A certificate is replaced when a third of it is left.
    static let renewalMargin: TimeInterval = ServingAuthority.servingLifetime / 3

    private let authority: ServingAuthority
    private let names: [String]
    /// The certificate for `clientConfig.caBundle`.
    var pem: String { String(decoding: authority.certificatePEM, as: UTF8.self) }

    /// `extra` are DNS names or IP addresses beside `localhost`, `127.0.0.1`, `::1` and the name of this host.
    init(extra: [String], now: Date = .now) throws {
        for name in extra where SubjectNames.generalName(name) == nil {
            throw ServingCertificate.Failure.unusableName(name)
        }
        let own = SubjectNames.hostName()
        // The host's own name may be one that no certificate can hold; then it is left out.
        names =
            ["localhost", "127.0.0.1", "::1"] + extra + (SubjectNames.generalName(own) == nil ? [] : [own])
        authority = try ServingAuthority.make(lifetime: Self.authorityLifetime, now: now)
    }

    /// A new key and a certificate for it.
    func issue(now: Date = .now) throws -> CertificatePair {
        let issued = try authority.issue(names: names, now: now)
        return try CertificatePair(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM)
    }
}
