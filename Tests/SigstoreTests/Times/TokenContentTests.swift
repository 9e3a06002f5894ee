// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// Each row changes one thing of a token that would be good, and names the reason for which it is refused then; no
/// reason where it makes no difference.
@Suite("What a token says")
struct TokenContentTests {
    typealias Row = Change<TimestampTemplate>

    @Test("of the hash, the time and the rest of its content is checked", arguments: contentRows)
    func content(row: Row) throws { try check(row) }

    @Test("around its content is checked", arguments: messageRows)
    func message(row: Row) throws { try check(row) }

    @Test("in its signed attributes is checked", arguments: attributeRows)
    func attributes(row: Row) throws { try check(row) }

    @Test("with its signature is checked", arguments: signatureRows)
    func signature(row: Row) throws { try check(row) }

    private func check(_ row: Row) throws {
        let authority = try TestTimestampAuthority.shared()
        let token = try authority.token { row.make(&$0) }
        let result = outcome(token, by: try authority.believed())
        if let code = row.code { #expect(result.code == code) } else { #expect(result == goodTimestamp) }
    }

    static let contentRows = [
        Row("as it is", nil) { _ in },
        Row("SHA-384", nil) {
            ($0.imprintHashOID, $0.imprint) = (MintedHash.sha384.oid, MintedHash.sha384(timestamped))
        },
        Row("SHA-512", nil) {
            ($0.imprintHashOID, $0.imprint) = (MintedHash.sha512.oid, MintedHash.sha512(timestamped))
        },
        Row("SHA-1", "timestamp-imprint-algorithm") {
            ($0.imprintHashOID, $0.imprint) = (MintedHash.sha1.oid, MintedHash.sha1(timestamped))
        },
        Row("MD5", "timestamp-imprint-algorithm") {
            ($0.imprintHashOID, $0.imprint) = ("1.2.840.113549.2.5", Array($0.imprint.prefix(16)))
        },
        Row("a hash under another one's name", "timestamp-unreadable") { $0.imprintHashOID = MintedHash.sha512.oid },
        Row("a hash that lacks a byte", "timestamp-unreadable") { $0.imprint.removeLast() },
        Row("a hash with a byte more", "timestamp-unreadable") { $0.imprint.append(0) },
        Row("no hash", "timestamp-unreadable") { $0.imprint = [] },
        Row("the hash of another signature", "timestamp-of-another-signature") {
            $0.imprint = MintedHash.sha256(timestamped + [0])
        },
        Row("one bit of the hash", "timestamp-of-another-signature") { $0.imprint[31] ^= 1 },
        Row("version 0", "timestamp-unreadable") { $0.version = 0 },
        Row("version 2", "timestamp-unreadable") { $0.version = 2 },
        Row("version 257", "timestamp-unreadable") { $0.version = 257 },
        Row("another policy", nil) { $0.policy = "1.2.3.4.5" },
        Row("the longest number", nil) { $0.serial = [0x7F] + [UInt8](repeating: 1, count: 40) },
        Row("a longer number", "timestamp-unreadable") { $0.serial = [0x7F] + [UInt8](repeating: 1, count: 41) },
        Row("no accuracy", nil) { $0.accuracySeconds = nil },
        Row("finer accuracy", nil) { $0.accuracyMilliseconds = 5 },
        Row("ordering", nil) { $0.ordering = true },
        Row("a nonce", nil) { $0.nonce = [UInt8](repeating: 0xFF, count: 20) },
        Row("a nonce that fills the token", "timestamp-unreadable") { $0.nonce = [UInt8](repeating: 1, count: 4096) },
        Row("a name", nil) { $0.name = .directory(DistinguishedName(organization: "x", commonName: "y")) },
        Row("an extension", nil) { $0.appendExtension(critical: []) },
        Row("a critical extension", "timestamp-critical-extension") {
            $0.appendExtension(critical: ASN1Writer.boolean(true))
        },
        Row("seventeen extensions", "timestamp-unreadable") {
            let one = ASN1Writer.sequence(ASN1Writer.oid("1.2.3"), ASN1Writer.octets([]))
            $0.append(toInfo: ASN1Writer.context(1, [[UInt8]](repeating: one, count: 17).flatMap { $0 }))
        },
        Row("an unknown field", "timestamp-unreadable") { $0.append(toInfo: ASN1Writer.context(2, [])) },
        Row("ten digits of fraction", "timestamp-unreadable") { $0.genTimeText = "20240601120000.0000000001Z" },
        Row("a fraction with a trailing zero", "timestamp-unreadable") { $0.genTimeText = "20240601120000.10Z" },
        Row("no zone", "timestamp-unreadable") { $0.genTimeText = "20240601120000" },
        Row("a zone", "timestamp-unreadable") { $0.genTimeText = "20240601120000+0000" },
        Row("no seconds", "timestamp-unreadable") { $0.genTimeText = "202406011200Z" },
        Row("a day that is none", "timestamp-unreadable") { $0.genTimeText = "20240631120000Z" },
        Row("other content than TSTInfo", "timestamp-unreadable") { $0.content = Array("hello".utf8) },
        Row("no content", "timestamp-unreadable") { $0.content = [] },
        Row("content with a byte after it", "timestamp-unreadable") { $0.content = $0.tstInfo + [0] },
    ]

    static let messageRows = [
        Row("a text of the status", nil) { $0.statusText = "Operation Okay" },
        Row("granted with changes", "timestamp-not-granted") { $0.status = 1 },
        Row("rejected", "timestamp-not-granted") { $0.status = 2 },
        Row("waiting", "timestamp-not-granted") { $0.status = 3 },
        Row("a status beyond all", "timestamp-unreadable") { $0.status = 1 << 40 },
        Row("no token", "timestamp-unreadable") { $0.tokenOmitted = true },
        Row("rejected, and no token", "timestamp-not-granted") { ($0.status, $0.tokenOmitted) = (2, true) },
        Row("a byte after it", "timestamp-unreadable") { $0.trailing = [0] },
        Row("another token after it", "timestamp-unreadable") { $0.trailing = ASN1Writer.sequence([]) },
        Row("version 1 of the message", "timestamp-unreadable") { $0.cmsVersion = 1 },
        Row("version 4 of the message", "timestamp-unreadable") { $0.cmsVersion = 4 },
        Row("plain data as content", "timestamp-content-type") { $0.contentTypeOID = "1.2.840.113549.1.7.1" },
        Row("no list of digests", nil) { $0.digestAlgorithms = [] },
        Row("no signer", "timestamp-signer-count") { $0.signers = [] },
        Row("two signers", "timestamp-signer-count") { $0.signers += $0.signers },
        Row("its certificate", nil) { $0.embedSigners() },
        Row("an empty list of certificates", nil) { $0.certificates = [] },
        Row("its certificate twice", nil) { $0.certificates = $0.signers.map(\.certificate.der) * 2 },
        Row("its certificate sixteen times", nil) { $0.certificates = $0.signers.map(\.certificate.der) * 16 },
        Row("its certificate seventeen times", "timestamp-unreadable") {
            $0.certificates = $0.signers.map(\.certificate.der) * 17
        },
        Row("something else as certificate", "timestamp-unreadable") { $0.certificates = [[0x30, 0]] },
        Row("an attribute certificate", "timestamp-unreadable") { $0.certificates = [[0xA1, 0]] },
    ]

    static let attributeRows = [
        Row("no content type", "timestamp-attribute-missing") { $0.signers[0].contentTypeOID = nil },
        Row("another content type", "timestamp-content-type") {
            $0.signers[0].contentTypeOID = "1.2.840.113549.1.7.1"
        },
        Row("no digest", "timestamp-attribute-missing") { $0.signers[0].messageDigestOmitted = true },
        Row("another digest", "timestamp-content-digest") {
            $0.signers[0].messageDigest = MintedHash.sha256($0.tstInfo + [0])
        },
        Row("a digest of another kind", "timestamp-content-digest") {
            $0.signers[0].messageDigest = MintedHash.sha384($0.tstInfo)
        },
        Row("an empty digest", "timestamp-content-digest") { $0.signers[0].messageDigest = [] },
        Row("the content type twice", "timestamp-attribute-repeated") {
            $0.signers[0].extraAttributes = [
                (type: "1.2.840.113549.1.9.3", value: ASN1Writer.oid("1.2.840.113549.1.9.16.1.4"))
            ]
        },
        Row("the digest twice", "timestamp-attribute-repeated") {
            $0.signers[0].extraAttributes = [
                (type: "1.2.840.113549.1.9.4", value: ASN1Writer.octets(MintedHash.sha256($0.tstInfo)))
            ]
        },
        Row("two content types", "timestamp-attribute-repeated") {
            $0.signers[0].contentTypeOID = nil
            let type = ASN1Writer.oid("1.2.840.113549.1.9.16.1.4")
            $0.signers[0].extraAttributes = [(type: "1.2.840.113549.1.9.3", value: type + type)]
        },
        Row("an attribute of no matter", nil) {
            $0.signers[0].extraAttributes = [(type: "1.2.3.4", value: ASN1Writer.null)]
        },
        Row("an attribute of no matter twice", "timestamp-attribute-repeated") {
            $0.signers[0].extraAttributes = [(type: "1.2.3.4", value: ASN1Writer.null)] * 2
        },
        Row("sixteen attributes", nil) { $0.signers[0].extraAttributes = many(12) },
        Row("seventeen attributes", "timestamp-unreadable") { $0.signers[0].extraAttributes = many(13) },
        Row("attributes in another order", "timestamp-unreadable") {
            $0.signers[0].extraAttributes = [(type: "1.2.3", value: ASN1Writer.null)]
            $0.signers[0].attributesAreSorted = false
        },
        Row("no attributes", "timestamp-without-signed-attributes") { $0.signers[0].attributesOmitted = true },
        Row("no signing time", nil) { $0.signers[0].signingTime = nil },
        Row("a signing time before the certificate", "timestamp-signing-time") {
            $0.signers[0].signingTime = TestTime(2020, 1, 1).adding(seconds: -1)
        },
        Row("a signing time at its start", nil) { $0.signers[0].signingTime = TestTime(2020, 1, 1) },
        Row("a signing time at its end", nil) { $0.signers[0].signingTime = TestTime(2040, 1, 1) },
        Row("a signing time after the certificate", "timestamp-signing-time") {
            $0.signers[0].signingTime = TestTime(2040, 1, 1).adding(seconds: 1)
        },
        Row("no reference to the certificate", nil) { $0.signers[0].certificateID = .none },
        Row("a reference by SHA-1", nil) { $0.signers[0].certificateID = .v1 },
        Row("a reference by SHA-384", nil) { $0.signers[0].certificateID = .v2(.sha384) },
        Row("a reference by SHA-512", nil) { $0.signers[0].certificateID = .v2(.sha512) },
        Row("a reference of the second form by SHA-1", "timestamp-signature-algorithm") {
            $0.signers[0].certificateID = .v2(.sha1)
        },
        Row("a reference to another certificate", "timestamp-certificate-reference") {
            $0.signers[0].identifiedCertificate = $0.signers[0].certificate.der + [0]
        },
        Row("a reference to another certificate by SHA-1", "timestamp-certificate-reference") {
            $0.signers[0].certificateID = .v1
            $0.signers[0].identifiedCertificate = $0.signers[0].certificate.der + [0]
        },
        Row("unsigned attributes", nil) { $0.signers[0].unsignedAttributes = ASN1Writer.null },
    ]

    static let signatureRows = [
        Row("by another key", "timestamp-wrong-signature") { $0.signers[0].key = stranger },
        Row("over the content", "timestamp-wrong-signature") { $0.signers[0].signedBytes = $0.tstInfo },
        Row("none", "timestamp-wrong-signature") { $0.signers[0].signature = [] },
        Row("longer than any", "timestamp-wrong-signature") {
            $0.signers[0].signature = [UInt8](repeating: 1, count: 20_000)
        },
        Row("named after RSA", "timestamp-wrong-signature") {
            $0.signers[0].signatureAlgorithm = ASN1Writer.sequence(
                ASN1Writer.oid("1.2.840.113549.1.1.1"), ASN1Writer.null)
        },
        Row("with SHA-384", nil) { ($0.signers[0].hash) = .sha384 },
        Row("with SHA-512", nil) { ($0.signers[0].hash) = .sha512 },
        Row("with another hash than the content's", "timestamp-signature-algorithm") {
            $0.signers[0].scheme = .hashed(.sha384)
        },
        Row("with SHA-1", "timestamp-signature-algorithm") {
            ($0.signers[0].hash) = .sha1
        },
        Row("over a digest by SHA-1", "timestamp-signature-algorithm") {
            $0.signers[0].digestAlgorithm = ASN1Writer.sequence(ASN1Writer.oid(MintedHash.sha1.oid), ASN1Writer.null)
        },
        Row("over a digest without parameters", nil) {
            $0.signers[0].digestAlgorithm = ASN1Writer.sequence(ASN1Writer.oid(MintedHash.sha256.oid))
        },
        Row("over a digest with parameters", "timestamp-signature-algorithm") {
            $0.signers[0].digestAlgorithm = ASN1Writer.sequence(
                ASN1Writer.oid(MintedHash.sha256.oid), ASN1Writer.integer(1))
        },
        Row("of the key's own name", "timestamp-signature-algorithm") {
            $0.signers[0].signatureAlgorithm = ASN1Writer.sequence(ASN1Writer.oid("1.2.840.10045.2.1"))
        },
        Row("by RSA-PSS", "timestamp-signature-algorithm") {
            $0.signers[0].signatureAlgorithm = ASN1Writer.sequence(ASN1Writer.oid("1.2.840.113549.1.1.10"))
        },
        Row("whose signer has another version", "timestamp-unreadable") { $0.signers[0].version = 3 },
        Row("whose signer is named by its key", nil) {
            $0.signers[0].version = 3
            $0.signers[0].identifier = .subjectKey($0.signers[0].key.keyIdentifier)
        },
        Row("whose signer is named by its key in another version", "timestamp-unreadable") {
            $0.signers[0].identifier = .subjectKey($0.signers[0].key.keyIdentifier)
        },
    ]

    static let stranger: AuthorityKey = {
        guard let key = try? AuthorityKey(.p256) else { preconditionFailure("no key can be made") }
        return key
    }()

    private static func many(_ count: Int) -> [(type: String, value: [UInt8])] {
        (0..<count).map { (type: "1.2.3.\($0)", value: ASN1Writer.null) }
    }
}

private func * <Element>(list: [Element], count: Int) -> [Element] {
    (0..<count).flatMap { _ in list }
}
