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
    struct Fixture: Sendable, CustomTestStringConvertible {
        let layout: String
        let digest: String
        let key: String
        let verdict: String
        let needsLog: Bool
        var testDescription: String { "\(layout) \(digest.prefix(14)) \(verdict)\(needsLog ? ", logged" : "")" }
    }

    static let fixtures: [Fixture] = {
        guard let bytes = SharedFolder.bytes("captures/cosign/expected.json"),
            let list = (try? JSONDocument(parsing: bytes))?.root["fixtures"]
        else { return [] }
        return list.elements.compactMap {
            guard $0["mode"]?.string == "key", let layout = $0["layout"]?.string, let digest = $0["digest"]?.string,
                let key = $0["key"]?.string, let verdict = $0["verdict"]?.string, let log = $0["tlog"]?.bool
            else { return nil }
            return Fixture(layout: layout, digest: digest, key: key, verdict: verdict, needsLog: log)
        }
    }()

    private func verifier(_ fixture: Fixture, log: Bool = false) throws -> Verifier {
        let text = try #require(SharedFolder.bytes("captures/cosign/\(fixture.key)"))
        let key = try VerificationKey(pem: String(decoding: text, as: UTF8.self))
        return Verifier(trust: .none, options: VerificationOptions(key: key, requiresLogEntry: log))
    }

    @Test("there are as many as were recorded")
    func count() {
        #expect(Self.fixtures.count == 47)
        #expect(Self.fixtures.count { !$0.needsLog } == 39)
    }

    @Test("get their verdicts", arguments: fixtures.filter { !$0.needsLog })
    func verdicts(fixture: Fixture) throws {
        let verifier = try verifier(fixture)
        let image = try Digest(fixture.digest)
        let proofs = try Layout(folder: "captures/cosign/\(fixture.layout)").proofs(of: image)
        let signatures = proofs.compactMap { try? verifier.signature(in: $0, of: image) }
        let statements = proofs.compactMap { try? verifier.statement(in: $0, of: image) }
        switch fixture.verdict {
        case "accept":
            #expect(
                !signatures.isEmpty,
                "\(proofs.map { verifier.refusal(asSignature: $0, of: image)?.description ?? "-" })")
            #expect(signatures.allSatisfy { $0.image == image && $0.key == verifier.options.key.fingerprint })
            // The same proofs say nothing about another image.
            #expect(proofs.allSatisfy { (try? verifier.signature(in: $0, of: otherImage)) == nil })
        case "reject":
            #expect(!proofs.isEmpty)
            #expect(signatures.isEmpty)
        case "unsigned":
            #expect(proofs.isEmpty)
        case "policy":
            let expected = ["oci/att_bundle31": 11, "oci/att_legacy31": 11, "oci/att_legacy25": 10]
            #expect(signatures.isEmpty)
            #expect(statements.count == expected[fixture.layout])
            #expect(
                proofs.allSatisfy {
                    verifier.refusal(asSignature: $0, of: image)?.code == "attestation-is-no-signature"
                })
        case let other: Issue.record("verdict \(other)")
        }
    }

    @Test(
        "are refused for the reason that was recorded",
        arguments: [
            ("oci/tr_app", "wrong-image"), ("oci/t_msgsig", "message-signature"), ("oci/t_unk", "unreadable"),
            ("oci/t_two", "unreadable"),
        ])
    func reasons(layout: String, code: String) throws {
        let fixture = try #require(Self.fixtures.first { $0.layout == layout })
        let image = try Digest(fixture.digest)
        let verifier = try verifier(fixture)
        let proofs = try Layout(folder: "captures/cosign/\(layout)").proofs(of: image)
        #expect(proofs.contains { verifier.refusal(asSignature: $0, of: image)?.code == code })
    }

    @Test(
        "with a log entry verify where nobody asks for it, and are not yet checked where somebody does",
        arguments: fixtures.filter(\.needsLog))
    func logged(fixture: Fixture) throws {
        let image = try Digest(fixture.digest)
        let proofs = try Layout(folder: "captures/cosign/\(fixture.layout)").proofs(of: image)
        let silent = try verifier(fixture)
        let verified = proofs.compactMap { try? silent.signature(in: $0, of: image) }
        #expect(verified.contains { $0.unchecked.contains(.transparencyLogEntry) })
        let asking = try verifier(fixture, log: true)
        #expect(proofs.allSatisfy { asking.refusal(asSignature: $0, of: image)?.code == "not-yet-checked" })
    }

    @Test("by every other key are by the wrong key", arguments: fixtures.filter { $0.verdict == "accept" })
    func otherKeys(fixture: Fixture) throws {
        let image = try Digest(fixture.digest)
        let stranger = try TestKey.shared(.p256).verifier()
        let proofs = try Layout(folder: "captures/cosign/\(fixture.layout)").proofs(of: image)
        #expect(proofs.allSatisfy { stranger.refusal(asSignature: $0, of: image)?.code == "wrong-key" })
    }

    @Test(
        "without a key, by a certificate, are no proof under a key",
        arguments: ["kl_r1", "kl_r1tsa", "kl_r2tsa", "kl_gh", "kl_notlog"])
    func keyless(layout: String) throws {
        let image = try Digest("sha256:4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb")
        let verifier = try TestKey.shared(.p256).verifier()
        let proofs = try Layout(folder: "captures/cosign/oci/\(layout)").proofs(of: image)
        #expect(!proofs.isEmpty)
        #expect(proofs.allSatisfy { verifier.refusal(asSignature: $0, of: image) == .certificateWhereKeyRequired })
    }
}
