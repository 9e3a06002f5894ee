// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("OpenSSL", .enabled(if: Tool.haveAll("openssl")))
struct OpenSSLTimestampTests {
    typealias Authority = OpenSSLTimestampAuthority

    @Test("writes tokens that prove what it says they do", arguments: Authority.kinds.keys.sorted())
    func written(kind: String) async throws {
        let authority = try await Authority(kind)
        for digest in ["sha256", "sha384", "sha512"] {
            for (reference, embeds) in [("sha1", true), ("sha256", false), ("sha384", true), ("sha512", false)] {
                let request = Authority.Request(
                    imprint: digest, digest: digest, reference: reference, embedsCertificate: embeds,
                    fractionDigits: embeds ? 6 : 0)
                let token = try await authority.token(over: timestamped, request)
                guard case .time = outcome(token, by: authority.believed) else {
                    Issue.record("\(request): \(outcome(token, by: authority.believed))")
                    continue
                }
                #expect(
                    outcome(token, over: [timestamped + [0]], by: [authority.believed]) == .refused(.anotherSignature))
                #expect(try await authority.accepts(token, over: timestamped))
                #expect(try await !authority.accepts(token, over: timestamped + [0]))
                let unpinned = CertificateAuthority(
                    name: "", root: authority.believed.root, intermediates: [], signer: nil,
                    takesOfferedIntermediates: false, operatorName: "", validity: authority.believed.validity)
                #expect((outcome(token, by: unpinned) == .unknownAuthority) == !embeds)
            }
        }
        let weak = try await authority.token(over: timestamped, Authority.Request(imprint: "sha1"))
        #expect(outcome(weak, by: authority.believed).code == "timestamp-imprint-algorithm")
        let weakDigest = try await authority.token(over: timestamped, Authority.Request(digest: "sha1"))
        #expect(outcome(weakDigest, by: authority.believed).code == "timestamp-signature-algorithm")
        // What the one refuses, the other refuses.
        let good = try await authority.token(over: timestamped, Authority.Request())
        var random = SeededRandom(seed: 7)
        for _ in 0..<40 {
            var damaged = good
            damaged.damage(&random)
            guard case .time = outcome(damaged, by: authority.believed) else { continue }
            #expect(try await authority.accepts(damaged, over: timestamped))
        }
    }

    /// OpenSSL compares the authority's name, requires a reference to the certificate, knows no signers by key, and
    /// reads the list of digests and unsigned attributes, all of which we read over.
    static let beyondOpenSSL: Set<String> = [
        "a name", "no reference to the certificate", "whose signer is named by its key", "no list of digests",
        "unsigned attributes",
    ]

    @Test("accepts whatever we accept", arguments: rows)
    func judged(row: TokenContentTests.Row) async throws {
        let authority = try TestTimestampAuthority.shared()
        let folder = try TemporaryDirectory()
        try folder.write(authority.authority.root.certificate.pem, to: "root")
        try folder.write(authority.signer.certificate.pem, to: "signer")
        try folder.write(timestamped, to: "message")
        try folder.write(try authority.token { row.make(&$0) }, to: "token")
        let accepts = try await openSSLAccepts(
            folder, "token", over: "message", root: "root", signer: "signer", at: timestampTime.seconds)
        #expect(accepts == !Self.beyondOpenSSL.contains(row.name))
    }

    static let rows =
        (TokenContentTests.contentRows + TokenContentTests.messageRows + TokenContentTests.attributeRows
        + TokenContentTests.signatureRows).filter { $0.code == nil }
}
