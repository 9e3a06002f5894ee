// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// sigstore/sigstore-conformance: each folder's name says the verdict.
@Suite(
    "Cases of the conformance suite",
    .enabled(if: available(!ConformanceCase.all.isEmpty, orSkip: "no shared/\(ConformanceCase.folder)")))
struct ConformanceTests {
    /// Why each case is refused that has to be, also those of the whole suite that are not in every folder: the code, or
    /// for a bundle that cannot be read what of it.
    static let reasons = [
        "bundle-empty-certificate-chain_fail": "certificate chain is empty",
        "bundle-from-wrong-instance_fail": "not-enough-log-entries",
        "bundle-invalid-base64-signature_fail": "messageSignature.signature is missing or no base64",
        "bundle-malformed-json_fail": "is not JSON",
        "bundle-negative-log-index_fail": "logIndex is negative",
        "bundle-unknown-version_fail": "media type is not known",
        // Its proof has no checkpoint either, which shows first; the root has tests of its own.
        "bundle-with-root-cert_fail": "inclusionProof has no checkpoint",
        "checkpoint-bad-keyhint_fail": "checkpoint-unsigned",
        "checkpoint-wrong-roothash_fail": "log-proof-other-tree",
        "dsse-invalid-sig_fail": "log-entry-other-signature",
        "dsse-mismatch-envelope_fail": "log-entry-other-signature",
        "dsse-mismatch-sig_fail": "log-entry-other-signature",
        "inclusion-proof-corrupted-hash_fail": "log-proof-not-included",
        "incorrect-public-key_fail": "log-entry-other-signer",
        "integrated-time-in-future_fail": "certificate-outside-validity",
        "intoto-expired-certificate_fail": "certificate-outside-validity",
        // The entry's signature is another one, and not even written as this kind of entry has it.
        "intoto-log-entry-mismatch_fail": "log-entry-unreadable",
        "intoto-missing-inclusion-proof_fail": "has no inclusion proof",
        "intoto-set-outside-signing-cert-validity_fail": "certificate-outside-validity",
        "intoto-tsa-timestamp-outside-cert-validity_fail": "certificate-outside-validity",
        "invalid-checkpoint-signature_fail": "checkpoint-signature",
        "invalid-ct-key_fail": "sct-too-few",
        // An old proof, from before proofs had checkpoints.
        "invalid-inclusion-proof_fail": "inclusionProof has no checkpoint",
        "managed-key-no-key_fail": "key-where-certificate-required",
        // Signs of a text editor within the key's base64.
        "managed-key-wrong-key_fail": "key",
        "message-digest-mismatch_fail": "wrong-artifact",
        "rekor2-checkpoint-missing-log-signature_fail": "checkpoint-unsigned",
        "rekor2-checkpoint-missing-origin_fail": "checkpoint-unreadable",
        "rekor2-checkpoint-missing-root-hash_fail": "checkpoint-unreadable",
        "rekor2-checkpoint-missing-size_fail": "checkpoint-unreadable",
        "rekor2-checkpoint-no-matching-signature_fail": "checkpoint-origin",
        "rekor2-dsse-invalid-sig_fail": "log-entry-other-signature",
        "rekor2-dsse-mismatch-envelope_fail": "log-entry-other-signature",
        "rekor2-dsse-mismatch-sig_fail": "log-entry-other-signature",
        "rekor2-no-inclusion-proof_fail": "has no inclusion proof",
        "rekor2-no-timestamp_fail": "no-proven-time",
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "timestamp-outside-authority",
        "rekor2-timestamp-outside-tsa-cert-validity_fail": "timestamp-certificate",
        "rekor2-timestamp-payload-mismatch_fail": "timestamp-of-another-signature",
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": "no-proven-time",
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": "no-proven-time",
        // Its base64 has line breaks, which shows first; without them it is refused for its time, below.
        "rekor2-timestamp-with-incorrect-time_fail": "signedTimestamp is missing or no base64",
        "set-invalid-signature_fail": "log-entry-timestamp-signature",
        "signature-mismatch_fail": "log-entry-other-signature",
        "trust-root-tlog-missing-validity-start_fail": "trusted root",
        "wrong-hashedrekord-artifact_fail": "log-entry-other-signature",
        "wrong-hashedrekord-cert-and-sig_fail": "log-entry-other-signature",
        "wrong-hashedrekord-entry_fail": "log-entry-other-signature",
        "wrong-material_fail": "wrong-artifact",
    ]

    private static func outcome(
        of example: ConformanceCase, _ artifact: Artifact, bundle: [UInt8]? = nil
    ) throws -> String? {
        let trust: TrustMaterial
        do throws(TrustError) {
            if let json = example.trustedRoot {
                trust = try TrustMaterial(trustedRoot: json)
            } else {
                trust = try .publicGood()
            }
        } catch { return "trusted root" }
        let verifier: Verifier
        if let text = example.key {
            guard let key = try? VerificationKey(pem: text) else { return "key" }
            verifier = Verifier(trust: trust, options: VerificationOptions(key: key, requiresLogEntry: true))
        } else {
            verifier = Verifier(trust, try .exactly(example.identity, example.issuer))
        }
        let refusal = verifier.refusal(of: artifact, in: bundle ?? example.bundle)
        return refusal?.code == "unreadable" ? refusal?.description : refusal?.code
    }

    @Test("get the verdict of their names, by path and by digest", arguments: ConformanceCase.all)
    func verdicts(example: ConformanceCase) throws {
        for artifact in [Artifact.bytes(example.artifact), .digest(example.digest)] {
            let reason = try Self.outcome(of: example, artifact)
            #expect((reason != nil) == example.mustFail, "\(reason ?? "verified")")
            // A case that is new to us has its verdict, and no reason yet.
            if let reason, let expected = Self.reasons[example.name] {
                #expect(reason == expected || (reason.contains(" ") && reason.contains(expected)), "\(reason)")
            }
        }
    }

    @Test("with a late timestamp are refused for its time, where it can be read")
    func lateTimestamp() throws {
        let name = "rekor2-timestamp-with-incorrect-time_fail"
        let example = try #require(ConformanceCase.all.first { $0.name == name })
        var bundle = try JSONTree(JSONDocument(parsing: example.bundle).root)
        let path = ["verificationMaterial", "timestampVerificationData"]
        var data = bundle[path[0]][path[1]]
        let text = data["rfc3161Timestamps"][0]["signedTimestamp"].text
        #expect(text.contains("\n"))
        data["rfc3161Timestamps"][0]["signedTimestamp"] = .string(text.filter { $0 != "\n" })
        bundle[path[0]][path[1]] = data
        #expect(
            try Self.outcome(of: example, .bytes(example.artifact), bundle: bundle.bytes)
                == "certificate-outside-validity")
    }

    @Test(
        "that verify do not for another file, another name or another issuer",
        arguments: ConformanceCase.all.filter { !$0.mustFail })
    func twins(example: ConformanceCase) throws {
        #expect(try Self.outcome(of: example, .bytes(example.artifact + [0])) != nil)
        #expect(try Self.outcome(of: example, .digest(Digest(of: example.artifact + [0]))) != nil)
        guard example.key == nil else { return }
        let trust = try example.trustedRoot.map { try TrustMaterial(trustedRoot: $0) } ?? .publicGood()
        for other in try OtherIdentity.all(example.identity, example.issuer) {
            let refusal = Verifier(trust, other.identity).refusal(of: .bytes(example.artifact), in: example.bundle)
            #expect(refusal?.code == "wrong-identity", "\(other.name)")
        }
    }
}
