// SPDX-License-Identifier: Apache-2.0

/// Who signs: a key, with a short-lived certificate or without.
public struct TestSigner: Sendable {
    /// The private key.
    public var key: AuthorityKey
    /// `nil` for one who signs with a bare key.
    public var certificate: MintedCertificate?
    /// How the key signs; `nil` is as cosign does today.
    public var scheme: AuthorityKey.Scheme?

    /// One with a key, and a certificate perhaps.
    public init(key: AuthorityKey, certificate: MintedCertificate? = nil, scheme: AuthorityKey.Scheme? = nil) {
        self.key = key
        self.certificate = certificate
        self.scheme = scheme
    }

    /// The certificate in PEM, or the public key where there is none: what Rekor v1 keeps.
    public var verifierPEM: String { certificate?.pem ?? key.publicKeyPEM }

    /// cosign's hint: base64 of the key's SHA-256.
    public var hint: String { MintedText.base64(key.fingerprint) }

    /// What Rekor v2 keeps.
    public func verifier(for scheme: AuthorityKey.Scheme) -> JSONTree {
        let details = key.keyDetails(for: scheme)
        guard let certificate else {
            return LogBody.verifier(publicKey: key.publicKeyDER, keyDetails: details)
        }
        return LogBody.verifier(certificate: certificate.der, keyDetails: details)
    }

    /// The scheme for a log: Rekor keeps hashes only, so that Ed25519 must be prehashed for all but DSSE in version 1.
    public func scheme(_ log: SigningOptions.Log, isEnvelope: Bool) -> AuthorityKey.Scheme {
        if let scheme { return scheme }
        guard key.kind == .ed25519 else { return key.defaultScheme }
        switch log {
        case .v2: return .ed25519ph
        case .v1: return isEnvelope ? .ed25519 : .ed25519ph
        case .none, .kind: return .ed25519
        }
    }

    /// The material of a bundle.
    func material(_ options: SigningOptions, chain: [MintedCertificate]) -> BundleTemplate.Material {
        guard let certificate else { return .publicKey(hint: hint) }
        guard options.carriesChain else { return .certificate(certificate.der) }
        return .chain([certificate.der] + chain.dropLast().map(\.der))
    }
}

/// How something is signed, logged and timestamped; the defaults are those of cosign 3 with Rekor v1.
public struct SigningOptions: Sendable {
    /// The kinds of entry.
    public enum EntryKind: String, Hashable, Sendable, CaseIterable {
        case hashedrekord001, rekord001, dsse001, intoto001, intoto002, hashedrekord002, dsse002

        /// Which of the two logs keeps it.
        public var generation: TestTransparencyLog.Generation {
            self == .hashedrekord002 || self == .dsse002 ? .v2 : .v1
        }
    }

    /// Where it is logged.
    public enum Log: Hashable, Sendable {
        /// Rekor v1, with the kind that cosign writes today.
        case v1
        /// Rekor v2, with the kind that cosign writes today.
        case v2
        case kind(EntryKind)
        case none
    }

    /// When it is signed; the timestamp is two seconds later, the log's time four.
    public var time = TestAuthority.time
    /// The bundle's media type.
    public var mediaType = BundleTemplate.MediaType.v03
    /// Where it is logged.
    public var log = Log.v1
    /// With a token of the timestamp authority.
    public var isTimestamped = false
    /// As `x509CertificateChain`, as versions 0.1 and 0.2 have it.
    public var carriesChain = false
    /// With the log's promise, where it makes one.
    public var hasPromise = true
    /// With an inclusion proof.
    public var hasProof = true

    /// The default: Rekor v1, no token.
    public init() {}

    /// Rekor v1: a signed entry timestamp, an inclusion proof and no token.
    public static let rekor1 = SigningOptions()

    /// Rekor v2 with a token.
    public static var rekor2: SigningOptions {
        var options = SigningOptions()
        options.log = .v2
        options.isTimestamped = true
        return options
    }

    /// A token, and no log.
    public static var timestampOnly: SigningOptions {
        var options = SigningOptions()
        options.log = .none
        options.isTimestamped = true
        return options
    }

    /// Neither log nor token.
    public static var bare: SigningOptions {
        var options = SigningOptions()
        options.log = .none
        return options
    }
}
