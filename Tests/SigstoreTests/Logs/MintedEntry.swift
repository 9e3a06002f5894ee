// SPDX-License-Identifier: Apache-2.0
import TestSupport

@testable import Sigstore

/// A signature and its entry in a log of the test authority, each part of which a test can exchange.
struct MintedEntry {
    var log: TestTransparencyLog
    var believed: TransparencyLog
    var template: LogEntryTemplate
    var signature: [UInt8]
    var signer: LoggedSignature.Signer
    var content: LoggedSignature.Content

    static let message = Array("what somebody signed".utf8)
    static let authority = Result { try TestAuthority() }

    /// Signed, and logged as an entry of that kind.
    init(
        _ kind: SigningOptions.EntryKind, key: AuthorityKey.Kind = .p256, certificate: Bool = true,
        scheme: AuthorityKey.Scheme? = nil, log: TestTransparencyLog? = nil, message: [UInt8] = Self.message
    ) throws {
        let authority = try Self.authority.get()
        let identity = SigningIdentity.email("a@example.com", issuer: "https://issuer.example")
        let minted =
            certificate ? try authority.keylessSigner(identity, kind: key) : try authority.keySigner(kind: key)
        let scheme = scheme ?? minted.scheme(kind.generation == .v1 ? .v1 : .v2, isEnvelope: kind.isOfEnvelope)
        let body: LogBody
        if kind.isOfEnvelope {
            var envelope = EnvelopeTemplate(payload: message)
            signature = try minted.key.sign(envelope.preAuthentication, scheme)
            envelope.signatures = [.init(signature)]
            let text = envelope.json.bytes
            body = authority.body(kind, for: .envelope(envelope), by: minted, scheme: scheme, envelope: text)
            content = .envelope(try Envelope.read(text), text: kind.generation == .v1 ? text : nil)
        } else {
            signature = try minted.key.sign(message, scheme)
            let signed = MessageTemplate(
                hashName: scheme.hash.sigstoreName, digest: scheme.hash(message), signature: signature)
            body = authority.body(kind, for: .message(signed), by: minted, scheme: scheme)
            content = .message(.bytes(message))
        }
        if let certificate = minted.certificate {
            signer = .certificate(try Certificate(der: certificate.der))
        } else {
            signer = .key(try PublicKey(der: minted.key.publicKeyDER))
        }
        self.log = try log ?? TestTransparencyLog(kind.generation)
        template = self.log.entry(body, at: TestAuthority.time)
        believed = try self.log.believed()
    }

    var entry: LogEntry { get throws { try template.told() } }

    var logged: LoggedSignature { LoggedSignature(signature: signature, signer: signer, content: content) }

    func check() throws -> LoggedEntry? { try LoggedEntry.checked(entry, for: logged, in: [believed]) }

    /// Why the entry is refused; `nil` where it is not.
    func refusal() throws -> LogError? {
        do {
            _ = try check()
            return nil
        } catch let error as LogError {
            return error
        }
    }
}

extension SigningOptions.EntryKind {
    /// Whether this test has it made of an envelope; hashedrekord 0.0.2 can be of either.
    var isOfEnvelope: Bool {
        switch self {
        case .hashedrekord001, .rekord001, .hashedrekord002: false
        case .dsse001, .intoto001, .intoto002, .dsse002: true
        }
    }
}

extension TestTransparencyLog {
    /// As trust material would have it.
    func believed(
        url: String? = nil, id: [UInt8]? = nil, checkpointKeyID: [UInt8]? = nil, key: AuthorityKey? = nil,
        from start: TestTime = TestTime(2020, 1, 1), to end: TestTime? = nil
    ) throws -> TransparencyLog {
        let key = key ?? self.key
        let scheme: SignatureScheme =
            switch key.kind {
            case .ed25519: .ed25519
            case .p256, .p384, .p521: .ecdsa(.sha256)
            case .rsa2048, .rsa3072, .rsa4096: .rsaPKCS1(.sha256)
            }
        guard let start = Instant(seconds: start.seconds),
            let validity = ValidityPeriod(start: start, end: end.flatMap { Instant(seconds: $0.seconds) })
        else { throw LogError.noTime }
        return TransparencyLog(
            baseURL: url ?? self.url, id: id ?? self.id, checkpointKeyID: checkpointKeyID,
            key: try PublicKey(der: key.publicKeyDER), scheme: scheme, operatorName: "tests", validity: validity)
    }
}

extension LogEntryTemplate {
    /// As a bundle's reader would have it.
    func told() throws -> LogEntry {
        LogEntry(
            index: logIndex, logID: logID, kind: (kind, version), integratedTime: integratedTime,
            signedEntryTimestamp: try promise?.minted(), inclusionProof: try proof?.told(), body: body)
    }
}

extension InclusionProofTemplate {
    func told() throws -> InclusionProof {
        InclusionProof(
            leafIndex: logIndex, treeSize: treeSize, rootHash: rootHash, siblings: hashes,
            checkpoint: try checkpoint?.text() ?? "")
    }
}
