// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import ImageVerification
import OCI
import Policy
import Sigstore
import TestSupport
import Testing

@testable import Registry

@Suite struct LayoutTests {
    /// A layout as a test builds it up.
    private struct Layout {
        let folder: TemporaryDirectory
        var entries: [String] = []

        init() throws { folder = try TemporaryDirectory() }

        @discardableResult
        func blob(_ text: String) throws -> Digest {
            let digest = Digest(of: Array(text.utf8))
            try folder.write(text, to: "blobs/sha256/\(digest.hex)")
            return digest
        }

        mutating func entry(_ text: String, _ annotations: [String: String]) throws -> Digest {
            let digest = try blob(text)
            entries.append(
                TestManifest.descriptor(
                    digest, size: text.utf8.count, mediaType: MediaType.ociManifest, annotations: annotations))
            return digest
        }

        func source(_ limits: RegistryLimits = RegistryLimits()) throws -> LayoutSource {
            try folder.write(
                "{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}", to: "index.json")
            return LayoutSource(directory: folder.path, limits: limits)
        }
    }

    private static func reference(_ digest: Digest? = nil) -> ImageReference {
        ImageReference(
            asWritten: "layout", repository: Repository(host: "localhost", path: "layout"), tag: nil, digest: digest)
    }

    private static func image(_ source: LayoutSource, _ digest: Digest? = nil) async throws -> ResolvedImage? {
        switch try await source.resolve(reference(digest), showing: .none, deadline: .after(.seconds(20))) {
        case .resolved(let image): image
        case .notFound: nil
        }
    }

    private static func proofs(
        _ source: LayoutSource, _ image: ResolvedImage, _ kind: ProofKind = .signature
    ) async throws -> [UnverifiedBundle] {
        let place = ProofPlace(repository: image.repository)
        switch try await source.proofs(of: image, kind: kind, at: place, showing: .none, deadline: .after(.seconds(20)))
        {
        case .found(let bundles): return bundles.all
        case .nonePublished: return []
        case .partly: throw PartlyRead()
        }
    }

    private static let picture = TestManifest.image(layers: [])

    @Test("A layout of one image with a bundle that only its blobs hold is read")
    func bundleAmongBlobs() async throws {
        var layout = try Layout()
        let digest = try layout.entry(Self.picture, ["kind": "dev.cosignproject.cosign/image"])
        let type = "application/vnd.dev.sigstore.bundle.v0.3+json"
        let layer = TestManifest.descriptor(try layout.blob("bundle"), size: 6, mediaType: type)
        try layout.blob(TestManifest.referrer(subject: digest, artifactType: type, layers: [layer]))
        let source = try layout.source()
        let image = try #require(try await Self.image(source))
        #expect(image.digest == digest)
        let found = try await Self.proofs(source, image)
        #expect(found.map(\.text) == ["bundle"])
        let other = try #require(ResolvedImage(pinned: Self.reference(TestLookup.subject)))
        let none = try await Self.proofs(source, other)
        #expect(none.isEmpty)
    }

    @Test("What lies under cosign's tag for bills of materials is told as unsigned, and is no attestation")
    func billOfMaterials() async throws {
        var layout = try Layout()
        let tag = "org.opencontainers.image.ref.name"
        let digest = try layout.entry(Self.picture, [tag: "v1"])
        let before = try layout.source()
        let image = try #require(try await Self.image(before, digest))
        #expect(try await Self.proofs(before, image, .billOfMaterials).isEmpty)
        let layer = TestManifest.descriptor(try layout.blob("spdx"), size: 4, mediaType: "text/spdx+json")
        _ = try layout.entry(TestManifest.image(layers: [layer]), [tag: "\(digest.tagStem).sbom"])
        let after = try layout.source()
        let found = try await Self.proofs(after, image, .billOfMaterials)
        #expect(found.map(\.fault) == [UnverifiedBundle.unsignedBillOfMaterials])
        #expect(try await Self.proofs(after, image, .attestation).isEmpty)
        #expect(try await Self.proofs(after, image, .signature).isEmpty)
    }

    @Test("Signatures and attestations are found by cosign's marks and by its tags")
    func marksAndTags() async throws {
        for isTagged in [false, true] {
            var layout = try Layout()
            let digest = try layout.entry(
                Self.picture,
                isTagged ? ["org.opencontainers.image.ref.name": "v1"] : ["kind": "dev.cosignproject.cosign/image"])
            let tag = "org.opencontainers.image.ref.name"
            let signature = TestManifest.signatureLayer(try layout.blob("sig"), size: 3)
            _ = try layout.entry(
                TestManifest.image(layers: [signature]),
                isTagged ? [tag: "\(digest.tagStem).sig"] : ["kind": "dev.cosignproject.cosign/sigs"])
            let envelope = TestManifest.descriptor(
                try layout.blob("att"), size: 3, mediaType: "application/vnd.dsse.envelope.v1+json")
            _ = try layout.entry(
                TestManifest.image(layers: [envelope]),
                isTagged ? [tag: "\(digest.tagStem).att"] : ["kind": "dev.cosignproject.cosign/atts"])
            let source = try layout.source()
            let image = try #require(try await Self.image(source))
            #expect(image.digest == digest)
            let signatures = try await Self.proofs(source, image)
            #expect(signatures.map(\.text) == ["sig"])
            let attestations = try await Self.proofs(source, image, .attestation)
            #expect(attestations.map(\.text) == ["att"])
        }
    }

    @Test("A directory is a layout or is told what it lacks, without being read as an image")
    func check() throws {
        let folder = try TemporaryDirectory()
        #expect(LayoutSource.check(directory: folder.path("absent")) == "there is no such directory")
        #expect(LayoutSource.check(directory: folder.path) == "it has no oci-layout")
        let file = try folder.write("{\"imageLayoutVersion\":\"1.0.0\"}", to: "oci-layout")
        #expect(LayoutSource.check(directory: file) == "it is not a directory that can be read")
        #expect(LayoutSource.check(directory: folder.path) == "it has no index.json")
        try folder.write("{}", to: "index.json")
        #expect(LayoutSource.check(directory: folder.path) == nil)
    }

    @Test("Of several images one must be named, and one that is not there does not exist")
    func several() async throws {
        var layout = try Layout()
        let first = try layout.entry(Self.picture, [:])
        _ = try layout.entry(TestManifest.image(layers: [TestManifest.signatureLayer(first, size: 1)]), [:])
        let source = try layout.source()
        await #expect(throws: Outage.self) { try await Self.image(source) }
        let named = try await Self.image(source, first)
        #expect(named?.digest == first)
        let missing = try await Self.image(source, TestLookup.subject)
        #expect(missing == nil)
    }

    @Test("An index stands for the manifests that it lists")
    func index() async throws {
        var layout = try Layout()
        let child = try layout.entry(Self.picture, [:])
        let index = try layout.entry(
            TestManifest.index([
                Descriptor(mediaType: MediaType.ociManifest, digest: child, size: Int64(Self.picture.utf8.count))
            ]), [:])
        let image = try await Self.image(try layout.source())
        #expect(image?.digest == index)
    }

    @Test("A blob that does not have its name's digest is corruption")
    func corrupt() async throws {
        var layout = try Layout()
        let digest = try layout.entry(Self.picture, [:])
        let source = try layout.source()
        try layout.folder.write(Self.picture + " ", to: "blobs/sha256/\(digest.hex)")
        await #expect(throws: Outage.self) { try await Self.image(source, digest) }
    }

    @Test("Symbolic links lead nowhere: neither a blob, nor the folder of blobs, nor index.json")
    func links() async throws {
        let elsewhere = try TemporaryDirectory()
        let digest = Digest(of: Array(Self.picture.utf8))
        let target = try elsewhere.write(Self.picture, to: "blobs/sha256/\(digest.hex)")
        var layout = try Layout()
        _ = try layout.entry("other", [:])
        let source = try layout.source()
        let link = layout.folder.path("blobs/sha256/\(digest.hex)")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        await #expect(throws: Outage.self) { try await Self.image(source, digest) }

        let linked = try TemporaryDirectory()
        try linked.write("{\"schemaVersion\":2,\"manifests\":[]}", to: "index.json")
        try FileManager.default.createSymbolicLink(
            atPath: linked.path("blobs"), withDestinationPath: elsewhere.path("blobs"))
        await #expect(throws: Outage.self) {
            try await Self.image(LayoutSource(directory: linked.path), digest)
        }
        // The directory itself is the operator's to name, link or not.
        let outer = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(
            atPath: outer.path("layout"), withDestinationPath: elsewhere.path)
        let found = try await Self.image(LayoutSource(directory: outer.path("layout")), digest)
        #expect(found?.digest == digest)
    }

    @Test(
        "A directory without index, or with one that is none, is an outage and not an empty layout",
        arguments: [
            nil, "", "{}", "{\"schemaVersion\":2,\"layers\":[]}",
        ])
    func noLayout(index: String?) async throws {
        let folder = try TemporaryDirectory()
        if let index { try folder.write(index, to: "index.json") }
        let source = LayoutSource(directory: folder.path)
        await #expect(throws: Outage.self) { try await Self.image(source) }
        let image = try #require(ResolvedImage(pinned: Self.reference(TestLookup.subject)))
        await #expect(throws: Outage.self) { try await Self.proofs(source, image) }
    }

    @Test(
        "An operand is a directory, with or without a digest",
        arguments: [
            ("dir", "dir", nil), ("./a@b/c", "./a@b/c", nil),
            ("a@sha256:\(TestLookup.subject.hex)", "a", TestLookup.subject),
            ("a@b@\(TestLookup.subject)", "a@b", TestLookup.subject),
        ])
    func operand(text: String, directory: String, digest: Digest?) throws {
        let read = try LayoutSource.read(operand: text)
        #expect(read.directory == directory)
        #expect(read.reference.digest == digest)
        #expect(throws: DigestError.self) { try LayoutSource.read(operand: "dir@sha256:ff") }
    }

    @Test("Every recorded layout of cosign's resolves, and holds proofs of the form that its name says")
    func captures() async throws {
        let names =
            SharedFolder.names(in: "captures/cosign/oci").map { "oci/\($0)" }
            + SharedFolder.names(in: "captures/cosign/cosign-save").map { "cosign-save/\($0)" }
        guard available(!names.isEmpty, orSkip: "needs the shared folder's captures/cosign") else { return }
        let subject = try Digest("sha256:4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb")
        for name in names {
            guard let path = SharedFolder.path("captures/cosign/\(name)") else { continue }
            let source = LayoutSource(directory: path)
            // This one holds two images, so that one must be named.
            let digest = name == "oci/app" ? subject : nil
            let image = try #require(try await Self.image(source, digest), "\(name)")
            let signatures = try await Self.proofs(source, image)
            let attestations = try await Self.proofs(source, image, .attestation)
            // This image's proofs lie in another repository.
            #expect((signatures + attestations).isEmpty == (name == "oci/cr_app"), "\(name)")
            if name.hasSuffix("_bun31") || name == "cosign-save/save-bundle" {
                #expect(signatures.contains { if case .bundle = $0.content { true } else { false } }, "\(name)")
            }
            if name.contains("_leg") || name == "oci/oci11_app" || name == "cosign-save/save-legacy" {
                #expect(
                    (signatures + attestations).contains {
                        switch $0.content {
                        case .simpleSigning, .envelope: true
                        case .bundle, .large, .read, .unreadable: false
                        }
                    }, "\(name)")
            }
        }
    }
}
