// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import Sigstore

/// `bench FOLDER [OPENSSL]`: prints verifications per second and core beside the bare signature checks that they hold.
/// `OPENSSL` is what `openssl speed` says of P-256 on this machine.
@main
enum Bench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else { throw UnreadableInput(what: "no folder of inputs") }
        let inputs = Inputs(folder: arguments[1])
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
        let cases: [Case] = [
            Case("key signature (P-256, simple signing)", try inputs.checks("key")) {
                (try? byKey.signature(in: layer, of: image)) != nil
            },
            Case("keyless bundle, Rekor v1", try inputs.checks("rekor1")) {
                (try? byIdentity.signature(in: rekor1, of: image)) != nil
            },
            Case("keyless bundle, Rekor v2 and timestamp", try inputs.checks("rekor2")) {
                (try? timestamped.signature(in: rekor2, of: image)) != nil
            },
            Case("attestation of 1 MB, keyless, Rekor v1", try inputs.checks("sbom")) {
                (try? byIdentity.statement(in: sbom, of: image)) != nil
            },
        ]
        report(cases, openSSL: arguments.count > 2 ? Double(arguments[2]) : nil)
    }

    private static func report(_ cases: [Case], openSSL: Double?) {
        print(row("one core, processor time, best of 7 loops", "verify/s", "us", "bare us", "ratio", "bare checks"))
        for one in cases {
            let seconds = measure([one.verify, { one.checks.allSatisfy { $0.run() } }])
            print(
                row(
                    one.name, decimals(1 / seconds[0], 0), decimals(seconds[0] * 1e6, 1),
                    decimals(seconds[1] * 1e6, 1), decimals(seconds[0] / seconds[1], 2),
                    one.checks.map(\.what).joined(separator: " ")))
            if let openSSL, one.name == cases.first?.name {
                print(row("openssl speed ecdsap256", decimals(openSSL, 0), decimals(1e6 / openSSL, 1), "", "", ""))
            }
        }
    }

    private static func row(_ columns: String...) -> String {
        zip(columns, [-43, 9, 9, 9, 6, -1]).map { text, width in
            let space = String(repeating: " ", count: max(0, abs(width) - text.count))
            return width < 0 ? text + space : space + text
        }.joined(separator: "  ")
    }

    private static func decimals(_ number: Double, _ places: Int) -> String {
        let factor = places == 0 ? 1.0 : places == 1 ? 10.0 : 100.0
        let scaled = Int((number * factor).rounded())
        guard places > 0 else { return String(scaled) }
        let rest = String(scaled % Int(factor))
        return "\(scaled / Int(factor))." + String(repeating: "0", count: places - rest.count) + rest
    }
}

/// One row: a verification, and the signature checks in it.
struct Case {
    let name: String
    let checks: [BareCheck]
    let verify: () -> Bool

    init(_ name: String, _ checks: [BareCheck], verify: @escaping () -> Bool) {
        self.name = name
        self.checks = checks
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
