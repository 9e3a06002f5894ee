// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

/// From the real cosign through the real registry to our program's exit code and words.
@Suite struct SignedImageTests {
    private static let manifestType = "application/vnd.oci.image.manifest.v1+json"

    @Test(
        "What cosign signs is admitted under its key and denied under another",
        arguments: OpenSSLKey.Kind.signing, SignatureForm.allCases)
    func everyKey(kind: OpenSSLKey.Kind, form: SignatureForm) async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.importKey(try OpenSSLKey(generating: kind))
            let reference = try await bench.push(DemoImage(content: "\(kind) \(form)"), "team/app")
            let unsigned = try await bench.countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(unsigned.exitCode == 1, "\(unsigned)")
            #expect(unsigned.words.contains("no signatures found"), "\(unsigned)")

            try await bench.cosign.sign(reference, with: key, form: form)
            for name in [reference, "\(bench.host)/team/app:v1"] {
                let good = try await bench.countersign.verify(name, publicKeyPEM: key.publicKeyPEM)
                #expect(good.exitCode == 0, "\(good)")
                #expect(good.output.contains(reference.split(separator: "@").last ?? ""), "\(good)")
            }
            let other = try OpenSSLKey(generating: kind == .p256 ? .p384 : .p256)
            let bad = try await bench.countersign.verify(reference, publicKeyPEM: other.publicKeyPEM)
            #expect(bad.exitCode == 1, "\(bad)")
            #expect(bad.output.isEmpty, "\(bad)")
            #expect(bad.words.contains("not made by key"), "\(bad)")
        }
    }

    @Test("A log entry is asked for unless it is waived, and asking is never a pass", arguments: SignatureForm.allCases)
    func logEntry(form: SignatureForm) async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let reference = try await bench.push(DemoImage(content: "log"), "team/app")
            try await bench.cosign.sign(reference, with: key, form: form)
            let answer = try await bench.countersign.run(["verify", "--key", key.publicPath, reference])
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("it has no transparency log entry"), "\(answer)")
            let waived = try await bench.countersign.run(
                ["verify", "--key", key.publicPath, "--insecure-ignore-tlog", reference])
            #expect(waived.exitCode == 0, "\(waived)")
        }
    }

    @Test(
        "A tag moved to an unsigned image is denied, and the digest it named stays admitted",
        arguments: SignatureForm.allCases)
    func movedTag(form: SignatureForm) async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let first = try await bench.push(DemoImage(content: "first"), "team/app")
            try await bench.cosign.sign(first, with: key, form: form)
            let tag = "\(bench.host)/team/app:v1"
            #expect(try await bench.countersign.verify(tag, publicKeyPEM: key.publicKeyPEM).exitCode == 0)
            _ = try await bench.push(DemoImage(content: "second"), "team/app")
            let moved = try await bench.countersign.verify(tag, publicKeyPEM: key.publicKeyPEM)
            #expect(moved.exitCode == 1, "\(moved)")
            #expect(moved.words.contains("no signatures found"), "\(moved)")
            #expect(try await bench.countersign.verify(first, publicKeyPEM: key.publicKeyPEM).exitCode == 0)
        }
    }

    @Test("A signature copied over from another image is denied: it names the other")
    func copiedTag() async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let signed = DemoImage(content: "signed")
            let victim = DemoImage(content: "not signed")
            let reference = try await bench.push(signed, "team/app")
            let target = try await bench.push(victim, "team/app", tag: "v2")
            try await bench.cosign.sign(reference, with: key, form: .tag)
            let manifest = try await bench.manifest("team/app", "\(signed.digest.tagStem).sig")
            try await bench.client.push(
                manifest: manifest, mediaType: Self.manifestType, to: bench.host, "team/app",
                as: "\(victim.digest.tagStem).sig")
            let answer = try await bench.countersign.verify(target, publicKeyPEM: key.publicKeyPEM)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("about another image"), "\(answer)")
        }
    }

    @Test("A bundle copied over to another image is denied: its statement names the other")
    func copiedBundle() async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let signed = DemoImage(content: "signed")
            let victim = DemoImage(content: "not signed")
            let reference = try await bench.push(signed, "team/app")
            let target = try await bench.push(victim, "team/app", tag: "v2")
            try await bench.cosign.sign(reference, with: key, form: .bundle)

            // The bundle's manifest with the victim as its subject, and a fallback tag that lists it.
            let (bundle, referrer) = try await Self.bundle(of: signed, bench)
            let forged = referrer.replacing(signed.digest.description, with: victim.digest.description)
                .replacing(#""size":\#(signed.manifest.count),"#, with: #""size":\#(victim.manifest.count),"#)
            try await Self.refer(to: victim, manifest: Array(forged.utf8), bench)
            #expect(!bundle.isEmpty)
            let answer = try await bench.countersign.verify(target, publicKeyPEM: key.publicKeyPEM)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("about another image"), "\(answer)")
        }
    }

    @Test("A changed payload under an unchanged signature is denied")
    func changedPayload() async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = DemoImage(content: "payload")
            let reference = try await bench.push(image, "team/app")
            try await bench.cosign.sign(reference, with: key, form: .tag)
            let tag = "\(image.digest.tagStem).sig"
            let manifest = try await bench.manifest("team/app", tag)
            let layer = try #require(try JSONDocument(parsing: manifest).root["layers"]?[0]?["digest"]?.string)
            let payload = try await bench.blob("team/app", try Digest(layer))
            // The same length, another repository: the digest inside is still right.
            let changed = String(decoding: payload, as: UTF8.self).replacing("/team/app", with: "/team/apq")
            #expect(Array(changed.utf8) != payload)
            let digest = try await bench.client.push(blob: Array(changed.utf8), to: bench.host, "team/app")
            let forged = String(decoding: manifest, as: UTF8.self).replacing(layer, with: digest.description)
            try await bench.client.push(
                manifest: Array(forged.utf8), mediaType: Self.manifestType, to: bench.host, "team/app", as: tag)
            let answer = try await bench.countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("not made by key"), "\(answer)")
        }
    }

    @Test("An attestation is no signature, and verifies as what it is", arguments: SignatureForm.allCases)
    func attestation(form: SignatureForm) async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let reference = try await bench.push(DemoImage(content: "attested"), "team/app")
            try await bench.cosign.attest(
                reference, with: key, form: form, type: "openvex",
                predicate:
                    #"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"urn:x","author":"a","statements":[],"timestamp":"2026-01-01T00:00:00Z","version":1}"#
            )
            let asSignature = try await bench.countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(asSignature.exitCode == 1, "\(asSignature)")
            // Under the .att tag nobody looks for signatures; as a referrer it is found and named.
            let reason = form == .bundle ? "is no signature" : "no signatures found"
            #expect(asSignature.words.contains(reason), "\(asSignature)")

            let asItself = try await bench.countersign.verifyAttestation(
                reference, publicKeyPEM: key.publicKeyPEM, type: "openvex")
            #expect(asItself.exitCode == 0, "\(asItself)")
            let asAnother = try await bench.countersign.verifyAttestation(
                reference, publicKeyPEM: key.publicKeyPEM, type: "spdxjson")
            #expect(asAnother.exitCode == 1, "\(asAnother)")
            let other = try OpenSSLKey(generating: .p256)
            let byAnother = try await bench.countersign.verifyAttestation(
                reference, publicKeyPEM: other.publicKeyPEM, type: "openvex")
            #expect(byAnother.exitCode == 1, "\(byAnother)")
        }
    }

    @Test("One format never hides the other, and a foreign signature hides neither", arguments: SignatureForm.allCases)
    func bothFormats(good: SignatureForm) async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let foreign = try await bench.cosign.generateKey()
            let reference = try await bench.push(DemoImage(content: "both"), "team/app")
            for form in SignatureForm.allCases { try await bench.cosign.sign(reference, with: foreign, form: form) }
            let before = try await bench.countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(before.exitCode == 1, "\(before)")
            try await bench.cosign.sign(reference, with: key, form: good)
            let after = try await bench.countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(after.exitCode == 0, "\(after)")
        }
    }

    @Test("With the registry stopped nothing is decided")
    func stopped() async throws {
        guard Workbench.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let reference = try await bench.push(DemoImage(content: "stopped"), "team/app")
            try await bench.cosign.sign(reference, with: key, form: .bundle)
            await bench.registry.stop()
            for name in [reference, "\(bench.host)/team/app:v1"] {
                let answer = try await bench.countersign.verify(name, publicKeyPEM: key.publicKeyPEM)
                #expect(answer.exitCode == 2, "\(answer)")
                #expect(answer.output.isEmpty)
            }
        }
    }

    @Test(
        "An artifact that is no image and an index of two platforms verify by tag and by digest",
        arguments: SignatureForm.allCases)
    func otherManifests(form: SignatureForm) async throws {
        guard Workbench.isAvailable() else { return }
        let artifact = DemoImage(artifactType: "application/vnd.example.model", content: Array("a model".utf8))
        let index = DemoImage(index: [
            ("amd64", DemoImage(content: "one")), ("arm64", DemoImage(content: "two", architecture: "arm64")),
        ])
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try OpenSSLKey(generating: .p256)
            for (repository, image) in [("team/model", artifact), ("team/multi", index)] {
                let reference = try await bench.push(image, repository)
                try await bench.cosign.sign(reference, with: key, form: form)
                for name in [reference, "\(bench.host)/\(repository):v1"] {
                    let good = try await bench.countersign.verify(name, publicKeyPEM: key.publicKeyPEM)
                    #expect(good.exitCode == 0, "\(good)")
                    let bad = try await bench.countersign.verify(name, publicKeyPEM: other.publicKeyPEM)
                    #expect(bad.exitCode == 1, "\(bad)")
                }
            }
            // Signing an index signs nothing that it lists.
            let child = try #require(index.children.first)
            let answer = try await bench.countersign.verify(
                "\(bench.host)/team/multi@\(child.digest)", publicKeyPEM: key.publicKeyPEM)
            #expect(answer.exitCode == 1, "\(answer)")
        }
    }

    // MARK: Forging

    /// The bundle that cosign attached to an image, and the text of the manifest that carries it.
    private static func bundle(of image: DemoImage, _ bench: Workbench) async throws -> ([UInt8], String) {
        let index = try JSONDocument(parsing: try await bench.manifest("team/app", image.digest.tagStem))
        let digest = try #require(index.root["manifests"]?[0]?["digest"]?.string)
        let manifest = try await bench.manifest("team/app", digest)
        let layer = try #require(try JSONDocument(parsing: manifest).root["layers"]?[0]?["digest"]?.string)
        return (try await bench.blob("team/app", try Digest(layer)), String(decoding: manifest, as: UTF8.self))
    }

    /// Pushes a referrer's manifest, and the fallback tag that lists it for an image.
    private static func refer(to image: DemoImage, manifest: [UInt8], _ bench: Workbench) async throws {
        let digest = try await bench.client.push(
            manifest: manifest, mediaType: manifestType, to: bench.host, "team/app",
            as: Digest(of: manifest).description)
        let index = """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":\
            "\(manifestType)","size":\(manifest.count),"digest":"\(digest)",\
            "artifactType":"application/vnd.oci.empty.v1+json"}]}
            """
        try await bench.client.push(
            manifest: Array(index.utf8), mediaType: "application/vnd.oci.image.index.v1+json", to: bench.host,
            "team/app", as: image.digest.tagStem)
    }
}
