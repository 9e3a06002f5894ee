// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

/// The program under the conformance suite's own command line, as its runner would call it.
@Suite(
    "The conformance suite's command line",
    .serialized, .enabled(if: available(!ConformanceCase.all.isEmpty, orSkip: "no shared/\(ConformanceCase.folder)")))
struct ConformanceProgramTests {
    @Test("gives each case the verdict of its name, by path and by digest", arguments: ConformanceCase.all)
    func verdicts(example: ConformanceCase) async throws {
        for operand in [example.artifactPath, example.digest.description] {
            let answer = try await CountersignTool().run(example.arguments(operand))
            #expect((answer.exitCode != 0) == example.mustFail, "\(answer)")
            // Wrong usage would fail too, and prove nothing; only a trusted root or a key can be unusable.
            #expect(answer.exitCode != 64 || example.trustedRootPath ?? example.keyPath != nil, "\(answer)")
            #expect(answer.output.isEmpty)
        }
    }

    @Test("takes no file for a digest, and no digest for another")
    func operands() async throws {
        let example = try #require(ConformanceCase.all.first { !$0.mustFail })
        let tool = try CountersignTool()
        for (operand, code) in [
            ("sha256:\(example.digest.hex.dropLast())", 64), ("\(example.artifactPath)-absent", 64),
            (Digest(of: []).description, 1), (example.bundlePath, 1),
        ] as [(String, Int32)] {
            let answer = try await tool.run(example.arguments(operand))
            #expect(answer.exitCode == code, "\(operand): \(answer)")
        }
    }
}
