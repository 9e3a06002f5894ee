// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// A chain and the private key of its first certificate, found to belong together.
struct CertificatePair: Sendable {
    let override: NIOSSLContextConfigurationOverride
    let expiry: Date

    /// Why a pair cannot serve.
    enum Failure: Error, Hashable, CustomStringConvertible {
        case unreadable(BoundedFile.Failure)
        case noCertificate
        case malformedCertificate(String)
        case noPrivateKey
        case malformedPrivateKey(String)
        case mismatch
        case rejected(String)

        var description: String {
            switch self {
            case .unreadable(let failure): failure.description
            case .noCertificate: "the certificate file holds no PEM block CERTIFICATE"
            case .malformedCertificate(let reason): "the certificate cannot be read: \(reason)"
            case .noPrivateKey: "the key file holds no PEM block PRIVATE KEY; encrypted keys are not supported"
            case .malformedPrivateKey(let reason): "the private key cannot be read: \(reason)"
            case .mismatch:
                "the private key does not belong to the first certificate of the file; write both from one issuance"
            case .rejected(let reason): "the TLS library refuses the pair: \(reason)"
            }
        }
    }

    /// Certificates that one file may hold; a chain to a public root has three or four.
    private static let maximumChain = 16

    /// Both are PEM: the chain leaf first, the key PKCS #8, PKCS #1 or SEC 1, unencrypted.
    init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(Failure) {
        let certificates = try Self.certificates(certificatePEM)
        guard let leaf = certificates.first else { throw .noCertificate }
        let key = try Self.privateKey(keyPEM)
        guard key.publicKey == leaf.publicKey else { throw .mismatch }
        do {
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = try certificates.map {
                .certificate(try NIOSSLCertificate(bytes: try $0.serializeAsPEM().derBytes, format: .der))
            }
            override.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: try key.serializeAsPEM().derBytes, format: .der))
            self.override = override
        } catch {
            throw .rejected("\(error)")
        }
        expiry = leaf.notValidAfter
    }

    static func certificates(_ pem: [UInt8]) throws(Failure) -> [Certificate] {
        do {
            return try documents(pem).filter { $0.discriminator == "CERTIFICATE" }.prefix(maximumChain)
                .map { try Certificate(pemDocument: $0) }
        } catch {
            throw .malformedCertificate("\(error)")
        }
    }

    /// The first private key of the file: `openssl ecparam` writes the name of the curve as a block before it.
    static func privateKey(_ pem: [UInt8]) throws(Failure) -> Certificate.PrivateKey {
        let kinds: Set<String> = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"]
        let document: PEMDocument?
        do {
            document = try documents(pem).first { kinds.contains($0.discriminator) }
        } catch {
            throw .malformedPrivateKey("\(error)")
        }
        guard let document else { throw .noPrivateKey }
        do {
            return try Certificate.PrivateKey(pemDocument: document)
        } catch {
            throw .malformedPrivateKey("\(error)")
        }
    }

    private static func documents(_ pem: [UInt8]) throws -> [PEMDocument] {
        try PEMDocument.parseMultiple(pemString: String(decoding: pem, as: UTF8.self))
    }
}
