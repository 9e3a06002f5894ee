// SPDX-License-Identifier: Apache-2.0
import JSON

/// One signature and everything that came along to support it, whichever carrier it came in: read, and not checked.
struct SignedProof {
    enum Carrier: Hashable {
        case bundle
        /// A layer of cosign's tags, or the referrer form of one.
        case annotations
    }

    let carrier: Carrier
    let signer: OfferedSigner
    let signature: [UInt8]
    let content: LoggedSignature.Content
    let entries: [LogEntry]
    /// Timestamp responses, DER.
    let timestamps: [[UInt8]]
    /// What came along at all, whether or not it was worth reading.
    let material: Set<UncheckedMaterial>

    /// What a timestamp may be over. The signature; and for an envelope that cosign 2 put into a tag, its whole text:
    /// either of them fixes the signature.
    var imprints: [SignedMessage] { [.bytes(signature)] + [content.envelopeText].compactMap { $0 } }

    /// What is signed.
    var message: SignedMessage {
        switch content {
        case .message(let message): message
        case .envelope(let envelope, _): envelope.preAuthenticationEncoding
        }
    }
}

extension SignedProof {
    /// A bundle over an envelope.
    init(_ bundle: SigstoreBundle, _ envelope: Envelope) {
        self.init(
            carrier: .bundle, signer: bundle.signer, signature: envelope.signature,
            content: .envelope(envelope, text: nil), entries: bundle.entries, timestamps: bundle.timestamps,
            material: bundle.material)
    }

    /// A bundle over an artifact's own bytes.
    init(_ bundle: SigstoreBundle, _ message: SignedMessage, _ signature: [UInt8]) {
        self.init(
            carrier: .bundle, signer: bundle.signer, signature: signature, content: .message(message),
            entries: bundle.entries, timestamps: bundle.timestamps, material: bundle.material)
    }

    /// An envelope in a layer of cosign's tags.
    init(
        _ envelope: Envelope, text: [UInt8]?, _ annotations: CosignAnnotations, for verifier: Verifier
    ) throws(VerificationError) {
        try self.init(.envelope(envelope, text: text), signature: envelope.signature, annotations, for: verifier)
    }

    /// A layer of cosign's tags: a payload or an envelope, and the annotations beside it. Only those are read that the
    /// verifier is going to look at: a key's signature is not worse for a certificate that nobody asked for.
    init(
        _ content: LoggedSignature.Content, signature: [UInt8], _ annotations: CosignAnnotations,
        for verifier: Verifier
    ) throws(VerificationError) {
        let isByKey = verifier.options.key != nil
        let readsTimestamps = !verifier.trust.timestampAuthorities.isEmpty
        self.init(
            carrier: .annotations, signer: isByKey ? .key : try annotations.offeredSigner(for: verifier.trust),
            signature: signature,
            content: content, entries: verifier.options.logs > 0 ? try annotations.logEntries() : [],
            timestamps: readsTimestamps ? try annotations.timestampResponses() : [],
            material: annotations.material)
    }
}

extension SigstoreBundle {
    fileprivate var material: Set<UncheckedMaterial> {
        var material: Set<UncheckedMaterial> = []
        if signer != .key { material.insert(.certificate) }
        if !entries.isEmpty { material.insert(.transparencyLogEntry) }
        if !timestamps.isEmpty { material.insert(.timestamp) }
        return material
    }
}

extension CosignAnnotations {
    /// Bytes of PEM in one annotation: a chain of three certificates takes about five thousand.
    private static let maximumPEMLength = 64 << 10

    fileprivate var material: Set<UncheckedMaterial> {
        var material: Set<UncheckedMaterial> = []
        if certificate != nil || chain != nil { material.insert(.certificate) }
        if rekorBundle != nil { material.insert(.transparencyLogEntry) }
        if timestamp != nil { material.insert(.timestamp) }
        return material
    }

    fileprivate func offeredSigner(for trust: TrustMaterial) throws(VerificationError) -> OfferedSigner {
        guard let certificate else { return .key }
        // Further blocks are nobody's: cosign reads the first one too.
        guard let leaf = try Self.certificates(certificate, "certificate").first else {
            throw .unreadable("the certificate annotation is empty")
        }
        // What no authority takes is not read either.
        guard trust.certificateAuthorities.contains(where: \.takesOfferedIntermediates) else {
            return .certificate(leaf, offered: [])
        }
        let offered = try chain.map { pem throws(VerificationError) in try Self.certificates(pem, "chain") }
        return .certificate(leaf, offered: offered ?? [])
    }

    /// DER of each block. Anything but a certificate, a bare public key say, is an error: it would be a signer about
    /// whom nothing can be checked.
    private static func certificates(_ pem: String, _ name: String) throws(VerificationError) -> [[UInt8]] {
        let blocks: [PEMBlock]
        do throws(KeyError) {
            guard pem.utf8.count <= maximumPEMLength else { throw .notPEM }
            blocks = try PEMBlock.all(in: pem, atMost: SigstoreBundle.maximumChainLength)
        } catch { throw .unreadable("the \(name) annotation is no PEM") }
        guard blocks.allSatisfy({ $0.label.isExactly("CERTIFICATE") }) else {
            throw .unreadable("the \(name) annotation holds something that is no certificate")
        }
        return blocks.map(\.bytes)
    }

    /// `{"SignedEntryTimestamp":…,"Payload":{"body":…,"integratedTime":…,"logIndex":…,"logID":…}}`
    fileprivate func logEntries() throws(VerificationError) -> [LogEntry] {
        guard let rekorBundle else { return [] }
        let place = "the bundle annotation"
        let bundle = try BundleObject(Self.json(rekorBundle, place), place)
        try bundle.allow(["SignedEntryTimestamp", "Payload"])
        let payload = try bundle.object("Payload")
        try payload.allow(["body", "integratedTime", "logIndex", "logID"])
        guard let hex = try payload.text("logID"), let id = Hexadecimal.decode(hex) else {
            throw .unreadable("\(place) has no logID")
        }
        let time = try payload.integer("integratedTime") ?? 0
        let entry = LogEntry(
            index: try payload.natural("logIndex"), logID: id, kind: nil, integratedTime: time == 0 ? nil : time,
            signedEntryTimestamp: try bundle.bytes("SignedEntryTimestamp"), inclusionProof: nil,
            body: try payload.bytes("body"))
        return [entry]
    }

    /// `{"SignedRFC3161Timestamp":…}`
    fileprivate func timestampResponses() throws(VerificationError) -> [[UInt8]] {
        guard let timestamp else { return [] }
        let place = "the timestamp annotation"
        let object = try BundleObject(Self.json(timestamp, place), place)
        try object.allow(["SignedRFC3161Timestamp"])
        return [try object.bytes("SignedRFC3161Timestamp")]
    }

    private static func json(_ text: String, _ place: String) throws(VerificationError) -> JSONValue {
        do { return try JSONDocument(parsing: Array(text.utf8), limits: .proof).root } catch {
            throw .unreadable("\(place) is not JSON: \(error)")
        }
    }
}
