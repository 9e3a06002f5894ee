// SPDX-License-Identifier: Apache-2.0

/// A certificate transparency log: it promises, and keeps nothing.
public struct TestCTLog: Sendable {
    /// The log's key.
    public let key: AuthorityKey
    /// Where the log would be.
    public var url: String

    /// A new log; its key P-256 or RSA.
    public init(_ kind: AuthorityKey.Kind = .p256, url: String = "https://ctfe.sigstore.test/2024") throws {
        key = try AuthorityKey(kind)
        self.url = url
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo. RFC 6962 §3.2.
    public var id: [UInt8] { key.fingerprint }

    /// The promise for a certificate that is not signed yet.
    public func timestampTemplate(
        for template: CertificateTemplate, issuer: CertifiedKey, at time: TestTime
    ) -> SCTTemplate {
        var bare = template
        bare.timestampList = nil
        return SCTTemplate(
            logID: id, milliseconds: time.milliseconds, issuerKeyHash: issuer.key.fingerprint,
            tbs: bare.tbs(issuerKey: issuer.key), key: key)
    }
}

/// A signed certificate timestamp before it is signed. RFC 6962 §3.2.
public struct SCTTemplate: Sendable {
    /// 0 is version 1.
    public var version: UInt8 = 0
    /// The id of the log, as told.
    public var logID: [UInt8]
    /// The time, from 1970.
    public var milliseconds: Int64
    /// The CtExtensions of the SCT, which are part of what is signed.
    public var extensions: [UInt8] = []
    /// SHA-256 of the issuer's SubjectPublicKeyInfo, which is signed but not written.
    public var issuerKeyHash: [UInt8]
    /// The TBSCertificate without SCTs, which is signed but not written.
    public var tbs: [UInt8]
    /// The key that signs.
    public var key: AuthorityKey
    /// TLS's number of the hash: 4 is SHA-256.
    public var hashAlgorithm: UInt8 = 4
    /// TLS's number of the signature: 3 is ECDSA, 1 is RSA; `nil` names the key's.
    public var signatureAlgorithm: UInt8?
    /// Bytes put in place of the signature.
    public var signature: [UInt8]?
    /// Bytes after the signature.
    public var trailing: [UInt8] = []

    /// A version 1 SCT without extensions.
    public init(logID: [UInt8], milliseconds: Int64, issuerKeyHash: [UInt8], tbs: [UInt8], key: AuthorityKey) {
        self.logID = logID
        self.milliseconds = milliseconds
        self.issuerKeyHash = issuerKeyHash
        self.tbs = tbs
        self.key = key
    }

    /// What the log signs: a precertificate entry.
    public var signedBytes: [UInt8] {
        [version, 0] + MintedText.bigEndian(UInt64(bitPattern: milliseconds), bytes: 8) + [0, 1] + issuerKeyHash
            + MintedText.bigEndian(UInt64(tbs.count), bytes: 3) + tbs + Self.prefixed(extensions)
    }

    /// The SCT.
    public func minted() throws -> [UInt8] {
        let isRSA = key.kind.rawValue.hasPrefix("rsa")
        return [version] + logID + MintedText.bigEndian(UInt64(bitPattern: milliseconds), bytes: 8)
            + Self.prefixed(extensions) + [hashAlgorithm, signatureAlgorithm ?? (isRSA ? 1 : 3)]
            + Self.prefixed(try signature ?? key.sign(signedBytes, .hashed(.sha256))) + trailing
    }

    /// The TLS list of SCTs that the certificate's extension holds.
    public static func list(_ timestamps: [[UInt8]]) -> [UInt8] { prefixed(timestamps.flatMap(prefixed)) }

    private static func prefixed(_ bytes: [UInt8]) -> [UInt8] {
        MintedText.bigEndian(UInt64(bytes.count), bytes: 2) + bytes
    }
}
