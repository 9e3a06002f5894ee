// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import Policy

/// What is said of policies that people have published.
@Suite("Lint of collected policies")
struct LintOfCollectedTests {
    private static let folder = "data/cluster-image-policies"

    @Test(
        "each code is said as often as it was when every warning was read and found worth saying",
        .enabled(if: available(SharedFolder.path(folder) != nil, orSkip: "no \(folder)")))
    func counts() throws {
        let index = try JSONDocument(parsing: try #require(SharedFolder.bytes("\(Self.folder)/index.json"))).root
        var counts: [String: Int] = [:]
        for entry in index.elements {
            let path = try #require(entry["file"]?.string)
            guard path.hasSuffix(".yaml"), let bytes = SharedFolder.bytes("\(Self.folder)/\(path)") else { continue }
            let file = PolicyFile(path: path, text: bytes)
            for warning in file.documents.filter({ !$0.isTrustRoot }).flatMap(\.warnings) {
                let code = try #require(warning.code, "\(warning)")
                counts[code.rawValue, default: 0] += 1
                #expect(warning.position != nil && !warning.path.isEmpty, "\(warning)")
            }
        }
        #expect(
            counts == [
                "regexp-unanchored": 33, "regexp-unescaped-dot": 31, "glob-never-matches": 21, "cue-undemanded": 20,
                "attestations-only": 17, "no-log-no-timestamp": 14, "authority-unavailable": 11,
                "glob-across-hosts": 10, "rego-not-evaluated": 7, "identity-loose": 6, "predicate-type-alias": 5,
                "match-leaves-pods-out": 1,
            ])
    }
}
