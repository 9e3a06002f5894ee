// SPDX-License-Identifier: Apache-2.0

extension CertificateError {
    /// How far a certificate got with one authority, so that of several the nearest miss is told: higher is nearer.
    var nearness: Int {
        switch self {
        case .unreadable, .unsupported, .noTime, .noAuthority, .rootInBundle, .tooManyOffered, .notPinnedSigner: 0
        case .unknownIssuer: 1
        case .authorityOutsidePeriod: 2
        case .notSignedByIssuer, .isAuthority, .tooMuchWork: 3
        default: 4
        }
    }
}

extension IdentityMismatch {
    /// Of several identities the one that failed last is nearest: the right subject, say, of another issuer.
    var nearness: Int {
        switch field {
        case .subject: 0
        case .issuer: 1
        case .workflow: 2
        }
    }
}
