// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport

@testable import CUE

/// What CUE itself answered, one row for each policy and document.
struct OracleRow: Sendable {
    let id: String
    let group: String
    let family: String
    let policy: String
    let document: String
    let verdict: String
    /// What `error` says behind the sentence that every error begins with.
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
                    id: text("id"), group: text("group"), family: text("family"), policy: text("policy"),
                    document: text("doc"), verdict: text("verdict"), error: stripped(text("error"))))
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

/// What we answer to a row.
struct OracleAnswer {
    /// As in the rows; `unsupported` and `exceeded` are ours.
    let verdict: String
    let error: String

    init(_ row: OracleRow) {
        do throws(CUECompileError) {
            let policy = try CUEPolicy(compiling: Array(row.policy.utf8))
            switch try policy.evaluate(cueDocument: Array(row.document.utf8)) {
            case .pass: (verdict, error) = ("pass", "")
            case .exceeded(let what): (verdict, error) = ("exceeded", what)
            case .conflict(let conflicts):
                let others = conflicts.count - 1
                let suffix = others > 0 ? " (and \(others) more errors)" : ""
                (verdict, error) = ("conflict", (conflicts.first.map { "\($0)" } ?? "") + suffix)
            }
        } catch {
            (verdict, self.error) = (error.isUnsupported ? "unsupported" : "compile_error", error.message)
        }
    }
}
