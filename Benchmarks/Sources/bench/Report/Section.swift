// SPDX-License-Identifier: Apache-2.0

/// What one part has found: goals first, then tables and plots in their order.
struct Section: Sendable {
    enum Block: Sendable {
        case text(String)
        case table(Table)
        /// `name` is the file's in `docs/performance/`, without its ending.
        case chart(BarChart, name: String)
    }

    let part: Settings.Part
    let title: String
    var goals: [Goal] = []
    var blocks: [Block] = []

    mutating func add(_ text: String) { blocks.append(.text(text)) }
    mutating func add(_ table: Table) { blocks.append(.table(table)) }
    mutating func add(_ chart: BarChart, name: String) { blocks.append(.chart(chart, name: name)) }

    var markdown: String {
        var text = "## \(title)\n\n"
        if !goals.isEmpty {
            var table = Table("goal", "at most", "measured", "")
            table.rows = goals.map(\.cells)
            text += table.markdown + "\n"
        }
        for block in blocks {
            switch block {
            case .text(let words): text += words + "\n\n"
            case .table(let table): text += table.markdown + "\n"
            case .chart(let chart, let name): text += "![\(chart.title)](performance/\(name).svg)\n\n"
            }
        }
        return text
    }
}
