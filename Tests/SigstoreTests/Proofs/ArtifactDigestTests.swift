// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// A signature over a file, when no more than the file's digest is known.
@Suite("An artifact's digest")
struct ArtifactDigestTests {
    @Test(
        "stands for the file where it is of the hash that was signed",
        arguments: [
            (AuthorityKey.Kind.p256, Digest.Algorithm.sha256, nil), (.p256, .sha512, "wrong-artifact"),
            (.p521, .sha512, nil), (.p521, .sha256, "wrong-artifact"),
        ])
    func hashes(kind: AuthorityKey.Kind, algorithm: Digest.Algorithm, refusal: String?) throws {
        let authority = try TestAuthority()
        let signer = try authority.keySigner(kind: kind)
        let file = Array("a file".utf8)
        let bundle = try authority.bundle(message: file, by: signer).bytes()
        let verifier = Verifier(
            trust: try TrustMaterial(trustedRoot: authority.trustedRoot.bytes),
            options: VerificationOptions(
                key: try VerificationKey(pem: signer.key.publicKeyPEM), requiresLogEntry: true))
        #expect(verifier.refusal(of: .bytes(file), in: bundle) == nil)
        #expect(verifier.refusal(of: .digest(Digest(of: file, algorithm)), in: bundle)?.code == refusal)
        #expect(verifier.refusal(of: .digest(Digest(of: [0], algorithm)), in: bundle)?.code == "wrong-artifact")
    }
}
