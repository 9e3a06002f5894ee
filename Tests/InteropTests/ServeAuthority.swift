// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// A certificate authority of OpenSSL's, for the webhook's certificates.
struct ServeAuthority: Sendable {
    /// The certificate to trust.
    let pem: String
    private let program: String
    private let folder: TemporaryDirectory

    init() async throws {
        guard let program = Tool.find("openssl") else { throw BenchFailure("there is no openssl") }
        self.program = program
        folder = try TemporaryDirectory()
        try folder.write(
            """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = tests
            [authority]
            basicConstraints = critical,CA:TRUE
            keyUsage = critical,keyCertSign
            [webhook]
            basicConstraints = critical,CA:FALSE
            subjectAltName = IP:127.0.0.1,DNS:localhost

            """, to: "openssl.cnf")
        try await Self.request(program, folder, "authority", more: ["-subj", "/CN=authority of the tests"])
        guard let bytes = folder.read("authority.crt") else { throw BenchFailure("openssl wrote no certificate") }
        pem = String(decoding: bytes, as: UTF8.self)
    }

    /// A new key with a certificate for the loopback address, both as PEM.
    func issue() async throws -> (certificate: [UInt8], key: [UInt8]) {
        try await Self.request(
            program, folder, "webhook",
            more: ["-subj", "/CN=webhook", "-CA", folder.path("authority.crt"), "-CAkey", folder.path("authority.key")])
        guard let certificate = folder.read("webhook.crt"), let key = folder.read("webhook.key") else {
            throw BenchFailure("openssl wrote no pair")
        }
        return (certificate, key)
    }

    private static func request(
        _ program: String, _ folder: TemporaryDirectory, _ name: String, more: [String]
    ) async throws {
        let result = try await Command(
            program,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-config", folder.path("openssl.cnf"), "-extensions", name, "-keyout", folder.path("\(name).key"),
                "-out", folder.path("\(name).crt"),
            ] + more
        ).run()
        guard result.succeeded else { throw BenchFailure("openssl req: \(result.end), \(result.errorText)") }
    }
}

/// One policy document with one key.
struct ServePolicy: Sendable {
    var name: String
    var glob: String
    var mode = "enforce"
    var publicKeyPEM: String

    var text: String {
        let key = publicKeyPEM.split(separator: "\n").map { "          \($0)\n" }.joined()
        return """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata:
              name: \(name)
            spec:
              mode: \(mode)
              images:
                - glob: "\(glob)"
              authorities:
                - name: release-key
                  key:
                    data: |
            \(key)
            """
    }
}

/// What a bench could not do.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
