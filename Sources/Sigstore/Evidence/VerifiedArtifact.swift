// SPDX-License-Identifier: Apache-2.0
public import OCI

/// What a bundle is about outside of any registry: a file's bytes, or no more than their digest.
public enum Artifact: Sendable {
    case bytes([UInt8])
    /// SHA-256 of the bytes, or SHA-512: only a key that signs that very hash can be checked by it.
    case digest(Digest)

    fileprivate var digest: Digest {
        switch self {
        case .bytes(let bytes): Digest(of: bytes)
        case .digest(let digest): digest
        }
    }
}

/// A signature over an artifact, or a statement about it, that verified: only this file can make one, by checking it.
public struct VerifiedArtifact: Hashable, Sendable {
    private let proven: Proven

    private struct Proven: Hashable, Sendable {
        let artifact: Digest
        let signer: ProvenSigner
        let support: ProvenSupport
        let predicateType: String?
    }

    public var artifact: Digest { proven.artifact }
    public var signer: ProvenSigner { proven.signer }
    public var support: ProvenSupport { proven.support }
    /// Of the statement; `nil` where the artifact's own bytes are signed.
    public var predicateType: String? { proven.predicateType }

    fileprivate init(_ artifact: Digest, _ authentic: AuthenticPayload, predicateType: String?) {
        proven = Proven(
            artifact: artifact, signer: authentic.signer, support: authentic.support, predicateType: predicateType)
    }
}

extension Verifier {
    /// Proves that a bundle, JSON of any version, is a signature over the artifact or a statement that names it.
    public func artifact(
        _ artifact: Artifact, in bundle: [UInt8]
    ) throws(VerificationError) -> VerifiedArtifact {
        let bundle = try SigstoreBundle.read(bundle)
        let digest = artifact.digest
        switch bundle.content {
        case .envelope(let envelope):
            let authentic = try AuthenticPayload.checked(SignedProof(bundle, envelope), by: self)
            let statement = try envelope.statement()
            switch artifact {
            case .bytes(let bytes): _ = try statement.subject(withBytes: bytes)
            case .digest(let digest): _ = try statement.subject(digest)
            }
            return VerifiedArtifact(digest, authentic, predicateType: statement.predicateType)
        case .messageSignature(let said, let signature):
            if let said { try artifact.require(said) }
            let message: SignedMessage =
                switch artifact {
                case .bytes(let bytes): .bytes(bytes)
                case .digest(let digest):
                    .digest(digest.algorithm == .sha512 ? .sha512 : .sha256, Hexadecimal.decode(digest.hex) ?? [])
                }
            let authentic = try AuthenticPayload.checked(SignedProof(bundle, message, signature), by: self)
            return VerifiedArtifact(digest, authentic, predicateType: nil)
        }
    }
}

extension Artifact {
    /// The digest that the bundle says is a hint, and has to be true: another one would be believed by somebody else.
    fileprivate func require(_ said: SigstoreBundle.SaidDigest) throws(VerificationError) {
        let found = "\(said.algorithm.rawValue):\(Hexadecimal.encode(said.bytes))"
        switch self {
        case .bytes(let bytes):
            guard said.algorithm.hash(bytes) == said.bytes else { throw .wrongArtifact(found: found) }
        case .digest(let digest):
            guard found.isExactly(digest.description) else { throw .wrongArtifact(found: found) }
        }
    }
}
