// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// Who made a signature that verified.
public enum ProvenSigner: Hashable, Sendable {
    /// The key that the operator named: SHA-256 of its SubjectPublicKeyInfo.
    case key(Digest)
    /// The holder of a certificate, and what a trusted authority says about them in it.
    case certificate(CertificateClaims)
}

extension ProvenSigner: CustomStringConvertible {
    public var description: String {
        switch self {
        case .key(let fingerprint): "key \(fingerprint)"
        case .certificate(let claims): "\(claims)"
        }
    }
}

extension CertificateClaims: CustomStringConvertible {
    /// Who it is, and who says so.
    public var description: String {
        "\(printable(subject.text)) (issuer \(issuer.map { printable($0) } ?? "unknown"))"
    }
}

/// What supports a signature besides the signature itself.
public struct ProvenSupport: Hashable, Sendable {
    /// How many distinct transparency logs hold it; 0 also where none was asked for.
    public let logs: Int
    /// How many distinct timestamp authorities have seen it.
    public let timestamps: Int
    /// Every time at which it is proven to have existed, earliest first: from signed entry timestamps and tokens.
    public let times: [Instant]
    /// Material that came along and was not looked at, because nobody asked for it.
    public let unchecked: Set<UncheckedMaterial>
    /// The trust material by which all of it was checked.
    public let trust: TrustGeneration
}
