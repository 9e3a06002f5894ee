// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("An entry of a Rekor v2 log")
struct TiledLogTests {
    typealias Kind = SigningOptions.EntryKind
    static let kinds = [Kind.hashedrekord002, .dsse002]

    @Test("counts for each kind of key that such a log takes", arguments: kinds, AuthorityKey.Kind.allCases)
    func keys(kind: Kind, key: AuthorityKey.Kind) throws {
        #expect(try MintedEntry(kind, key: key).check() != nil)
        #expect(try MintedEntry(kind, key: key, certificate: false).check() != nil)
    }

    @Test("is proven by inclusion alone", arguments: kinds)
    func proof(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.template.proof = nil
        #expect(try minted.refusal() == .proofRequired)
        minted.template.integratedTime = TestAuthority.time.seconds
        minted.template.promise = PromiseTemplate(
            minted.template, integratedTime: TestAuthority.time.seconds, key: minted.log.key)
        #expect(try minted.refusal() == .proofRequired)
    }

    @Test("has no time, neither told nor signed", arguments: kinds)
    func time(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.template.integratedTime = TestAuthority.time.seconds
        #expect(try minted.refusal() == .unexpectedTime)
        minted.template.promise = PromiseTemplate(
            minted.template, integratedTime: TestAuthority.time.seconds, key: minted.log.key)
        #expect(try minted.refusal() == .unexpectedTime)
        minted.template.integratedTime = nil
        #expect(try minted.refusal() == .unexpectedTime)
    }

    @Test("stands in the tree where it says", arguments: kinds)
    func index(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.template.logIndex += 1
        #expect(try minted.refusal() == .otherIndex(told: 6, proof: 5))
    }

    /// The same JSON, written otherwise, and really logged.
    static let rewritings: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
        ("a space", { Array(String(decoding: $0, as: UTF8.self).replacing(#"":{"#, with: #"": {"#).utf8) }),
        ("a newline at the end", { $0 + [0x0A] }),
        (
            "an escape",
            { Array(String(decoding: $0, as: UTF8.self).replacing("SHA2_256", with: #"SHA2\u005f256"#).utf8) }
        ),
        (
            "another order",
            {
                let text = String(decoding: $0, as: UTF8.self)
                let version = #""apiVersion":"0.0.2","#
                return Array((text.replacing(version, with: "").dropLast() + "," + version.dropLast() + "}").utf8)
            }
        ),
        ("a further member", { Array((String(decoding: $0, as: UTF8.self).dropLast() + #","x":1}"#).utf8) }),
    ]

    @Test("is the canonical leaf, byte for byte", arguments: kinds, 0..<rewritings.count)
    func canonical(kind: Kind, number: Int) throws {
        var minted = try MintedEntry(kind)
        let body = Self.rewritings[number].1(minted.template.body)
        #expect(body != minted.template.body)
        let index = minted.log.append(body)
        minted.template.body = body
        minted.template.logIndex = Int64(index)
        minted.template.proof = minted.log.proof(of: index)
        #expect(try minted.refusal() == .notCanonical, "\(Self.rewritings[number].0)")
    }

    static let foreignDetails = [
        "", "PKIX_ECDSA_P256_SHA_384", "PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P256_HMAC_SHA_256", "PKIX_ED25519_PH",
        "PKIX_RSA_PKCS1V15_2048_SHA256", "pkix_ecdsa_p256_sha_256", "5",
    ]

    @Test("calls the key what it is", arguments: kinds, foreignDetails)
    func keyDetails(kind: Kind, details: String) throws {
        var minted = try MintedEntry(kind)
        let body = Array(
            String(decoding: minted.template.body, as: UTF8.self)
                .replacing("PKIX_ECDSA_P256_SHA_256", with: details).utf8)
        let index = minted.log.append(body)
        minted.template.body = body
        minted.template.logIndex = Int64(index)
        minted.template.proof = minted.log.proof(of: index)
        #expect(try minted.refusal() == .keyDetails(found: details))
    }

    @Test("names the content by the hash that the key goes with")
    func hash() throws {
        let weaker = try MintedEntry(.hashedrekord002, key: .p384, scheme: .hashed(.sha256))
        #expect(try weaker.refusal() == .keyDetails(found: "PKIX_ECDSA_P384_SHA_256"))
        var minted = try MintedEntry(.hashedrekord002)
        let body = Array(
            String(decoding: minted.template.body, as: UTF8.self)
                .replacing("SHA2_256", with: "SHA2_512")
                .replacing(
                    MintedText.base64(MintedHash.sha256(MintedEntry.message)),
                    with: MintedText.base64(MintedHash.sha512(MintedEntry.message))
                ).utf8)
        minted.template.body = body
        #expect(try minted.refusal() == .hashNotKnown("sha512"))
    }

    @Test("by pure Ed25519 is over an envelope's payload, and cannot be over a hash")
    func pureEd25519() throws {
        #expect(try MintedEntry(.dsse002, key: .ed25519, scheme: .ed25519).check() != nil)
        #expect(
            try MintedEntry(.hashedrekord002, key: .ed25519, scheme: .ed25519).refusal()
                == .keyDetails(found: "PKIX_ED25519"))
    }

    @Test(
        "of a log with an ECDSA or RSA key counts by that key's hash",
        arguments: [AuthorityKey.Kind.p256, .p384, .rsa2048])
    func otherLogKeys(kind: AuthorityKey.Kind) throws {
        let log = try TestTransparencyLog(.v2, key: AuthorityKey(kind))
        var minted = try MintedEntry(.hashedrekord002, log: log)
        let name = TransparencyLog.noteID(of: minted.believed.key, name: log.host)
        minted.template.logID = name
        minted.believed = try log.believed(id: name)
        minted.template.proof?.checkpoint?.signatures[0].keyHash = Array(name.prefix(4))
        #expect(try minted.check() != nil)
        minted.template.proof?.checkpoint?.signatures[0].keyHash[0] ^= 1
        #expect(try minted.refusal() == .checkpointUnsigned)
    }

    @Test("is not found in a log of the other design")
    func designs() throws {
        var tiled = try MintedEntry(.hashedrekord001, log: try TestTransparencyLog(.v2))
        #expect(try tiled.refusal() == .wrongLogDesign(kind: "hashedrekord 0.0.1"))
        tiled = try MintedEntry(.hashedrekord002, log: try TestTransparencyLog(.v1, key: AuthorityKey(.ed25519)))
        #expect(try tiled.refusal() == .wrongLogDesign(kind: "hashedrekord 0.0.2"))
        // An ECDSA log can be either; then the checkpoint has to be of the entry's design.
        var clocked = try MintedEntry(.hashedrekord002, log: try TestTransparencyLog(.v1))
        clocked.template.integratedTime = nil
        clocked.template.promise = nil
        clocked.template.logIndex = 5
        #expect(
            try clocked.refusal() == .checkpointOrigin(found: "rekor.sigstore.test - 1193050959916656506"))
        var flat = try MintedEntry(.hashedrekord001, log: try TestTransparencyLog(.v2, key: AuthorityKey()))
        flat.template.promise = nil
        #expect(try flat.refusal() == .checkpointOrigin(found: "log2024-1.rekor.sigstore.test"))
    }
}

@Suite("A log's name")
struct LogNameTests {
    @Test(
        "for checkpoints is the host of its address",
        arguments: [
            ("https://rekor.example", "rekor.example"), ("https://rekor.example/", "rekor.example"),
            ("https://rekor.example:8443/log?x#y", "rekor.example"), ("rekor.example/log", "rekor.example"),
            ("http://user@rekor.example", "rekor.example"), ("http://[::1]:80/", "::1"), ("", ""), ("https://", ""),
        ])
    func origin(url: String, host: String) throws {
        #expect(try TestTransparencyLog(.v1).believed(url: url).origin == host)
    }

    @Test("as the public log of 2025 has it")
    func production() throws {
        let der = try #require(
            Base64.decode("MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244="))
        let id = TransparencyLog.noteID(of: try PublicKey(der: der), name: "log2025-1.rekor.sigstore.dev")
        #expect(id == hex("cf1199155bddd051268d1f16ac5c0c75c009f6fb5a63f4177f8e18d7051e3fa0"))
    }
}
