// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// A self-signed certificate of a server.
struct TestCertificate: Sendable {
    let pem: [UInt8]
    let serverConfiguration: TLSConfiguration

    /// For these names, or else for the loopback address; not for both, since one that fits the address fits any name.
    init(names: [String] = []) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("scripted") }
        let alternatives: [GeneralName] =
            names.isEmpty ? [.ipAddress(.init(contentBytes: [127, 0, 0, 1]))] : names.map { .dnsName($0) }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3600), notValidAfter: Date(timeIntervalSinceNow: 86_400),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                SubjectAlternativeNames(alternatives)
            },
            issuerPrivateKey: key)
        let pem = try certificate.serializeAsPEM().pemString
        self.pem = Array(pem.utf8)
        serverConfiguration = .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map { .certificate($0) },
            privateKey: .privateKey(
                try NIOSSLPrivateKey(bytes: Array(try key.serializeAsPEM().pemString.utf8), format: .pem)))
    }
}
