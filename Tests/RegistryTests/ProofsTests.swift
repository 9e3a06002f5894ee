// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Sigstore
import Testing

@testable import Registry

@Suite struct ProofsTests {
    private static let subject = TestLookup.subject
    private static let bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    private static let simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
    private static let envelope = "application/vnd.dsse.envelope.v1+json"

    private func found(
        _ script: RegistryScript, _ kind: ProofKind = .signature, limits: RegistryLimits = RegistryLimits(),
        prefix: String = ""
    ) async throws -> [UnverifiedBundle] {
        try await withRegistry(limits: limits, retries: 0, { script.answer($0) }) { lookup, _ in
            try await lookup.proofs(kind, prefix: prefix)
        }
    }

    private func outage(
        _ script: RegistryScript, limits: RegistryLimits = RegistryLimits(), retries: Int = 0
    ) async throws -> Outage? {
        try await withRegistry(limits: limits, retries: retries, { script.answer($0) }) { lookup, _ in
            try await lookup.outage { _ = try await lookup.proofs() }
        }
    }

    /// One referrer with these layers, each of which is also a blob.
    private func referrer(
        _ layers: [(type: String, text: String, annotations: [String: String])], subject: Digest = subject,
        artifactType: String = "application/vnd.example"
    ) -> RegistryScript {
        var script = RegistryScript()
        let texts = layers.map { layer in
            TestManifest.descriptor(
                script.blob(layer.text), size: layer.text.utf8.count, mediaType: layer.type,
                annotations: layer.annotations)
        }
        let manifest = TestManifest.referrer(subject: subject, artifactType: artifactType, layers: texts)
        let digest = script.manifest(manifest)
        script.referrersAPI(
            Self.subject,
            [Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: Int64(manifest.utf8.count))])
        return script
    }

    // MARK: Tags

    @Test("Each layer under the signature tag is a candidate, in order, and one without signature is junk")
    func signatureTag() async throws {
        var script = RegistryScript()
        let layers = [
            TestManifest.signatureLayer(script.blob("one"), size: 3),
            TestManifest.descriptor(script.blob("two"), size: 3, mediaType: Self.simpleSigning),
            TestManifest.descriptor(script.blob("xxx"), size: 3, mediaType: "text/plain"),
            TestManifest.signatureLayer(script.blob("three"), size: 5),
        ]
        let digest = script.manifest(
            TestManifest.image(layers: layers), tags: "\(Self.subject.tagStem).sig", mediaType: MediaType.dockerManifest
        )
        let found = try await found(script)
        #expect(found.map(\.text) == ["one", nil, nil, "three"])
        #expect(found.map { $0.fault != nil } == [false, true, true, false])
        #expect(found.allSatisfy { $0.origin.carrier == .signatureTag && $0.origin.manifest == digest })
        guard case .simpleSigning(_, let annotations) = found[0].content else {
            Issue.record("not a signature")
            return
        }
        #expect(annotations.signature == "c2ln")
    }

    @Test("A referrer with an unsigned bill of materials is told for attestations only; other things are passed over")
    func unsignedReferrers() async throws {
        for (type, isTold) in [
            ("application/spdx+json", true), ("text/spdx", true), ("application/vnd.cyclonedx+xml", true),
            ("application/vnd.syft+json", true), ("application/spdxx+json", false), ("text/plain", false),
        ] {
            for script in [
                referrer([("application/octet-stream", "bom", [:])], artifactType: type),
                referrer([(type, "bom", [:])], artifactType: "application/vnd.oci.empty.v1+json"),
            ] {
                let told = isTold ? [UnverifiedBundle.unsignedBillOfMaterials] : []
                #expect(try await found(script, .attestation).map(\.fault) == told, "\(type)")
                #expect(try await found(script, .signature).isEmpty, "\(type)")
            }
        }
        // Where a proof lies beside it, the proof is what counts.
        let both = referrer([("application/spdx+json", "bom", [:]), (Self.envelope, "dsse", [:])])
        #expect(try await found(both, .attestation).map(\.text) == ["dsse"])
    }

    @Test("Whatever lies under the tag for bills of materials is unsigned, and no referrer is asked for")
    func billOfMaterialsTag() async throws {
        var script = RegistryScript()
        #expect(try await found(script, .billOfMaterials).isEmpty)
        script.manifest(TestManifest.image(layers: []), tags: "\(Self.subject.tagStem).sbom")
        let manifest = script
        try await withRegistry(retries: 0, { manifest.answer($0) }) { lookup, _ in
            let found = try await lookup.proofs(.billOfMaterials)
            #expect(lookup.client.counters.requests.values.reduce(0, +) == 1)
            #expect(found.map(\.fault) == [UnverifiedBundle.unsignedBillOfMaterials])
            #expect(try await lookup.proofs(.billOfMaterials, prefix: "x-").isEmpty)
        }
    }

    @Test("The attestation tag is read for attestations only, and needs no annotation")
    func attestationTag() async throws {
        var script = RegistryScript()
        let layer = TestManifest.descriptor(script.blob("dsse"), size: 4, mediaType: Self.envelope)
        script.manifest(TestManifest.image(layers: [layer]), tags: "\(Self.subject.tagStem).att")
        let attestations = try await found(script, .attestation)
        #expect(attestations.map(\.text) == ["dsse"])
        #expect(attestations.map(\.origin.carrier) == [.attestationTag])
        let signatures = try await found(script)
        #expect(signatures.isEmpty)
    }

    @Test("A tag prefix is prepended as it is, and one that makes no tag finds nothing")
    func prefix() async throws {
        var script = RegistryScript()
        let layer = TestManifest.signatureLayer(script.blob("one"), size: 3)
        script.manifest(TestManifest.image(layers: [layer]), tags: "pre\(Self.subject.tagStem).sig")
        let prefixed = try await found(script, prefix: "pre")
        #expect(prefixed.map(\.text) == ["one"])
        for other in ["", "../", "a/", "?", "%2e", String(repeating: "p", count: 60)] {
            let found = try await found(script, prefix: other)
            #expect(found.isEmpty)
        }
    }

    @Test(
        "What lies under a tag and is no manifest is junk, named as such",
        arguments: [
            "", "<html>", "{}", "{\"schemaVersion\":1}", "{\"schemaVersion\":2,\"manifests\":[]}",
            "{\"schemaVersion\":2,\"layers\":[{}]}",
        ])
    func tagJunk(text: String) async throws {
        var script = RegistryScript()
        script["manifests/\(Self.subject.tagStem).sig"] = ScriptedAnswer(200, text)
        let found = try await found(script)
        #expect(found.count == 1 && found.first?.fault != nil)
    }

    // MARK: Referrers

    @Test("A bundle is alone in its manifest; its artifact type is a hint that decides nothing")
    func bundleLayers() async throws {
        let alone = try await found(referrer([(Self.bundleType, "b", [:])]))
        #expect(alone.map(\.text) == ["b"])
        for layers in [
            [(Self.bundleType, "b", [String: String]()), (Self.bundleType, "c", [:])],
            [(Self.bundleType, "b", [:]), ("text/plain", "c", [:])],
        ] {
            let junk = try await found(referrer(layers))
            #expect(junk.count == 1 && junk.first?.fault != nil)
        }
        let claimed = try await found(referrer([("application/json", "{}", [:])], artifactType: Self.bundleType))
        #expect(claimed.count == 1 && claimed.first?.fault != nil)
    }

    @Test("cosign's payloads in referrer form are all read")
    func referrerForm() async throws {
        let signed = [TestManifest.signatureAnnotation: "c2ln"]
        let found = try await found(
            referrer([
                (Self.simpleSigning, "one", signed), (Self.simpleSigning, "two", [:]), ("text/plain", "x", [:]),
                (Self.envelope, "dsse", [:]),
            ]))
        #expect(found.map(\.text) == ["one", nil, "dsse"])
        #expect(found.allSatisfy { $0.origin.carrier == .referrer })
    }

    @Test("A referrer of something else is junk, and one that holds no proof is passed over")
    func subjects() async throws {
        let foreign = try await found(
            referrer([(Self.bundleType, "b", [:])], subject: Digest(of: Array("another".utf8))))
        #expect(foreign.count == 1 && foreign.first?.fault?.contains("another image") == true)
        for layers in [[], [("text/spdx+json", "{}", [String: String]())]] {
            let other = try await found(referrer(layers, artifactType: "text/spdx+json"))
            #expect(other.isEmpty)
        }
    }

    @Test("Junk of every kind hides no good proof: a good one beside it is found")
    func junkHidesNothing() async throws {
        var script = RegistryScript()
        var missing = script.bundle("missing manifest", subject: Self.subject)
        script["manifests/\(missing.digest)"] = nil
        let blobless = script.bundle("missing blob", subject: Self.subject)
        script["blobs/\(Digest(of: Array("missing blob".utf8)))"] = nil
        var wrongSize = script.bundle("size", subject: Self.subject)
        wrongSize.size += 1
        var huge = script.bundle("huge", subject: Self.subject)
        huge.size = .max
        let notJSON = script.manifest("not json")
        let good = script.bundle("good", subject: Self.subject)
        missing.mediaType = "x"
        script.referrersAPI(
            Self.subject,
            [missing, blobless, wrongSize, huge, Descriptor(mediaType: "x", digest: notJSON, size: 8), good])
        script["manifests/\(Self.subject.tagStem).sig"] = ScriptedAnswer(200, "junk")
        let found = try await found(script)
        #expect(found.count == 7)
        #expect(found.compactMap(\.text) == ["good"])
        for word in ["under the tag", "is not there", "another size", "larger than", "not JSON"] {
            #expect(found.contains { $0.fault?.contains(word) == true }, "\(word)")
        }
    }

    // MARK: Outages

    @Test(
        "A proof that the registry fails to hand out is an outage, since it may be the good one",
        arguments: [
            (401, Outage.Kind.unauthorized), (403, .unauthorized), (429, .rateLimited), (500, .malfunction),
            (503, .malfunction), (400, .malfunction),
        ])
    func contentOutage(status: Int, kind: Outage.Kind) async throws {
        var script = RegistryScript()
        let descriptor = script.bundle("one", subject: Self.subject)
        script.referrersAPI(Self.subject, [descriptor])
        for rest in ["manifests/\(descriptor.digest)", "blobs/\(Digest(of: Array("one".utf8)))"] {
            var broken = script
            broken[rest] = ScriptedAnswer(status, "")
            let outage = try await outage(broken)
            #expect(outage?.kind == kind)
        }
    }

    @Test("Bytes that do not have their digest are corruption (CVE-2023-47630)")
    func corruption() async throws {
        var script = RegistryScript()
        let descriptor = script.bundle("one", subject: Self.subject)
        script.referrersAPI(Self.subject, [descriptor])
        for rest in ["manifests/\(descriptor.digest)", "blobs/\(Digest(of: Array("one".utf8)))"] {
            var broken = script
            broken[rest] = ScriptedAnswer(200, "two")
            let outage = try await outage(broken)
            #expect(outage?.kind == .corrupt)
        }
    }

    // MARK: Limits

    @Test("As many layers as allowed are read; one more is one candidate that names the limit (CVE-2024-29903)")
    func layers() async throws {
        var limits = RegistryLimits()
        #expect(limits.proofs == 1000)
        limits.proofs = 3
        for count in [3, 4] {
            var script = RegistryScript()
            let layers = (0..<count).map { TestManifest.signatureLayer(script.blob("s\($0)"), size: 2) }
            script.manifest(TestManifest.image(layers: layers), tags: "\(Self.subject.tagStem).sig")
            script.referrersAPI(Self.subject, [script.bundle("good", subject: Self.subject)])
            let found = try await found(script, limits: limits)
            #expect(found.compactMap(\.text) == (count == 3 ? ["s0", "s1", "s2", "good"] : ["good"]))
            #expect(found.contains { $0.fault?.contains("more than the 3 proofs") == true } == (count == 4))
        }
    }

    @Test("As many referrers as allowed are opened; one more is a candidate that names the limit")
    func referrers() async throws {
        var limits = RegistryLimits()
        limits.referrers = 2
        var script = RegistryScript()
        let descriptors = (0..<3).map { script.bundle("b\($0)", subject: Self.subject) }
        for count in [2, 3] {
            script.referrersAPI(Self.subject, Array(descriptors.prefix(count)))
            let found = try await found(script, limits: limits)
            #expect(found.compactMap(\.text) == ["b0", "b1"])
            #expect(found.last?.fault?.contains("2 referrers") == (count == 2 ? nil : true))
        }
    }

    @Test("A proof beyond its limit is junk; all together beyond theirs are junk beside what the tag holds")
    func bytes() async throws {
        var limits = RegistryLimits()
        limits.proofBytes = 10
        var script = RegistryScript()
        let small = script.bundle("0123456789", subject: Self.subject)
        let large = script.bundle("0123456789a", subject: Self.subject)
        script.referrersAPI(Self.subject, [small, large])
        let found = try await found(script, limits: limits)
        #expect(found.map(\.text) == ["0123456789", nil])
        #expect(found.last?.fault?.contains("10 bytes") == true)

        let signature = TestManifest.image(layers: [TestManifest.signatureLayer(script.blob("one"), size: 3)])
        script.manifest(signature, tags: "\(Self.subject.tagStem).sig")
        let list = TestManifest.index([small, large]).utf8.count
        limits.lookupBytes = list + Int(small.size + large.size) + 10
        let within = try await Self.texts(self.found(script, limits: limits))
        #expect(within == ["one", "0123456789"])
        limits.lookupBytes -= 1
        let beyond = try await self.found(script, limits: limits)
        #expect(Self.texts(beyond) == ["one"])
        #expect(beyond.contains { $0.fault?.contains("\(limits.lookupBytes) bytes") == true })
    }

    private static func texts(_ found: [UnverifiedBundle]) -> [String] { found.compactMap(\.text) }

    @Test("Layers that claim much, or name one blob again and again, take no room from the good signature")
    func claims() async throws {
        let signed = [TestManifest.signatureAnnotation: "c2ln"]
        for (layers, isDistinct) in [(9, true), (1001, false), (64, true), (65, true)] {
            var script = RegistryScript()
            let junk = script.blob("junk")
            let texts = (0..<layers).map { number in
                TestManifest.descriptor(
                    junk, size: 32 << 20, mediaType: Self.simpleSigning,
                    annotations: isDistinct ? signed.merging(["n": "\(number)"]) { $1 } : signed)
            }
            let manifest = TestManifest.referrer(subject: Self.subject, artifactType: "x", layers: texts)
            let descriptor = Descriptor(
                mediaType: MediaType.ociManifest, digest: script.manifest(manifest), size: Int64(manifest.utf8.count))
            script.referrersAPI(Self.subject, [descriptor, script.bundle("good", subject: Self.subject)])
            script.manifest(
                TestManifest.image(layers: [TestManifest.signatureLayer(script.blob("one"), size: 3)]),
                tags: "\(Self.subject.tagStem).sig")
            let found = try await found(script)
            #expect(Self.texts(found) == ["one", "good"])
            #expect(
                found.count { $0.fault?.contains("another size") == true } == [9: 9, 1001: 1, 64: 64, 65: 0][layers])
            #expect(found.count { $0.fault?.contains("64 proofs") == true } == (layers == 65 ? 1 : 0))
        }
    }

    @Test(
        "A tag or a list that is too large is junk beside what the other holds; a tag that is to be resolved is an outage"
    )
    func largeManifests() async throws {
        let large = String(repeating: "a", count: (4 << 20) + 1)
        var script = RegistryScript()
        script.manifest(
            TestManifest.image(layers: [TestManifest.signatureLayer(script.blob("one"), size: 3)]),
            tags: "\(Self.subject.tagStem).sig")
        script.referrersAPI(Self.subject, [script.bundle("good", subject: Self.subject)])
        for (rest, good) in [("manifests/\(Self.subject.tagStem).sig", "good"), ("referrers/\(Self.subject)", "one")] {
            var broken = script
            broken[rest] = ScriptedAnswer(200, headers: [("Content-Type", MediaType.ociIndex)], large)
            let found = try await found(broken)
            #expect(Self.texts(found) == [good])
            #expect(found.count { $0.fault?.contains("4194304 bytes") == true } == 1)
        }
        script["manifests/v1"] = ScriptedAnswer(200, large)
        try await withRegistry(retries: 0, { [script] in script.answer($0) }) { lookup, _ in
            try await lookup.expect(.corrupt) { _ = try await lookup.resolve() }
        }
    }

    @Test("An annotation that is longer than allowed makes its layer junk, and no other")
    func longAnnotation() async throws {
        for length in [64 << 10, (64 << 10) + 1] {
            var script = RegistryScript()
            let long = [TestManifest.signatureAnnotation: "c2ln", "x": String(repeating: "a", count: length)]
            let layers = [
                TestManifest.descriptor(
                    script.blob("long"), size: 4, mediaType: Self.simpleSigning, annotations: long),
                TestManifest.signatureLayer(script.blob("one"), size: 3),
            ]
            script.manifest(TestManifest.image(layers: layers), tags: "\(Self.subject.tagStem).sig")
            let found = try await found(script)
            #expect(found.map(\.text) == [length == 64 << 10 ? "long" : nil, "one"])
        }
    }

    @Test("What all lookups hold is bounded, by an outage that names the limit, and given back when they end")
    func heldBytes() async throws {
        var script = RegistryScript()
        let descriptor = script.bundle("0123456789", subject: Self.subject)
        script.referrersAPI(Self.subject, [descriptor])
        var limits = RegistryLimits()
        limits.heldBytes = TestManifest.index([descriptor]).utf8.count + Int(descriptor.size) + 10
        try await withRegistry(limits: limits, retries: 0, { [script] in script.answer($0) }) { [limits] lookup, _ in
            for _ in 0..<3 {
                let found = try await lookup.proofs()
                #expect(found.map(\.text) == ["0123456789"])
                #expect(lookup.client.held.count == 0)
            }
            let other = LookupBytes(lookup.client.held)
            #expect(ProofBudget(limits, other).take(bytes: 1))
            let outage = try await lookup.outage { _ = try await lookup.proofs() }
            #expect(outage?.kind == .malfunction)
            #expect(outage?.detail.contains("\(limits.heldBytes) bytes") == true)
            #expect(lookup.client.held.count == 1)
            other.release()
            let found = try await lookup.proofs()
            #expect(found.map(\.text) == ["0123456789"])
        }
    }

    @Test("A blob that is longer than its descriptor says, or without end, is junk and not read on (CVE-2024-29902)")
    func lyingBlob() async throws {
        var limits = RegistryLimits()
        limits.proofBytes = 1 << 20
        var script = RegistryScript()
        let descriptor = script.bundle("one", subject: Self.subject)
        script.referrersAPI(Self.subject, [descriptor])
        script["blobs/\(Digest(of: Array("one".utf8)))"] = ScriptedAnswer(200, body: .endless)
        let found = try await found(script, limits: limits)
        #expect(found.count == 1 && found.first?.fault?.contains("larger than its descriptor says") == true)
    }

    // MARK: Blobs

    @Test("Content that is remembered by its digest is not fetched again")
    func blobStore() async throws {
        var script = RegistryScript()
        script.referrersAPI(Self.subject, [script.bundle("one", subject: Self.subject)])
        let blobs = ByteBoundedCache<Digest, [UInt8]>(name: "blobs", limit: 1 << 20)
        try await withRegistry(blobs: blobs, { [script] in script.answer($0) }) { lookup, server in
            for _ in 0..<2 {
                let found = try await lookup.proofs()
                #expect(found.map(\.text) == ["one"])
            }
            #expect(server.seen.count { $0.path.contains("sha256:") && !$0.path.contains("referrers") } == 2)
            #expect(lookup.client.counters.total(.blob) == 1)
            // The list is remembered for a moment besides.
            #expect(lookup.client.counters.total(.referrers) == 1)
        }
    }

    @Test("A blob is fetched from where the registry redirects, without its credentials")
    func redirectedBlob() async throws {
        var script = RegistryScript()
        script.referrersAPI(Self.subject, [script.bundle("one", subject: Self.subject)])
        let blob = "blobs/\(Digest(of: Array("one".utf8)))"
        try await ScriptedServer.running({ _ in ScriptedAnswer(200, "one") }) { [script] store in
            var script = script
            script[blob] = ScriptedAnswer(307, headers: [("Location", "http://\(store.host)/one?sig=x")], "")
            try await withRegistry(credential: .registryToken("secret"), { [script] in script.answer($0) }) {
                lookup, server in
                let found = try await lookup.proofs()
                #expect(found.map(\.text) == ["one"])
                #expect(store.seen.map(\.authorization) == [nil])
                #expect(server.seen.allSatisfy { $0.authorization == "Bearer secret" })
            }
        }
    }
}
