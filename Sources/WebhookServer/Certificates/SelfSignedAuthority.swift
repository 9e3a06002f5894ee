// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import Glibc
import SwiftASN1
import X509

/// An authority that lives in this process only and signs nothing but its serving certificates. RFC 5280, P-256.
struct SelfSignedAuthority: Sendable {
    /// The authority outlives any process, so that what an operator copied from its output stays true.
    private static let authorityLifetime: TimeInterval = 10 * 365 * 86_400
    /// Short, since a new one costs nothing: it is replaced when a third of it is left.
    private static let servingLifetime: TimeInterval = 90 * 86_400
    static let renewalMargin: TimeInterval = servingLifetime / 3
    /// How far the clock of an API server may be behind ours.
    private static let clockSkew: TimeInterval = 300

    private let certificate: Certificate
    private let key: Certificate.PrivateKey
    private let names: [GeneralName]
    /// The certificate for `clientConfig.caBundle`.
    let pem: String

    /// `extra` are DNS names or IP addresses beside `localhost`, `127.0.0.1`, `::1` and the name of this host.
    init(extra: [String], now: Date = .now) throws {
        names = try Self.subjectNames(extra)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("Countersign self-signed authority") }
        certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.clockSkew),
            notValidAfter: now.addingTimeInterval(Self.authorityLifetime), issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key)
        self.key = key
        pem = try certificate.serializeAsPEM().pemString + "\n"
    }

    /// A new key and a certificate for it.
    func issue(now: Date = .now) throws -> CertificatePair {
        let servingKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let authorityIdentifier = SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier
        let serving = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: servingKey.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.clockSkew),
            notValidAfter: now.addingTimeInterval(Self.servingLifetime), issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("countersign") },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
                SubjectKeyIdentifier(hash: servingKey.publicKey)
                AuthorityKeyIdentifier(keyIdentifier: authorityIdentifier)
            },
            issuerPrivateKey: key)
        return try CertificatePair(chain: [serving], key: servingKey)
    }

    private static func subjectNames(_ extra: [String]) throws -> [GeneralName] {
        var names: [GeneralName] = []
        for text in ["localhost", "127.0.0.1", "::1"] + extra {
            guard let name = generalName(text) else { throw ServingCertificate.Failure.unusableName(text) }
            if !names.contains(name) { names.append(name) }
        }
        // The host's own name may be one that no certificate can hold; then it is left out.
        if let own = generalName(hostName()), !names.contains(own) { names.append(own) }
        return names
    }

    private static func generalName(_ text: String) -> GeneralName? {
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var octets = [UInt8](repeating: 0, count: length)
            if inet_pton(family, text, &octets) == 1 { return .ipAddress(ASN1OctetString(contentBytes: octets[...])) }
        }
        // RFC 1035 §2.3.4 bounds a name at 253 octets as text, a label at 63; RFC 6125 allows a leading wildcard label.
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            text.utf8.count <= 253
            && labels.enumerated().allSatisfy { index, label in
                (index == 0 && label == "*" && labels.count > 1) || isLabel(label)
            }
        return isName ? .dnsName(text) : nil
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
            }
    }

    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
