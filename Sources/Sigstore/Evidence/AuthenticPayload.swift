// SPDX-License-Identifier: Apache-2.0
import OCI

/// A content that the required signer has signed, with the support that the options ask for. Only this file can make one,
/// by checking all of it: no other part of the core sees a signature, a certificate, a log entry or a timestamp that is
/// not checked.
struct AuthenticPayload {
    private let proven: (signer: ProvenSigner, support: ProvenSupport)

    var signer: ProvenSigner { proven.signer }
    var support: ProvenSupport { proven.support }

    private init(signer: ProvenSigner, support: ProvenSupport) { proven = (signer, support) }

    static func checked(
        _ proof: SignedProof, by verifier: Verifier
    ) throws(VerificationError) -> AuthenticPayload {
        switch (verifier.options.signer, proof.signer) {
        // Beside a layer of cosign's tags a certificate may stand for other readers; a bundle has one signer.
        case (.key, .certificate) where proof.carrier == .bundle: throw .certificateWhereKeyRequired
        case (.key(let key), _): try checked(proof, by: key, verifier)
        case (.certificate(let identities), .certificate(let leaf, let offered)):
            try checked(proof, by: identities, leaf: leaf, offered: offered, verifier)
        case (.certificate, .key): throw .keyWhereCertificateRequired
        }
    }

    /// A key first of all has to have made the signature: everything else is support.
    private static func checked(
        _ proof: SignedProof, by key: VerificationKey, _ verifier: Verifier
    ) throws(VerificationError) -> AuthenticPayload {
        try requireBytes(of: proof, for: key)
        guard key.verifies(proof.signature, over: proof.message) else {
            throw .wrongKey(required: key.fingerprint)
        }
        return AuthenticPayload(
            signer: .key(key.fingerprint), support: try verifier.support(of: proof, from: .key(key.publicKey)))
    }

    /// A certificate has to have been valid, and its holder to have signed, at every time that is proven.
    private static func checked(
        _ proof: SignedProof, by identities: [CertificateIdentity], leaf der: [UInt8], offered: [[UInt8]],
        _ verifier: Verifier
    ) throws(VerificationError) -> AuthenticPayload {
        let leaf = try certificate(der)
        let (support, known) = try support(of: proof, from: leaf, verifier)
        var times = support.times
        if times.isEmpty {
            guard let time = verifier.options.timeWithoutProof else { throw .noProvenTime }
            times = [time]
        }
        let path = try path(to: leaf, offered: offered, in: proof.carrier, at: times, verifier.trust, knowing: known)
        if verifier.options.certificateLogs > 0 {
            do throws(CertificateError) {
                _ = try path.requireTransparency(
                    in: verifier.trust.certificateLogs, threshold: verifier.options.certificateLogs)
            } catch { throw .certificate(error) }
        }
        let claims: CertificateClaims
        do throws(CertificateError) { claims = try path.claims() } catch { throw .certificate(error) }
        try require(identities, claims, comparing: proof.carrier == .annotations ? .any : .speaking)
        try requireBytes(of: proof, for: VerificationKey(leaf.publicKey))
        guard VerificationKey(leaf.publicKey).verifies(proof.signature, over: proof.message) else {
            throw .notSignedByCertificate
        }
        return AuthenticPayload(signer: .certificate(claims), support: support)
    }

    /// What supports a proof, and whether the leaf's issuer signed it: neither needs the other, and each takes about as long.
    private static func support(
        of proof: SignedProof, from leaf: Certificate, _ verifier: Verifier
    ) throws(VerificationError) -> (ProvenSupport, KnownIssuers) {
        @Sendable func support() -> Result<ProvenSupport, VerificationError> {
            do throws(VerificationError) {
                return .success(try verifier.support(of: proof, from: .certificate(leaf)))
            } catch {
                return .failure(error)
            }
        }
        // Where nothing is offered of what is required, the issuer is not worth a look.
        guard verifier.options.logs == 0 || !proof.entries.isEmpty,
            verifier.options.timestamps == 0 || !proof.timestamps.isEmpty
        else { return (try support().get(), KnownIssuers()) }
        let (supported, known) = atOnce(support) {
            KnownIssuers(of: leaf, among: verifier.trust.certificateAuthorities)
        }
        return (try supported.get(), known)
    }

    /// Ed25519 signs the bytes themselves, and of a large proof nobody holds them.
    private static func requireBytes(of proof: SignedProof, for key: VerificationKey) throws(VerificationError) {
        guard case .digests = proof.message, key.publicKey.kind == .ed25519 else { return }
        throw .needsAllBytes
    }

    private static func certificate(_ der: [UInt8]) throws(VerificationError) -> Certificate {
        do throws(CertificateError) { return try Certificate(der: der) } catch { throw .certificate(error) }
    }

    /// The path through the first authority that leads to the leaf; where none does, the reason that came nearest.
    private static func path(
        to leaf: Certificate, offered: [[UInt8]], in carrier: SignedProof.Carrier, at times: [Instant],
        _ trust: TrustMaterial, knowing known: KnownIssuers
    ) throws(VerificationError) -> ValidatedPath {
        var between: [Certificate] = []
        let takesOffered = trust.certificateAuthorities.contains(where: \.takesOfferedIntermediates)
        // A bundle's chain is read either way, since no root may stand in it; an annotation's only where it helps.
        if carrier == .bundle || takesOffered {
            for der in offered {
                let certificate = try certificate(der)
                if certificate.issuer != certificate.subject {
                    between.append(certificate)
                } else if carrier == .bundle {
                    throw .certificate(.rootInBundle)
                }
            }
        }
        var nearest: CertificateError?
        var known = known
        for authority in trust.certificateAuthorities {
            do throws(CertificateError) {
                return try authority.path(
                    to: leaf, offered: between, for: .codeSigning, at: times, knowing: &known)
            } catch {
                if nearest.map({ error.nearness > $0.nearness }) ?? true { nearest = error }
            }
        }
        throw .certificate(nearest ?? .noAuthority)
    }

    private static func require(
        _ identities: [CertificateIdentity], _ claims: CertificateClaims, comparing choice: NameChoice
    ) throws(VerificationError) {
        var nearest: IdentityMismatch?
        for identity in identities {
            guard let mismatch = identity.requirementMissed(by: claims, comparing: choice) else { return }
            if nearest.map({ mismatch.nearness > $0.nearness }) ?? true { nearest = mismatch }
        }
        guard let nearest else { throw .noIdentityRequired }
        throw .identity(nearest)
    }
}
