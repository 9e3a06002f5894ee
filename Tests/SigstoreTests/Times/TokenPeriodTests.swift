// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("A token's time")
struct TokenPeriodTests {
    static let start = TestTime(2024, 3, 1)
    static let end = TestTime(2024, 9, 1)

    /// Milliseconds from an end, and whether the time is inside.
    static let edges: [(time: TestTime, isInside: Bool)] = [
        (start.adding(seconds: -1), false), (start.adding(milliseconds: -1), false), (start, true),
        (start.adding(milliseconds: 1), true), (timestampTime, true), (end.adding(milliseconds: -1), true),
        (end, true), (end.adding(milliseconds: 1), false), (end.adding(milliseconds: 999), false),
        (end.adding(seconds: 1), false),
    ]

    @Test("is in its authority's period, both ends included, to the fraction of a second", arguments: edges)
    func authority(time: TestTime, isInside: Bool) throws {
        let authority = try TestTimestampAuthority.shared()
        let believed = try authority.believed(start: Self.start, end: Self.end)
        let token = try authority.token(at: time)
        let expected =
            isInside
            ? TokenOutcome.time(time.rfc3339)
            : .refused(.outsideAuthority(try instant(time), authority: believed.validity))
        #expect(outcome(token, by: believed) == expected)
        // Pinned or not, the period is the authority's.
        let embedded = try authority.token(at: time) { $0.embedSigners() }
        #expect(
            outcome(embedded, by: try authority.believed(pinned: false, start: Self.start, end: Self.end)) == expected)
    }

    @Test("is in the validity of every certificate up to the root", arguments: edges, [0, 1, 2])
    func certificates(edge: (time: TestTime, isInside: Bool), level: Int) throws {
        var options = TestTimestampAuthority.Options()
        options.intermediateKinds = [.p256]
        if level == 2 {
            options.alterSigner = { ($0.notBefore, $0.notAfter) = (Self.start, Self.end) }
        } else {
            options.alter = { if $1 == level { ($0.notBefore, $0.notAfter) = (Self.start, Self.end) } }
        }
        let authority = try TestTimestampAuthority(options)
        let token = try authority.token(at: edge.time) {
            $0.signers[0].signingTime = nil
            $0.embedSigners()
        }
        for pinned in [true, false] {
            let result = outcome(token, by: try authority.believed(pinned: pinned))
            if edge.isInside {
                #expect(result == .time(edge.time.rfc3339))
            } else {
                let position = [PathPosition.root, .intermediate(0), .leaf][level]
                let period = try #require(
                    ValidityPeriod(start: try instant(Self.start), end: try instant(Self.end)))
                #expect(
                    result
                        == .refused(
                            .certificate(.outsideValidity(position, at: try instant(edge.time), period))))
            }
        }
    }

    @Test("is told with what proves it")
    func evidence() throws {
        let authority = try TestTimestampAuthority.shared()
        let time = timestampTime.adding(milliseconds: 250)
        let token = try TimestampToken(der: try authority.token(at: time))
        let proven = try #require(
            try WitnessedTimestamp.checked(token, over: [timestamped], by: [authority.believed()]))
        #expect(proven.instant == (try instant(time)))
        #expect(proven.authority == authority.url)
        #expect(proven.operatorName == "sigstore.test")
        #expect(proven.signer.der == authority.signer.certificate.der)
    }

    @Test("has a stable word and a sentence for each reason that there is none")
    func reasons() throws {
        let now = try instant(timestampTime)
        let period = try #require(ValidityPeriod(start: now, end: nil))
        let all: [TimestampError] = [
            .unreadable("x"), .notGranted(status: 2), .criticalExtension("1.2"), .signerCount(2),
            .imprintAlgorithm("1.2"), .anotherSignature, .signatureAlgorithm("1.2"), .noSignedAttributes,
            .attributeMissing("x"), .attributeRepeated("x"), .contentType("1.2"), .contentDigest,
            .certificateReference, .foreignCertificate, .severalCertificates, .certificate(.noTime),
            .wrongSignature, .signingTime(now, certificate: period), .outsideAuthority(now, authority: period),
        ]
        #expect(Set(all.map(\.code)).count == all.count)
        #expect(Set(all.map(\.description)).count == all.count)
        #expect(all.allSatisfy { $0.code.hasPrefix("timestamp-") && $0.description.contains("timestamp") })
    }
}
