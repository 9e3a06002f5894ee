// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

private let digest = "sha256:" + String(repeating: "ab", count: 32)

private func descriptor(_ type: String = "application/octet-stream", _ more: String = "") -> String {
    #"{"mediaType":"\#(type)","digest":"\#(digest)","size":7\#(more)}"#
}

private func manifest(_ more: String = "", layers: String = "[\(descriptor())]") -> String {
    #"{"schemaVersion":2,"config":\#(descriptor(MediaType.ociConfig)),"layers":\#(layers)\#(more)}"#
}

private func index(_ more: String = "", manifests: String = "[\(descriptor(MediaType.ociManifest))]") -> String {
    #"{"schemaVersion":2,"manifests":\#(manifests)\#(more)}"#
}

private func read(_ text: String, _ contentType: String? = nil) throws -> ManifestDocument {
    try ManifestDocument(parsing: Array(text.utf8), contentType: contentType)
}

@Suite("Manifests and indexes")
struct ManifestTests {
    @Test("a manifest is read with config, layers, subject and annotations")
    func manifestIsRead() throws {
        let text = manifest(
            #","artifactType":"a/b","subject":\#(descriptor("x/y")),"annotations":{"k":"v"}"#,
            layers: "[\(descriptor("l/1", #","annotations":{"a":"b"}"#)),\(descriptor("l/2"))]")
        guard case .manifest(let manifest) = try read(text, MediaType.ociManifest) else {
            Issue.record("no manifest")
            return
        }
        #expect(manifest.layers.map(\.mediaType) == ["l/1", "l/2"])
        #expect(manifest.layers[0].annotations == ["a": "b"])
        #expect(manifest.layers[0].size == 7)
        #expect(manifest.layers[0].digest.description == digest)
        #expect(manifest.config.mediaType == MediaType.ociConfig)
        #expect(manifest.subject?.mediaType == "x/y")
        #expect(manifest.annotations == ["k": "v"])
        #expect(manifest.effectiveArtifactType == "a/b")
    }

    @Test("an index is read with its platforms")
    func indexIsRead() throws {
        let entry = descriptor(
            MediaType.ociManifest,
            #","artifactType":"a/b","platform":{"os":"linux","architecture":"arm","variant":"v7"}"#)
        guard case .index(let index) = try read(index(manifests: "[\(entry)]"), MediaType.ociIndex) else {
            Issue.record("no index")
            return
        }
        #expect(index.manifests.first?.platform == Platform(os: "linux", architecture: "arm", variant: "v7"))
        #expect(index.manifests.first?.artifactType == "a/b")
    }

    @Test(
        "the content type decides what a document is, in any spelling, and its parameters do not count",
        arguments: [
            (MediaType.ociManifest, false), (MediaType.dockerManifest, false), (MediaType.ociIndex, true),
            (MediaType.dockerManifestList, true), (MediaType.ociIndex.uppercased() + " ; charset=utf-8", true),
        ])
    func contentTypes(_ contentType: String, _ isIndex: Bool) throws {
        let document = try read(isIndex ? index() : manifest(), contentType)
        if case .index = document { #expect(isIndex) } else { #expect(!isIndex) }
        #expect(document.mediaType == MediaType.essence(contentType))
    }

    @Test("without content type the document's own media type decides, and then its members")
    func ownMediaType() throws {
        #expect(
            try read(manifest(#","mediaType":"\#(MediaType.dockerManifest)""#)).mediaType == MediaType.dockerManifest)
        #expect(try read(manifest()).mediaType == MediaType.ociManifest)
        #expect(try read(index()).mediaType == MediaType.ociIndex)
    }

    @Test("lists that are null or absent are empty, as writers in Go mean them")
    func nullLists() throws {
        guard case .manifest(let manifest) = try read(manifest(#","subject":null,"annotations":null"#, layers: "null"))
        else {
            Issue.record("no manifest")
            return
        }
        #expect(manifest.layers.isEmpty)
        #expect(manifest.subject == nil)
        guard case .index(let index) = try read(index(manifests: "null"), MediaType.ociIndex) else {
            Issue.record("no index")
            return
        }
        #expect(index.manifests.isEmpty)
    }

    private static let tooManyLayers = "[" + String(repeating: descriptor() + ",", count: 1024) + descriptor() + "]"

    private static let refusals: [(String, String?, ManifestError)] = [
        (manifest(), MediaType.ociIndex, .foreignMember("config", mediaType: MediaType.ociIndex)),
        (index(), MediaType.ociManifest, .foreignMember("manifests", mediaType: MediaType.ociManifest)),
        (
            manifest(#","manifests":[]"#), MediaType.ociManifest,
            .foreignMember("manifests", mediaType: MediaType.ociManifest)
        ),
        (index(#","layers":[]"#), MediaType.ociIndex, .foreignMember("layers", mediaType: MediaType.ociIndex)),
        (manifest(#","fsLayers":[]"#), nil, .foreignMember("fsLayers", mediaType: MediaType.ociManifest)),
        (
            manifest(#","mediaType":"\#(MediaType.dockerManifest)""#), MediaType.ociManifest,
            .mediaTypeMismatch(contentType: MediaType.ociManifest, document: MediaType.dockerManifest)
        ),
        (manifest(), "application/json", .unsupportedMediaType("application/json")),
        (manifest(), "", .unsupportedMediaType("")),
        (manifest(#","mediaType":"a/b""#), nil, .unsupportedMediaType("a/b")),
        (manifest(#","mediaType":7"#), nil, .wrongKind(path: "mediaType", expected: .string, found: .number)),
        (#"{"schemaVersion":1}"#, nil, .unsupportedSchemaVersion),
        (#"{"schemaVersion":"2"}"#, nil, .unsupportedSchemaVersion),
        (#"{}"#, nil, .unsupportedSchemaVersion),
        (#"{"schemaVersion":2}"#, nil, .missing(path: "config")),
        ("[]", nil, .wrongKind(path: "", expected: .object, found: .array)),
        (manifest(layers: "{}"), nil, .wrongKind(path: "layers", expected: .array, found: .object)),
        (manifest(layers: "[7]"), nil, .wrongKind(path: "layers[0]", expected: .object, found: .number)),
        (manifest(layers: "[{}]"), nil, .missing(path: "layers[0].mediaType")),
        (manifest(layers: tooManyLayers), nil, .tooMany(path: "layers", count: 1025, limit: 1024)),
        (
            manifest(layers: #"[{"mediaType":"a","digest":"md5:00","size":1}]"#), nil,
            .digest(path: "layers[0].digest", .unknownAlgorithm("md5"))
        ),
        (
            manifest(layers: #"[{"mediaType":"a","digest":"\#(digest)","size":-1}]"#), nil,
            .invalidSize(path: "layers[0].size")
        ),
        (
            manifest(layers: #"[{"mediaType":"a","digest":"\#(digest)","size":9223372036854775808}]"#), nil,
            .invalidSize(path: "layers[0].size")
        ),
        (
            manifest(layers: #"[{"mediaType":"a","digest":"\#(digest)","size":1e3}]"#), nil,
            .invalidSize(path: "layers[0].size")
        ),
        (manifest(layers: #"[{"mediaType":"a","digest":"\#(digest)"}]"#), nil, .missing(path: "layers[0].size")),
        (
            manifest(#","annotations":{"a":1}"#), nil,
            .wrongKind(path: "annotations.a", expected: .string, found: .number)
        ),
        (
            manifest(#","annotations":{"\u00e9":"x","e\u0301":"y"}"#), nil,
            .duplicateAnnotation(path: "annotations", name: "\u{e9}")
        ),
        (
            manifest(#","subject":{"mediaType":"","digest":"\#(digest)","size":1}"#), nil,
            .missing(path: "subject.mediaType")
        ),
    ]

    @Test(
        "a document that is not plainly one kind, or has a member that is not what it should be, is refused",
        arguments: refusals)
    func refusal(_ text: String, _ contentType: String?, _ error: ManifestError) {
        #expect(throws: error) { try ManifestDocument(parsing: Array(text.utf8), contentType: contentType) }
    }

    @Test("the number of layers that is allowed is read")
    func mostLayers() throws {
        let layers = "[" + String(repeating: descriptor() + ",", count: 1023) + descriptor() + "]"
        #expect(throws: Never.self) { try read(manifest(layers: layers)) }
    }

    @Test("a member written twice, and a document that is too large, are refused")
    func jsonErrors() {
        func reason(_ text: [UInt8]) -> JSONError.Reason? {
            do throws(ManifestError) {
                _ = try ManifestDocument(parsing: text, contentType: nil)
                return nil
            } catch {
                if case .json(let error) = error { return error.reason }
                return nil
            }
        }
        #expect(reason(Array(manifest(#","layers":[]"#).utf8)) == .duplicateKey("layers"))
        let limit = ManifestDocument.maximumBytes
        #expect(reason([UInt8](repeating: 0x20, count: limit + 1)) == .tooLarge(limit: limit))
    }

    @Test("every manifest and index of the recorded OCI layouts is read")
    func recordedLayouts() throws {
        var read = 0
        for root in ["data/oci-layouts", "captures/cosign/cosign-save", "captures/cosign/oci"] {
            for path in manifests(below: root) {
                guard let bytes = SharedFolder.bytes(path), let json = try? JSONDocument(parsing: bytes).root,
                    json["schemaVersion"] != nil
                else { continue }
                let type = json["mediaType"]?.string
                #expect(throws: Never.self, "\(path)") {
                    try ManifestDocument(parsing: bytes, contentType: type)
                }
                read += 1
            }
        }
        guard SharedFolder.root != nil else {
            skip("needs ../shared/data/oci-layouts")
            return
        }
        #expect(read > 10)
    }

    /// Blobs and indexes of all layouts below a folder, but for large blobs.
    private func manifests(below root: String) -> [String] {
        var paths: [String] = []
        for name in SharedFolder.names(in: root) {
            let path = "\(root)/\(name)"
            if name == "index.json" {
                paths.append(path)
            } else if name.utf8.count == 64 {
                if (SharedFolder.bytes(path)?.count ?? .max) < 1 << 16 { paths.append(path) }
            } else if !name.contains(".json") {
                paths += manifests(below: path)
            }
        }
        return paths
    }
}
