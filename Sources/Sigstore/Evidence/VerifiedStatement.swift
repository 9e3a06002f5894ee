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
        let envelope: [UInt8]
    }

    /// The image that the statement is about.
    public var image: Digest { proven.image }
    public var signer: ProvenSigner { proven.signer }
    /// What else was proven about it: logs, times.
    public var support: ProvenSupport { proven.support }
    /// Where it was found.
    public var origin: ProofOrigin { proven.origin }
    public var predicateType: String { proven.predicateType }
    /// The whole statement, as it was signed.
    public var statement: JSONDocument { proven.statement }
    /// The DSSE envelope as it was found, JSON.
    public var envelope: [UInt8] { proven.envelope }

    fileprivate init(
        image: Digest, _ authentic: AuthenticPayload, origin: ProofOrigin, statement: Statement, envelope: [UInt8]
    ) {
        proven = Proven(
            image: image, signer: authentic.signer, support: authentic.support, origin: origin,
            predicateType: statement.predicateType, statement: statement.document, envelope: envelope)
    }
}

/// Two statements are equal when the same envelope, found in the same place, speaks about the same image.
extension VerifiedStatement: Hashable {
    public static func == (one: VerifiedStatement, other: VerifiedStatement) -> Bool {
        one.image == other.image && one.signer == other.signer && one.support == other.support
            && one.origin == other.origin && one.envelope == other.envelope
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
        let text: [UInt8]
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
        case .simpleSigning: throw .signatureIsNoAttestation
        case .unreadable(let why): throw .unreadable(why)
        }
        let authentic = try AuthenticPayload.checked(proof, by: self)
        let statement = try Statement(envelope.payload)
        _ = try statement.subject(image)
        return VerifiedStatement(
            image: image, authentic, origin: bundle.origin, statement: statement, envelope: text)
    }
}
