// SPDX-License-Identifier: Apache-2.0
import OCI
import RE2
import TestSupport

@testable import Sigstore

// Shorter words for the tests about identities.

extension CertificateIdentity {
    /// Exactly this name, by exactly this issuer.
    static func exactly(
        _ subject: String, _ issuer: String, _ workflow: [WorkflowClaim: String] = [:]
    ) throws -> CertificateIdentity {
        try CertificateIdentity(subject: [.exactly(subject)], issuer: [.exactly(issuer)], workflow: workflow)
    }

    /// The same by regular expressions, escaped and anchored.
    static func pattern(_ subject: String, _ issuer: String) throws -> CertificateIdentity {
        try CertificateIdentity(
            subject: [.matching(RegularExpression(anchored(subject)))],
            issuer: [.matching(RegularExpression(anchored(issuer)))])
    }

    /// Whoever it is, by whichever issuer.
    static func anyone() throws -> CertificateIdentity {
        try CertificateIdentity(
            subject: [.matching(RegularExpression("."))], issuer: [.matching(RegularExpression("."))])
    }

    private static func anchored(_ text: String) -> String {
        let escaped = text.map { $0.isLetter || $0.isNumber ? String($0) : "\\\($0)" }.joined()
        return "^\(escaped)$"
    }
}

extension Verifier {
    /// For one identity, with a log entry and a certificate log's promise unless a test says otherwise.
    init(
        _ trust: TrustMaterial, _ identity: CertificateIdentity, logs: Int = 1, timestamps: Int = 0,
        certificateLogs: Int = 1
    ) {
        self.init(
            trust: trust,
            options: VerificationOptions(
                signer: .certificate([identity]), logs: logs, timestamps: timestamps, certificateLogs: certificateLogs))
    }

    /// The reason for which a bundle proves nothing about an artifact; `nil` where it does.
    func refusal(of artifact: Artifact, in bundle: [UInt8]) -> VerificationError? {
        do {
            _ = try self.artifact(artifact, in: bundle)
            return nil
        } catch { return error }
    }
}

extension TrustMaterial {
    /// A trusted root of the shared folder.
    static func shared(_ path: String) throws -> TrustMaterial {
        guard let bytes = SharedFolder.bytes(path) else { throw Layout.Missing(what: path) }
        return try TrustMaterial(trustedRoot: bytes)
    }
}

/// One change that turns an accepted identity into somebody else's, and the reason that it then has.
struct OtherIdentity: Sendable {
    let name: String
    let identity: CertificateIdentity

    /// Another name, another issuer, another claim; each leaves the rest as it is, and one goes by expression.
    static func all(_ subject: String, _ issuer: String) throws -> [OtherIdentity] {
        try [
            OtherIdentity(name: "another name", identity: .exactly("\(subject)x", issuer)),
            OtherIdentity(name: "a part of the name", identity: .exactly(String(subject.dropLast()), issuer)),
            OtherIdentity(name: "another issuer", identity: .exactly(subject, "\(issuer)/")),
            OtherIdentity(name: "another name by expression", identity: .pattern(String(subject.dropFirst()), issuer)),
            OtherIdentity(name: "another issuer by expression", identity: .pattern(subject, String(issuer.dropLast()))),
            OtherIdentity(
                name: "another workflow", identity: .exactly(subject, issuer, [.repository: "somebody/else"])),
        ]
    }
}
