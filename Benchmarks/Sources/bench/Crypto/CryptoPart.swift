// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import Sigstore

/// Verifications per second and core beside the bare signature checks that they hold, and beside `openssl speed`.
struct CryptoPart {
    private let settings: Settings
    private let inputs: Inputs

    init(_ settings: Settings) {
        self.settings = settings
        inputs = Inputs(folder: settings.inputs)
    }

    func run() throws -> Section {
        let measured = try cases().map { one in
            (one, measure([one.verify, { one.checks.allSatisfy { $0.run() } }], loops: settings.isQuick ? 2 : 7))
        }
        var section = Section(part: .crypto, title: "Verification: what a proof costs")
        section.goals = measured.compactMap { one, seconds in
            one.limit.map {
                Goal(
                    what: "\(one.name), beside its bare signature checks", measured: seconds[0] / seconds[1], limit: $0,
                    unit: "", places: 2)
            }
        }
        section.add("One core, no network, processor time, best of several loops.")
        var table = Table("proof", "ratio to bare", "verifications/s", "µs", "bare: µs", "bare checks")
        for (one, seconds) in measured {
            table.add(
                one.name, decimals(seconds[0] / seconds[1], 2), decimals(1 / seconds[0]), decimals(seconds[0] * 1e6, 1),
                decimals(seconds[1] * 1e6, 1), one.checks.map(\.what).joined(separator: ", "))
            if let openSSL = settings.openSSL, one.name == measured.first?.0.name {
                table.add("`openssl speed ecdsap256`", "", decimals(openSSL), decimals(1e6 / openSSL, 1), "", "")
            }
        }
        section.add(table)
        section.add(
            BarChart(
                title: "One verification", unit: "µs", series: ["whole", "bare signature checks"],
                groups: measured.map { one, seconds in (one.label, seconds.map { $0 * 1e6 }) }), name: "crypto")
        return section
    }

    private func cases() throws -> [Case] {
        let image = try Digest(inputs.text("image"))
        let trust = try TrustMaterial(trustedRoot: inputs.bytes("trusted_root.json"))
        let identity = try CertificateIdentity(
            subject: [.exactly("bench@example.com")], issuer: [.exactly("https://issuer.example")])
        let byKey = Verifier(
            trust: trust, options: VerificationOptions(key: try VerificationKey(pem: inputs.text("key.pem"))))
        let byIdentity = Verifier(trust: trust, options: VerificationOptions(signer: .certificate([identity])))
        let timestamped = Verifier(
            trust: trust, options: VerificationOptions(signer: .certificate([identity]), timestamps: 1))
        let origin = ProofOrigin(carrier: .referrer, manifest: image, blob: image)
        func bundle(_ name: String) throws -> UnverifiedBundle {
            UnverifiedBundle(.bundle(try inputs.bytes(name)), origin: origin)
        }
        let layer = UnverifiedBundle(
            .simpleSigning(
                payload: try inputs.bytes("key.payload"),
                annotations: CosignAnnotations([
                    "dev.cosignproject.cosign/signature": try inputs.text("key.signature")
                ])), origin: origin)
        let (rekor1, rekor2, sbom) = (try bundle("rekor1"), try bundle("rekor2"), try bundle("sbom"))
        return [
            Case("key signature (P-256, simple signing)", "key", try inputs.checks("key")) {
                (try? byKey.signature(in: layer, of: image)) != nil
            },
            Case("keyless bundle, Rekor v1", "keyless", try inputs.checks("rekor1"), limit: 1.3) {
                (try? byIdentity.signature(in: rekor1, of: image)) != nil
            },
            Case("keyless bundle, Rekor v2 and timestamp", "keyless, timestamp", try inputs.checks("rekor2")) {
                (try? timestamped.signature(in: rekor2, of: image)) != nil
            },
            Case("attestation of 1 MB, keyless, Rekor v1", "attestation of 1 MB", try inputs.checks("sbom")) {
                (try? byIdentity.statement(in: sbom, of: image)) != nil
            },
        ]
    }
}

/// One row: a verification, and the signature checks in it.
struct Case {
    let name: String
    /// In a plot.
    let label: String
    let checks: [BareCheck]
    /// How much more than the bare checks it may cost; `nil` where nothing is promised.
    let limit: Double?
    let verify: () -> Bool

    init(_ name: String, _ label: String, _ checks: [BareCheck], limit: Double? = nil, verify: @escaping () -> Bool) {
        self.name = name
        self.label = label
        self.checks = checks
        self.limit = limit
        self.verify = verify
    }
}

/// What the tests have minted: a proof by each name, and `NAME.checks` beside it.
struct Inputs {
    let folder: String

    func bytes(_ name: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
            throw UnreadableInput(what: "\(folder)/\(name)")
        }
        return [UInt8](data)
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    func checks(_ name: String) throws -> [BareCheck] {
        try text("\(name).checks").split(separator: "\n").map { try BareCheck($0) }
    }
}
