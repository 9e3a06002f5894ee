// SPDX-License-Identifier: Apache-2.0
import Testing
import TestSupport

@testable import CUE

@Suite("CUE beside CUE itself", .enabled(if: SharedFolder.path(OracleRow.file) != nil))
struct OracleTests {
    @Test("every row")
    func rows() throws {
        var agreed: [String: Int] = [:]
        var total: [String: Int] = [:]
        var worded: [String: Int] = [:]
        var wordable: [String: Int] = [:]
        let clock = ContinuousClock()
        for row in try OracleRow.all() {
            let started = clock.now
            let answer = OracleAnswer(row)
            let took = started.duration(to: clock.now)
            if took > .seconds(1) { print("SLOW", row.id, took, answer.verdict, answer.error) }
            total[row.group, default: 0] += 1
            if answer.verdict == row.verdict {
                agreed[row.group, default: 0] += 1
                if row.verdict != "pass" {
                    wordable[row.group, default: 0] += 1
                    if answer.error == row.error {
                        worded[row.group, default: 0] += 1
                    } else {
                        print("WORDS \(row.id)\n  them: \(row.error.prefix(400))\n  us:   \(answer.error.prefix(400))")
                    }
                }
            } else {
                print(
                    "VERDICT \(row.id) \(row.verdict) but \(answer.verdict)\n  policy: \(row.policy.prefix(600).debugDescription)\n  doc: \(row.document.prefix(300))\n  them: \(row.error.prefix(300))\n  us:   \(answer.error.prefix(300))")
            }
        }
        for (group, count) in total.sorted(by: { $0.key < $1.key }) {
            print("TOTAL \(group): \(agreed[group, default: 0]) of \(count), words \(worded[group, default: 0]) of \(wordable[group, default: 0])")
        }
    }
}
