// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// A signature over one image that verified: only this file can make one, by checking it.
public struct VerifiedSignature: Hashable, Sendable {
    private let proven: Proven

    private struct Proven: Hashable, Sendable {
        let image: Digest
        let signer: ProvenSigner
        let support: ProvenSupport
        let origin: ProofOrigin
        let claims: SignatureClaims
    }

    /// The image that the signature is about.
    public var image: Digest { proven.image }
    public var signer: ProvenSigner { proven.signer }
    /// What else was proven about it: logs, times.
    public var support: ProvenSupport { proven.support }
    /// Where it was found.
    public var origin: ProofOrigin { proven.origin }
    public var claims: SignatureClaims { proven.claims }

    fileprivate init(image: Digest, _ authentic: AuthenticPayload, origin: ProofOrigin, claims: SignatureClaims) {
        proven = Proven(
            image: image, signer: authentic.signer, support: authentic.support, origin: origin, claims: claims)
    }
}

/// What a verified signature says about itself; signed along with the digest.
public struct SignatureClaims: Hashable, Sendable {
    /// `critical.type`, or the statement's predicate type.
    public let type: String
    /// `critical.identity.docker-reference`; a bundle carries none.
    public let dockerReference: String?
    /// `optional`, or the subject's annotations, as JSON text; `null` where there is none.
    public let optional: [UInt8]
    /// The signed payload itself: simple-signing JSON, or an in-toto statement.
    public let payload: [UInt8]
    /// What cosign put beside a payload in a tag, as it was found; `nil` for a bundle.
    public let annotations: CosignAnnotations?
}

extension Verifier {
    /// Proves that the bundle is a signature over `image` by the required signer: first the signature over the bytes and
    /// all that supports it, then what the bytes say.
    public func signature(
        in bundle: UnverifiedBundle, of image: Digest
    ) throws(VerificationError) -> VerifiedSignature {
        switch bundle.content {
        case .simpleSigning(let payload, let annotations):
            guard let text = annotations.signature, let bytes = Base64.decode(text), !bytes.isEmpty else {
                throw .unreadable("the signature annotation is not base64")
            }
            let proof = try SignedProof(.message(.bytes(payload)), signature: bytes, annotations, for: self)
            let authentic = try AuthenticPayload.checked(proof, by: self)
            let claims = try SimpleSigning(payload)
            try claims.require(image)
            return VerifiedSignature(
                image: image, authentic, origin: bundle.origin,
                claims: SignatureClaims(
                    type: claims.type, dockerReference: claims.dockerReference, optional: claims.optional,
                    payload: payload, annotations: annotations))

        case .bundle(let bytes):
            let read = try SigstoreBundle.read(bytes)
            let envelope = try read.imageEnvelope()
            let authentic = try AuthenticPayload.checked(SignedProof(read, envelope), by: self)
            let statement = try envelope.statement()
            // Any attestation names the image too; only this predicate says "signed".
            guard statement.predicateType.isExactly(Statement.signature) else {
                throw .attestationIsNoSignature(predicateType: excerpt(statement.predicateType))
            }
            let subject = try statement.subject(image)
            return VerifiedSignature(
                image: image, authentic, origin: bundle.origin,
                claims: SignatureClaims(
                    type: statement.predicateType, dockerReference: nil,
                    optional: subject.annotations.map { Array($0.rawText) } ?? Array("null".utf8),
                    payload: try envelope.bytes(), annotations: nil))

        case .envelope(let bytes, let annotations):
            // An `.att` layer or a bare envelope: never a signature, but say which attestation it is if it verifies.
            let envelope = try Envelope.read(bytes)
            _ = try AuthenticPayload.checked(SignedProof(envelope, text: bytes, annotations, for: self), by: self)
            throw .attestationIsNoSignature(predicateType: excerpt(try envelope.statement().predicateType))

        case .read(let large, let annotations):
            let (proof, envelope) = try large.envelope(annotations, for: self)
            _ = try AuthenticPayload.checked(proof, by: self)
            let statement = try envelope.statement()
            if large.blob.form == .bundle, statement.predicateType.isExactly(Statement.signature) {
                throw .unreadable("the signature has \(large.blob.size) bytes, which no signature needs")
            }
            throw .attestationIsNoSignature(predicateType: excerpt(statement.predicateType))
        case .large: throw .unreadable(UnverifiedBundle.unread)
        case .unreadable(let why): throw .unreadable(why)
        }
    }
}

extension SigstoreBundle {
    /// The envelope; a bundle over an artifact's bytes is no proof about an image, whose bytes nobody has.
    func imageEnvelope() throws(VerificationError) -> Envelope {
        guard case .envelope(let envelope) = content else { throw .messageSignature }
        return envelope
    }
}
