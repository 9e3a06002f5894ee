// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// A timestamp authority of OpenSSL's: keys, certificates and tokens by its command line. It stamps the present.
struct OpenSSLTimestampAuthority {
    let kind: String
    let folder: TemporaryDirectory
    let believed: CertificateAuthority

    static let kinds = [
        "rsa2048": ["RSA", "rsa_keygen_bits:2048"], "p256": ["EC", "ec_paramgen_curve:P-256"],
        "p384": ["EC", "ec_paramgen_curve:P-384"],
    ]

    struct Failure: Error { let words: String }

    init(_ kind: String) async throws {
        self.kind = kind
        folder = try TemporaryDirectory()
        let options = try #require(Self.kinds[kind])
        for name in ["root", "signer"] {
            try await Self.openSSL(
                folder, ["genpkey", "-algorithm", options[0], "-pkeyopt", options[1], "-out", "\(name).key"])
        }
        try folder.write(
            """
            [root]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign
            subjectKeyIdentifier = hash
            [signer]
            keyUsage = critical, digitalSignature
            extendedKeyUsage = critical, timeStamping
            subjectKeyIdentifier = hash
            """, to: "extensions")
        for (name, number, signing) in [
            ("root", "1", ["-signkey", "root.key"]), ("signer", "2", ["-CA", "root.pem", "-CAkey", "root.key"]),
        ] {
            try await Self.openSSL(
                folder,
                ["req", "-new", "-key", "\(name).key", "-subj", "/O=openssl.test/CN=\(name)", "-out", "\(name).csr"])
            try await Self.openSSL(
                folder,
                ["x509", "-req", "-in", "\(name).csr", "-days", "30", "-set_serial", number, "-extfile", "extensions"]
                    + ["-extensions", name, "-out", "\(name).pem"] + signing)
        }
        let written = folder
        func certificate(_ name: String) throws -> Certificate {
            let text = String(decoding: try #require(written.read("\(name).pem")), as: UTF8.self)
            return try Certificate(der: derBytes(text))
        }
        let start = try #require(Instant(rfc3339: "2020-01-01T00:00:00Z"))
        believed = CertificateAuthority(
            name: "openssl", root: try certificate("root"), intermediates: [], signer: try certificate("signer"),
            takesOfferedIntermediates: false, operatorName: "",
            validity: try #require(ValidityPeriod(start: start, end: nil)))
    }

    /// How a token is made.
    struct Request: Sendable {
        var imprint = "sha256"
        var digest = "sha256"
        var reference = "sha256"
        var embedsCertificate = false
        var fractionDigits = 0
    }

    func token(over message: [UInt8], _ request: Request) async throws -> [UInt8] {
        try folder.write(message, to: "message")
        try folder.write(
            """
            [tsa]
            default_tsa = it
            [it]
            serial = serial
            signer_cert = signer.pem
            certs = root.pem
            signer_key = signer.key
            signer_digest = \(request.digest)
            default_policy = 1.2.3.4.1
            digests = sha1, sha256, sha384, sha512
            accuracy = secs:1
            clock_precision_digits = \(request.fractionDigits)
            ordering = yes
            tsa_name = yes
            ess_cert_id_alg = \(request.reference)
            """, to: "configuration")
        try await Self.openSSL(
            folder,
            ["ts", "-query", "-data", "message", "-\(request.imprint)", "-out", "query"]
                + (request.embedsCertificate ? ["-cert"] : []))
        try await Self.openSSL(
            folder, ["ts", "-reply", "-config", "configuration", "-queryfile", "query", "-out", "token"])
        return try #require(folder.read("token"))
    }

    /// OpenSSL's own word on a token, at a time or now.
    func accepts(_ token: [UInt8], over message: [UInt8]) async throws -> Bool {
        try folder.write(token, to: "judged")
        try folder.write(message, to: "judged-message")
        return try await openSSLAccepts(
            folder, "judged", over: "judged-message", root: "root.pem", signer: "signer.pem")
    }

    private static func openSSL(_ folder: TemporaryDirectory, _ arguments: [String]) async throws {
        let result = try await runOpenSSL(folder, arguments)
        guard result.succeeded else { throw Failure(words: "\(arguments): \(result.errorText)") }
    }
}

/// Whether OpenSSL takes a token, from files in a folder.
func openSSLAccepts(
    _ folder: TemporaryDirectory, _ token: String, over message: String, root: String, signer: String,
    at seconds: Int64? = nil
) async throws -> Bool {
    try await runOpenSSL(
        folder,
        ["ts", "-verify", "-data", message, "-in", token, "-CAfile", root, "-untrusted", signer]
            + (seconds.map { ["-attime", "\($0)"] } ?? [])
    ).succeeded
}

private func runOpenSSL(_ folder: TemporaryDirectory, _ arguments: [String]) async throws -> CommandResult {
    try await Command(try #require(Tool.find("openssl")), arguments, directory: folder.path).run()
}
