// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

@Suite("A bill of materials that nobody signed")
struct BillOfMaterialsTests {
    private static let words = "an SBOM was found, but it is not signed"

    /// How one hangs on its image.
    enum Form: CaseIterable {
        case tag, referrer, fallback
    }

    private static func attach(_ form: Form, to digest: Digest, _ bench: DemoBench, type: String) throws {
        let contents = bench.registry.contents
        let text = #"{"spdxVersion":"SPDX-2.3"}"#
        guard form != .tag else {
            let artifact = DemoImage(artifactType: type, content: Array(text.utf8))
            contents.put(artifact, in: DemoContent.application, tag: "\(digest.tagStem).sbom")
            return
        }
        let image = try #require(contents.manifest(digest.description, in: DemoContent.application))
        // As a bundle's manifest is, but for what it holds.
        var manifest = MintedManifest(
            bundle: Array(text.utf8), predicateType: nil, subject: digest, subjectSize: image.bytes.count,
            subjectMediaType: image.mediaType, bundleMediaType: type)
        manifest.json["annotations"] = .object([])
        let referrer = contents.put(manifest, in: DemoContent.application)
        guard form == .fallback else { return }
        let entry =
            #"{"mediaType":"\#(MintedManifest.mediaType)","size":\#(manifest.bytes.count),"digest":"\#(referrer)"}"#
        let index =
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[\#(entry)]}"#
        contents.put(
            manifest: Array(index.utf8), mediaType: "application/vnd.oci.image.index.v1+json",
            in: DemoContent.application, tag: digest.tagStem)
    }

    private static func attested(_ bench: DemoBench, _ image: String) async throws -> Program.Answer {
        try await bench.program.run([
            "verify-attestation", "--key", "key.pub", "--insecure-ignore-tlog", "--type", "spdxjson", image,
        ])
    }

    @Test(
        "is named in the denial of an attestation, with the command that signs it",
        arguments: Form.allCases,
        ["application/spdx+json", "text/spdx+json", "application/vnd.cyclonedx+json", "application/vnd.syft+json"])
    func named(form: Form, type: String) async throws {
        try await DemoBench.running(LoopbackOptions(referrersAPI: form != .fallback)) { bench in
            let entry = bench.content.unsigned
            let before = try await Self.attested(bench, entry.pinned)
            #expect(before.exitCode == 1 && !before.words.contains(Self.words), "\(before)")
            #expect(before.words.contains("none found; attest it: cosign attest --key"), "\(before)")
            try Self.attach(form, to: entry.digest, bench, type: type)
            let answer = try await Self.attested(bench, entry.pinned)
            #expect(answer.exitCode == 1 && answer.output.isEmpty, "\(answer)")
            #expect(
                answer.words.contains("\(Self.words); sign it: cosign attest --key cosign.key --type "), "\(answer)")
            // A signature is asked for: what else hangs on the image says nothing about it.
            let signature = try await bench.verify(entry.pinned)
            #expect(signature.exitCode == 1 && !signature.words.contains(Self.words), "\(signature)")
        }
    }

    @Test("is named beside an attestation of a stranger, and is never asked for once one is good")
    func besides() async throws {
        try await DemoBench.running { bench in
            let digest = bench.content.unsigned.digest
            let image = bench.content.unsigned.pinned
            try Self.attach(.tag, to: digest, bench, type: "text/spdx+json")
            func attest(with signer: DemoSigner) async throws {
                try await bench.registry.attest(
                    digest, in: DemoContent.application, with: signer, predicateType: "https://spdx.dev/Document",
                    predicate: Array("{}".utf8), form: .bundle)
            }
            try await attest(with: bench.content.stranger)
            bench.registry.faults.forgetRequests()
            let foreign = try await Self.attested(bench, image)
            #expect(foreign.exitCode == 1, "\(foreign)")
            #expect(foreign.words.contains("not made by key") && foreign.words.contains(Self.words), "\(foreign)")
            #expect(bench.registry.faults.count(target: ".sbom") == 1)

            try await attest(with: bench.content.signer)
            bench.registry.faults.forgetRequests()
            let good = try await Self.attested(bench, image)
            #expect(good.exitCode == 0, "\(good)")
            #expect(bench.registry.faults.count(target: ".sbom") == 0)
        }
    }

    @Test(
        "that cannot be asked for leaves the denial a denial, without its words",
        arguments: [RegistryFault.Effect.status(500), .status(401), .delay(.seconds(5))])
    func outage(effect: RegistryFault.Effect) async throws {
        try await DemoBench.running { bench in
            let entry = bench.content.unsigned
            try Self.attach(.tag, to: entry.digest, bench, type: "text/spdx+json")
            bench.registry.faults.inject(RegistryFault(effect, target: ".sbom"))
            let answer = try await Self.attested(bench, entry.pinned)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("none found; attest it"), "\(answer)")
            #expect(!answer.words.contains(Self.words), "\(answer)")
        }
    }

    @Test("is not asked for where the proofs themselves could not be: that stays undecided")
    func undecided() async throws {
        try await DemoBench.running { bench in
            let entry = bench.content.unsigned
            try Self.attach(.tag, to: entry.digest, bench, type: "text/spdx+json")
            bench.registry.faults.inject(RegistryFault(.status(403), target: ".att"))
            let answer = try await Self.attested(bench, entry.pinned)
            #expect(answer.exitCode == 2, "\(answer)")
            #expect(bench.registry.faults.count(target: ".sbom") == 0)
        }
    }
}
