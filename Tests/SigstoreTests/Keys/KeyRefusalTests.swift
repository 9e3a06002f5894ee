// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Crypto
import CryptoExtras
import FoundationEssentials
import TestSupport
import Testing

@testable import Sigstore

@Suite("A public key is refused")
struct KeyRefusalTests {
    /// A text that is no key, and why.
    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        let error: KeyError
        let text: String
        var testDescription: String { name }

        init(_ name: String, _ error: KeyError, _ text: String) {
            self.name = name
            self.error = error
            self.text = text
        }

        init(_ name: String, _ error: KeyError, der: [UInt8]) {
            self.init(name, error, pem("PUBLIC KEY", der))
        }
    }

    static let point = Array(P256.Signing.PrivateKey().publicKey.x963Representation)
    static let good = DER.sequence(DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits(point))
    static let goodPEM = pem("PUBLIC KEY", good)
    static let ed25519 = Array(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation)

    @Test("(but the text that the others are made from is a key)")
    func baseline() throws {
        _ = try VerificationKey(pem: Self.goodPEM)
        _ = try VerificationKey(pem: pem("PUBLIC KEY", DER.ed25519(Self.ed25519)))
        _ = try VerificationKey(pem: pem("PUBLIC KEY", DER.rsa(n: DER.modulus(bits: 2048))))
    }

    @Test("when the text is not exactly one block", arguments: Self.texts)
    func refusesText(row: Refused) {
        #expect(throws: row.error) { try VerificationKey(pem: row.text) }
    }

    static let texts = [
        Refused("nothing", .notPEM, ""),
        Refused("words", .notPEM, "a key"),
        Refused("base64 alone", .notPEM, base64(good)),
        Refused("an ssh key", .notPEM, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUA"),
        Refused("an empty block", .notPEM, pem("PUBLIC KEY", [])),
        Refused("no end", .notPEM, goodPEM.replacing("-----END PUBLIC KEY-----\n", with: "")),
        Refused("no beginning", .notPEM, goodPEM.replacing("-----BEGIN PUBLIC KEY-----\n", with: "")),
        Refused("another end", .notPEM, goodPEM.replacing("END PUBLIC", with: "END RSA PUBLIC")),
        Refused("two ends", .notPEM, goodPEM + "-----END PUBLIC KEY-----\n"),
        Refused("end first", .notPEM, "-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nAAAA\n"),
        Refused("four dashes", .notPEM, goodPEM.replacing("KEY-----\n", with: "KEY----\n")),
        Refused("text before the boundary", .notPEM, "key: " + goodPEM),
        Refused("indented boundary", .notPEM, " " + goodPEM),
        Refused(
            "text after the boundary", .notPEM,
            goodPEM.replacing("BEGIN PUBLIC KEY-----", with: "BEGIN PUBLIC KEY----- x")),
        Refused("a header", .notPEM, goodPEM.replacing("KEY-----\nM", with: "KEY-----\nProc-Type: 4\n\nM")),
        Refused("literal backslash n", .notPEM, goodPEM.replacing("\n", with: "\\n\n")),
        Refused("base64 of URLs", .notPEM, goodPEM.replacing("M", with: "-")),
        Refused("padding missing", .notPEM, goodPEM.replacing("=", with: "")),
        Refused("two keys", .severalBlocks(2), goodPEM + goodPEM),
        Refused("three keys", .severalBlocks(3), goodPEM + goodPEM + goodPEM),
        Refused("a key and a certificate", .severalBlocks(2), goodPEM + pem("CERTIFICATE", good)),
        // Lax readers overlook a block whose boundary has something behind it.
        Refused(
            "a second key after a space", .severalBlocks(2),
            goodPEM + goodPEM.replacing("KEY-----\n", with: "KEY----- \n")),
        Refused("a second key that never ends", .severalBlocks(2), goodPEM + "-----BEGIN PUBLIC KEY-----\n"),
        Refused("a second key in a comment", .severalBlocks(2), goodPEM + "# " + goodPEM),
        Refused("too much text", .notPEM, goodPEM + String(repeating: "#", count: VerificationKey.maximumPEMLength)),
    ]

    @Test("when the block is something else", arguments: Self.labels)
    func refusesLabel(label: String) {
        #expect(throws: KeyError.wrongBlock(label)) { try VerificationKey(pem: pem(label, Self.good)) }
    }

    static let labels = [
        "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY",
        "ENCRYPTED SIGSTORE PRIVATE KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "EC PUBLIC KEY", "public key",
        "PUBLIC KEY ", "PUBLIC  KEY",
    ]

    @Test("as a private key in words that say what happened", arguments: OpenSSLKey.Kind.signing)
    func privateKeys(kind: OpenSSLKey.Kind) throws {
        let key = try OpenSSLKey(generating: kind)
        let error = #expect(throws: KeyError.wrongBlock("PRIVATE KEY")) {
            try VerificationKey(pem: key.privateKeyPEM)
        }
        #expect(error?.description.contains("a private key") == true)
    }

    @Test("when the bytes are not one strict SubjectPublicKeyInfo of a kind that is known", arguments: Self.bytes)
    func refusesBytes(row: Refused) {
        #expect(throws: row.error) { try VerificationKey(pem: row.text) }
    }

    static let bytes = [
        Refused("zero bytes", .malformed, der: [UInt8](repeating: 0, count: 91)),
        Refused("an integer", .malformed, der: DER.integer([1])),
        Refused("bytes after the key", .malformed, der: good + [0]),
        Refused("another key after the key", .malformed, der: good + good),
        Refused("cut off", .malformed, der: Array(good.dropLast())),
        Refused(
            "an element too many", .malformed,
            der: DER.sequence(DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits(point), DER.null)),
        Refused(
            "a parameter too many", .malformed,
            der: DER.sequence(DER.sequence(DER.ecPublicKey, DER.prime256v1, DER.null), DER.bits(point))),
        Refused("a length in more bytes than it needs", .malformed, der: [0x30, 0x81] + good.dropFirst(1)),
        Refused("an indefinite length", .malformed, der: [0x30, 0x80] + good.dropFirst(2) + [0, 0]),
        Refused(
            "an octet string", .malformed,
            der: DER.sequence(DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.node(0x04, point))),
        Refused(
            "unused bits", .malformed,
            der: DER.sequence(
                DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.node(0x03, [4] + point.dropLast() + [0xF0]))),
        Refused("no point", .malformed, der: DER.sequence(DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits([]))),
        Refused(
            "the point at infinity", .malformed,
            der: DER.sequence(DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits([0]))),
        Refused(
            "a point off the curve", .malformed,
            der: DER.sequence(
                DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits(point.dropLast() + [point[64] ^ 1]))),
        Refused(
            "a compressed point", .malformed,
            der: DER.sequence(
                DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits([2 + point[64] & 1] + point[1...32]))),
        Refused(
            "sequences in sequences", .malformed,
            der: (0..<2_000).reduce(into: [UInt8]()) { der, _ in der = DER.node(0x30, der) }),
        Refused(
            "a hybrid point", .malformed,
            der: DER.sequence(
                DER.sequence(DER.ecPublicKey, DER.prime256v1), DER.bits([6 + point[64] & 1] + point.dropFirst()))),
        Refused(
            "a point of another curve", .malformed,
            der: DER.sequence(DER.sequence(DER.ecPublicKey, DER.node(0x06, hex("2b81040022"))), DER.bits(point))),
        Refused(
            "PKCS#1 under the label of SubjectPublicKeyInfo", .malformed,
            der: DER.rsaPKCS1(n: DER.modulus(bits: 2048), e: [1, 0, 1])),
        Refused(
            "SubjectPublicKeyInfo under the label of PKCS#1", .malformed,
            pem("RSA PUBLIC KEY", DER.rsa(n: DER.modulus(bits: 2048)))),
        Refused("an elliptic curve key under the label of PKCS#1", .malformed, pem("RSA PUBLIC KEY", good)),
        Refused(
            "PKCS#1 with bytes after it", .malformed,
            pem("RSA PUBLIC KEY", DER.rsaPKCS1(n: DER.modulus(bits: 2048), e: [1, 0, 1]) + [0])),
    ]

    @Test("when an RSA key is too small, too large, or no RSA key at all", arguments: Self.rsa)
    func refusesRSA(row: Refused) {
        #expect(throws: row.error) { try VerificationKey(pem: row.text) }
    }

    static let rsa = [
        Refused("1024 bits", .rsaSize(bits: 1024), der: DER.rsa(n: DER.modulus(bits: 1024))),
        Refused("2047 bits", .rsaSize(bits: 2047), der: DER.rsa(n: DER.modulus(bits: 2047))),
        Refused("4097 bits", .rsaSize(bits: 4097), der: DER.rsa(n: DER.modulus(bits: 4097))),
        Refused("8192 bits", .rsaSize(bits: 8192), der: DER.rsa(n: DER.modulus(bits: 8192))),
        Refused(
            "1024 bits in PKCS#1", .rsaSize(bits: 1024),
            pem("RSA PUBLIC KEY", DER.rsaPKCS1(n: DER.modulus(bits: 1024), e: [3]))),
        Refused("exponent 1", .malformed, der: DER.rsa(n: DER.modulus(bits: 2048), e: [1])),
        Refused("an even exponent", .malformed, der: DER.rsa(n: DER.modulus(bits: 2048), e: [1, 0, 0])),
        Refused("exponent 0", .malformed, der: DER.rsa(n: DER.modulus(bits: 2048), e: [])),
        // A long exponent makes each check as slow as a signature.
        Refused("an exponent of 34 bits", .malformed, der: DER.rsa(n: DER.modulus(bits: 2048), e: [2, 0, 0, 0, 1])),
        Refused(
            "an exponent as long as the modulus", .malformed,
            der: DER.rsa(n: DER.modulus(bits: 2048), e: DER.modulus(bits: 2047))),
        Refused("an even modulus", .malformed, der: DER.rsa(n: DER.modulus(bits: 2048).dropLast() + [0])),
        Refused(
            "a negative modulus", .malformed,
            der: DER.sequence(
                DER.sequence(DER.rsaEncryption, DER.null),
                DER.bits(DER.sequence(DER.node(0x02, [UInt8](repeating: 0xA5, count: 256)), DER.integer([3]))))),
        Refused(
            "a modulus with zeros before it", .malformed,
            der: DER.sequence(
                DER.sequence(DER.rsaEncryption, DER.null),
                DER.bits(DER.sequence(DER.node(0x02, [0, 0] + DER.modulus(bits: 2048)), DER.integer([3]))))),
        Refused(
            "bytes after the inner key", .malformed,
            der: DER.sequence(
                DER.sequence(DER.rsaEncryption, DER.null),
                DER.bits(DER.rsaPKCS1(n: DER.modulus(bits: 2048), e: [3]) + [0]))),
        // One key, one fingerprint: RFC 3279 §2.3.1 wants NULL.
        Refused(
            "no parameters", .malformed,
            der: DER.sequence(
                DER.sequence(DER.rsaEncryption), DER.bits(DER.rsaPKCS1(n: DER.modulus(bits: 2048), e: [3])))),
        Refused(
            "an integer for parameters", .malformed,
            der: DER.sequence(
                DER.sequence(DER.rsaEncryption, DER.integer([1])),
                DER.bits(DER.rsaPKCS1(n: DER.modulus(bits: 2048), e: [3])))),
        Refused(
            "a NULL that is not empty", .malformed,
            der: DER.sequence(
                DER.sequence(DER.rsaEncryption, [0x05, 0x01, 0x00]),
                DER.bits(DER.rsaPKCS1(n: DER.modulus(bits: 2048), e: [3])))),
    ]

    @Test(
        "when an Ed25519 key has another length, other parameters, or is a point for which anyone can sign",
        arguments: Self.edwards)
    func refusesEd25519(row: Refused) {
        #expect(throws: row.error) { try VerificationKey(pem: row.text) }
    }

    static let edwards =
        [
            Refused("31 bytes", .malformed, der: DER.ed25519(ed25519.dropLast())),
            Refused("33 bytes", .malformed, der: DER.ed25519(ed25519 + [0])),
            Refused("no bytes", .malformed, der: DER.ed25519([])),
            Refused(
                "NULL for parameters", .malformed,
                der: DER.sequence(DER.sequence(DER.ed25519Name, DER.null), DER.bits(ed25519))),
            Refused(
                "a curve for parameters", .malformed,
                der: DER.sequence(DER.sequence(DER.ed25519Name, DER.prime256v1), DER.bits(ed25519))),
            Refused(
                "y above the field", .malformed, der: DER.ed25519(hex("f0" + String(repeating: "ff", count: 30) + "7f"))
            ),
            Refused("not on the curve", .malformed, der: DER.ed25519(hex("02" + String(repeating: "00", count: 31)))),
        ]
        + smallOrder.map { Refused("small order \($0.prefix(6))…", .malformed, der: DER.ed25519(hex($0))) }

    /// The eight points of small order. For the first, R = the same point and S = 0 fit every message.
    static let smallOrder = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ]

    @Test("when it is of a kind that is not accepted", arguments: [OpenSSLKey.Kind.p224, .secp256k1])
    func otherCurves(kind: OpenSSLKey.Kind) throws {
        let key = try OpenSSLKey(generating: kind)
        let error = #expect(throws: KeyError.self) { try VerificationKey(pem: key.publicKeyPEM) }
        guard case .unsupported(let what)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(what.contains("elliptic curve"))
    }

    @Test("when its algorithm is not accepted, whatever the key")
    func otherAlgorithms() {
        // X25519, Ed448, id-RSASSA-PSS, DSA: an encryption key, a curve we lack, a padding no policy names, and a relic.
        for name in ["06032b656e", "06032b6571", "06092a864886f70d01010a", "06072a8648ce380401"] {
            let error = #expect(throws: KeyError.self) {
                try VerificationKey(
                    pem: pem("PUBLIC KEY", DER.sequence(DER.sequence(hex(name)), DER.bits(Self.ed25519))))
            }
            guard case .unsupported? = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("when it describes its curve instead of naming it, even P-256")
    func explicitParameters() throws {
        let text = try explicitP256()
        #expect(throws: KeyError.unsupported("an elliptic curve key without a named curve")) {
            try VerificationKey(pem: text)
        }
    }

    /// A P-256 key as OpenSSL writes it when asked for explicit parameters.
    private func explicitP256() throws -> String {
        let context = try #require(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil))
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        try #require(EVP_PKEY_keygen_init(context) == 1)
        try #require(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1)
        try #require(EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE) == 1)
        try #require(EVP_PKEY_keygen(context, &key) == 1)
        defer { EVP_PKEY_free(key) }
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &der)
        let bytes = try #require(der)
        defer { CRYPTO_free(bytes, nil, 0) }
        return pem("PUBLIC KEY", Array(UnsafeBufferPointer(start: bytes, count: Int(count))))
    }
}
