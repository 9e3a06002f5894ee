// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

@testable import Sigstore

// What has gone wrong elsewhere, and where it is held against this core. Tests of this folder unless another is named.
//
//     CVE-2022-23649, CVE-2026-22703   entry of another signature       ShapeTests, MixAndMatchTests, Logs/EntryBindingTests
//     CVE-2022-35929, CVE-2022-35930   no attestation of the type       below; the policy's half in PolicyTests
//     CVE-2022-36056                   certificate, log, expiry, key    ShapeTests
//     CVE-2023-46737, CVE-2024-29902   endless or huge proofs           WorstCaseTests, BundleMemberTests; RegistryTests
//     CVE-2024-45395                   counts                           BundleMemberTests, Proofs/StatementTests
//     CVE-2026-24122                   expired authority without a log  below
//     CVE-2026-39395                   predicate type, malformed text   below, Proofs/StatementTests
//     CVE-2026-39984, GHSA-5qp5-ph6r-qj9f  bag of a token, its purpose  Times/TokenSignerTests
//     CVE-2025-66564                   names that fill a token          Times/DamagedTokenTests
//     CVE-2025-29778                   identity fields that are ignored OptionsTests
//     CVE-2026-32280                   cost of paths                    WorstCaseTests, Certificates/PathTests
//     CVE-2023-33959                   signature of another artifact    ShapeTests
//     GHSA-fx35-mq7g-6g98              key for a certificate            below, Proofs/SimpleSigningTests
//     GHSA-9vcr-p3rj-q5q6              thresholds                       OptionsTests
//     GHSA-wqqc-jjcq-vfxm              periods of keys                  OptionsTests, Logs/EntryTimestampTests
//     GHSA-273p-m2cw-6833, GHSA-843x-px86-vq42  malformed bodies        Logs/EntryBodyTests, Logs/DamagedEntryTests
//     GHSA-r4fv-8r9j-vgcg, GHSA-2v4r-xhmm-ghv8  several of one kind     OptionsTests (alternatives, thresholds)
//     GHSA-mpvw-hw8p-7x27              empty is not absent              OptionsTests
//     GHSA-pgpm-j729-qcvh              digests that disagree            below, Proofs/StatementTests
//     GHSA-59jp-pj84-45mr              unanchored issuers               OptionsTests
//
// Not of the core: registries, tokens and redirects (CVE-2025-27403, CVE-2022-47633), update repositories, reviews.

/// What has gone wrong in other verifiers, where no table of this folder has it already.
@Suite("What has been accepted elsewhere is refused here")
struct AdvisoryTests {
    static func world() throws -> HostileWorld { try HostileWorld.shared.get() }

    /// CVE-2022-35929 (GHSA-vjxv-45g9-9296), CVE-2022-35930 (GHSA-739f-hw6h-7wq8), CVE-2026-39395
    /// (GHSA-w6c6-c85g-mmv6): the evidence carries the type that was signed, and an attestation is no signature.
    @Test("an attestation of another type is no signature, and evidence tells the type that was signed")
    func predicateTypes() throws {
        let world = try Self.world()
        let signer = try world.signer()
        let signature = StatementTemplate.signatureType
        for type in [
            "https://spdx.dev/Document", signature + "/", signature.uppercased(), " " + signature,
            "https://\u{17F}igstore.dev/cosign/sign/v1",
        ] {
            let bundle = try world.authority.bundle(
                payload: StatementTemplate(of: image, predicateType: type).bytes, by: signer)
            var proof = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
            proof.carrier = .bundle(bundle)
            #expect(try proof.verdict() == "attestation-is-no-signature", "\(type)")
            let verified = try world.verifier(proof.options).statement(in: proof.unverified(), of: image)
            #expect(verified.predicateType.isExactly(type))
        }
    }

    @Test("a statement that its signer left without a subject, a digest or an end proves nothing")
    func statements() throws {
        let world = try Self.world()
        let signer = try world.signer()
        let good: JSONTree = ["digest": ["sha256": .string(image.hex)]]
        let rows: [(String, [JSONTree])] = [
            ("malformed-statement", []), ("malformed-statement", [.null]), ("malformed-statement", [good, .null]),
            ("malformed-statement", [["digest": .null]]), ("malformed-statement", [["digest": .object([])]]),
            ("malformed-statement", [["name": "x"]]), ("malformed-statement", [["digest": ["sha256": 1]]]),
            ("malformed-statement", Array(repeating: good, count: 1025)),
            ("verified", Array(repeating: good, count: 1024)),
            ("wrong-image", [["digest": ["sha256": .string(image.hex.uppercased())]]]),
            ("wrong-image", [["digest": ["SHA256": .string(image.hex)]]]),
            ("wrong-image", [["digest": ["sha1": .string(String(image.hex.prefix(40)))]]]),
            ("wrong-image", [["digest": ["sha512": .string(image.hex)]]]),
            ("wrong-image", [["digest": ["sha256": .string("sha256:" + image.hex)]]]),
            ("wrong-image", [["digest": ["sha256": .string(String(image.hex.dropLast()))]]]),
            ("wrong-image", [["name": .string(image.description), "digest": ["sha256": .string(otherImage.hex)]]]),
        ]
        for (number, (expected, subjects)) in rows.enumerated() {
            var statement = StatementTemplate(of: image)
            statement.subjects = subjects
            for form in [Shape.Form.bundleSignature, .legacyAttestation] {
                var proof = try HostileProof(Shape(form: form), in: world, by: signer)
                if form == .bundleSignature {
                    proof.carrier = .bundle(try world.authority.bundle(payload: statement.bytes, by: signer))
                } else {
                    proof.carrier = .layer(try world.authority.legacyAttestation(statement, by: signer))
                }
                #expect(try proof.verdict() == expected, "row \(number) \(form)")
            }
        }
        for payload in ["", "{", "null", "[]", "{}{}"] {
            var proof = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
            proof.carrier = .bundle(try world.authority.bundle(payload: Array(payload.utf8), by: signer))
            #expect(try proof.verdict() == "malformed-statement")
        }
    }

    /// CVE-2026-24122 (GO-2026-4529).
    @Test(
        "an authority that had expired is refused with a log, with a token alone and by a clock",
        arguments: [CertificateAuthorityFlaw.expired, .notYetValid], 0..<3)
    func expiredAuthority(_ flaw: CertificateAuthorityFlaw, _ way: Int) throws {
        var authority = try Self.world().authority
        authority.certificateAuthority = try TestCertificateAuthority(flaw)
        let world = try HostileWorld(authority)
        var proof = try HostileProof(
            Shape(form: .bundleSignature, options: way == 0 ? .rekor1 : way == 1 ? .timestampOnly : .bare), in: world)
        if way == 2 { proof.options = proof.options.with(timeWithoutProof: try TestAuthority.time.instant) }
        #expect(try proof.verdict() == "certificate-outside-validity")
    }

    /// GHSA-fx35-mq7g-6g98.
    @Test("a public key where a certificate belongs vouches for nobody")
    func keyForCertificate() throws {
        let world = try Self.world()
        let signer = try world.signer()
        var bundle = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
        bundle.certificate = signer.key.publicKeyDER
        #expect(try bundle.verdict() == "certificate-unreadable")
        for form in [Shape.Form.legacySignature, .legacyAttestation] {
            for pem in [
                signer.key.publicKeyPEM, signer.key.publicKeyPEM + signer.verifierPEM,
                signer.verifierPEM + signer.key.publicKeyPEM,
            ] {
                var proof = try HostileProof(Shape(form: form), in: world, by: signer)
                guard case .layer(var layer) = proof.carrier else { continue }
                layer.certificatePEM = pem
                proof.carrier = .layer(layer)
                #expect(try proof.verdict() == "unreadable")
            }
        }
    }

    /// The other half of CVE-2022-36056: a member of another trade vouches for nothing.
    @Test("a key that is trusted for one thing proves nothing of another")
    func trades() throws {
        let shared = try Self.world()
        var proof = try HostileProof(
            Shape(form: .bundleSignature, options: OptionsTests.both), in: shared)
        let changes: [(String, (inout TrustedRootTemplate) -> Void)] = [
            ("not-enough-log-entries", { ($0.logs, $0.ctLogs) = ($0.ctLogs, $0.logs) }),
            (
                "certificate-no-authority",
                {
                    $0.timestampAuthorities += $0.certificateAuthorities; $0.certificateAuthorities = []
                }
            ),
            ("certificate-unknown-issuer", { $0.certificateAuthorities = $0.timestampAuthorities }),
            ("not-enough-timestamps", { $0.timestampAuthorities = $0.certificateAuthorities }),
        ]
        for (number, (expected, change)) in changes.enumerated() {
            proof.world = try shared.trusting(change)
            #expect(try proof.verdict() == expected, "change \(number)")
        }
    }

    /// A timestamp authority under the same root as the signers, as private instances have it.
    @Test("a certificate for timestamps signs nothing else, and one for code makes no timestamp, under one root")
    func oneRoot() throws {
        var authority = try Self.world().authority
        let fulcio = authority.certificateAuthority
        authority.timestampAuthority.authority = fulcio
        let world = try HostileWorld(authority)
        let shape = Shape(form: .bundleSignature, options: .timestampOnly)
        for purposes in [["1.3.6.1.5.5.7.3.8"], ["1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"], ["2.5.29.37.0"], []] {
            let signer = try world.signer { $0.extendedKeyUsage = purposes }
            let proof = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
            let expected =
                purposes.isEmpty
                ? "certificate-malformed-extension"
                : purposes.contains("1.3.6.1.5.5.7.3.3") ? "verified" : "certificate-purpose"
            #expect(try proof.verdict() == expected, "\(purposes)")
            // As the signer of its own timestamp, which trust material pins to nobody.
            var stamped = try HostileProof(
                shape, in: world.trusting { $0.timestampAuthorities[0].certificates = fulcio.chain.map(\.der) },
                by: signer)
            let leaf = try #require(signer.certificate)
            let bytes = try #require(stamped.token)
            stamped.token?.signers = [
                .init(CertifiedKey(certificate: leaf, key: signer.key), hash: .sha256, signingTime: bytes.genTime)
            ]
            stamped.token?.certificates = [leaf.der]
            #expect(try stamped.verdict() == "timestamp-certificate", "\(purposes)")
        }
    }

    /// §12: of several names a bundle's readers and cosign's take different ones; what is said twice has to agree.
    @Test("names and claims of a certificate cannot speak for two")
    func contradictions() throws {
        let world = try Self.world()
        func verdict(_ form: Shape.Form = .bundleSignature, _ alter: (inout CertificateTemplate) -> Void) throws
            -> String
        {
            try HostileProof(Shape(form: form), in: world, by: world.signer(alter: alter)).verdict()
        }
        let other = ASN1Writer.utf8("https://evil.example")
        #expect(
            try verdict { $0.replaceExtension("1.3.6.1.4.1.57264.1.8", with: other) } == "certificate-contradiction")
        #expect(
            try verdict { $0.replaceExtension("1.3.6.1.4.1.57264.1.8", with: Array(HostileWorld.issuer.utf8)) }
                == "certificate-claim")
        #expect(try verdict { $0.replaceExtension("1.3.6.1.4.1.57264.1.1", with: nil) } == "verified")
        #expect(
            try verdict {
                $0.replaceExtension("1.3.6.1.4.1.57264.1.1", with: nil)
                $0.replaceExtension("1.3.6.1.4.1.57264.1.8", with: nil)
            } == "wrong-identity")
        let evil = GeneralName.uri("https://evil.example/workflow")
        #expect(try verdict { $0.subjectAlternativeNames?.append(evil) } == "wrong-identity")
        #expect(try verdict(.legacySignature) { $0.subjectAlternativeNames?.append(evil) } == "verified")
        #expect(
            try verdict { $0.subjectAlternativeNames = [.email(HostileWorld.alice + "\u{0}.evil.example")] }
                == "certificate-name")
        #expect(try verdict { $0.subjectAlternativeNames = nil } == "certificate-no-name")
        #expect(try verdict { $0.subjectAlternativeNamesAreCritical = false } == "certificate-name")
        #expect(try verdict { $0.keyUsage = [.contentCommitment] } == "certificate-key-usage")
        #expect(try verdict { $0.basicConstraints = .init(isAuthority: true) } == "certificate-is-authority")
        #expect(try verdict { $0.makeVersion1() } == "certificate-version")
        #expect(
            try verdict { $0.extraExtensions.append(.init(oid: "1.2.3", isCritical: true, value: [5, 0])) }
                == "certificate-critical-extension")
    }

    /// A signer who may sign issues certificates with their own.
    @Test("a signer's certificate issues no other one")
    func leafAsAuthority() throws {
        let world = try Self.world()
        let mallory = try world.signer(as: "mallory@example.com")
        let issuer = CertifiedKey(certificate: try #require(mallory.certificate), key: mallory.key)
        let key = try AuthorityKey()
        var template = world.authority.certificateAuthority.leafTemplate(
            for: key, .email(HostileWorld.alice, issuer: HostileWorld.issuer), at: TestAuthority.time)
        for name in [issuer.name, world.authority.certificateAuthority.issuer.name] {
            template.issuer = name
            let forged = TestSigner(key: key, certificate: try template.signed(by: mallory.key))
            var options = SigningOptions.rekor1
            options.mediaType = BundleTemplate.MediaType.v02
            options.carriesChain = true
            var proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: world, by: forged)
            let leaf = try #require(forged.certificate).der
            proof.alterBundle { $0.material = .chain([leaf, issuer.certificate.der]) }
            #expect(try proof.verdict() != "verified")
            var keys = OperatorKeys()
            keys.roots = world.authority.certificateAuthority.root.certificate.pem
            proof.trust = try world.trust.replacing(with: keys)
            let chain = world.authority.certificateAuthority.intermediates.map(\.certificate.der)
            proof.alterBundle { $0.material = .chain([leaf, issuer.certificate.der] + chain) }
            #expect(try proof.verdict() != "verified")
        }
    }

    /// T6, §12.21: the closed list of a key's hashes; never what the proof would have.
    @Test("a signature in another of a key's ways than the closed list has is none")
    func schemes() throws {
        let world = try Self.world()
        for (kind, scheme, expected) in [
            (AuthorityKey.Kind.p384, AuthorityKey.Scheme.hashed(.sha256), "verified"),
            (.p384, .hashed(.sha512), "not-signed-by-certificate"),
            (.p521, .hashed(.sha256), "verified"), (.p521, .hashed(.sha384), "not-signed-by-certificate"),
            (.p256, .hashed(.sha384), "not-signed-by-certificate"), (.ed25519, .ed25519ph, "verified"),
        ] {
            var signer = try world.signer(kind)
            signer.scheme = scheme
            let proof = try HostileProof(Shape(form: .bundleSignature, options: .timestampOnly), in: world, by: signer)
            #expect(try proof.verdict() == expected, "\(kind) \(scheme)")
        }
    }

    /// R38 (Kyverno #2739): what stands beside a signature says nothing about it.
    @Test("hints beside a proof change nothing: key id, key hint, type and chain annotations")
    func hints() throws {
        let world = try Self.world()
        var proof = try HostileProof(Shape(form: .legacyAttestation), in: world)
        guard case .layer(var layer) = proof.carrier else { return }
        layer.predicateType = StatementTemplate.signatureType
        layer.chainPEM = nil
        proof.carrier = .layer(layer)
        let found = try world.verifier(proof.options).statement(in: proof.unverified(), of: image)
        #expect(found.predicateType == HostileProof.attested)
        #expect(
            world.verifier(proof.options).refusal(asSignature: try proof.unverified())
                == .attestationIsNoSignature(predicateType: HostileProof.attested))
        let key = try HostileProof(Shape(form: .bundleSignature, isKeyless: false), in: world)
        for hint in ["", "x", String(repeating: "A", count: 4096)] {
            var changed = key
            changed.alterBundle { $0.material = .publicKey(hint: hint) }
            #expect(try changed.verdict() == "verified")
        }
    }
}
