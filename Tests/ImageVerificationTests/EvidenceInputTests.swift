// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import OCI
import Policy
import Sigstore
import Synchronization
import TestSupport
import Testing

@testable import ImageVerification

/// Every way in which a remembered check of a proof could stand for one that would fail. Each is shown twice, as in
/// `VerdictCacheTests`.
@Suite("Proofs that have been checked")
struct EvidenceInputTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))

    private func cache(_ ignored: EvidenceInput?) -> EvidenceCache {
        EvidenceCache(bytes: 1 << 20, life: .seconds(3600), ignoring: ignored)
    }

    private func options(_ hash: HashAlgorithm?) throws -> VerificationOptions {
        VerificationOptions(key: try VerificationKey(pem: notary.signer.publicKeyPEM, hash: hash))
    }

    private func isGood<Value>(_ result: Result<Value, VerificationError>) -> Bool {
        if case .success = result { true } else { false }
    }

    @Test("Another hash is another check", arguments: [nil, EvidenceInput.options])
    func hash(ignored: EvidenceInput?) throws {
        let cache = cache(ignored)
        let proof = try notary.signature(of: digest("image"))
        func checked(_ hash: HashAlgorithm?) throws -> Bool {
            isGood(cache.signature(in: proof, of: digest("image"), try options(hash), .none))
        }
        #expect(try checked(.sha256))
        #expect(try checked(.sha512) == (ignored == .options))
        #expect(try checked(.sha384) == (ignored == .options))
        #expect(try checked(nil))
        #expect(try checked(.sha256))
        #expect(cache.counters.first?.counters.entries == (ignored == .options ? 1 : 4))
    }

    @Test("Another key is another check, of statements too", arguments: [nil, EvidenceInput.options])
    func key(ignored: EvidenceInput?) throws {
        let cache = cache(ignored)
        let proof = try notary.attestation(of: digest("image"), "https://example.com/type")
        let strange = try Notary().options()
        #expect(isGood(cache.statement(in: proof, of: digest("image"), try options(nil), .none)))
        #expect(
            isGood(cache.statement(in: proof, of: digest("image"), strange, .none)) == (ignored == .options))
    }

    @Test("The same proof beside another image is checked against that image", arguments: [nil, EvidenceInput.image])
    func image(ignored: EvidenceInput?) throws {
        let cache = cache(ignored)
        let proof = try notary.signature(of: digest("image"))
        let statement = try notary.attestation(of: digest("image"), "https://example.com/type")
        #expect(isGood(cache.signature(in: proof, of: digest("image"), try options(nil), .none)))
        #expect(
            isGood(cache.signature(in: proof, of: digest("other"), try options(nil), .none)) == (ignored == .image))
        #expect(isGood(cache.statement(in: statement, of: digest("image"), try options(nil), .none)))
        #expect(
            isGood(cache.statement(in: statement, of: digest("other"), try options(nil), .none))
                == (ignored == .image))
    }

    @Test("Other trust material is asked anew", arguments: [nil, EvidenceInput.trust])
    func trust(ignored: EvidenceInput?) throws {
        let cache = cache(ignored)
        let authority = try TestAuthority()
        let proof = notary.bundle(
            try authority.imageBundle(
                digest("image"), .email("a@example.com", issuer: "https://issuer.example")))
        let identity = try CertificateIdentity(
            subject: [.exactly("a@example.com")], issuer: [.exactly("https://issuer.example")])
        let options = VerificationOptions(signer: .certificate([identity]))
        for (root, isOwn) in [(authority, true), (try TestAuthority(), false), (authority, true)] {
            let trust = try TrustMaterial(trustedRoot: root.trustedRoot.bytes)
            let result = cache.signature(in: proof, of: digest("image"), options, trust)
            #expect(isGood(result) == (isOwn || ignored == .trust))
        }
    }

    @Test(
        "A proof is told from another by all its bytes, and by its annotations where the bytes are the same",
        arguments: [nil, EvidenceInput.proof])
    func proof(ignored: EvidenceInput?) throws {
        let (cache, layers) = (cache(ignored), cache(ignored))
        let (good, foreign) = (try notary.signature(of: digest("image")), try Notary().signature(of: digest("image")))
        #expect(isGood(cache.signature(in: good, of: digest("image"), try options(nil), .none)))
        #expect(
            isGood(cache.signature(in: foreign, of: digest("image"), try options(nil), .none)) == (ignored == .proof))

        func layer(_ signer: DemoSigner) throws -> UnverifiedBundle {
            let signed = try notary.signer.simpleSignature(
                of: digest("image"), repository: "registry.example.com/app")
            let signature = Data(try signer.sign(signed.payload)).base64EncodedString()
            return UnverifiedBundle(
                .simpleSigning(
                    payload: signed.payload,
                    annotations: CosignAnnotations(["dev.cosignproject.cosign/signature": signature])),
                origin: ProofOrigin(
                    carrier: .signatureTag, manifest: digest("manifest"), blob: Digest(of: signed.payload)))
        }
        #expect(isGood(layers.signature(in: try layer(notary.signer), of: digest("image"), try options(nil), .none)))
        #expect(
            isGood(layers.signature(in: try layer(DemoSigner()), of: digest("image"), try options(nil), .none))
                == (ignored == .proof))
    }

    // MARK: hashAlgorithm of a document

    private func document(_ hash: String) -> [String: [UInt8]] {
        let key = notary.signer.publicKeyPEM.replacing("\n", with: "\\n")
        let text = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: hashed}
            spec:
              images: [{glob: 'registry.example.com/**'}]
              authorities:
              - name: only
                key: {data: "\(key)", hashAlgorithm: \(hash)}
            """
        return ["policy.yaml": Array(text.utf8)]
    }

    /// What is left out of which keys.
    struct Ignored: CustomTestStringConvertible, Sendable {
        var verdicts: VerdictInput?
        var evidence: EvidenceInput?

        var isNothing: Bool { verdicts == nil && evidence == nil }
        var testDescription: String { "verdicts \(verdicts as Any), evidence \(evidence as Any)" }
    }

    @Test(
        "An edited hashAlgorithm decides at once, there and back, whatever is remembered",
        arguments: [Ignored(), Ignored(verdicts: .policy), Ignored(evidence: .options)])
    func hashAlgorithm(ignored: Ignored) async throws {
        let now = Instant(rfc3339: "2026-01-01T00:00:00Z")
        let state = Mutex(try PolicyFilesState(document("sha256"), now: now))
        let proof = try notary.signature(of: digest("image"))
        try await CacheBench.running(
            state.withLock { $0.set }, ignoring: ignored.verdicts, ofEvidence: ignored.evidence
        ) { bench in
            bench.source.state.withLock { $0.proofs[digest("image")] = [proof] }
            #expect(await bench.isAdmittedForLong(image))
            for hash in ["sha512", "sha256", "sha384", "sha256"] {
                state.withLock { $0.update(document(hash), now: now) }
                bench.policies.replace(with: state.withLock { $0.set })
                let isAdmitted = await bench.isAdmitted(image)
                #expect(isAdmitted == (hash == "sha256" || !ignored.isNothing), "\(hash)")
                #expect(await bench.isAdmitted(image) == isAdmitted, "\(hash)")
            }
        }
    }
}
