// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Policy

/// Answers of the library whose policies have to mean the same here. Every row agrees, or differs by a rule below.
@Suite("Globs beside recorded answers")
struct GlobOracleTests {
    static let file = "data/oracles/globs.jsonl"

    enum Answer: Hashable {
        case match, noMatch, error
    }

    /// Why our answer is another one on purpose.
    enum Difference: String, Hashable {
        /// `docker.io/…` in a glob means Docker Hub.
        case hubAlias
        /// `localhost/…` is a host, as runtimes read it.
        case localhost
        /// Hosts are compared in one spelling.
        case hostSpelling
        /// Runtimes read the reference, the library does not: repositories of one letter, sha512.
        case onlyRuntimesRead
        /// The library reads the reference, runtimes do not.
        case onlyLibraryReads
        /// A reference with a digest is compared by name alone, as at admission.
        case writtenFormOfPinned
    }

    @Test(
        "every recorded answer is ours, or differs by a rule",
        .enabled(if: available(SharedFolder.path(file) != nil, orSkip: "no \(file)")))
    func recorded() throws {
        let text = try #require(SharedFolder.bytes(Self.file))
        var agreed = 0
        var differences: [Difference: Int] = [:]
        var unexplained: [String] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONDocument(parsing: Array(line)).root
            let pattern = try #require(row["glob"]?.string)
            let image = try #require(row["image"]?.string)
            let theirs: Answer =
                row["error"] != nil ? .error : row["match"]?.bool == true ? .match : .noMatch
            let ours = answer(pattern, image)
            if ours == theirs {
                agreed += 1
            } else if let rule = difference(pattern, image, row["resolved"]?.string, theirs: theirs, ours: ours) {
                differences[rule, default: 0] += 1
            } else {
                unexplained.append("\(pattern) \(image): recorded \(theirs), ours \(ours)")
            }
        }
        #expect(unexplained == [])
        #expect(agreed + differences.values.reduce(0, +) == 2197)
        #expect(
            differences == [
                .hubAlias: 8, .localhost: 4, .hostSpelling: 5, .onlyRuntimesRead: 46, .onlyLibraryReads: 172,
                .writtenFormOfPinned: 16,
            ])
    }

    private func answer(_ pattern: String, _ image: String) -> Answer {
        guard let glob = try? Glob(pattern), let reference = try? ImageReference(parsing: image) else { return .error }
        return glob.matches(reference) ? .match : .noMatch
    }

    private func difference(
        _ pattern: String, _ image: String, _ resolved: String?, theirs: Answer, ours: Answer
    ) -> Difference? {
        guard let glob = try? Glob(pattern) else { return nil }
        guard let reference = try? ImageReference(parsing: image) else {
            return theirs == .error ? nil : .onlyLibraryReads
        }
        if theirs == .error { return .onlyRuntimesRead }
        // What the library compares; with it our matching has to answer as it does.
        let name = Array((resolved ?? "").utf8)
        let byTheirName = glob.written.matches(name) || glob.written.matches(Array(image.utf8))
        guard byTheirName == (theirs == .match) else { return nil }
        if reference.digest != nil, theirs == .match, ours == .noMatch, !glob.written.matches(name) {
            return .writtenFormOfPinned
        }
        if reference.repository.host == "localhost" { return .localhost }
        if glob.name != glob.written, reference.repository.host == "docker.io" { return .hubAlias }
        return glob.name != glob.written || Array(reference.matchingName.utf8) != name ? .hostSpelling : nil
    }
}
