// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// What real versions of cosign wrote, by the verdicts recorded beside it.
@Suite(
    "Proofs that cosign made",
    .enabled(
        if: available(SharedFolder.path("captures/cosign/expected.json") != nil, orSkip: "no shared/captures/cosign")))
struct CapturedProofTests {
    static let fixtures = RecordedFixture.all
    static let accepted = fixtures.filter { $0.verdict == .accept }
    static let refused = fixtures.filter { $0.verdict == .reject || $0.verdict == .policy }

    /// The reason for which nothing in a layout is the signature that is asked for.
    static let reasons = [
        "oci/tr_app": "wrong-image",
        "oci/t_msgsig": "message-signature",
        "oci/t_two": "unreadable",
        "oci/t_unk": "unreadable",
        "oci/t_chain03": "unreadable",
        "oci/kl_notlog": "not-enough-log-entries",
        "oci/t_tsz": "log-proof-other-tree",
        "oci/t_r2nots": "no-proven-time",
        "oci/t_r2it2": "log-time-unexpected",
        // Left to us. A log of Rekor's second design signs no times, so that one in its entry is somebody else's word;
        // the token beside it would do, and cosign refuses the bundle too.
        "oci/t_r2it": "log-time-unexpected",
        // Left to us. Attestations only: cosign 3 takes any of them for a signature, and none says "signed".
        "oci/att_bundle31": "attestation-is-no-signature",
        "oci/att_legacy31": "attestation-is-no-signature",
        "oci/att_legacy25": "attestation-is-no-signature",
    ]

    static func proofs(_ fixture: RecordedFixture) throws -> [UnverifiedBundle] {
        try Layout(folder: fixture.layoutFolder).proofs(of: fixture.image)
    }

    private func signer(_ fixture: RecordedFixture) throws -> RequiredSigner {
        switch fixture.signer {
        case .key(let name):
            let text = try #require(SharedFolder.bytes("\(RecordedFixture.folder)/\(name)"))
            return .key(try VerificationKey(pem: String(decoding: text, as: UTF8.self)))
        case .identity(let identity, let issuer): return .certificate([try .exactly(identity, issuer)])
        }
    }

    private func trust(_ fixture: RecordedFixture) throws -> TrustMaterial {
        try fixture.trustedRoot.map { try .shared("\(RecordedFixture.folder)/\($0)") } ?? .none
    }

    private func verifier(
        _ fixture: RecordedFixture, signer: RequiredSigner? = nil, trust: TrustMaterial? = nil
    ) throws -> Verifier {
        Verifier(
            trust: try trust ?? self.trust(fixture),
            options: VerificationOptions(
                signer: try signer ?? self.signer(fixture), logs: fixture.requiresLog ? 1 : 0,
                timestamps: fixture.requiresTimestamp ? 1 : 0))
    }

    /// Why a proof is not what the fixture asks for, a signature or an attestation of one type; `nil` where it is.
    private func refusal(
        _ verifier: Verifier, _ proof: UnverifiedBundle, _ fixture: RecordedFixture, of image: Digest? = nil
    ) -> String? {
        let image = image ?? fixture.image
        guard let type = fixture.predicateType else { return verifier.refusal(asSignature: proof, of: image)?.code }
        do {
            let statement = try verifier.statement(in: proof, of: image)
            return statement.predicateType == type ? nil : "another type"
        } catch { return error.code }
    }

    @Test("there are as many as were recorded")
    func count() {
        #expect(Self.fixtures.count == 64)
        #expect(Self.fixtures.count(where: \.isKeyless) == 17)
        #expect(Self.fixtures.count { !$0.isKeyless && $0.requiresLog } == 8)
        #expect(Set(Self.refused.map(\.layout)) == Set(Self.reasons.keys))
    }

    @Test("verify where they were recorded as accepted", arguments: accepted)
    func accepts(fixture: RecordedFixture) throws {
        let verifier = try verifier(fixture)
        let proofs = try Self.proofs(fixture)
        let reasons = proofs.map { refusal(verifier, $0, fixture) }
        #expect(reasons.contains(nil), "\(reasons)")
        // The same proofs say nothing about another image.
        #expect(proofs.allSatisfy { refusal(verifier, $0, fixture, of: otherImage) != nil })
        if fixture.requiresLog {
            for proof in proofs where refusal(verifier, proof, fixture) == nil {
                let support =
                    try fixture.predicateType == nil
                    ? verifier.signature(in: proof, of: fixture.image).support
                    : verifier.statement(in: proof, of: fixture.image).support
                #expect(support.logs == 1)
                #expect(support.timestamps >= (fixture.requiresTimestamp ? 1 : 0))
            }
        }
    }

    @Test("are refused where they were recorded so, and for that reason", arguments: refused)
    func refuses(fixture: RecordedFixture) throws {
        let verifier = try verifier(fixture)
        let proofs = try Self.proofs(fixture)
        #expect(!proofs.isEmpty)
        let codes = proofs.map { verifier.refusal(asSignature: $0, of: fixture.image)?.code }
        #expect(!codes.contains(nil))
        #expect(codes.contains(Self.reasons[fixture.layout] ?? ""), "\(codes)")
        let attestations = ["oci/att_bundle31": 11, "oci/att_legacy31": 11, "oci/att_legacy25": 10]
        let statements = proofs.filter { (try? verifier.statement(in: $0, of: fixture.image)) != nil }
        #expect(statements.count == attestations[fixture.layout] ?? 0)
    }

    @Test("are not there where nothing was signed", arguments: fixtures.filter { $0.verdict == .unsigned })
    func unsigned(fixture: RecordedFixture) throws { #expect(try Self.proofs(fixture).isEmpty) }

    @Test(
        "with a log entry verify where nobody asks for it, and not where no log is trusted and somebody does",
        arguments: fixtures.filter { $0.requiresLog && !$0.isKeyless })
    func logged(fixture: RecordedFixture) throws {
        let proofs = try Self.proofs(fixture)
        let silent = Verifier(trust: .none, options: VerificationOptions(signer: try signer(fixture), logs: 0))
        let verified = proofs.compactMap { try? silent.signature(in: $0, of: fixture.image) }
        #expect(verified.contains { $0.unchecked.contains(.transparencyLogEntry) })
        for trust in try [TrustMaterial.none, .publicGood()] {
            let asking = try verifier(fixture, trust: trust)
            #expect(
                proofs.allSatisfy {
                    asking.refusal(asSignature: $0, of: fixture.image)?.code == "not-enough-log-entries"
                })
        }
    }

    @Test("by every other key are by the wrong key", arguments: accepted.filter { !$0.isKeyless })
    func otherKeys(fixture: RecordedFixture) throws {
        let stranger = try verifier(fixture, signer: TestKey.shared(.p256).verifier().options.signer)
        let proofs = try Self.proofs(fixture)
        #expect(proofs.allSatisfy { stranger.refusal(asSignature: $0, of: fixture.image)?.code == "wrong-key" })
    }

    @Test(
        "by a certificate are nobody else's, and nothing without their own instance's root",
        arguments: accepted.filter(\.isKeyless))
    func otherIdentities(fixture: RecordedFixture) throws {
        guard case .identity(let identity, let issuer) = fixture.signer else { return }
        let trust = try trust(fixture)
        let proofs = try Self.proofs(fixture).filter { refusal(try verifier(fixture), $0, fixture) == nil }
        #expect(!proofs.isEmpty)
        for other in try OtherIdentity.all(identity, issuer) {
            let verifier = try verifier(fixture, signer: .certificate([other.identity]), trust: trust)
            #expect(proofs.allSatisfy { refusal(verifier, $0, fixture) == "wrong-identity" }, "\(other.name)")
        }
        let pattern = try verifier(
            fixture, signer: .certificate([.pattern(identity, issuer)]), trust: trust)
        #expect(proofs.allSatisfy { refusal(pattern, $0, fixture) == nil })
        for root in try [TrustMaterial.none, .publicGood()] {
            let verifier = try verifier(fixture, trust: root)
            #expect(proofs.allSatisfy { refusal(verifier, $0, fixture) == "not-enough-log-entries" })
            // Nor does giving up the log help: then nothing proves a time.
            let careless = Verifier(
                trust: root, options: VerificationOptions(signer: try signer(fixture), logs: 0, certificateLogs: 0))
            #expect(proofs.allSatisfy { refusal(careless, $0, fixture) == "no-proven-time" })
        }
    }

    @Test("of a workflow verify by what it says of itself, and by nothing else", arguments: WorkflowClaim.allCases)
    func workflow(claim: WorkflowClaim) throws {
        let workflows = Self.accepted.filter {
            if case .identity(let name, _) = $0.signer { return name.hasPrefix("https://github.com/") }
            return false
        }
        #expect(workflows.count == 3)
        for fixture in workflows {
            guard case .identity(let identity, let issuer) = fixture.signer else { continue }
            let known = try verifier(fixture)
            let proof = try #require(try Self.proofs(fixture).first { refusal(known, $0, fixture) == nil })
            let claims = try #require(known.signature(in: proof, of: fixture.image).signer.claims)
            let said = try #require(claims[claim.fulcioExtension])
            for (value, reason) in [(said, nil), ("\(said)x", "wrong-identity"), (said + "\0", "wrong-identity")] {
                let asking = try verifier(
                    fixture, signer: .certificate([.exactly(identity, issuer, [claim: value])]))
                #expect(refusal(asking, proof, fixture) == reason, "\(fixture) \(value)")
            }
        }
    }

    @Test("without a key, by a certificate, are no proof under a key", arguments: fixtures.filter(\.isKeyless))
    func keyless(fixture: RecordedFixture) throws {
        let verifier = try TestKey.shared(.p256).verifier()
        for proof in try Self.proofs(fixture) {
            // Beside a layer of cosign's tags a certificate is somebody else's business; the key has not signed.
            let expected =
                switch (proof.content, fixture.layout) {
                case (.bundle, "oci/t_chain03"): "unreadable"
                case (.bundle, _): "certificate-where-key-required"
                default: "wrong-key"
                }
            #expect(verifier.refusal(asSignature: proof, of: fixture.image)?.code == expected)
        }
    }
}
