// SPDX-License-Identifier: Apache-2.0
public import JSON
public import OCI

/// An in-toto statement about one image whose signature verified: only this file can make one, by checking it.
public struct VerifiedStatement: Sendable {
    private let proven: Proven

    private struct Proven: Sendable {
        let image: Digest
        let signer: ProvenSigner
        let support: ProvenSupport
        let origin: ProofOrigin
        let predicateType: String
        let statement: JSONDocument
        let parts: JSONParts
        let envelope: [UInt8]?
    }

    /// The image that the statement is about.
    public var image: Digest { proven.image }
    public var signer: ProvenSigner { proven.signer }
    /// What else was proven about it: logs, times.
    public var support: ProvenSupport { proven.support }
    /// Where it was found.
    public var origin: ProofOrigin { proven.origin }
    public var predicateType: String { proven.predicateType }
    /// The statement as it was signed, or those parts of it that `parts` names: of a large one nobody holds the others, and
    /// whoever reads more has to have asked for it.
    public var statement: JSONDocument { proven.statement }
    /// What of the statement is there.
    public var parts: JSONParts { proven.parts }
    /// The DSSE envelope as it was found, JSON; `nil` of a large one, which nobody holds.
    public var envelope: [UInt8]? { proven.envelope }

    fileprivate init(
        image: Digest, _ authentic: AuthenticPayload, origin: ProofOrigin, statement: Statement, parts: JSONParts,
        envelope: [UInt8]?
    ) {
        proven = Proven(
            image: image, signer: authentic.signer, support: authentic.support, origin: origin,
            predicateType: statement.predicateType, statement: statement.document, parts: parts,
            envelope: envelope)
    }
}

/// Two statements are equal when the same envelope, found in the same place, speaks about the same image.
extension VerifiedStatement: Hashable {
    public static func == (one: VerifiedStatement, other: VerifiedStatement) -> Bool {
        one.image == other.image && one.signer == other.signer && one.support == other.support
            && one.origin == other.origin && one.envelope == other.envelope && one.parts == other.parts
            && (one.envelope != nil || one.statement.text == other.statement.text)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(image)
        hasher.combine(signer)
        hasher.combine(origin)
    }
}

extension Verifier {
    /// Proves that the bundle is an attestation about `image` by the required signer, of any predicate type: whoever
    /// asks compares the type with the one that is required.
    public func statement(
        in bundle: UnverifiedBundle, of image: Digest
    ) throws(VerificationError) -> VerifiedStatement {
        let envelope: Envelope
        let text: [UInt8]?
        var parts = JSONParts.all
        let proof: SignedProof
        switch bundle.content {
        case .envelope(let bytes, let annotations):
            envelope = try Envelope.read(bytes)
            text = bytes
            proof = try SignedProof(envelope, text: bytes, annotations, for: self)
        case .bundle(let bytes):
            let read = try SigstoreBundle.read(bytes)
            envelope = try read.imageEnvelope()
            text = read.envelopeText
            proof = SignedProof(read, envelope)
        case .read(let large, let annotations):
            (proof, envelope) = try large.envelope(annotations, for: self)
            text = nil
            parts = large.parts
        case .large: throw .unreadable(UnverifiedBundle.unread)
        case .simpleSigning: throw .signatureIsNoAttestation
        case .unreadable(let why): throw .unreadable(why)
        }
        let authentic = try AuthenticPayload.checked(proof, by: self)
        let statement = try envelope.statement()
        _ = try statement.subject(image)
        return VerifiedStatement(
            image: image, authentic, origin: bundle.origin, statement: statement, parts: parts, envelope: text)
    }
}
