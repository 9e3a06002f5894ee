// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// A signature over one image that verified: only this file can make one, by checking it.
public struct VerifiedSignature: Hashable, Sendable {
    private let proven: Proven

    private struct Proven: Hashable, Sendable {
        let image: Digest
        let key: Digest
        let origin: ProofOrigin
        let claims: SignatureClaims
        let unchecked: Set<UncheckedMaterial>
    }

    /// The image that the signature is about.
    public var image: Digest { proven.image }
    /// Fingerprint of the key that made it.
    public var key: Digest { proven.key }
    /// Where it was found.
    public var origin: ProofOrigin { proven.origin }
    public var claims: SignatureClaims { proven.claims }
    /// Material beside the signature that nobody asked to check, so that the verdict can say so.
    public var unchecked: Set<UncheckedMaterial> { proven.unchecked }

    fileprivate init(
        image: Digest, key: Digest, origin: ProofOrigin, claims: SignatureClaims, unchecked: Set<UncheckedMaterial>
    ) {
        proven = Proven(image: image, key: key, origin: origin, claims: claims, unchecked: unchecked)
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
}

extension Verifier {
    /// Proves that the bundle is a signature over `image` under the options' key: first the signature over the bytes,
    /// then what the bytes say.
    public func signature(
        in bundle: UnverifiedBundle, of image: Digest
    ) throws(VerificationError) -> VerifiedSignature {
        switch bundle.content {
        case .simpleSigning(let payload, let annotations):
            let unchecked = try options.admit(annotations.material)
            guard let text = annotations.signature, let bytes = Base64.decode(text), !bytes.isEmpty else {
                throw .unreadable("the signature annotation is not base64")
            }
            let authentic = try AuthenticPayload.checked(payload, signature: bytes, by: options.key)
            let claims = try SimpleSigning(authentic.bytes)
            try claims.require(image)
            return VerifiedSignature(
                image: image, key: authentic.key, origin: bundle.origin,
                claims: SignatureClaims(
                    type: claims.type, dockerReference: claims.dockerReference, optional: claims.optional,
                    payload: authentic.bytes),
                unchecked: unchecked)

        case .bundle(let bytes):
            let read = try SigstoreBundle.read(bytes)
            let unchecked = try options.admit(read.extras)
            let authentic = try AuthenticPayload.checked(read.keySignedEnvelope(), by: options.key)
            let statement = try Statement(authentic.bytes)
            // Any attestation names the image too; only this predicate says "signed".
            guard statement.predicateType.isExactly(Statement.signature) else {
                throw .attestationIsNoSignature(predicateType: excerpt(statement.predicateType))
            }
            let subject = try statement.subject(image)
            return VerifiedSignature(
                image: image, key: authentic.key, origin: bundle.origin,
                claims: SignatureClaims(
                    type: statement.predicateType, dockerReference: nil,
                    optional: subject.annotations.map { Array($0.rawText) } ?? Array("null".utf8),
                    payload: authentic.bytes),
                unchecked: unchecked)

        case .envelope(let bytes, let annotations):
            // An `.att` layer or a bare envelope: never a signature, but say which attestation it is if it verifies.
            _ = try options.admit(annotations.material)
            let statement = try Statement(AuthenticPayload.checked(Envelope.read(bytes), by: options.key).bytes)
            throw .attestationIsNoSignature(predicateType: excerpt(statement.predicateType))

        case .unreadable(let why): throw .unreadable(why)
        }
    }
}
