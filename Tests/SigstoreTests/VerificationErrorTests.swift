// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

@Suite("A reason for refusing a proof")
struct VerificationErrorTests {
    static let all: [VerificationError] = [
        .unreadable("x"), .wrongKey(required: image), .wrongImage(found: "x"), .malformedPayload("x"), .claimType("x"),
        .payloadType("x"), .signatureCount(2), .malformedStatement("x"), .attestationIsNoSignature(predicateType: "x"),
        .messageSignature, .signatureIsNoAttestation, .certificateWhereKeyRequired,
        .keyWhereCertificateRequired, .notSignedByCertificate, .certificate(.noTime), .noIdentityRequired,
        .log(.unreadable("x")), .duplicateLogEntry, .notEnoughLogEntries(found: 0, required: 1, offered: 0),
        .timestamp(.unreadable("x")), .notEnoughTimestamps(found: 0, required: 1, offered: 0), .noProvenTime,
        .wrongArtifact(found: "x"), .identity(mismatch),
    ]

    private static let mismatch = IdentityMismatch(
        field: .subject, required: [.exactly("a")], found: "b", subject: "b", issuer: "c")

    @Test("has a code of its own, in the alphabet of metric labels")
    func codes() {
        #expect(Set(Self.all.map(\.code)).count == Self.all.count)
        #expect(Self.all.allSatisfy { $0.code.allSatisfy { $0 == "-" || ("a"..."z").contains($0) } })
    }

    @Test("tells the nearest miss first: what is proven to come from the key beats what is not")
    func nearness() {
        let steps: [[VerificationError]] = [
            [.unreadable("x")],
            [.signatureCount(0), .messageSignature, .signatureIsNoAttestation],
            [.certificateWhereKeyRequired, .keyWhereCertificateRequired],
            [.wrongKey(required: image), .certificate(.noTime), .noIdentityRequired],
            [.log(.unreadable("x")), .timestamp(.unreadable("x")), .duplicateLogEntry, .notSignedByCertificate],
            [.identity(Self.mismatch)],
            [
                .notEnoughLogEntries(found: 0, required: 1, offered: 0), .noProvenTime,
                .notEnoughTimestamps(found: 0, required: 1, offered: 0),
            ],
            [.claimType("x"), .malformedPayload("x"), .malformedStatement("x"), .payloadType("x")],
            [.wrongImage(found: "x"), .attestationIsNoSignature(predicateType: "x"), .wrongArtifact(found: "x")],
        ]
        #expect(steps.flatMap { $0 }.count == Self.all.count)
        for (near, far) in zip(steps.dropFirst(), steps) {
            for one in near { for other in far { #expect(one.nearness > other.nearness) } }
        }
    }

    @Test("shows text from outside escaped and short")
    func escaped() {
        let text = "a\u{1B}[31m\n\u{202E}" + String(repeating: "b", count: 10_000)
        let errors: [VerificationError] = [
            .wrongImage(found: text), .claimType(text), .payloadType(text),
            .attestationIsNoSignature(predicateType: text),
        ]
        for error in errors {
            #expect(error.description.unicodeScalars.count < 250)
            #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
        }
    }

    @Test("keeps no more of a proof than it tells, however long its author made it")
    func bounded() throws {
        let key = try TestKey.shared(.ed25519)
        let verifier = try key.verifier()
        let long = String(repeating: "x", count: 1 << 20)
        var type = ProofText()
        type.payloadType = long
        var predicate = ProofText()
        predicate.statement.predicateType = "\"\(long)\""
        var subject = ProofText()
        subject.statement.subject = #"[{"digest":{"sha256":"\#(long)"}}]"#
        var mediaType = ProofText()
        mediaType.mediaType = "\"\(long)\""
        var member = ProofText()
        member.bundleMore = #","\#(long)":1"#
        var twice = ProofText()
        twice.bundleMore = #","\#(long)":1,"\#(long)":1"#
        let found =
            try [type, predicate, subject, mediaType, member, twice].map {
                candidate(bundle: try $0.bundle(signedBy: key))
            } + [
                SimpleSigningText(type: "\"\(long)\"").candidate(signedBy: key),
                SimpleSigningText(imageSection: #"{"docker-manifest-digest":"\#(long)"}"#).candidate(signedBy: key),
            ]
        for bundle in found {
            let error = try #require(verifier.refusal(asSignature: bundle))
            // What the case itself holds, whatever the sentence shows.
            #expect(
                "\(Mirror(reflecting: error).children.map { String(describing: $0.value) })".utf8.count < 1024,
                "\(error)")
        }
    }

    @Test("for a key says what to do")
    func keyErrors() {
        let errors: [KeyError] = [
            .notPEM, .severalBlocks(2), .wrongBlock("CERTIFICATE"), .wrongBlock("EC PRIVATE KEY"), .malformed,
            .unsupported("x"), .rsaSize(bits: 1024),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
