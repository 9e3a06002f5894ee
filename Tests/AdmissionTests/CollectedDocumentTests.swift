// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import Policy
import TestSupport
import Testing
import YAML

@testable import Admission

/// Documents that people have published, as the API server would ask about them.
@Suite("Collected documents under review")
struct CollectedDocumentTests {
    static let folder = "data/cluster-image-policies"

    @Test(
        "Each is answered as the reader of files reads it, and refused in the words that are written down for it",
        .enabled(if: available(SharedFolder.path(folder) != nil, orSkip: "no \(folder)")))
    func collected() async throws {
        let index = try JSONDocument(parsing: try #require(SharedFolder.bytes("\(Self.folder)/index.json"))).root
        var refused = 0
        for entry in index.elements {
            let path = try #require(entry["file"]?.string)
            guard path.hasSuffix(".yaml"), entry["kinds"]?.elements.map(\.string) == ["ClusterImagePolicy"] else {
                continue
            }
            let bytes = try #require(SharedFolder.bytes("\(Self.folder)/\(path)"))
            for document in try YAMLDocument.parse(bytes) {
                let object = document.root
                let version = object["apiVersion"]?.string?.split(separator: "/").last.map(String.init) ?? ""
                let text = Review(
                    group: "policy.sigstore.dev", version: version, resource: "clusterimagepolicies",
                    kind: "ClusterImagePolicy", object: String(decoding: object.rawText, as: UTF8.self)
                ).text
                let reading = PolicyDocument(reading: document)
                let reply = await review(text)
                #expect(reply.isAllowed == reading.errors.isEmpty, "\(path): \(reply.message)")
                let words = try await wordsOfSchema(text) ?? reply.message
                let expected = entry["errors"]?.elements.compactMap(\.string) ?? []
                for substring in expected { #expect(words.contains(substring), "\(path): \(words)") }
                if !expected.isEmpty { refused += 1 }
            }
        }
        // With words; one more is refused without.
        #expect(refused == 13)
    }

    /// What the API server says of its own accord after `/mutate`; `nil` where its schema has nothing against it.
    private func wordsOfSchema(_ text: String) async throws -> String? {
        let mutated = await review(text, at: .mutate)
        #expect(mutated.isAllowed == true)
        guard let patch = mutated.response?["patch"]?.string, let data = Data(base64Encoded: patch) else { return nil }
        let nulls = try JSONDocument(parsing: Array(data)).root.elements.filter { $0["value"]?.isNull == true }
        let paths = nulls.compactMap { $0["path"]?.string?.dropFirst().replacing("/", with: ".") }
        return paths.isEmpty ? nil : paths.map { "\($0): Invalid value" }.joined(separator: "\n")
    }
}
