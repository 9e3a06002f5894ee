// SPDX-License-Identifier: Apache-2.0

extension TestAuthority {
    /// The body that a log keeps of that content. `envelope` is the JSON that was uploaded, where that is known.
    public func body(
        _ kind: SigningOptions.EntryKind, for content: BundleTemplate.Content, by signer: TestSigner,
        scheme: AuthorityKey.Scheme, envelope uploaded: [UInt8]? = nil
    ) -> LogBody {
        let envelope: EnvelopeTemplate
        let digest: [UInt8]
        let signature: [UInt8]
        switch content {
        case .envelope(let signed):
            envelope = signed
            let isTiles = kind == .hashedrekord002
            digest = isTiles ? scheme.hash(signed.preAuthentication) : scheme.hash(signed.payload)
            signature = signed.signatures.first?.bytes ?? []
        case .message(let message):
            envelope = EnvelopeTemplate(payload: [])
            digest = message.digest
            signature = message.signature
        case .none:
            envelope = EnvelopeTemplate(payload: [])
            digest = []
            signature = []
        }
        let text = uploaded ?? envelope.json.bytes
        let signatures = envelope.signatures.map(\.bytes)
        switch kind {
        case .hashedrekord001:
            return .hashedrekord001(
                hash: scheme.hash, digest: digest, signature: signature, verifier: signer.verifierPEM)
        case .rekord001: return .rekord001(digest: digest, signature: signature, verifier: signer.verifierPEM)
        case .dsse001:
            return .dsse001(
                envelope: text, payload: envelope.payload, signatures: signatures, verifier: signer.verifierPEM)
        case .intoto001:
            return .intoto001(envelope: text, payload: envelope.payload, verifier: signer.verifierPEM)
        case .intoto002:
            return .intoto002(
                envelope: text, payload: envelope.payload, payloadType: envelope.payloadType, signatures: signatures,
                verifier: signer.verifierPEM)
        case .hashedrekord002:
            return .hashedrekord002(
                hash: scheme.hash, digest: digest, signature: signature, verifier: signer.verifier(for: scheme))
        case .dsse002:
            return .dsse002(
                payload: envelope.payload, signatures: signatures, verifier: signer.verifier(for: scheme))
        }
    }

    /// Logs any content as the options say, also one that is not true; `nil` where they say not to. `scheme` is how
    /// it was signed, and `envelope` the JSON that was uploaded, where that is known.
    public func entry(
        for content: BundleTemplate.Content, by signer: TestSigner, scheme: AuthorityKey.Scheme? = nil,
        _ options: SigningOptions = .rekor1, envelope: [UInt8]? = nil
    ) -> LogEntryTemplate? {
        let scheme = scheme ?? signer.scheme(options.log, isEnvelope: content.isEnvelope)
        let kind: SigningOptions.EntryKind
        switch (options.log, content) {
        case (.none, _): return nil
        case (.kind(let named), _): kind = named
        case (.v1, .envelope): kind = .dsse001
        case (.v1, _): kind = .hashedrekord001
        case (.v2, _): kind = .hashedrekord002
        }
        let body = body(kind, for: content, by: signer, scheme: scheme, envelope: envelope)
        var entry = (kind.generation == .v1 ? log : tiles).entry(body, at: options.time.adding(seconds: 4))
        if !options.hasPromise { entry.promise = nil }
        if !options.hasProof { entry.proof = nil }
        return entry
    }
}

extension AuthorityKey.Scheme {
    /// The hash that goes with the scheme; SHA-256 for pure Ed25519, which has none.
    public var hash: MintedHash {
        switch self {
        case .hashed(let hash), .pss(let hash): hash
        case .ed25519: .sha256
        case .ed25519ph: .sha512
        }
    }
}
