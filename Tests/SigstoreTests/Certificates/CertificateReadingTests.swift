// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("Reading a certificate")
struct CertificateReadingTests {
    struct Twin: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let alter: @Sendable (inout CertificateTemplate) -> Void
    }

    static let twins: [Twin] = [
        Twin(testDescription: "version 4") { $0.version = 4 },
        Twin(testDescription: "version 1 with extensions") { $0.version = 1 },
        Twin(testDescription: "a serial number of 22 bytes") { $0.serial = Array(repeating: 0x41, count: 22) },
        Twin(testDescription: "an extension twice") { template in
            for _ in 0..<2 { template.extraExtensions.append(.init(oid: "1.2.3", value: [5, 0])) }
        },
        Twin(testDescription: "65 extensions") { template in
            for index in 0..<65 { template.extraExtensions.append(.init(oid: "1.2.3.\(index)", value: [])) }
        },
        Twin(testDescription: "more than 16 KiB") {
            $0.extraExtensions.append(.init(oid: "1.2.3", value: Array(repeating: 0, count: 16 << 10)))
        },
        Twin(testDescription: "another algorithm inside") {
            $0.innerAlgorithm = ASN1Writer.sequence(ASN1Writer.oid("1.2.840.10045.4.3.3"))
        },
        Twin(testDescription: "another algorithm outside") {
            $0.outerAlgorithm = ASN1Writer.sequence(ASN1Writer.oid("1.2.840.10045.4.3.3"))
        },
        Twin(testDescription: "SHA-1") { $0.scheme = .hashed(.sha1) },
        Twin(testDescription: "an end before the start") { $0.notAfter = $0.notBefore.adding(seconds: -1) },
        Twin(testDescription: "a time with a fraction") {
            $0.notAfter = TestTime(2051, 1, 1).adding(milliseconds: 500)
        },
        Twin(testDescription: "a key that is none") { $0.publicKeyDER = ASN1Writer.sequence() },
        Twin(testDescription: "bytes after the last field") { template in
            template.alterTBS = { tbs in ASN1Writer.sequence(Array(tbs.dropFirst(4)), ASN1Writer.null) }
        },
    ]

    private func leaf(_ alter: (inout CertificateTemplate) -> Void = { _ in }) throws -> [UInt8] {
        var options = TestCertificateAuthority.Options()
        options.rootKind = .p256
        options.intermediateKinds = []
        let authority = try TestCertificateAuthority(options)
        var template = authority.leafTemplate(
            for: try AuthorityKey(), .email("a@example.com", issuer: "https://issuer.example"), at: TestAuthority.time)
        alter(&template)
        return try authority.issue(template).der
    }

    @Test("A certificate is read whole")
    func read() throws {
        let certificate = try Certificate(der: leaf())
        #expect(certificate.version == 3)
        #expect(certificate.subject == [0x30, 0x00])
        #expect(try certificate.validity.start == TestAuthority.time.instant)
        #expect(certificate.signatureScheme == .ecdsa(.sha256))
        let full = try leaf { template in
            // Seven are there, and some claims.
            let others = 64 - template.extensions.count
            for index in 0..<others { template.extraExtensions.append(.init(oid: "1.2.3.\(index)", value: [])) }
        }
        #expect(try Certificate(der: full).extensions.count == 64)
    }

    @Test("A certificate that differs in one thing is refused", arguments: twins)
    func refused(_ twin: Twin) throws {
        let der = try leaf { twin.alter(&$0) }
        switch try certificateError({ _ = try Certificate(der: der) }) {
        case .unreadable: #expect(twin.testDescription != "SHA-1")
        // Well-formed, and nothing to believe.
        case .unsupported: #expect(twin.testDescription == "SHA-1")
        case let other: Issue.record("\(other)")
        }
    }

    // GHSA-fx35-mq7g-6g98: a bare key where a certificate should be.
    @Test("Whatever is not exactly one certificate is refused")
    func notOne() throws {
        let der = try leaf()
        #expect(throws: Never.self) { try Certificate(der: der) }
        let others: [[UInt8]] = [
            [], der + [0], der + der, Array(der.dropLast()), try AuthorityKey().publicKeyDER, [0x30, 0x80, 0, 0],
            // The same with a length that is longer than it need be.
            [0x30, 0x83, 0] + der.dropFirst(2), Array(repeating: 0x30, count: 1000),
        ]
        for other in others {
            #expect(throws: CertificateError.self) { try Certificate(der: other) }
        }
    }

    @Test("Every error says something and has a word of its own")
    func words() {
        let errors: [CertificateError] = [
            .unreadable("why"), .noTime, .isAuthority, .notPinnedSigner(authority: "a"), .unknownIssuer(authority: "a"),
            .notSignedByIssuer(authority: "a"), .tooManyOffered(11), .tooMuchWork, .wrongVersion(.leaf, 1),
            .notAnAuthority(.root), .pathTooLong(.intermediate(1), allowed: 0), .keyUsage(.leaf),
            .purpose(.leaf, .codeSigning), .nameConstraints(.root), .unknownCriticalExtension(.leaf, "1.2"),
            .malformedExtension(.leaf, "key usage"), .noName, .unreadableName("why"), .unreadableClaim(.issuerV2),
            .contradiction(.issuerV1, .issuerV2), .unreadableTimestamps("why"), .wrongTimestampSignature(log: "l"),
            .tooFewLogs(found: 0, required: 1, outsidePeriod: true),
        ]
        #expect(Set(errors.map(\.code)).count == errors.count)
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
