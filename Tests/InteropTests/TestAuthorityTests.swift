// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import OCI
import TestSupport
import Testing

/// What the test authority makes is held against programs that we did not write: openssl and cosign.
@Suite("TestAuthority", .serialized)
struct TestAuthorityTests {
    static let identity = SigningIdentity.email("alice@example.com", issuer: "https://accounts.example.com")
    static let artifact = Array("an artifact\n".utf8)
}

// MARK: Certificates, judged by openssl

/// openssl's word on chains and tokens.
struct OpenSSLProgram {
    let program: String
    let folder: TemporaryDirectory

    init() throws {
        program = try #require(Tool.find("openssl"))
        folder = try TemporaryDirectory()
    }

    /// `openssl verify` at the time at which things are signed.
    func verifies(
        _ leaf: MintedCertificate, under authority: TestCertificateAuthority, at time: TestTime = TestAuthority.time
    ) async throws -> Bool {
        let leaf = try folder.write(leaf.pem, to: "leaf.pem")
        let root = try folder.write(authority.root.certificate.pem, to: "root.pem")
        let middle = try folder.write(
            authority.intermediates.map(\.certificate.pem).joined(), to: "intermediates.pem")
        let untrusted = authority.intermediates.isEmpty ? [] : ["-untrusted", middle]
        return try await Command(
            program,
            ["verify", "-attime", String(time.seconds), "-x509_strict", "-purpose", "any", "-CAfile", root]
                + untrusted + [leaf]
        ).run().succeeded
    }

    /// `openssl ts -verify` of a response over data.
    func verifies(
        _ response: [UInt8], over data: [UInt8], under authority: TestTimestampAuthority, signerGiven: Bool
    ) async throws -> CommandResult {
        let response = try folder.write(response, to: "response.tsr")
        let data = try folder.write(data, to: "data")
        let root = try folder.write(authority.authority.root.certificate.pem, to: "root.pem")
        let rest = authority.authority.intermediates.map(\.certificate.pem).joined()
        let untrusted = try folder.write(
            (signerGiven ? authority.signer.certificate.pem : "") + rest, to: "untrusted.pem")
        return try await Command(
            program,
            [
                "ts", "-verify", "-in", response, "-data", data, "-CAfile", root, "-attime",
                String(TestAuthority.time.seconds),
            ] + (signerGiven || !rest.isEmpty ? ["-untrusted", untrusted] : [])
        ).run()
    }
}

extension TestAuthorityTests {
    @Test(
        "openssl takes a leaf of every kind of key under the default authority",
        .enabled(if: Tool.haveAll("openssl")), arguments: AuthorityKey.Kind.allCases)
    func leafKinds(_ kind: AuthorityKey.Kind) async throws {
        let authority = try TestAuthority()
        let signer = try authority.keylessSigner(.workflow(), kind: kind)
        let leaf = try #require(signer.certificate)
        let judge = try OpenSSLProgram()
        #expect(try await judge.verifies(leaf, under: authority.certificateAuthority))
        let after = TestAuthority.time.adding(seconds: 601)
        #expect(try await !judge.verifies(leaf, under: authority.certificateAuthority, at: after))
        var damaged = leaf
        damaged.der[damaged.der.count - 1] ^= 1
        #expect(try await !judge.verifies(damaged, under: authority.certificateAuthority))
    }

    @Test(
        "openssl takes chains of every shape and every kind of CA key", .enabled(if: Tool.haveAll("openssl")),
        arguments: [
            [], [AuthorityKey.Kind.p256], [.rsa2048], [.ed25519], [.p521], [.p384, .p256, .rsa2048],
        ])
    func chainShapes(_ kinds: [AuthorityKey.Kind]) async throws {
        var options = TestCertificateAuthority.Options()
        options.rootKind = kinds.first ?? .p256
        options.intermediateKinds = kinds
        let authority = try TestAuthority(certificateAuthority: TestCertificateAuthority(options))
        let leaf = try #require(try authority.keylessSigner(Self.identity).certificate)
        #expect(try await OpenSSLProgram().verifies(leaf, under: authority.certificateAuthority))
    }

    @Test(
        "openssl refuses a leaf under each flawed authority", .enabled(if: Tool.haveAll("openssl")),
        arguments: CertificateAuthorityFlaw.allCases)
    func flaws(_ flaw: CertificateAuthorityFlaw) async throws {
        let authority = try TestCertificateAuthority(flaw)
        let leaf = authority.leafTemplate(for: try AuthorityKey(), Self.identity, at: TestAuthority.time)
        let isTaken = try await OpenSSLProgram().verifies(try authority.issue(leaf), under: authority)
        // openssl of version 3.0 has no word for code signing, so that it takes an issuer for servers.
        #expect(isTaken == (flaw == .otherPurpose))
    }

    @Test(
        "openssl takes leaves of two issuers with one name, each under its own",
        .enabled(if: Tool.haveAll("openssl")))
    func siblings() async throws {
        let first = try TestCertificateAuthority()
        let second = try first.sibling(.p256)
        let judge = try OpenSSLProgram()
        for (issuer, other) in [(first, second), (second, first)] {
            let template = issuer.leafTemplate(for: try AuthorityKey(), Self.identity, at: TestAuthority.time)
            let leaf = try issuer.issue(template)
            #expect(try await judge.verifies(leaf, under: issuer))
            #expect(try await !judge.verifies(leaf, under: other))
        }
    }

    /// One way in which a leaf's bytes can be wrong, signed or not.
    enum BadLeaf: CaseIterable {
        case signature, algorithms, signedDamage, expired, unknownCriticalExtension
    }

    @Test("openssl refuses each bad leaf", .enabled(if: Tool.haveAll("openssl")), arguments: BadLeaf.allCases)
    func badLeaves(_ flaw: BadLeaf) async throws {
        var authority = try TestCertificateAuthority()
        var leaf = authority.leafTemplate(for: try AuthorityKey(), Self.identity, at: TestAuthority.time)
        switch flaw {
        case .signature:
            authority.intermediates[0].key.alterSignature = {
                var bytes = $0
                bytes[bytes.count - 1] ^= 1
                return bytes
            }
        case .algorithms: leaf.innerAlgorithm = try AuthorityKey().signatureAlgorithm()
        case .signedDamage: leaf.alterTBS = { Array($0.dropLast()) }
        case .expired: leaf.notAfter = TestAuthority.time.adding(seconds: -1)
        case .unknownCriticalExtension:
            leaf.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: [5, 0]))
        }
        #expect(try await !OpenSSLProgram().verifies(try authority.issue(leaf), under: authority))
    }

    @Test("openssl reads every name, claim and promise of a leaf", .enabled(if: Tool.haveAll("openssl")))
    func leafText() async throws {
        let authority = try TestAuthority(ctLogs: [TestCTLog(), TestCTLog(.rsa2048)])
        let signer = try authority.keylessSigner(.workflow()) {
            $0.subjectAlternativeNames? += [
                .email("a@example.com"), .dns("host.example"), .username("bob!example.com"), .address([127, 0, 0, 1]),
            ]
        }
        let judge = try OpenSSLProgram()
        let file = try judge.folder.write(try #require(signer.certificate).pem, to: "leaf.pem")
        let text = try await Command(judge.program, ["x509", "-in", file, "-noout", "-text"]).run().outputText
        for part in [
            "URI:https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main", "email:a@example.com",
            "DNS:host.example", "othername", "IP Address:127.0.0.1", "Digital Signature", "Code Signing",
            "1.3.6.1.4.1.57264.1.1:", "1.3.6.1.4.1.57264.1.24:", "CT Precertificate SCTs", "ecdsa-with-SHA256",
            "sha256WithRSAEncryption", "Subject: \n", "Jun  1 12:00:00 2024 GMT", "Jun  1 12:10:00 2024 GMT",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test(
        "Calendar texts are right",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_827_696, "2000-02-29T12:34:56Z"),
            (1_717_243_200, "2024-06-01T12:00:00Z"), (4_102_444_799, "2099-12-31T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ])
    func calendar(_ seconds: Int64, _ text: String) {
        #expect(TestTime(seconds: seconds).rfc3339 == text)
        #expect(TestAuthority.time.seconds == 1_717_243_200)
        #expect(TestTime(milliseconds: 1_717_243_200_120).rfc3339 == "2024-06-01T12:00:00.12Z")
    }
}

// MARK: Timestamps, judged by openssl

extension TestAuthorityTests {
    @Test(
        "openssl takes a token of every kind of signer and hash", .enabled(if: Tool.haveAll("openssl")),
        arguments: [AuthorityKey.Kind.p256, .p384, .p521, .rsa2048], [MintedHash.sha256, .sha384, .sha512])
    func tokens(_ kind: AuthorityKey.Kind, _ hash: MintedHash) async throws {
        var options = TestTimestampAuthority.Options()
        options.signerKind = kind
        options.hash = hash
        options.intermediateKinds = hash == .sha384 ? [.p256] : []
        let authority = try TestTimestampAuthority(options)
        let judge = try OpenSSLProgram()
        var template = authority.template(over: Self.artifact, at: TestAuthority.time, imprint: hash)
        let absent = try await judge.verifies(
            template.minted(), over: Self.artifact, under: authority, signerGiven: true)
        #expect(absent.succeeded, "\(absent.errorText)")

        template.embedSigners()
        template.genTime = TestTime(milliseconds: TestAuthority.time.milliseconds + 250)
        template.nonce = [0x80, 1, 2]
        template.accuracyMilliseconds = 500
        template.signers[0].signingTime = nil
        template.signers[0].certificateID = hash == .sha256 ? .v1 : .v2(hash)
        let embedded = try await judge.verifies(
            template.minted(), over: Self.artifact, under: authority, signerGiven: false)
        #expect(embedded.succeeded, "\(embedded.errorText)")

        let other = try await judge.verifies(
            template.minted(), over: Self.artifact + [0], under: authority, signerGiven: false)
        #expect(!other.succeeded)
    }

    /// One way in which a token can be wrong.
    enum BadToken: CaseIterable {
        case status, messageDigest, certificateID, signature, identifier, purpose, imprintName, content
    }

    @Test(
        "openssl refuses each bad token", .enabled(if: Tool.haveAll("openssl")), arguments: BadToken.allCases)
    func badTokens(_ flaw: BadToken) async throws {
        var options = TestTimestampAuthority.Options()
        if flaw == .purpose {
            options.alterSigner = { $0.extendedKeyUsage?.append(CertificateTemplate.Purpose.codeSigning) }
        }
        let authority = try TestTimestampAuthority(options)
        var template = authority.template(over: Self.artifact, at: TestAuthority.time)
        switch flaw {
        case .status: template.status = 2
        case .messageDigest: template.signers[0].messageDigest = MintedHash.sha256([])
        case .certificateID: template.signers[0].identifiedCertificate = authority.authority.root.certificate.der
        case .signature: template.signers[0].signedBytes = [1, 2, 3]
        case .identifier: template.signers[0].identifier = .issuerAndSerial(issuer: .empty, serial: [1])
        case .purpose: break
        case .imprintName: template.imprintHashOID = MintedHash.sha512.oid
        case .content: template.contentTypeOID = "1.2.840.113549.1.7.1"
        }
        template.embedSigners()
        let result = try await OpenSSLProgram().verifies(
            template.minted(), over: Self.artifact, under: authority, signerGiven: true)
        #expect(!result.succeeded)
    }
}

// MARK: Formats, held against recordings

extension TestAuthorityTests {
    @Test(
        "A body made from what a recorded bundle of Rekor v2 holds is the recorded body, byte for byte",
        arguments: ["r2tsa", "dsse002"])
    func recordedBodies(_ name: String) throws {
        guard let bytes = SharedFolder.bytes("captures/cosign/bundles/\(name).bundle.json") else {
            skip("no recorded bundles")
            return
        }
        let bundle = try JSONDocument(parsing: bytes).root
        func decoded(_ value: JSONValue?) throws -> [UInt8] {
            let text = try #require(value?.string)
            return Array(try #require(Data(base64Encoded: text)))
        }
        let material = try #require(bundle["verificationMaterial"])
        let entry = try #require(material["tlogEntries"]?.elements.first { _ in true })
        let envelope = try #require(bundle["dsseEnvelope"])
        let payload = try decoded(envelope["payload"])
        let signature = try decoded(envelope["signatures"]?.elements.first { _ in true }?["sig"])
        let verifier = LogBody.verifier(
            certificate: try decoded(material["certificate"]?["rawBytes"]), keyDetails: "PKIX_ECDSA_P256_SHA_256")
        let signed = EnvelopeTemplate(payload: payload).preAuthentication
        let body =
            name == "dsse002"
            ? LogBody.dsse002(payload: payload, signatures: [signature], verifier: verifier)
            : .hashedrekord002(
                hash: .sha256, digest: MintedHash.sha256(signed), signature: signature, verifier: verifier)
        let recorded = try decoded(entry["canonicalizedBody"])
        #expect(body.bytes == recorded)
    }

    @Test("Statements and simple-signing payloads read as cosign writes them")
    func payloads() throws {
        let image = Digest(of: [])
        #expect(
            String(decoding: StatementTemplate(of: image).bytes, as: UTF8.self)
                == #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"\#(image.hex)"},"#
                + #""annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#)
        #expect(
            String(decoding: SimpleSigningTemplate(of: image, reference: "a/b").bytes, as: UTF8.self)
                == #"{"critical":{"identity":{"docker-reference":"a/b"},"image":{"docker-manifest-digest":"#
                + #""sha256:\#(image.hex)"},"type":"cosign container image signature"},"optional":null}"#)
    }

    @Test("Everything of a document can be changed after it is made")
    func trees() throws {
        let authority = try TestAuthority()
        let signer = try authority.keylessSigner(Self.identity)
        var bundle = try authority.bundle(message: Self.artifact, by: signer).json()
        bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "5"
        bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"].remove("checkpoint")
        bundle.append("mediaType", "twice")
        let text = String(decoding: bundle.bytes, as: UTF8.self)
        #expect(text.contains(#""integratedTime":"5""#))
        #expect(!text.contains("checkpoint"))
        #expect(text.hasSuffix(#","mediaType":"twice"}"#))
    }
}
