// SPDX-License-Identifier: Apache-2.0
import JSON
import Sigstore
import TestSupport
import Testing

@testable import Policy

/// What the admission of ClusterImagePolicy answers elsewhere. Every verdict agrees, or differs by a rule below.
@Suite("Documents beside recorded verdicts")
struct ValidationOracleTests {
    static let file = "data/oracles/cip-validation.jsonl"

    /// Why our verdict is another one on purpose.
    enum Difference: String, Hashable, CaseIterable {
        // Accepted there, refused here:
        /// A policy in CUE that does not compile is refused with its document.
        case language
        /// One of several authorities or logs lacks something; only the last of them is looked at there.
        case trustRootEntry
        /// Fields are written as the schema writes them, not in capitals.
        case fieldCase
        /// A policy has a name that the API server would accept, and its metadata fields that it knows.
        case metadata
        /// A key that stands twice, and text after the document.
        case text
        /// Weak keys, several blocks, and headers in a block.
        case key
        /// A field of `spec` that is named without a value.
        case null
        /// Names that no runtime can pull from.
        case repository
        /// A prefix that makes no tag.
        case tagPrefix
    }

    @Test(
        "every recorded verdict is ours, or differs by a rule",
        .enabled(if: available(SharedFolder.path(file) != nil, orSkip: "no \(file)")))
    func recorded() throws {
        let text = try #require(SharedFolder.bytes(Self.file))
        // When the verdicts were recorded.
        var rules = DocumentRules()
        rules.now = Instant(rfc3339: "2026-11-21T02:00:00Z")
        var agreed = 0
        var sameWords = 0
        var withheldKeys = 0
        var otherWords: [String] = []
        var differences: [Difference: Int] = [:]
        var unexplained: [String] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONDocument(parsing: Array(line)).root
            let yaml = try #require(row["yaml"]?.string)
            let isAccepted = row["accepted"]?.bool == true
            let file = PolicyFile(path: "row.yaml", text: Array(yaml.utf8), rules: rules)
            let document = file.documents.first
            let label = "\(row["base"]?.string ?? "") \(row["mutation"]?.string ?? "")"
            if (document?.policy != nil || document?.trustRoot != nil) == isAccepted {
                agreed += 1
                guard row["stage"]?.string == "validate", let document else {
                    continue
                }
                let ours = document.errors.filter {
                    $0.kind != .notSupported && $0.message != DocumentReader.nullMessage
                }.merged
                if ours == row["error"]?.string {
                    sameWords += 1
                } else if document.errors.contains(where: isWithheld), row["error"]?.string?.contains("data") == true {
                    withheldKeys += 1
                } else {
                    otherWords.append("\(label): \(ours) | \(row["error"]?.string ?? "")")
                }
            } else if let rule = difference(row, file, document) {
                differences[rule, default: 0] += 1
            } else {
                unexplained.append("\(label): \(file.errors)")
            }
        }
        #expect(unexplained == [])
        #expect(agreed + differences.values.reduce(0, +) == 751)
        #expect(
            differences == [
                .language: 2, .trustRootEntry: 9, .fieldCase: 22, .metadata: 7, .text: 4, .key: 2, .null: 11,
                .repository: 7, .tagPrefix: 1,
            ])
        // All but a list in odd order, a URL rewritten, and what is refused for another reason.
        #expect(sameWords == 263, "\(otherWords)")
        #expect(withheldKeys == 14)
    }

    /// Data that is no public key is described and not quoted, since it could be a private one.
    private func isWithheld(_ problem: PolicyProblem) -> Bool {
        problem.message.hasPrefix("invalid value: (") && problem.path.hasSuffix(".data")
    }

    private func difference(_ row: JSONValue, _ file: PolicyFile, _ document: PolicyDocument?) -> Difference? {
        if let error = row["error"]?.string {
            if error.contains("registries must be valid") || error.contains("repository must be between") {
                return .repository
            }
            return nil
        }
        if file.problem != nil { return .text }
        let rules = (document?.errors ?? []).map(rule)
        // What is written in capitals is missing as well.
        if rules.contains(.fieldCase) { return .fieldCase }
        return rules.contains(nil) ? nil : rules.first ?? nil
    }

    private func rule(_ problem: PolicyProblem) -> Difference? {
        switch problem.kind {
        case .invalid where problem.message.hasPrefix("failed to compile the cue policy"): .language
        case .invalid where problem.path.hasPrefix("spec.sigstoreKeys."): .trustRootEntry
        case .notUnderstood where problem.message == DocumentReader.nullMessage: .null
        case .notUnderstood where problem.advice.hasPrefix("write "): .fieldCase
        case _ where problem.path.hasPrefix("metadata"): .metadata
        case .invalid where problem.path.hasSuffix(".data"): .key
        case .invalid where problem.path.hasSuffix(".oci"): .repository
        case .invalid where problem.path.hasSuffix(".tagPrefix"): .tagPrefix
        default: nil
        }
    }
}
