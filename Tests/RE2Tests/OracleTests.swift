// SPDX-License-Identifier: Apache-2.0
import JSON
import RE2
import TestSupport
import Testing

/// What Go's regexp answered for thousands of patterns and texts, read in place.
@Suite("Regular expressions as Go reads them")
struct OracleTests {
    private static let file = "data/oracles/regexps.jsonl"

    @Test("every recorded pattern is accepted or refused as by Go, and matches the same bytes")
    func agreesWithEveryRow() throws {
        guard let bytes = SharedFolder.bytes(Self.file) else {
            skip("needs ../shared/\(Self.file)")
            return
        }
        var rows = 0
        var agreed = 0
        // What Go accepts and we do not; programs of a hundred thousand instructions and more.
        var refused: [RegularExpressionError.Reason: Int] = [:]
        var compiled: [String: RegularExpression] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONDocument(parsing: Array(line)).root
            let pattern = try #require(row["pattern"]?.string)
            let text = try #require(row["text"]?.string)
            rows += 1
            let reading = Result { () throws(RegularExpressionError) in
                if let known = compiled[pattern] { known } else { try RegularExpression(pattern) }
            }
            let expression: RegularExpression
            switch reading {
            case .success(let read): expression = read
            case .failure(let error):
                if row["ok"]?.bool == true { refused[error.reason, default: 0] += 1 } else { agreed += 1 }
                continue
            }
            compiled[pattern] = expression
            guard row["ok"]?.bool == true else {
                Issue.record("Go refuses \(pattern.prefix(60)), we read it: \(row["error"]?.string ?? "")")
                continue
            }
            let utf8 = Array(text.utf8)
            let expected = row["loc"].map { location in location.elements.compactMap(\.integer).map { Int($0) } }
            let found = expression.firstMatch(in: utf8).map { [$0.lowerBound, $0.upperBound] }
            let matches = row["match"]?.bool == true
            #expect(expression.matches(text) == matches, "\(pattern.prefix(60)) on \(text.prefix(60))")
            #expect(expression.matches(utf8) == matches, "\(pattern.prefix(60)) on \(text.prefix(60))")
            #expect(expression.matchesWithoutCache(utf8).matches == matches)
            #expect(found == expected, "\(pattern.prefix(60)) on \(text.prefix(60))")
            if found == expected { agreed += 1 }
        }
        #expect(rows == 7_344)
        #expect(refused == [.programTooLarge(limit: 20_000): 3])
        #expect(agreed == rows - 3)
    }
}
