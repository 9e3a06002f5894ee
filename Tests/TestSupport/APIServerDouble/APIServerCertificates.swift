// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// The CA of one API server double: it issues the server's certificate and those of clients.
struct APIServerCertificates: Sendable {
    let authorityPEM: String
    private let authorityKey: Certificate.PrivateKey
    private let authorityName: X509.DistinguishedName
    private let serverPEM: (certificate: String, key: String)

    init() throws {
        authorityKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        authorityName = try X509.DistinguishedName { CommonName("kubernetes-ca") }
        let authority = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: authorityKey.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3600), notValidAfter: Date(timeIntervalSinceNow: 86_400),
            issuer: authorityName, subject: authorityName, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: authorityKey)
        authorityPEM = try authority.serializeAsPEM().pemString
        serverPEM = try Self.issued(
            by: authorityKey, authorityName, subject: try X509.DistinguishedName { CommonName("kube-apiserver") },
            purpose: .serverAuth,
            names: [
                .dnsName("kubernetes.default.svc"), .dnsName("kubernetes.default.svc.cluster.local"),
                .dnsName("localhost"), .ipAddress(.init(contentBytes: [127, 0, 0, 1])),
            ])
    }

    /// A certificate of a client, and its key, PEM.
    func client(user: String, groups: [String]) throws -> (certificate: String, key: String) {
        let subject = try X509.DistinguishedName {
            for group in groups { OrganizationName(group) }
            CommonName(user)
        }
        return try Self.issued(by: authorityKey, authorityName, subject: subject, purpose: .clientAuth, names: [])
    }

    /// A certificate of a server with these DNS names and the address 127.0.0.1, and its key, PEM.
    func server(names: [String]) throws -> (certificate: String, key: String) {
        try Self.issued(
            by: authorityKey, authorityName, subject: try X509.DistinguishedName { CommonName(names.first ?? "") },
            purpose: .serverAuth,
            names: names.map { .dnsName($0) } + [.ipAddress(.init(contentBytes: [127, 0, 0, 1]))])
    }

    var serverConfiguration: TLSConfiguration {
        get throws {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(serverPEM.certificate.utf8))
                    .map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(serverPEM.key.utf8), format: .pem)))
            // As the real one: a client may show a certificate, and one that is shown must be good.
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
            return configuration
        }
    }

    private static func issued(
        by key: Certificate.PrivateKey, _ issuer: X509.DistinguishedName, subject: X509.DistinguishedName,
        purpose: ExtendedKeyUsage.Usage, names: [X509.GeneralName]
    ) throws -> (certificate: String, key: String) {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: own.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3600), notValidAfter: Date(timeIntervalSinceNow: 86_400),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([purpose])
                if !names.isEmpty { SubjectAlternativeNames(names) }
            },
            issuerPrivateKey: key)
        return (try certificate.serializeAsPEM().pemString, try own.serializeAsPEM().pemString)
    }
}

extension APIServerDouble {
    /// A certificate that the server takes for that user, and its key, PEM.
    public func clientCertificate(
        user: String, groups: [String] = []
    ) throws -> (certificate: String, key: String) { try certificates.client(user: user, groups: groups) }

    /// A serving certificate of the server's own CA, for a webhook that registers `authorityPEM` as its CA bundle.
    public func servingCertificate(names: [String]) throws -> (certificate: String, key: String) {
        try certificates.server(names: names)
    }

    /// A CA that has issued nothing.
    public static func strangeAuthorityPEM() throws -> String { try APIServerCertificates().authorityPEM }

    /// How a kubeconfig says who asks.
    public enum Credential: Sendable {
        case token(String)
        /// A file that is read again and again.
        case tokenFile(String)
        /// A certificate of the server's own CA for that user, inline.
        case certificate(user: String)
        /// A plugin: its command, arguments and variables.
        case exec(command: String, arguments: [String] = [], environment: [String: String] = [:])
        case none
    }

    /// A kubeconfig with one context, `double`, for this server; JSON, which is YAML.
    public func kubeconfig(_ credential: Credential, namespace: String? = nil) throws -> String {
        var user: JSONTree = [:]
        switch credential {
        case .token(let token): user["token"] = .string(token)
        case .tokenFile(let path): user["tokenFile"] = .string(path)
        case .certificate(let name):
            let pair = try clientCertificate(user: name)
            user["client-certificate-data"] = .base64(Array(pair.certificate.utf8))
            user["client-key-data"] = .base64(Array(pair.key.utf8))
        case .exec(let command, let arguments, let environment):
            user["exec"] = [
                "apiVersion": "client.authentication.k8s.io/v1", "command": .string(command),
                "args": .array(arguments.map { .string($0) }), "interactiveMode": "Never",
                "env": .array(
                    environment.sorted { $0.key < $1.key }.map {
                        ["name": .string($0.key), "value": .string($0.value)]
                    }),
            ]
        case .none: break
        }
        var context: JSONTree = ["cluster": "double", "user": "double"]
        if let namespace { context["namespace"] = .string(namespace) }
        let config: JSONTree = [
            "apiVersion": "v1", "kind": "Config", "current-context": "double",
            "clusters": [
                [
                    "name": "double",
                    "cluster": [
                        "server": .string(url), "certificate-authority-data": .base64(Array(authorityPEM.utf8)),
                    ],
                ]
            ],
            "contexts": [["name": "double", "context": context]], "users": [["name": "double", "user": user]],
        ]
        return config.jsonText
    }
}
