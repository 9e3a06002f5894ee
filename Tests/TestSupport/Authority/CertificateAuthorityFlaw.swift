// SPDX-License-Identifier: Apache-2.0

/// One way in which an authority's chain can be wrong although every signature in it is good.
public enum CertificateAuthorityFlaw: String, Hashable, Sendable, CaseIterable {
    /// The issuing certificate is of version 1, without extensions.
    case version1
    /// The issuing certificate has no basicConstraints.
    case notMarked
    /// The issuing certificate says that it is no authority.
    case markedAsLeaf
    /// The issuing certificate's key usage lacks keyCertSign.
    case withoutKeyCertSign
    /// The issuing certificate ended a second before things are signed.
    case expired
    /// The issuing certificate begins a day after things are signed.
    case notYetValid
    /// The certificate above the issuing one allows no authority below it.
    case pathTooLong
    /// Leaves name an issuer that is not the issuing certificate's subject.
    case otherName
    /// The issuing certificate may issue for TLS servers only.
    case otherPurpose
    /// The issuing certificate has a critical extension that nobody knows.
    case unknownCriticalExtension
}

extension TestCertificateAuthority {
    /// An authority of a root and two intermediates with one flaw. Its times are wrong for things signed at `time`.
    public init(_ flaw: CertificateAuthorityFlaw, at time: TestTime = TestAuthority.time) throws {
        var options = Options()
        options.intermediateKinds = [.p256, .p256]
        let issuing = options.intermediateKinds.count
        options.alter = { template, level in
            switch (flaw, level) {
            case (.version1, issuing): template.makeVersion1()
            case (.notMarked, issuing): template.basicConstraints = nil
            case (.markedAsLeaf, issuing): template.basicConstraints = .init(isAuthority: false)
            case (.withoutKeyCertSign, issuing): template.keyUsage = [.cRLSign]
            case (.expired, issuing): template.notAfter = time.adding(seconds: -1)
            case (.notYetValid, issuing): template.notBefore = time.adding(seconds: 86_400)
            case (.pathTooLong, issuing - 1): template.basicConstraints?.pathLength = 0
            case (.otherPurpose, issuing):
                template.extendedKeyUsage = [CertificateTemplate.Purpose.serverAuthentication]
            case (.unknownCriticalExtension, issuing):
                template.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: ASN1Writer.null))
            default: break
            }
        }
        if flaw == .otherName {
            options.leafIssuer = DistinguishedName(organization: options.organization, commonName: "someone else")
        }
        try self.init(options)
    }
}
