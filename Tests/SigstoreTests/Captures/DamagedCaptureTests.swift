// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Real proofs, with log entries, timestamps and certificates in them, damaged a little.
@Suite(
    "A damaged proof of cosign's",
    .enabled(if: available(SharedFolder.path("captures/cosign/oci") != nil, orSkip: "no shared/captures/cosign")))
struct DamagedCaptureTests {
    static let rounds = 60

    @Test("verifies only for what was signed", arguments: RecordedFixture.all.filter { !$0.isKeyless })
    func damage(fixture: RecordedFixture) throws {
        guard case .key(let name) = fixture.signer else { return }
        let text = try #require(SharedFolder.bytes("\(RecordedFixture.folder)/\(name)"))
        let key = try VerificationKey(pem: String(decoding: text, as: UTF8.self))
        let verifier = Verifier(trust: .none, options: VerificationOptions(key: key))
        let image = fixture.image
        var random = SeededRandom(seed: 2026)
        for proof in try Layout(folder: fixture.layoutFolder).proofs(of: image) {
            let signed = (try? verifier.signature(in: proof, of: image))?.claims.payload
            let stated = (try? verifier.statement(in: proof, of: image))?.statement.text
            for _ in 0..<Self.rounds {
                let damaged = proof.damaged(&random)
                if let found = try? verifier.signature(in: damaged, of: image) {
                    #expect(found.claims.payload == signed)
                }
                if let found = try? verifier.statement(in: damaged, of: image) {
                    #expect(found.statement.text == stated)
                }
            }
        }
    }
}

extension UnverifiedBundle {
    fileprivate func damaged(_ random: inout SeededRandom) -> UnverifiedBundle {
        func damaged(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            bytes.damage(&random)
            return bytes
        }
        return switch content {
        case .simpleSigning(let payload, let annotations):
            UnverifiedBundle(.simpleSigning(payload: damaged(payload), annotations: annotations), origin: origin)
        case .envelope(let bytes, let annotations):
            UnverifiedBundle(.envelope(damaged(bytes), annotations: annotations), origin: origin)
        case .bundle(let bytes): UnverifiedBundle(.bundle(damaged(bytes)), origin: origin)
        case .large, .read, .unreadable: self
        }
    }
}
