// SPDX-License-Identifier: Apache-2.0
import TestSupport

@testable import Sigstore

extension TestTime {
    var instant: Instant {
        get throws {
            guard let instant = Instant(milliseconds: UInt64(milliseconds)) else { throw NoInstant() }
            return instant
        }
    }

    private struct NoInstant: Error {}
}

extension ValidityPeriod {
    /// Since 2020.
    static var open: ValidityPeriod {
        get throws { try period(TestTime(2020, 1, 1), nil) }
    }

    static func period(_ start: TestTime, _ end: TestTime?) throws -> ValidityPeriod {
        guard let period = ValidityPeriod(start: try start.instant, end: try end?.instant) else { throw NoPeriod() }
        return period
    }

    private struct NoPeriod: Error {}
}

extension TestCertificateAuthority {
    /// What a verifier trusts: intermediates and root, or the root alone.
    func trusted(
        intermediates: Bool = true, takesOffered: Bool = false, validity: ValidityPeriod? = nil
    ) throws -> CertificateAuthority {
        CertificateAuthority(
            name: "https://fulcio.sigstore.test", root: try root.read(),
            intermediates: intermediates ? try self.intermediates.map { try $0.read() } : [], signer: nil,
            takesOfferedIntermediates: takesOffered, operatorName: "", validity: try validity ?? .open)
    }

    /// A leaf for an e-mail address, changed before it is signed.
    func leaf(
        _ identity: SigningIdentity = .email("a@example.com", issuer: "https://issuer.example"),
        key: AuthorityKey? = nil, logs: [TestCTLog] = [], at time: TestTime = TestAuthority.time,
        _ alter: (inout CertificateTemplate) throws -> Void = { _ in }
    ) throws -> Certificate {
        var template = leafTemplate(for: try key ?? AuthorityKey(), identity, at: time)
        try alter(&template)
        return try issue(template, logs: logs).read()
    }
}

extension CertifiedKey {
    func read() throws -> Certificate { try certificate.read() }
}

extension MintedCertificate {
    func read() throws -> Certificate { try Certificate(der: der) }
}

extension TestCTLog {
    func trusted(operatorName: String = "", validity: ValidityPeriod? = nil) throws -> TransparencyLog {
        TransparencyLog(
            baseURL: url, id: id, checkpointKeyID: nil, key: try PublicKey(der: key.publicKeyDER),
            scheme: key.kind.rawValue.hasPrefix("rsa") ? .rsaPKCS1(.sha256) : .ecdsa(.sha256),
            operatorName: operatorName, validity: try validity ?? .open)
    }
}

/// What the work throws as a certificate error; `nil` where it throws nothing.
func certificateError(_ work: () throws -> Void) throws -> CertificateError? {
    do {
        try work()
        return nil
    } catch let error as CertificateError {
        return error
    }
}
