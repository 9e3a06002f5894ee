// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

/// Things that are wrong in one way each, properly signed where that is the point, and cosign's reason to refuse them.
extension TestAuthorityCosignTests {
    /// One change of something that cosign takes.
    struct Twin: CustomTestStringConvertible {
        let testDescription: String
        /// A part of what cosign says.
        let reason: String
        var test: Case
        let change: @Sendable (inout Minted) throws -> Void

        init(
            _ description: String, _ reason: String, of test: String,
            _ change: @escaping @Sendable (inout Minted) throws -> Void
        ) {
            testDescription = description
            self.reason = reason
            self.test = cases.first { $0.testDescription == test } ?? Case("none")
            self.change = change
        }
    }

    /// Signs again with a leaf, or under authorities, that the change has spoiled.
    static func again(_ minted: inout Minted, _ alter: (inout CertificateTemplate) -> Void = { _ in }) throws {
        minted.signer = try minted.authority.keylessSigner(identity, alter: alter)
        minted.bundle = try minted.authority.bundle(message: artifact, by: minted.signer)
    }

    static let twins = [
        Twin("another integrated time than was signed", "not enough verified log entries", of: "message, Rekor v1") {
            $0.bundle.entries[0].integratedTime? += 1
        },
        Twin(
            "integrated after the certificate's end, and signed", "integrated time outside certificate validity",
            of: "message, Rekor v1"
        ) {
            $0.bundle.entries[0].integrate(at: TestAuthority.time.adding(seconds: 601))
        },
        Twin("a root that the checkpoint does not have", "calculated root", of: "message, Rekor v1") {
            $0.bundle.entries[0].proof?.rootHash[0] ^= 1
        },
        Twin("a checkpoint of another tree, signed", "calculated root", of: "message, Rekor v2") {
            $0.bundle.entries[0].proof?.checkpoint?.root = MintedText.base64(MintedHash.sha256([]))
        },
        Twin("a checkpoint signed by another key", "invalid signature for key", of: "message, Rekor v2") {
            $0.bundle.entries[0].proof?.checkpoint?.signatures[0].kind = .log(try AuthorityKey(.ed25519))
        },
        Twin("a checkpoint without its log's signature", "note has no verifiable signatures", of: "message, Rekor v2") {
            $0.bundle.entries[0].proof?.checkpoint?.signatures = [
                .witness("witness.example/w1", try AuthorityKey(.ed25519), at: TestAuthority.time)
            ]
        },
        Twin("an entry of another signature", "transparency log signature does not match", of: "message, Rekor v1") {
            $0.bundle.entries = try $0.authority.bundle(message: [1], by: $0.signer).entries
        },
        Twin(
            "a promise of a certificate log for another issuer", "only able to verify 0 SCT entries",
            of: "message, Rekor v1"
        ) { minted in
            let key = try AuthorityKey()
            let authority = minted.authority
            var leaf = authority.certificateAuthority.leafTemplate(for: key, identity, at: TestAuthority.time)
            var promise = authority.ctLogs[0].timestampTemplate(
                for: leaf, issuer: authority.certificateAuthority.root, at: TestAuthority.time)
            promise.tbs = leaf.tbs(issuerKey: authority.certificateAuthority.issuer.key)
            leaf.timestampList = SCTTemplate.list([try promise.minted()])
            minted.signer = TestSigner(key: key, certificate: try authority.certificateAuthority.issue(leaf))
            minted.bundle = try authority.bundle(message: artifact, by: minted.signer)
        },
        Twin("a leaf without a purpose for code", "leaf certificate verification failed", of: "message, Rekor v1") {
            try again(&$0) { $0.extendedKeyUsage = [CertificateTemplate.Purpose.timeStamping] }
        },
        Twin(
            "a leaf with a critical extension of nobody's", "leaf certificate verification failed",
            of: "message, Rekor v1"
        ) {
            try again(&$0) { $0.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: [5, 0])) }
        },
        Twin("an intermediate that had expired", "leaf certificate verification failed", of: "message, Rekor v1") {
            minted in
            var options = TestCertificateAuthority.Options()
            options.alter = { if $1 == 1 { $0.notAfter = TestAuthority.time.adding(seconds: -1) } }
            minted.authority.certificateAuthority = try TestCertificateAuthority(options)
            try again(&minted)
        },
        Twin(
            "an intermediate that is not an authority", "leaf certificate verification failed", of: "message, Rekor v1"
        ) { minted in
            var options = TestCertificateAuthority.Options()
            options.alter = { if $1 == 1 { $0.basicConstraints = .init(isAuthority: false) } }
            minted.authority.certificateAuthority = try TestCertificateAuthority(options)
            try again(&minted)
        },
        Twin("a token over something else", "hashed messages don't match", of: "message, Rekor v2") {
            $0.bundle.timestamps[0].imprint[0] ^= 1
        },
        Twin(
            "a token of a time after the certificate's end", "leaf certificate verification failed",
            of: "message, Rekor v2"
        ) {
            $0.bundle.timestamps[0].genTime = TestAuthority.time.adding(seconds: 601)
        },
        Twin("a token by another key", "error while verifying signature", of: "message, Rekor v2") {
            $0.bundle.timestamps[0].signers[0].key = try AuthorityKey()
        },
        Twin("no token at all", "threshold not met for verified signed timestamps", of: "message, Rekor v2") {
            $0.bundle.timestamps = []
        },
        Twin(
            "another key than the one given", "transparency log certificate does not match",
            of: "message, key, Rekor v1"
        ) {
            $0.signer.key = try AuthorityKey()
        },
        Twin(
            "a subject that is another artifact", "provided artifact digests do not match digests in statement",
            of: "envelope, Rekor v1"
        ) {
            let statement = StatementTemplate(of: Digest(of: [1]), predicateType: "https://example.com/p")
            $0.bundle = try $0.authority.bundle(payload: statement.bytes, by: $0.signer)
        },
        Twin("an envelope with two signatures", "exactly one signature is required", of: "envelope, Rekor v1") {
            guard case .envelope(var envelope) = $0.bundle.content else { return }
            envelope.signatures.append(.init(try $0.signer.key.sign(envelope.preAuthentication)))
            $0.bundle.content = .envelope(envelope)
        },
    ]

    @Test("cosign refuses each twin for its reason", .enabled(if: CosignTool.isAvailable()), arguments: twins)
    func refused(_ twin: Twin) async throws {
        var minted = try Self.mint(twin.test)
        try twin.change(&minted)
        let result = try await Self.judge(twin.test, minted)
        #expect(!result.succeeded)
        #expect(result.errorText.contains(twin.reason), "\(result.errorText)")
    }
}

extension TestAuthorityCosignTests {
    @Test(
        "cosign refuses a signer under each flawed authority", .enabled(if: CosignTool.isAvailable()),
        arguments: CertificateAuthorityFlaw.allCases)
    func flawedAuthorities(_ flaw: CertificateAuthorityFlaw) async throws {
        let authority = try TestAuthority(certificateAuthority: TestCertificateAuthority(flaw))
        let result = try await Self.judge(Case("v1"), try Self.mint(Case("v1"), in: authority))
        #expect(!result.succeeded)
        #expect(result.errorText.contains("leaf certificate verification failed"), "\(result.errorText)")
    }
}

/// Other shapes of good things.
extension TestAuthorityCosignTests {
    @Test(
        "cosign takes other shapes of logs and checkpoints", .enabled(if: CosignTool.isAvailable()),
        arguments: [1, 2, 3, 7, 8, 100])
    func trees(_ size: Int) async throws {
        let shard = try TestTransparencyLog(.v1, treeID: 7, indexOffset: 4_163_431, seeded: size - 1)
        let tiles = try TestTransparencyLog(.v2, key: AuthorityKey(.p256), seeded: size - 1)
        let authority = try TestAuthority(log: shard, tiles: tiles)
        for test in [Case("v1"), Case("v2") { $0.options = .rekor2 }] {
            var minted = try Self.mint(test, in: authority)
            minted.bundle.entries[0].proof?.checkpoint?.extraLines = ["Timestamp: 1717243200000000000"]
            if test.options.log == .v2 {
                minted.bundle.entries[0].proof?.checkpoint?.signatures += [
                    .witness("witness.example/w1", try AuthorityKey(.ed25519), at: TestAuthority.time),
                    .other("other.example", try AuthorityKey(.ed25519)),
                ]
            }
            let early = try await Self.judge(test, minted)
            #expect(early.succeeded, "\(early.errorText)")

            let log = test.options.log == .v2 ? tiles : shard
            log.grow(by: 20)
            minted.bundle.entries[0].proof = log.proof(of: size - 1, size: size + 11)
            let late = try await Self.judge(test, minted)
            #expect(late.succeeded, "\(late.errorText)")
        }
    }

    @Test(
        "cosign takes signers of every kind in the token", .enabled(if: CosignTool.isAvailable()),
        arguments: [AuthorityKey.Kind.p256, .p384, .rsa2048], [false, true])
    func timestampAuthorities(_ kind: AuthorityKey.Kind, _ isEmbedded: Bool) async throws {
        var options = TestTimestampAuthority.Options()
        options.signerKind = kind
        options.intermediateKinds = isEmbedded ? [.p384] : []
        let authority = try TestAuthority(timestampAuthority: TestTimestampAuthority(options))
        var test = Case("v2")
        test.options = .rekor2
        var minted = try Self.mint(test, in: authority)
        if isEmbedded { minted.bundle.timestamps[0].embedSigners() }
        let result = try await Self.judge(test, minted)
        #expect(result.succeeded, "\(result.errorText)")
    }

    @Test("cosign takes a promise with extensions, and two logs", .enabled(if: CosignTool.isAvailable()))
    func certificateLogs() async throws {
        let authority = try TestAuthority(ctLogs: [TestCTLog(), TestCTLog(.rsa2048, url: "https://ct2.test")])
        let plain = try Self.mint(Case("v1"), in: authority)
        let two = try await Self.judge(Case("v1"), plain)
        #expect(two.succeeded, "\(two.errorText)")

        let key = try AuthorityKey()
        let issuer = authority.certificateAuthority
        var leaf = issuer.leafTemplate(for: key, Self.identity, at: TestAuthority.time)
        var promise = authority.ctLogs[0].timestampTemplate(for: leaf, issuer: issuer.issuer, at: TestAuthority.time)
        promise.extensions = [0, 0, 5, 0, 0, 0, 0, 9]
        leaf.timestampList = SCTTemplate.list([try promise.minted()])
        let signer = TestSigner(key: key, certificate: try issuer.issue(leaf))
        let bundle = try authority.bundle(message: Self.artifact, by: signer)
        let extended = try await Self.judge(
            Case("v1"), Minted(authority: authority, signer: signer, bundle: bundle))
        #expect(extended.succeeded, "\(extended.errorText)")
    }
}
