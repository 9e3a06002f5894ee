// SPDX-License-Identifier: Apache-2.0
import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// A certificate authority for serving certificates and nothing else: ECDSA on P-256, RFC 5280. A value: where it is
/// kept, and when another takes its place, is somebody else's.
public struct ServingAuthority: Sendable {
    /// Why there is no authority, or no certificate of it.
    public enum Failure: Error, Hashable, CustomStringConvertible {
        case unreadable(String)
        /// A certificate that may not sign others.
        case noAuthority
        /// The key is another certificate's.
        case mismatch
        case unusableName(String)
        /// Its time is over.
        case expired
        case notMade(String)

        public var description: String {
            switch self {
            case .unreadable(let reason): "the authority cannot be read: \(reason)"
            case .noAuthority: "the certificate is not that of an authority"
            case .mismatch: "the authority's key belongs to another certificate"
            case .unusableName(let name): "'\(name)' is neither a DNS name nor an IP address"
            case .expired: "the authority's validity is over"
            case .notMade(let reason): "the certificate could not be made: \(reason)"
            }
        }
    }

    /// A certificate, or a chain that begins with it, and its private key, both PEM.
    public struct Issued: Hashable, Sendable {
        public let certificatePEM: [UInt8]
        /// PKCS #8.
        public let keyPEM: [UInt8]
    }

    /// Two years. Its key lies beside it in a Secret, so that it should not be good for long; a third of it, eight months,
    /// is left when the next one is made, longer than anything keeps us from making it.
    public static let lifetime: TimeInterval = 2 * 365 * 86_400
    /// 90 days, of which a third is left when the next one is issued: a new one costs nothing.
    public static let servingLifetime: TimeInterval = 90 * 86_400
    /// How far the clock of an API server may be behind ours.
    static let clockSkew: TimeInterval = 300

    let certificate: Certificate
    private let key: Certificate.PrivateKey

    public let certificatePEM: [UInt8]
    /// PKCS #8.
    public let keyPEM: [UInt8]

    public var notBefore: Date { certificate.notValidBefore }
    public var notAfter: Date { certificate.notValidAfter }

    /// A new key and a certificate that it signs itself. The name differs from authority to authority, so that whoever
    /// trusts two of them finds the right one by its name.
    public static func make(
        lifetime: TimeInterval = lifetime, now: Date
    ) throws(Failure) -> ServingAuthority {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        do {
            let name = try DistinguishedName { CommonName("Countersign webhook authority \(suffix)") }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: now.addingTimeInterval(-clockSkew), notValidAfter: now.addingTimeInterval(lifetime),
                issuer: name, subject: name,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                },
                issuerPrivateKey: key)
            return try ServingAuthority(certificate, key)
        } catch {
            throw .notMade("\(error)")
        }
    }

    /// One that was kept: the first certificate and the first key of each text.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(Failure) {
        let certificate: Certificate
        let key: Certificate.PrivateKey
        do throws(CertificatePair.Failure) {
            guard let first = try CertificatePair.certificates(certificatePEM).first else {
                throw CertificatePair.Failure.noCertificate
            }
            certificate = first
            key = try CertificatePair.privateKey(keyPEM)
        } catch {
            throw .unreadable("\(error)")
        }
        guard ServedCertificate.isAuthority(certificate) else { throw .noAuthority }
        guard key.publicKey == certificate.publicKey else { throw .mismatch }
        do { try self.init(certificate, key) } catch { throw .unreadable("\(error)") }
    }

    private init(_ certificate: Certificate, _ key: Certificate.PrivateKey) throws {
        self.certificate = certificate
        self.key = key
        certificatePEM = try PEMText.bytes(certificate)
        keyPEM = Array((try key.serializeAsPEM().pemString + "\n").utf8)
    }

    /// A new key and a certificate for it that bears these DNS names and IP addresses; it ends with its authority at the
    /// latest.
    public func issue(
        names: [String], lifetime: TimeInterval = servingLifetime, now: Date
    ) throws(Failure) -> Issued {
        var subjects: [GeneralName] = []
        for text in names {
            guard let name = SubjectNames.generalName(text) else { throw .unusableName(text) }
            if !subjects.contains(name) { subjects.append(name) }
        }
        guard now < notAfter else { throw .expired }
        let servingKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        do {
            let serving = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: servingKey.publicKey,
                notValidBefore: now.addingTimeInterval(-Self.clockSkew),
                notValidAfter: min(now.addingTimeInterval(lifetime), notAfter), issuer: certificate.subject,
                subject: try DistinguishedName { CommonName("countersign") },
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(subjects)
                    SubjectKeyIdentifier(hash: servingKey.publicKey)
                    AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
                },
                issuerPrivateKey: key)
            return Issued(
                certificatePEM: try PEMText.bytes(serving),
                keyPEM: Array((try servingKey.serializeAsPEM().pemString + "\n").utf8))
        } catch {
            throw .notMade("\(error)")
        }
    }
}

enum PEMText {
    /// One certificate, ended by a line feed, so that texts can be put one after another.
    static func bytes(_ certificate: Certificate) throws -> [UInt8] {
        Array((try certificate.serializeAsPEM().pemString + "\n").utf8)
    }
}
