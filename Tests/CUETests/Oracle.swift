// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import CUE

/// What CUE itself answered, one row for each policy and document.
struct OracleRow: Sendable {
    let id: String
    let group: String
    let policy: String
    let document: String
    let verdict: String
    /// Without the sentence that every error begins with.
    let error: String

    static let file = "data/oracles/cue.jsonl"

    static func all() throws -> [OracleRow] {
        guard let bytes = SharedFolder.bytes(file) else { return [] }
        var rows: [OracleRow] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONDocument(parsing: Array(line)).root
            func text(_ name: String) -> String { row[name]?.string ?? "" }
            rows.append(
                OracleRow(
                    id: text("id"), group: text("group"), policy: text("policy"), document: text("doc"),
                    verdict: text("verdict"), error: stripped(text("error"))))
        }
        return rows
    }

    private static func stripped(_ error: String) -> String {
        let prefixes = [
            "failed to evaluate the policy with error: ", "failed to compile the cue policy with error: ",
        ]
        for prefix in prefixes where error.hasPrefix(prefix) { return String(error.dropFirst(prefix.count)) }
        return error
    }
}

/// What we answer to a policy and a document.
struct Answer: Equatable {
    /// As in the rows; `unsupported` and `exceeded` are ours.
    let verdict: String
    let error: String

    /// A document that is no JSON is read as the reference implementation reads it, as CUE.
    init(policy: String, document: String, demanding demand: CUEPolicy.Demand = .nothing) {
        do throws(CUECompileError) {
            let policy = try CUEPolicy(compiling: Array(policy.utf8))
            let verdict: CUEVerdict
            if let json = try? JSONDocument(parsing: Array(document.utf8)) {
                verdict = policy.evaluate(json.root, demanding: demand)
                // What runs into a bound is slow, and says nothing of either.
                if case .exceeded = verdict {} else if document.utf8.count < 1 << 16 { Self.checkParts(policy, json) }
            } else {
                verdict = try policy.evaluate(cueDocument: Array(document.utf8))
            }
            switch verdict {
            case .pass: (self.verdict, error) = ("pass", "")
            case .exceeded(let what): (self.verdict, error) = ("exceeded", what)
            case .conflict(let conflicts):
                let others = conflicts.count - 1
                let suffix = others > 0 ? " (and \(others) more errors)" : ""
                (self.verdict, error) = ("conflict", (conflicts.first.map { "\($0)" } ?? "") + suffix)
            }
        } catch {
            (verdict, self.error) = (error.isUnsupported ? "unsupported" : "compile_error", error.message)
        }
    }

    /// Of the parts that a policy reads it says what it says of the whole, whatever is demanded.
    private static func checkParts(_ policy: CUEPolicy, _ whole: JSONDocument) {
        guard policy.reads != .all else { return }
        var pruner = JSONPruner(policy.reads)
        pruner.read(whole.text)
        guard let text = try? pruner.finish(), let parts = try? JSONDocument(parsing: text) else {
            Issue.record("no parts \(policy.reads) of \(String(decoding: whole.text, as: UTF8.self))")
            return
        }
        for demand in [CUEPolicy.Demand.nothing, .concreteValues, .fields] {
            let (one, other) = (
                policy.evaluate(whole.root, demanding: demand), policy.evaluate(parts.root, demanding: demand)
            )
            if one != other {
                let text = String(decoding: whole.text, as: UTF8.self)
                Issue.record("\(policy.reads): \(one) of \(text), \(other) of its parts")
            }
        }
    }
}
