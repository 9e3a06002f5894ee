// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

/// What cosign wrote and was recorded as OCI layouts, read in place by our program.
@Suite struct RecordingTests {
    private static let folder = "captures/cosign"

    /// A recorded image that is judged by a key, without a log.
    struct Fixture: Sendable, CustomTestStringConvertible {
        let layout: String
        let digest: String
        let key: String
        let verdict: String
        let note: String

        var testDescription: String { "\(layout) (\(note))" }

        init?(_ entry: JSONValue) {
            guard entry["mode"]?.string == "key", entry["tlog"]?.bool == false,
                let layout = entry["layout"]?.string, let digest = entry["digest"]?.string,
                let key = entry["key"]?.string, let verdict = entry["verdict"]?.string
            else { return nil }
            self.layout = layout
            self.digest = digest
            self.key = key
            self.verdict = verdict
            note = entry["note"]?.string ?? ""
        }

        /// `policy` marks images that carry attestations and no signature.
        var exitCode: Int32 { verdict == "accept" ? 0 : 1 }
    }

    private static let fixtures: [Fixture] = {
        let document = SharedFolder.bytes("\(folder)/expected.json").flatMap { try? JSONDocument(parsing: $0) }
        return document?.root["fixtures"]?.elements.compactMap { Fixture($0) } ?? []
    }()

    @Test("There are recordings to judge, accepted ones and refused ones")
    func recordings() {
        guard available(SharedFolder.root != nil, orSkip: "needs the shared folder's \(Self.folder)") else { return }
        #expect(Set(Self.fixtures.map(\.verdict)) == ["accept", "reject", "unsigned", "policy"])
    }

    @Test("A recorded image gets its verdict from the command line", arguments: fixtures)
    func verdict(fixture: Fixture) async throws {
        let layout = try #require(SharedFolder.path("\(Self.folder)/\(fixture.layout)"))
        let key = try #require(SharedFolder.path("\(Self.folder)/\(fixture.key)"))
        let answer = try await CountersignTool().run([
            "verify", "--key", key, "--insecure-ignore-tlog", "--local-image", "\(layout)@\(fixture.digest)",
        ])
        #expect(answer.exitCode == fixture.exitCode, "\(answer)")
        #expect(answer.output.isEmpty == (fixture.exitCode != 0), "\(answer)")
    }
}
