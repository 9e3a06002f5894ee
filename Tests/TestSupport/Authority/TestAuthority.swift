// SPDX-License-Identifier: Apache-2.0
public import OCI

/// A whole private Sigstore in memory that makes real artefacts with real keys: certificates, promises, log entries,
/// timestamps, bundles. It is the independent writer to the core's reader, and shares no code with it.
///
///     let authority = try TestAuthority()
///     let bundle = try authority.imageBundle(image, .email("a@example.com", issuer: "https://issuer.example"))
///     let root = authority.trustedRoot.bytes
public struct TestAuthority: Sendable {
    /// When things are signed unless a test says otherwise: long past, and in no certificate's last days.
    public static let time = TestTime(2024, 6, 1, 12)

    /// Who issues certificates.
    public var certificateAuthority: TestCertificateAuthority
    /// All of them give their promise for each certificate.
    public var ctLogs: [TestCTLog]
    /// Rekor v1.
    public var log: TestTransparencyLog
    /// Rekor v2.
    public var tiles: TestTransparencyLog
    /// Who issues timestamp tokens.
    public var timestampAuthority: TestTimestampAuthority

    /// A new instance; each part can be given.
    public init(
        certificateAuthority: TestCertificateAuthority? = nil, ctLogs: [TestCTLog]? = nil,
        log: TestTransparencyLog? = nil, tiles: TestTransparencyLog? = nil,
        timestampAuthority: TestTimestampAuthority? = nil
    ) throws {
        self.certificateAuthority = try certificateAuthority ?? TestCertificateAuthority()
        self.ctLogs = try ctLogs ?? [TestCTLog()]
        self.log = try log ?? TestTransparencyLog(.v1)
        self.tiles = try tiles ?? TestTransparencyLog(.v2)
        self.timestampAuthority = try timestampAuthority ?? TestTimestampAuthority()
    }

    /// What a verifier is to trust: everything here, from 2020 on.
    public var trustedRoot: TrustedRootTemplate {
        var root = TrustedRootTemplate()
        root.logs = [log.trusted, tiles.trusted]
        root.certificateAuthorities = [certificateAuthority.trusted]
        root.ctLogs = ctLogs.map(\.trusted)
        root.timestampAuthorities = [timestampAuthority.trusted]
        return root
    }

    // MARK: Signers

    /// One with a new key and a certificate for that identity; `alter` changes the certificate before the logs see it.
    public func keylessSigner(
        _ identity: SigningIdentity, kind: AuthorityKey.Kind = .p256, at time: TestTime = TestAuthority.time,
        alter: (inout CertificateTemplate) throws -> Void = { _ in }
    ) throws -> TestSigner {
        let key = try AuthorityKey(kind)
        var template = certificateAuthority.leafTemplate(for: key, identity, at: time)
        try alter(&template)
        return TestSigner(key: key, certificate: try certificateAuthority.issue(template, logs: ctLogs))
    }

    /// One with a new bare key.
    public func keySigner(kind: AuthorityKey.Kind = .p256) throws -> TestSigner {
        TestSigner(key: try AuthorityKey(kind))
    }

    // MARK: Bundles

    /// A bundle with a DSSE envelope over that payload.
    public func bundle(
        payload: [UInt8], payloadType: String = EnvelopeTemplate.inToto, by signer: TestSigner,
        _ options: SigningOptions = .rekor1
    ) throws -> BundleTemplate {
        var envelope = EnvelopeTemplate(payload: payload, payloadType: payloadType)
        let scheme = signer.scheme(options.log, isEnvelope: true)
        envelope.signatures = [.init(try signer.key.sign(envelope.preAuthentication, scheme))]
        var bundle = BundleTemplate(
            material: signer.material(options, chain: certificateAuthority.chain), content: .envelope(envelope))
        try complete(&bundle, signer, scheme, options)
        return bundle
    }

    /// A bundle with a signature over an artifact's bytes.
    public func bundle(
        message: [UInt8], by signer: TestSigner, _ options: SigningOptions = .rekor1
    ) throws -> BundleTemplate {
        let scheme = signer.scheme(options.log, isEnvelope: false)
        let hash = scheme.hash
        let signed = MessageTemplate(
            hashName: hash.sigstoreName, digest: hash(message), signature: try signer.key.sign(message, scheme))
        var bundle = BundleTemplate(
            material: signer.material(options, chain: certificateAuthority.chain), content: .message(signed))
        try complete(&bundle, signer, scheme, options)
        return bundle
    }

    private func complete(
        _ bundle: inout BundleTemplate, _ signer: TestSigner, _ scheme: AuthorityKey.Scheme, _ options: SigningOptions
    ) throws {
        bundle.mediaType = options.mediaType
        if let entry = entry(for: bundle.content, by: signer, scheme: scheme, options) { bundle.entries = [entry] }
        if options.isTimestamped { bundle.timestamps = [timestamp(over: bundle.signature, options)] }
    }

    /// A token over those bytes, at the time that the options give.
    public func timestamp(over bytes: [UInt8], _ options: SigningOptions = .rekor1) -> TimestampTemplate {
        timestampAuthority.template(over: bytes, at: options.time.adding(seconds: 2))
    }

    /// A keyless bundle of cosign 3 that says "signed" of an image, as JSON.
    public func imageBundle(
        _ image: Digest, _ identity: SigningIdentity, _ options: SigningOptions = .rekor1
    ) throws -> [UInt8] {
        let signer = try keylessSigner(identity, at: options.time)
        return try bundle(payload: StatementTemplate(of: image).bytes, by: signer, options).bytes()
    }

    // MARK: Legacy

    /// A layer of a `.sig` manifest over that payload.
    public func legacySignature(
        _ payload: SimpleSigningTemplate, by signer: TestSigner, _ options: SigningOptions = .rekor1
    ) throws -> LegacyTemplate {
        let blob = payload.bytes
        let scheme = signer.scheme(options.log, isEnvelope: false)
        let signature = try signer.key.sign(blob, scheme)
        var layer = LegacyTemplate(
            mediaType: LegacyTemplate.signatureMediaType, blob: blob, signature: signature)
        let message = MessageTemplate(hashName: "", digest: scheme.hash(blob), signature: signature)
        complete(&layer, .message(message), signer, scheme, timestamped: signature, options)
        return layer
    }

    /// A layer of an `.att` manifest over that statement. cosign 2 timestamps the envelope, cosign 3 the signature.
    public func legacyAttestation(
        _ statement: StatementTemplate, by signer: TestSigner, _ options: SigningOptions = .rekor1,
        cosign2: Bool = true
    ) throws -> LegacyTemplate {
        var envelope = EnvelopeTemplate(payload: statement.bytes)
        let scheme = signer.scheme(options.log, isEnvelope: true)
        let signature = try signer.key.sign(envelope.preAuthentication, scheme)
        envelope.signatures = [.init(signature)]
        let blob = cosign2 ? envelope.cosign2Bytes : envelope.json.bytes
        var layer = LegacyTemplate(mediaType: LegacyTemplate.attestationMediaType, blob: blob, signature: [])
        layer.predicateType = statement.predicateType
        complete(
            &layer, .envelope(envelope), signer, scheme, timestamped: cosign2 ? blob : signature, options)
        return layer
    }

    private func complete(
        _ layer: inout LegacyTemplate, _ content: BundleTemplate.Content, _ signer: TestSigner,
        _ scheme: AuthorityKey.Scheme, timestamped: [UInt8], _ options: SigningOptions
    ) {
        if let certificate = signer.certificate {
            layer.certificatePEM = certificate.pem
            layer.chainPEM = certificateAuthority.chainPEM
        }
        layer.entry = entry(for: content, by: signer, scheme: scheme, options, envelope: layer.blob)
        if options.isTimestamped { layer.timestamp = timestamp(over: timestamped, options) }
    }
}
