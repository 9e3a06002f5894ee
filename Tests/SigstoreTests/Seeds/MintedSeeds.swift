// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport

@testable import Sigstore

/// What fuzzing starts from: small genuine proofs of every kind, and the trust under which they hold. `scripts/fuzz seeds`
/// writes them into Fuzz/; the test beside this file reads those that are kept there.
struct MintedSeeds {
    /// Bytes by path: `Minted/` is what the drivers believe, `Seeds/TARGET/` what they begin with.
    private(set) var files: [String: [UInt8]] = [:]

    private let authority: TestAuthority
    private let bare: TestSigner
    private let keyless: TestSigner
    private static let artifact = Array("what was signed".utf8)
    private static let image = Digest(of: artifact)

    init() throws {
        // P-256 throughout: a check of P-384 takes ten times as long, and a fuzzer's time is better spent.
        var options = TestCertificateAuthority.Options()
        options.rootKind = .p256
        options.intermediateKinds = [.p256]
        var timestamps = TestTimestampAuthority.Options()
        timestamps.rootKind = .p256
        timestamps.intermediateKinds = [.p256]
        authority = try TestAuthority(
            certificateAuthority: TestCertificateAuthority(options),
            timestampAuthority: TestTimestampAuthority(timestamps))
        bare = try authority.keySigner()
        keyless = try authority.keylessSigner(.email("fuzz@example.com", issuer: "https://issuer.example"))
        try addTrust()
        try addBundles()
        try addCertificates()
        try addTokens()
        try addCheckpoints()
        addStatements()
    }

    private mutating func addTrust() throws {
        let root = authority.trustedRoot
        files["Minted/trusted_root.json"] = root.bytes
        files["Minted/key.pem"] = Array(bare.key.publicKeyPEM.utf8)
        files["Minted/image"] = Array("\(Self.image)".utf8)
        files["Minted/time"] = Array(TestAuthority.time.adding(seconds: 60).rfc3339.utf8)
        var second = root
        second.mediaType = TrustedRootTemplate.mediaTypeV02
        for index in second.logs.indices { second.logs[index].operatorName = "operator \(index)" }
        files["Seeds/trustroot/v01"] = root.bytes
        files["Seeds/trustroot/v02"] = second.bytes
        for kind in [AuthorityKey.Kind.p256, .p384, .p521, .ed25519, .rsa2048] {
            files["Seeds/trustroot/\(kind.rawValue)"] = Array(try AuthorityKey(kind).publicKeyPEM.utf8)
        }
        files["Seeds/trustroot/roots"] = Array(authority.certificateAuthority.chainPEM.utf8)
        files["Seeds/trustroot/timestamps"] = Array(authority.timestampAuthority.chainPEM.utf8)
    }

    private mutating func addBundles() throws {
        let statement = StatementTemplate(of: Self.image)
        let provenance = StatementTemplate(of: Self.image, predicateType: "https://slsa.dev/provenance/v1")
        var chained = SigningOptions.rekor1
        chained.carriesChain = true
        chained.mediaType = BundleTemplate.MediaType.v02
        let bundles: [(String, BundleTemplate)] = [
            ("key", try authority.bundle(payload: statement.bytes, by: bare, .bare)),
            ("key-rekor1", try authority.bundle(payload: statement.bytes, by: bare, .rekor1)),
            ("keyless-rekor1", try authority.bundle(payload: statement.bytes, by: keyless, .rekor1)),
            ("keyless-rekor2", try authority.bundle(payload: statement.bytes, by: keyless, .rekor2)),
            ("keyless-v02", try authority.bundle(payload: provenance.bytes, by: keyless, chained)),
            ("artifact", try authority.bundle(message: Self.artifact, by: keyless, .rekor1)),
            ("artifact-key", try authority.bundle(message: Self.artifact, by: bare, .bare)),
        ]
        for (name, bundle) in bundles { files["Seeds/bundle/\(name)"] = try bundle.bytes() }
        let payload = SimpleSigningTemplate(of: Self.image, reference: "registry.example/app")
        var timestamped = SigningOptions.rekor1
        timestamped.isTimestamped = true
        let layers = [
            ("signature", try authority.legacySignature(payload, by: keyless, timestamped)),
            ("signature-key", try authority.legacySignature(payload, by: bare, .rekor1)),
            ("attestation", try authority.legacyAttestation(provenance, by: keyless, timestamped)),
        ]
        for (name, layer) in layers { files["Seeds/bundle/legacy-\(name)"] = try Self.parts(layer) }
        for kind in SigningOptions.EntryKind.allCases {
            var options = SigningOptions()
            options.log = .kind(kind)
            let signer = kind == .rekord001 || kind == .dsse002 ? bare : keyless
            let bundle =
                kind.isOfEnvelope
                ? try authority.bundle(payload: statement.bytes, by: signer, options)
                : try authority.bundle(message: Self.artifact, by: signer, options)
            files["Minted/logged/\(kind.rawValue)"] = try bundle.bytes()
            files["Seeds/entry/\(kind.rawValue)"] = bundle.entries.first?.body
        }
    }

    /// A layer and its annotations with zero bytes between them.
    private static func parts(_ layer: LegacyTemplate) throws -> [UInt8] {
        let annotations = try layer.annotations()
        let names = [
            "dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain",
            "dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp",
        ]
        return names.reduce(into: layer.blob) { $0 += [0] + Array((annotations[$1] ?? "").utf8) }
    }

    private mutating func addCertificates() throws {
        let leaf = keyless.certificate?.der ?? []
        let between = authority.certificateAuthority.chain.dropLast().flatMap(\.der)
        files["Seeds/certificate/email"] = leaf
        files["Seeds/certificate/chain"] = leaf + between
        files["Seeds/certificate/workflow"] = try authority.keylessSigner(.workflow()).certificate?.der
        files["Seeds/certificate/username"] =
            try authority.keylessSigner(.username("a!example.com", issuer: "https://issuer.example"), kind: .ed25519)
            .certificate?.der
    }

    private mutating func addTokens() throws {
        let signed = Array("a signature".utf8)
        files["Minted/timestamped"] = signed
        var template = authority.timestampAuthority.template(over: signed, at: TestAuthority.time)
        files["Seeds/token/bare"] = try template.minted()
        template.embedSigners()
        files["Seeds/token/certified"] = try template.minted()
        template.certificates = authority.timestampAuthority.chain.dropLast().map(\.der)
        files["Seeds/token/chain"] = try template.minted()
        template = authority.timestampAuthority.template(over: signed, at: TestAuthority.time, imprint: .sha512)
        template.nonce = MintedText.random(8)
        files["Seeds/token/nonce"] = try template.minted()
    }

    private mutating func addCheckpoints() throws {
        for (name, log) in [("rekor1", authority.log), ("rekor2", authority.tiles)] {
            var checkpoint = log.checkpoint()
            files["Seeds/checkpoint/\(name)"] = Array(try checkpoint.text().utf8)
            checkpoint.signatures.append(
                .witness("witness.example", try AuthorityKey(.ed25519), at: TestAuthority.time))
            files["Seeds/checkpoint/\(name)-witness"] = Array(try checkpoint.text().utf8)
        }
        for index in [0, 4] {
            let proof = authority.log.proof(of: index)
            let numbers = [Int64(index), proof.treeSize].flatMap { number in
                (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
            }
            files["Seeds/checkpoint/path-\(index)"] =
                [1] + numbers + MintedText.random(32) + proof.hashes.flatMap(\.self)
        }
    }

    private mutating func addStatements() {
        let statement = StatementTemplate(of: Self.image, annotations: ["env": "prod"])
        var older = StatementTemplate(
            of: Self.image, predicateType: "https://slsa.dev/provenance/v0.2", type: StatementTemplate.typeV01,
            name: "registry.example/app")
        older.subjects.append(["name": "b", "digest": ["sha512": .string(String(repeating: "0", count: 128))]])
        var envelope = EnvelopeTemplate(payload: statement.bytes)
        envelope.signatures = [.init(MintedText.random(70), keyID: "a")]
        files["Seeds/statement/signature"] = statement.bytes
        files["Seeds/statement/provenance"] = older.bytes
        files["Seeds/statement/envelope"] = envelope.json.bytes
        files["Seeds/statement/cosign2"] = envelope.cosign2Bytes
        files["Seeds/statement/simple"] =
            SimpleSigningTemplate(of: Self.image, reference: "registry.example/app", annotations: ["env": "prod"]).bytes
    }
}
