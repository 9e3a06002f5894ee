// SPDX-License-Identifier: Apache-2.0

/// Why a certificate proves nothing about its signer.
public enum CertificateError: Error, Hashable, Sendable {
    /// Not one well-formed certificate of a kind that is accepted.
    case unreadable(String)
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): "the certificate cannot be read: \(why)"
        }
    }
}
