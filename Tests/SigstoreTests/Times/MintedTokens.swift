// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// What the tests' tokens are about, and when.
let timestamped = Array("a signature".utf8)
let timestampTime = TestTime(2024, 6, 1, 12)

extension TestTimestampAuthority {
    /// The authority of most tests, made once.
    static func shared() throws -> TestTimestampAuthority { try sharedAuthority.get() }
    private static let sharedAuthority = Result { try TestTimestampAuthority() }

    /// The authority as trust material has it.
    func believed(
        pinned: Bool = true, takesOfferedIntermediates: Bool = false, start: TestTime = TestTime(2000, 1, 1),
        end: TestTime? = nil
    ) throws -> CertificateAuthority {
        let above = try authority.chain.map { try Certificate(der: $0.der) }
        return CertificateAuthority(
            name: url, root: try #require(above.last),
            intermediates: takesOfferedIntermediates ? [] : Array(above.dropLast()),
            signer: pinned ? try Certificate(der: signer.certificate.der) : nil,
            takesOfferedIntermediates: takesOfferedIntermediates, operatorName: "sigstore.test",
            validity: try #require(ValidityPeriod(start: try instant(start), end: try end.map(instant))))
    }

    /// A good token, changed before it is signed.
    func token(
        at time: TestTime = timestampTime, _ change: (inout TimestampTemplate) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var template = template(over: timestamped, at: time)
        try change(&template)
        return try template.minted()
    }
}

func instant(_ time: TestTime) throws -> Instant { try #require(Instant(rfc3339: time.rfc3339)) }

extension TimestampTemplate {
    /// Appends bytes to the TSTInfo.
    mutating func append(toInfo more: [UInt8]) {
        let info = tstInfo
        // A header of two bytes, or of three from 128 bytes on.
        content = ASN1Writer.sequence(Array(info.dropFirst(info[1] < 0x80 ? 2 : 3)), more)
    }

    /// Appends one extension to the TSTInfo.
    mutating func appendExtension(critical: [UInt8]) {
        append(
            toInfo: ASN1Writer.context(
                1,
                ASN1Writer.sequence(ASN1Writer.oid("1.3.6.1.5.5.7.1.3"), critical, ASN1Writer.octets([0x30, 0]))))
    }
}

/// The imprints and the good outcome of the tests' tokens.
func outcome(_ token: [UInt8], by authority: CertificateAuthority) -> TokenOutcome {
    outcome(token, over: [timestamped], by: [authority])
}

let goodTimestamp = TokenOutcome.time("2024-06-01T12:00:00Z")
