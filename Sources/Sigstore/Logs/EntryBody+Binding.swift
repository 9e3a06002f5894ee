// SPDX-License-Identifier: Apache-2.0

/// An entry that is genuine and about something else proves nothing: GHSA-ccxc-vr6p-4858, GHSA-whqx-f9j3-ch6m.
extension EntryBody {
    /// Throws unless the body is about exactly this signature, by this signer, over this content.
    func bind(to logged: LoggedSignature) throws(LogError) {
        if case .envelope(let envelope, _) = logged.content, envelope.signature != logged.signature {
            throw .otherSignature
        }
        guard signature == nil || signature == logged.signature else { throw .otherSignature }
        guard signer == logged.signer.recorded || signer.certifies(logged.signer) else { throw .otherSigner }
        switch (subject, logged.content) {
        case (.signed(let hash), .message(let message)): try Self.compare(hash, message, logged)
        case (.signed(let hash), .envelope(let envelope, _)) where kind == .hashedrekord2:
            guard logged.hash(hash.algorithm, of: .encoding, envelope.preAuthenticationEncoding) == hash.value else {
                throw .otherContent("envelope")
            }
        case (.envelope(let hash, let payload), .envelope(let envelope, _)):
            try Self.compare(payload, envelope.payloadMessage, .payload, logged)
            if let text = logged.content.envelopeText { try Self.compare(hash, text, .envelope, logged) }
        case (.payload(let hash, let type), .envelope(let envelope, _)):
            if let type, !type.isExactly(envelope.payloadType) { throw .otherContent("payload type") }
            try Self.compare(hash, envelope.payloadMessage, .payload, logged)
        case (.text(let hash, let payload), .envelope(let envelope, _)):
            // A bundle has lost the text in which alone this kind has the signature.
            guard let text = logged.content.envelopeText else {
                throw .kindDoesNotFit(kind: kind.rawValue, content: "an envelope in a bundle")
            }
            try Self.compare(hash, text, .envelope, logged)
            if let payload { try Self.compare(payload, envelope.payloadMessage, .payload, logged) }
        // Of an envelope such a kind would record a hash of nothing in particular; no client has it logged so.
        case (.signed, .envelope): throw .kindDoesNotFit(kind: kind.rawValue, content: "an envelope")
        case (.envelope, .message), (.payload, .message), (.text, .message):
            throw .kindDoesNotFit(kind: kind.rawValue, content: "a message")
        }
    }

    private static func compare(
        _ hash: Hash, _ message: SignedMessage, _ logged: LoggedSignature
    ) throws(LogError) {
        try compare(hash, message, .message, logged)
    }

    private static func compare(
        _ hash: Hash, _ message: SignedMessage, _ part: LoggedSignature.Part, _ logged: LoggedSignature
    ) throws(LogError) {
        guard let found = logged.hash(hash.algorithm, of: part, message) else {
            throw .hashNotKnown(hash.algorithm.rawValue)
        }
        guard found == hash.value else { throw .otherContent(part.rawValue) }
    }
}

extension LoggedSignature.Signer {
    /// As an entry records it: a certificate is not the same as its key.
    var recorded: EntryBody.Signer {
        switch self {
        case .key(let key): .key(key.der)
        case .certificate(let certificate): .certificate(certificate.der)
        }
    }

    var publicKey: PublicKey {
        switch self {
        case .key(let key): key
        case .certificate(let certificate): certificate.publicKey
        }
    }
}

extension EntryBody.Signer {
    /// Whether this is a certificate for the very key that signed: cosign logs the certificate where it was given one
    /// beside a key. What else the certificate says is nobody's question.
    fileprivate func certifies(_ signer: LoggedSignature.Signer) -> Bool {
        guard case .certificate(let der) = self, case .key(let key) = signer else { return false }
        return (try? Certificate(der: der))?.publicKey == key
    }
}
