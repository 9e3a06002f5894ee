// SPDX-License-Identifier: Apache-2.0

/// What one authority asks of a proof. Part of the key under which evidence is cached: every member that changes the
/// check is in its equality.
public struct VerificationOptions: Hashable, Sendable {
    public let signer: RequiredSigner
    /// How many distinct transparency logs have to hold the signature; 0 looks at no log at all.
    public let logs: Int
    /// How many distinct timestamp authorities have to have seen the signature; tokens of trusted ones are checked
    /// either way.
    public let timestamps: Int
    /// How many distinct certificate transparency logs have to hold the certificate; 0 looks at none.
    public let certificateLogs: Int
    /// When a certificate has to be valid if nothing proves a time of the signature; `nil` refuses it then. Certificates
    /// of minutes are never believed by a clock alone unless whoever asks says so.
    public let timeWithoutProof: Instant?

    public init(
        signer: RequiredSigner, logs: Int = 1, timestamps: Int = 0, certificateLogs: Int = 1,
        timeWithoutProof: Instant? = nil
    ) {
        self.signer = signer
        // Fewer than none is none of our callers' meanings; it must not read as "enough".
        self.logs = max(logs, 0)
        self.timestamps = max(timestamps, 0)
        self.certificateLogs = max(certificateLogs, 0)
        self.timeWithoutProof = timeWithoutProof
    }

    /// One key, and whether a log entry and a timestamp have to come along.
    public init(key: VerificationKey, requiresLogEntry: Bool = false, requiresTimestamp: Bool = false) {
        self.init(signer: .key(key), logs: requiresLogEntry ? 1 : 0, timestamps: requiresTimestamp ? 1 : 0)
    }

    public var requiresLogEntry: Bool { logs > 0 }
    public var requiresTimestamp: Bool { timestamps > 0 }

    /// The key that is required, where one is.
    public var key: VerificationKey? {
        if case .key(let key) = signer { return key }
        return nil
    }
}

/// Who has to have signed.
public enum RequiredSigner: Hashable, Sendable {
    case key(VerificationKey)
    /// The holder of a certificate that says one of these; with an empty list nobody does.
    case certificate([CertificateIdentity])
}
