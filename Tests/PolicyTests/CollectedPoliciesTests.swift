// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import Policy

/// Policies that people have published. Each is read, and refused only where it should be.
@Suite("Collected policies")
struct CollectedPoliciesTests {
    static let folder = "data/cluster-image-policies"

    @Test(
        "every collected policy is accepted, or refused with the words that users know",
        .enabled(if: available(SharedFolder.path(folder) != nil, orSkip: "no \(folder)")))
    func collected() throws {
        let index = try JSONDocument(parsing: try #require(SharedFolder.bytes("\(Self.folder)/index.json"))).root
        let entries = index.kind == .array ? index : index["files"] ?? index
        var counts: [String: Int] = [:]
        for entry in entries.elements {
            let path = try #require(entry["file"]?.string)
            guard path.hasSuffix(".yaml"), entry["kinds"]?.elements.map(\.string) == ["ClusterImagePolicy"] else {
                continue
            }
            let bytes = try #require(SharedFolder.bytes("\(Self.folder)/\(path)"))
            let file = PolicyFile(path: path, text: bytes)
            let errors = file.errors
            let words = errors.merged
            if [entry["expected"]?.string, entry["derived"]?.string].contains("reject") {
                counts["refused", default: 0] += 1
                #expect(!errors.isEmpty, "\(path)")
                for substring in entry["errors"]?.elements.compactMap(\.string) ?? [] {
                    // The API server says this one in its own words, before anybody is asked.
                    let known = substring.contains("Invalid value") ? "keyless" : substring
                    #expect(words.contains(known), "\(path): \(words)")
                }
            } else if errors.isEmpty {
                counts["accepted", default: 0] += 1
            } else {
                Issue.record("\(errors.map { $0.description(in: path) })")
            }
        }
        #expect(counts == ["accepted": 51, "refused": 14])
    }
}
