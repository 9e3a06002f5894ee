// SPDX-License-Identifier: Apache-2.0

/// Rows under a head; as Markdown with columns in line, so that it reads well in a terminal, too.
struct Table: Sendable {
    let head: [String]
    var rows: [[String]] = []

    init(_ head: String...) { self.head = head }

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// The first column is to the left, all others are numbers to the right.
    var markdown: String {
        let lines = [head] + rows
        let widths = head.indices.map { column in lines.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(head.indices, widths).map { column, width -> String in
                let cell = column < cells.count ? cells[column] : ""
                let space = String(repeating: " ", count: max(0, width - cell.count))
                return column == 0 ? cell + space : space + cell
            }
            return "| " + padded.joined(separator: " | ") + " |\n"
        }
        let rule = zip(head.indices, widths).map { column, width in
            column == 0 ? String(repeating: "-", count: width + 2) : String(repeating: "-", count: width + 1) + ":"
        }
        return line(head) + "|" + rule.joined(separator: "|") + "|\n" + rows.map(line).joined()
    }
}
