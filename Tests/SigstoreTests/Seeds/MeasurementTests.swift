// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// The proofs that `scripts/bench` measures, and beside each the signature checks that it cannot do without.
@Suite("The proofs of the benchmark")
struct MeasurementTests {
    /// `COUNTERSIGN_MEASUREMENTS=FOLDER` keeps them there.
    @Test("are minted, and are accepted with the signatures that are told beside them")
    func minted() throws {
        let measured = try MintedMeasurements()
        for checks in measured.checks.values {
            for check in checks {
                #expect(check.key.isValid(check.signature, over: check.message, scheme: check.scheme), "\(check.what)")
            }
        }
        #expect(measured.checks["rekor1"]?.count == 5)
        #expect(measured.checks["rekor2"]?.count == 5)
        guard let folder = ProcessEnvironment.current["COUNTERSIGN_MEASUREMENTS"], !folder.isEmpty else { return }
        for (name, bytes) in measured.files { try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)")) }
        for (name, checks) in measured.checks {
            try Data(checks.map { $0.line + "\n" }.joined().utf8).write(to: URL(filePath: "\(folder)/\(name).checks"))
        }
    }
}

/// One instance's proofs by name, with a P-384 authority as Fulcio is.
struct MintedMeasurements {
    /// One signature, by the key that has to have made it.
    struct Check {
        let what: String
        let key: PublicKey
        let scheme: SignatureScheme
        let signature: [UInt8]
        let message: [UInt8]

        var line: String {
            let name =
                switch key.kind {
                case .ecdsaP256: "p256"
                case .ecdsaP384: "p384"
                default: "ed25519"
                }
            return [what, name, Base64.encode(key.der), Base64.encode(signature), Base64.encode(message)]
                .joined(separator: " ")
        }
    }

    private(set) var files: [String: [UInt8]] = [:]
    private(set) var checks: [String: [Check]] = [:]

    init() throws {
        let authority = try TestAuthority()
        let image = Digest(of: Array("an image".utf8))
        let trust = try TrustMaterial(trustedRoot: authority.trustedRoot.bytes)
        files["trusted_root.json"] = authority.trustedRoot.bytes
        files["image"] = Array("\(image)".utf8)

        let bare = try authority.keySigner()
        let payload = SimpleSigningTemplate(of: image, reference: "registry.example/app")
        let layer = try authority.legacySignature(payload, by: bare, .bare)
        let signature = layer.signature ?? []
        files["key.pem"] = Array(bare.key.publicKeyPEM.utf8)
        files["key.payload"] = layer.blob
        files["key.signature"] = Array(Base64.encode(signature).utf8)
        checks["key"] = [
            Check(
                what: "payload", key: try PublicKey(der: bare.key.publicKeyDER), scheme: .ecdsa(.sha256),
                signature: signature, message: layer.blob)
        ]

        let keyless = try authority.keylessSigner(.email("bench@example.com", issuer: "https://issuer.example"))
        let packages = (0..<4600).map { number -> JSONTree in
            [
                "SPDXID": .string("SPDXRef-Package-\(number)"), "name": .string("package-\(number)"),
                "versionInfo": .string("1.\(number % 40).\(number % 7)"), "downloadLocation": "NOASSERTION",
                "licenseConcluded": "Apache-2.0", "supplier": .string("Organization: example \(number % 13)"),
                "filesAnalyzed": .bool(false), "copyrightText": "NOASSERTION",
            ]
        }
        let statement = StatementTemplate(
            of: image, predicateType: "https://spdx.dev/Document",
            predicate: ["spdxVersion": "SPDX-2.3", "packages": .array(packages)])
        let proofs: [(String, [UInt8], SigningOptions)] = [
            ("rekor1", StatementTemplate(of: image).bytes, .rekor1),
            ("rekor2", StatementTemplate(of: image).bytes, .rekor2), ("sbom", statement.bytes, .rekor1),
        ]
        for (name, payload, options) in proofs {
            let bundle = try authority.bundle(payload: payload, by: keyless, options).bytes()
            files[name] = bundle
            checks[name] = try Self.checks(in: bundle, by: authority)
            let identity = try CertificateIdentity(
                subject: [.exactly("bench@example.com")], issuer: [.exactly("https://issuer.example")])
            let verifier = Verifier(
                trust: trust,
                options: VerificationOptions(
                    signer: .certificate([identity]), timestamps: options.isTimestamped ? 1 : 0))
            _ = try verifier.artifact(.digest(image), in: bundle)
        }
    }

    /// Every signature that is looked at for each proof: the certificate's, the log's promise about it, the entry's and
    /// the checkpoint's, the token's, and the signer's own. What trust material has signed is checked once beforehand.
    private static func checks(in bundle: [UInt8], by authority: TestAuthority) throws -> [Check] {
        let bundle = try SigstoreBundle.read(bundle)
        guard case .certificate(let der, _) = bundle.signer, case .envelope(let envelope) = bundle.content else {
            throw NoSuchProof()
        }
        func key(_ key: AuthorityKey) throws -> PublicKey { try PublicKey(der: key.publicKeyDER) }
        let leaf = try Certificate(der: der)
        let issuer = try key(authority.certificateAuthority.issuer.key)
        let promise = try CertificateTimestamps.read(
            #require(leaf.first(CertificateTimestamps.identifier)).value)[0]
        var checks = [
            Check(
                what: "certificate", key: issuer, scheme: leaf.signatureScheme, signature: leaf.signature,
                message: leaf.toBeSigned),
            Check(
                what: "promise", key: try key(authority.ctLogs[0].key), scheme: .ecdsa(.sha256),
                signature: promise.signature,
                message: promise.message(
                    issuerKeyHash: HashAlgorithm.sha256.hash(issuer.der), precertificate: try leaf.precertificate())),
        ]
        for entry in bundle.entries {
            let isTiles = entry.signedEntryTimestamp == nil
            let log = try key((isTiles ? authority.tiles : authority.log).key)
            let scheme: SignatureScheme = isTiles ? .ed25519 : .ecdsa(.sha256)
            if let signature = entry.signedEntryTimestamp, let time = entry.integratedTime {
                checks.append(
                    Check(
                        what: "entry", key: log, scheme: scheme, signature: signature,
                        message: SignedEntryTimestamp.message(of: entry, at: time)))
            }
            let checkpoint = try Checkpoint(Array(#require(entry.inclusionProof).checkpoint.utf8))
            checks.append(
                Check(
                    what: "checkpoint", key: log, scheme: scheme, signature: checkpoint.signatures[0].bytes,
                    message: checkpoint.signedText))
        }
        for response in bundle.timestamps {
            let signer = try TimestampToken(der: response).message.signer
            checks.append(
                Check(
                    what: "token", key: try key(authority.timestampAuthority.signer.key), scheme: signer.scheme,
                    signature: signer.signature, message: signer.attributes.signedBytes))
        }
        checks.append(
            Check(
                what: "envelope", key: leaf.publicKey, scheme: .ecdsa(.sha256), signature: envelope.signature,
                message: envelope.signedBytes))
        return checks
    }

    private struct NoSuchProof: Error {}
}
