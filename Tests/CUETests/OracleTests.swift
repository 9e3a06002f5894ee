// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import CUE

@Suite("CUE beside CUE itself", .enabled(if: SharedFolder.path(OracleRow.file) != nil))
struct OracleTests {
    private struct Count {
        var rows = 0
        var agreed = 0
        var refused = 0
        var errors = 0
        var worded = 0

        func line(_ group: String) -> String {
            "| \(group) | \(rows) | \(agreed) | \(refused) | \(worded) of \(errors) |"
        }
    }

    @Test("no policy passes what CUE does not, and the verdicts and words agree as docs/cue.md says")
    func rows() throws {
        var counts: [String: Count] = [:]
        for row in try OracleRow.all() {
            let answer = Answer(policy: row.policy, document: row.document)
            var count = counts[row.group] ?? Count()
            count.rows += 1
            if row.verdict == "conflict" || row.verdict == "compile_error" {
                #expect(answer.verdict != "pass", "\(row.id): \(row.error.prefix(200))")
            }
            if answer.verdict == row.verdict {
                count.agreed += 1
                if row.verdict != "pass" {
                    count.errors += 1
                    count.worded += answer.error == row.error ? 1 : 0
                }
            } else if answer.verdict == "unsupported" || answer.verdict == "exceeded" {
                count.refused += 1
                #expect(row.group != "real", "\(row.id): \(answer.error)")
                #expect(row.group != "construct" || answer.verdict == "unsupported", "\(row.id): \(answer.error)")
            } else {
                // Within the time that was given to CUE it found nothing: any answer is as good.
                #expect(row.verdict == "timeout", "\(row.id): \(row.verdict) but \(answer.verdict) \(answer.error)")
            }
            counts[row.group] = count
        }
        let construct = try #require(counts["construct"])
        #expect(construct.agreed * 100 >= construct.rows * 98)
        let real = try #require(counts["real"])
        #expect(real.agreed == real.rows)
        let page = FileManager.default.contents(atPath: PackageFolder.root + "/docs/cue.md")
        let lines = String(decoding: try #require(page), as: UTF8.self).split(separator: "\n").map(String.init)
        for (group, count) in counts {
            #expect(lines.contains(count.line(group)), "docs/cue.md wants \(count.line(group))")
        }
    }
}
