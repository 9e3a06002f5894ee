// SPDX-License-Identifier: Apache-2.0
public import JSON
public import OCI

/// An in-toto statement about one image whose signature verified: only this file can make one, by checking it.
public struct VerifiedStatement: Sendable {
    private let proven: Proven

    private struct Proven: Sendable {
        let image: Digest
        let key: Digest
        let origin: ProofOrigin
        let predicateType: String
        let statement: JSONDocument
        let envelope: [UInt8]
        let unchecked: Set<UncheckedMaterial>
    }

    /// The image that the statement is about.
    public var image: Digest { proven.image }
    /// Fingerprint of the key that signed it.
    public var key: Digest { proven.key }
    /// Where it was found.
    public var origin: ProofOrigin { proven.origin }
    public var predicateType: String { proven.predicateType }
    /// The whole statement, as it was signed.
    public var statement: JSONDocument { proven.statement }
    /// The DSSE envelope as it was found, JSON.
    public var envelope: [UInt8] { proven.envelope }
    /// Material beside the statement that nobody asked to check.
    public var unchecked: Set<UncheckedMaterial> { proven.unchecked }

    fileprivate init(
        image: Digest, key: Digest, origin: ProofOrigin, statement: Statement, envelope: [UInt8],
        unchecked: Set<UncheckedMaterial>
    ) {
        proven = Proven(
            image: image, key: key, origin: origin, predicateType: statement.predicateType,
            statement: statement.document, envelope: envelope, unchecked: unchecked)
    }
}

/// Two statements are equal when the same envelope, found in the same place, speaks about the same image.
extension VerifiedStatement: Hashable {
    public static func == (one: VerifiedStatement, other: VerifiedStatement) -> Bool {
        one.image == other.image && one.key == other.key && one.origin == other.origin && one.envelope == other.envelope
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(image)
        hasher.combine(key)
        hasher.combine(origin)
    }
}

extension Verifier {
    /// Proves that the bundle is an attestation about `image` under the options' key, of any predicate type: whoever
    /// asks compares the type with the one that is required.
    public func statement(
        in bundle: UnverifiedBundle, of image: Digest
    ) throws(VerificationError) -> VerifiedStatement {
        let envelope: Envelope
        let text: [UInt8]
        let unchecked: Set<UncheckedMaterial>
        switch bundle.content {
        case .envelope(let bytes, let annotations):
            unchecked = try options.admit(annotations.material)
            envelope = try Envelope.read(bytes)
            text = bytes
        case .bundle(let bytes):
            let read = try SigstoreBundle.read(bytes)
            unchecked = try options.admit(read.extras)
            envelope = try read.keySignedEnvelope()
            text = read.envelopeText
        case .simpleSigning: throw .signatureIsNoAttestation
        case .unreadable(let why): throw .unreadable(why)
        }
        let authentic = try AuthenticPayload.checked(envelope, by: options.key)
        let statement = try Statement(authentic.bytes)
        _ = try statement.subject(image)
        return VerifiedStatement(
            image: image, key: authentic.key, origin: bundle.origin, statement: statement, envelope: text,
            unchecked: unchecked)
    }
}
