// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import SwiftASN1
import X509

/// Whom the webhook's port answers: API servers that show a client certificate of one authority, and a name where names
/// are asked for. Who shows none is refused in the handshake, before anything of a review is read.
///
/// The system's authorities count for nothing here. Kubelets that probe the webhook's own port have no certificate: probes
/// go to the health port. The file is read once; for a change of authorities it holds both, and replicas are restarted.
public struct ClientVerification: Sendable {
    /// Why no client can be verified.
    public struct Failure: Error, Hashable, CustomStringConvertible {
        public let description: String
    }

    /// Authorities of API servers: one, and its successor.
    private static let maximumAuthorities = 16

    private let authorities: [NIOSSLCertificate]
    /// A client shows one of them as its common name, DNS name or e-mail address; empty for any name.
    public let names: Set<String>

    /// - Parameter authorities: PEM, at least one certificate.
    public init(authorities: [UInt8], names: Set<String> = []) throws(Failure) {
        let certificates: [Certificate]
        do {
            certificates = try CertificatePair.certificates(authorities)
            self.authorities = try certificates.prefix(Self.maximumAuthorities).map {
                try NIOSSLCertificate(bytes: try $0.serializeAsPEM().derBytes, format: .der)
            }
        } catch {
            throw Failure(description: "the authority of clients cannot be read: \(error)")
        }
        guard !certificates.isEmpty else {
            throw Failure(description: "the authority of clients holds no PEM block CERTIFICATE")
        }
        guard certificates.allSatisfy(ServedCertificate.isAuthority) else {
            throw Failure(description: "the authority of clients holds a certificate that may not sign others")
        }
        guard !names.contains("") else { throw Failure(description: "a client's name is empty") }
        self.names = names
    }

    /// From a PEM file.
    public init(file path: String, names: Set<String> = []) throws(Failure) {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.bytes(at: path)
        } catch {
            throw Failure(description: error.description)
        }
        try self.init(authorities: bytes, names: names)
    }

    func require(in tls: inout TLSConfiguration) {
        // A client has no host name that could be compared.
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .certificates(authorities)
        tls.additionalTrustRoots = []
        tls.sendCANameList = true
    }

    /// Whether a certificate, whose chain was verified, bears one of the names.
    func accepts(_ certificate: NIOSSLCertificate?) -> Bool {
        if names.isEmpty { return certificate != nil }
        guard let bytes = try? certificate?.toDERBytes(), let parsed = try? Certificate(derEncoded: bytes) else {
            return false
        }
        return !names.isDisjoint(with: Self.names(of: parsed))
    }

    private static func names(of certificate: Certificate) -> Set<String> {
        var names: Set<String> = []
        for part in certificate.subject {
            for attribute in part where attribute.type == .NameAttributes.commonName {
                names.insert(attribute.value.description)
            }
        }
        for name in (try? certificate.extensions.subjectAlternativeNames).flatMap(\.self) ?? SubjectAlternativeNames([])
        {
            switch name {
            case .dnsName(let text), .rfc822Name(let text): names.insert(text)
            default: break
            }
        }
        return names
    }
}
